package checkout

import (
	"context"
	"errors"
	"slices"
	"time"
)

// A signed notification of a payment is evidence that decides nothing, and so is
// a refusal to close an order because it is paid. While query does not answer, or
// has denied the payment once, the session is shown as being confirmed and takes
// no other order. The second denial withdraws the evidence.

// unsettledAlarm is how long a reported payment may stay unconfirmed before a
// person is asked for.
const unsettledAlarm = 2 * time.Minute

// reported reports whether a payment of the attempt is reported, and neither
// confirmed nor withdrawn.
func (a Attempt) reported() bool { return !a.ReportedAt.IsZero() && !a.settled() }

// reflectReports has a session be processing while a payment of any of its
// attempts is reported. before and a are one of them, before and after a change.
// A change that withdraws its report is compared with the session in any case:
// of two at once, the second then sees that the first is done.
func (s *Service) reflectReports(ctx context.Context, session *Session, before, a Attempt) (outcome, error) {
	switch {
	case a.reported():
		return session.process(), nil
	case session.PaymentStatus != PaymentProcessing || a.Quarantined:
		return outcome{}, nil
	}
	all, err := s.store.Attempts(ctx, a.SessionID)
	if err != nil {
		return outcome{}, err
	}
	if slices.ContainsFunc(all, func(other Attempt) bool { return other.ID != a.ID && other.reported() }) {
		return outcome{session: before.reported()}, nil
	}
	return session.unprocess(), nil
}

// overdue reports whether a query at now is the first since a reported payment
// has been unconfirmed for too long.
func (a Attempt) overdue(now time.Time) bool {
	if a.ReportedAt.IsZero() {
		return false
	}
	at := a.ReportedAt.Add(unsettledAlarm)
	return !now.Before(at) && a.QueriedAt.Before(at)
}

// doubtful reports whether an answer other than "paid" is to be asked for once
// more: a payment was reported, and query has not denied it before, or is asked
// out of turn.
func (h held) doubtful() bool {
	outOfTurn := h.cause == CauseNotification || h.cause == CauseBrowser
	return !h.ReportedAt.IsZero() && (h.DeniedAt.IsZero() || outOfTurn)
}

// doubt records that query denies a reported payment, and asks again soon.
func (s *Service) doubt(ctx context.Context, h held) (Attempt, error) {
	now := s.clock.Now()
	next := s.nextQuery(h.Attempt, now)
	return s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
		if a.DeniedAt.IsZero() {
			a.DeniedAt = now
		}
		a.NextQueryAt = next
		return outcome{attempt: true}
	})
}

// settleUnanswered keeps an attempt whose query had no answer for the next one.
// A reported payment is shown as being confirmed meanwhile.
func (s *Service) settleUnanswered(ctx context.Context, h held, why error) (Attempt, error) {
	s.alert(Alert{Problem: "query failed", SessionID: h.SessionID, AttemptID: h.ID, Err: why})
	if h.ReportedAt.IsZero() {
		return h.Attempt, errors.Join(why, s.release(ctx, h))
	}
	next := s.nextQuery(h.Attempt, s.clock.Now())
	a, err := s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
		a.NextQueryAt = next
		return outcome{attempt: true}
	})
	return a, errors.Join(why, err)
}

// withdraw takes back that a payment was reported, once query has denied it.
func (a *Attempt) withdraw() outcome {
	if a.ReportedAt.IsZero() {
		return outcome{}
	}
	a.ReportedAt, a.DeniedAt = time.Time{}, time.Time{}
	return outcome{attempt: true}
}

// reportUnconfirmed tells the operator of a reported payment that query does not confirm:
// when it denies it first, and when that has lasted for too long.
func (s *Service) reportUnconfirmed(h held, status OrderStatus, err error) {
	if h.ReportedAt.IsZero() || status.State == OrderPaid {
		return
	}
	answer := string(status.State)
	if err != nil {
		answer = failure(err)
	}
	if h.overdue {
		s.reportContradiction(h, "a reported payment is not confirmed after two minutes", "query says: "+answer)
	}
	if answered := err == nil || errors.Is(err, ErrNoOrder); answered && h.DeniedAt.IsZero() {
		s.reportContradiction(h, "the gateway reports a payment that query does not", "query says: "+answer)
	}
}

// reportContradiction asks for a person, because the gateway contradicts itself.
func (s *Service) reportContradiction(h held, problem, detail string) {
	s.alert(Alert{Problem: problem, SessionID: h.SessionID, AttemptID: h.ID, Alarm: true, Err: errors.New(detail)})
}

// settlePaidByClose keeps an attempt whose order the gateway refuses to close as
// paid, and that query does not report as paid. Such a session is never told to
// be expired.
func (s *Service) settlePaidByClose(ctx context.Context, h held, why error) error {
	s.reportContradiction(h, "close says that the order is paid, and query does not", why.Error())
	now := s.clock.Now()
	_, err := s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
		if a.ReportedAt.IsZero() {
			a.ReportedAt = now
		}
		a.NextQueryAt = now.Add(firstQueryAfter)
		return outcome{attempt: true}
	})
	return errors.Join(why, err)
}

// changedBy reports whether an answer that the order is unpaid changes anything:
// it withdraws a report, names the order's number, or finds the session to be
// processing, of which an older program may have left no report.
func (h held) changedBy(session Session) bool {
	return !h.ReportedAt.IsZero() || h.learns() || session.PaymentStatus == PaymentProcessing
}

// learns reports whether query named the order's number at the gateway for the
// first time.
func (h held) learns() bool { return h.heard.TradeID != "" && h.TradeID == "" }
