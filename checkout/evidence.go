package checkout

import (
	"errors"
	"time"
)

// A payment can be reported without a query: by a signed notification, or because
// the gateway refuses to close the order as paid. A report decides nothing. While
// query does not answer, or has denied the payment once, the session is processing
// and takes no other order. The second denial withdraws the report.

// unconfirmedAlarmAfter is how long a reported payment may stay unconfirmed before
// an alarm.
const unconfirmedAlarmAfter = 2 * time.Minute

// reported reports whether a payment of the attempt is reported, and neither
// confirmed nor withdrawn.
func (a Attempt) reported() bool { return !a.ReportedAt.IsZero() && !a.settled() }

// overdue reports whether a query at now is the first one after the time for an
// alarm.
func (a Attempt) overdue(now time.Time) bool {
	if a.ReportedAt.IsZero() {
		return false
	}
	at := a.ReportedAt.Add(unconfirmedAlarmAfter)
	return !now.Before(at) && a.QueriedAt.Before(at)
}

// needsSecondDenial reports whether an answer other than "paid" must be asked for
// again: a payment is reported, and either query has not denied it before, or this
// query is outside the schedule.
func (leased leasedAttempt) needsSecondDenial() bool {
	outsideSchedule := leased.cause == CauseNotification || leased.cause == CauseBrowser
	return !leased.ReportedAt.IsZero() && (leased.DeniedAt.IsZero() || outsideSchedule)
}

// withdrawReport records that the reported payment does not exist.
func (a *Attempt) withdrawReport() outcome {
	if a.ReportedAt.IsZero() {
		return outcome{}
	}
	a.ReportedAt, a.DeniedAt = time.Time{}, time.Time{}
	return outcome{attempt: true}
}

// alertUnconfirmed raises an alarm for a reported payment that query does not
// confirm: at the first denial, and when it stays unconfirmed for too long.
func (c calls) alertUnconfirmed(leased leasedAttempt, status OrderStatus, err error) {
	if leased.ReportedAt.IsZero() || status.State == OrderPaid {
		return
	}
	answer := string(status.State)
	if err != nil {
		answer = errorResult(err)
	}
	if leased.overdue {
		alertContradiction(c.alert, leased, "a reported payment is not confirmed after two minutes", "query says: "+answer)
	}
	if answered := err == nil || errors.Is(err, ErrNoOrder); answered && leased.DeniedAt.IsZero() {
		alertContradiction(c.alert, leased, "the gateway reports a payment that query does not", "query says: "+answer)
	}
}

// alertContradiction raises an alarm because the gateway contradicts itself.
func alertContradiction(alert func(Alert), leased leasedAttempt, problem, detail string) {
	alert(Alert{Problem: problem, SessionID: leased.SessionID, AttemptID: leased.ID, Alarm: true, Err: errors.New(detail)})
}

// changesBecauseUnpaid reports whether the answer "unpaid" changes anything: it
// withdraws a report, it names the order's number at the gateway for the first
// time, or the session is processing. An older version of the program may have left
// a session processing without a report.
func (leased leasedAttempt) changesBecauseUnpaid(session Session) bool {
	learnsNumber := leased.answer.TradeID != "" && leased.TradeID == ""
	return !leased.ReportedAt.IsZero() || learnsNumber || session.PaymentStatus == PaymentProcessing
}
