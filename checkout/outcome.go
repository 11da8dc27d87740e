package checkout

import "time"

// outcome is what a decision changed, and what must be written with it.
type outcome struct {
	session, attempt bool
	// refund is a new refund, or nil.
	refund *Refund
	events []EventType
	// entries are the timeline's entries that led to it.
	entries []Entry
}

// changes reports whether there is anything to write.
func (o outcome) changes() bool { return o.session || o.attempt || len(o.events) > 0 }

// and returns both outcomes as one.
func (o outcome) and(more outcome) outcome {
	if o.refund == nil {
		o.refund = more.refund
	}
	return outcome{
		session: o.session || more.session, attempt: o.attempt || more.attempt,
		refund: o.refund, events: append(o.events, more.events...),
	}
}

// pay records at now that an attempt of the session is paid. The first event of
// the outcome says which of the three cases it is: paid, paid late or paid twice.
func (s *Session) pay(a Attempt, now time.Time) outcome {
	switch {
	case s.PaymentStatus.Settled():
		s.PaidTwice = true
		return outcome{session: true, events: []EventType{EventPaidTwice}}
	case s.Status == StatusOpen:
		s.Status, s.PaymentStatus, s.PaidAt, s.PaidBy = StatusComplete, PaymentPaid, now, a.ID
		s.PaidWith = a.PaidWith()
		return outcome{session: true, events: []EventType{EventPaid}}
	default:
		s.PaymentStatus, s.PaidAt, s.PaidBy, s.PaidLate = PaymentPaid, now, a.ID, true
		s.PaidWith = a.PaidWith()
		return outcome{session: true, events: []EventType{EventPaidLate}}
	}
}

// process records that a payment of an open session is reported and not confirmed
// yet.
func (s *Session) process() outcome {
	if s.PaymentStatus != PaymentUnpaid || s.Status != StatusOpen {
		return outcome{}
	}
	s.PaymentStatus = PaymentProcessing
	return outcome{session: true}
}

// unprocess undoes process: the reported payment does not exist.
func (s *Session) unprocess() outcome {
	if s.PaymentStatus != PaymentProcessing {
		return outcome{}
	}
	s.PaymentStatus = PaymentUnpaid
	return outcome{session: true}
}

// mismatch marks the session for an operator to look at.
func (s *Session) mismatch() outcome {
	s.AmountMismatch = true
	return outcome{session: true, events: []EventType{EventAmountMismatch}}
}

// end ends the session unpaid. There is no event for a session with a mismatch:
// "expired" would say that no money came.
func (s *Session) end(status Status) outcome {
	s.unprocess()
	s.Status = status
	if s.AmountMismatch {
		return outcome{session: true}
	}
	event := EventExpired
	if status == StatusCanceled {
		event = EventCanceled
	}
	return outcome{session: true, events: []EventType{event}}
}

// pay records that the attempt is paid. A tradeID of "" keeps the known one.
func (a *Attempt) pay(tradeID string, now time.Time) outcome {
	a.State, a.PaidAt, a.NextQueryAt, a.ReportedAt, a.DeniedAt = AttemptPaid, now, time.Time{}, time.Time{}, time.Time{}
	if tradeID != "" {
		a.TradeID = tradeID
	}
	return outcome{attempt: true}
}

// fail records that an open attempt has failed. An attempt that is not open stays
// as it is. Where the wallet may still take another payment for the order, the
// next query is at next.
func (a *Attempt) fail(why string, next time.Time) outcome {
	if !a.State.Open() {
		return outcome{}
	}
	a.State, a.Failure, a.NextQueryAt = AttemptFailed, why, time.Time{}
	if a.live() {
		a.NextQueryAt = next
	}
	return outcome{attempt: true, events: []EventType{EventAttemptFailed}}
}

// close records that the order is closed, unless the attempt is paid or closed.
// The next query is at next all the same.
func (a *Attempt) close(next time.Time) outcome {
	if !a.State.CanMove(AttemptClosed) {
		return outcome{}
	}
	a.State, a.NextQueryAt = AttemptClosed, next
	return outcome{attempt: true}
}

// quarantine records that the gateway reported another order than was placed.
func (a *Attempt) quarantine(why string) outcome {
	a.Quarantined, a.Failure, a.NextQueryAt = true, why, time.Time{}
	return outcome{attempt: true}
}

// place records the gateway's answer to the order. An attempt that a notification
// has settled before that answer stays as it is.
func (a *Attempt) place(c Created, next time.Time) outcome {
	if a.State != AttemptCreating {
		return outcome{}
	}
	a.State, a.TradeID, a.Placed, a.NextQueryAt = AttemptPending, c.TradeID, c.Placed, next
	return outcome{attempt: true}
}
