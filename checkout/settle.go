package checkout

import (
	"context"
	"errors"
	"time"
)

// outcome is what a decision changed.
type outcome struct {
	session, attempt bool
	// refund is a new one, or nil.
	refund *Refund
	events []EventType
	// said is what led to it.
	said []Entry
}

// changes reports whether there is anything to store.
func (o outcome) changes() bool { return o.session || o.attempt || len(o.events) > 0 }

func (o outcome) and(more outcome) outcome {
	if o.refund == nil {
		o.refund = more.refund
	}
	return outcome{
		session: o.session || more.session, attempt: o.attempt || more.attempt,
		refund: o.refund, events: append(o.events, more.events...),
	}
}

// pay records that an attempt of the session was confirmed as paid at now, and
// begins the outcome's events with what that means.
func (s *Session) pay(attemptID string, now time.Time) outcome {
	switch {
	case s.PaymentStatus.Settled():
		s.PaidTwice = true
		return outcome{session: true, events: []EventType{EventPaidTwice}}
	case s.Status == StatusOpen:
		s.Status, s.PaymentStatus, s.PaidAt, s.PaidBy = StatusComplete, PaymentPaid, now, attemptID
		return outcome{session: true, events: []EventType{EventPaid}}
	default:
		s.PaymentStatus, s.PaidAt, s.PaidBy, s.PaidLate = PaymentPaid, now, attemptID, true
		return outcome{session: true, events: []EventType{EventPaidLate}}
	}
}

// process records that a payment of an open session is reported and not
// confirmed.
func (s *Session) process() outcome {
	if s.PaymentStatus != PaymentUnpaid || s.Status != StatusOpen {
		return outcome{}
	}
	s.PaymentStatus = PaymentProcessing
	return outcome{session: true}
}

// unprocess takes process back, once the reported payment came to nothing.
func (s *Session) unprocess() outcome {
	if s.PaymentStatus != PaymentProcessing {
		return outcome{}
	}
	s.PaymentStatus = PaymentUnpaid
	return outcome{session: true}
}

// mismatch holds the session for a person to look at.
func (s *Session) mismatch() outcome {
	s.AmountMismatch = true
	return outcome{session: true, events: []EventType{EventAmountMismatch}}
}

// end closes the offer, unpaid. Nothing is told of one that is held for a
// person: "expired" would say that no money came.
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

func (a *Attempt) pay(tradeID string, now time.Time) outcome {
	a.State, a.PaidAt, a.NextQueryAt, a.ReportedAt, a.DeniedAt = AttemptPaid, now, time.Time{}, time.Time{}, time.Time{}
	if tradeID != "" {
		a.TradeID = tradeID
	}
	return outcome{attempt: true}
}

// fail ends an open attempt; one that has ended stays as it is. One that is
// live all the same, because its wallet may take the next payment, is asked
// about at next.
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

// close ends an attempt that is neither paid nor closed, whatever was given to
// pay with. It is asked about at next all the same.
func (a *Attempt) close(next time.Time) outcome {
	if !a.State.CanMove(AttemptClosed) {
		return outcome{}
	}
	a.State, a.NextQueryAt = AttemptClosed, next
	return outcome{attempt: true}
}

func (a *Attempt) quarantine(why string) outcome {
	a.Quarantined, a.Failure, a.NextQueryAt = true, why, time.Time{}
	return outcome{attempt: true}
}

// place records what the gateway gave for the order.
func (a *Attempt) place(c Created, next time.Time) outcome {
	if a.State != AttemptCreating {
		return outcome{} // settled by a notification that outran the answer
	}
	a.State, a.TradeID, a.Placed, a.NextQueryAt = AttemptPending, c.TradeID, c.Placed, next
	return outcome{attempt: true}
}

// updateTries bounds the rounds of compare-and-set. Each lost round means that
// somebody else's was won.
const updateTries = 50

// decision changes a session and one of its attempts, and says what it changed.
type decision func(*Session, *Attempt) outcome

// update changes a held attempt and its session as decide says, against what
// is stored: it decides again whenever the session has changed meanwhile. The
// hold is over when it returns, but for ErrPaymentTaken, which a payment alone gets. ErrConflict says that
// the decision is out of date: somebody else has held the attempt since, or it
// has changed.
func (s *Service) update(ctx context.Context, h held, decide decision) (Attempt, error) {
	for range updateTries {
		a, o, err := s.tryUpdate(ctx, h, decide)
		switch {
		case err == nil && o.changes():
			s.flush(ctx, h.said)
			return a, nil
		case err == nil:
			h.Attempt = a
			return a, s.release(ctx, h)
		case errors.Is(err, ErrPaymentTaken) && a.State == AttemptPaid:
			return h.Attempt, err
		case errors.Is(err, ErrPaymentTaken):
			s.reportContradiction(h, "query names the number of another order's payment", "the order is not paid")
			*h.heard = OrderStatus{} // what else it says stands
			continue
		case errors.Is(err, ErrLeaseLost):
			return a, errors.Join(err, s.release(ctx, h))
		case errors.Is(err, ErrConflict) || h.said.split():
			continue
		}
		s.alert(Alert{Problem: "a change was not stored", SessionID: h.SessionID, AttemptID: h.ID, Alarm: true, Err: err})
		return h.Attempt, errors.Join(err, s.release(ctx, h))
	}
	return h.Attempt, errors.Join(errors.New("attempt "+h.ID+": gave up after too many concurrent updates"), s.release(ctx, h))
}

func (s *Service) tryUpdate(ctx context.Context, h held, decide decision) (Attempt, outcome, error) {
	a, err := s.store.Attempt(ctx, h.ID)
	if err != nil {
		return a, outcome{}, err
	}
	session, err := s.store.Session(ctx, a.SessionID)
	if err != nil {
		return a, outcome{}, err
	}
	before, sessionBefore := a, session
	o := decide(&session, &a)
	if !o.changes() {
		return before, o, nil
	}
	shown, err := s.reflectReports(ctx, &session, before, a)
	if err != nil {
		return before, outcome{}, err
	}
	o = o.and(shown)
	if a.Version != h.Version && needsVersion(before, a) {
		return before, o, ErrLeaseLost
	}
	if before.live() && !a.live() {
		a.EndedAt = s.clock.Now()
	}
	if err := errors.Join(checkMove(before.State, a.State), checkMove(sessionBefore.Status, session.Status),
		checkMove(sessionBefore.PaymentStatus, session.PaymentStatus)); err != nil {
		return before, outcome{}, err
	}
	o.attempt, o.said = true, h.said.forChange() // each change under a hold ends it
	change := Change{AttemptLease: h.until, Fenced: !a.settled(), Payment: h.learn(&a)}
	err = s.apply(ctx, change, session, &a, o)
	if err == nil {
		h.said.written()
	}
	return a, o, err
}

// needsVersion reports whether a change holds only for the version of the
// attempt that was read when its hold began. A payment and a quarantine hold
// whatever has happened since, and so does what the gateway gave for the order.
func needsVersion(before, after Attempt) bool {
	placed := before.State == AttemptCreating && after.State == AttemptPending
	return !after.settled() && !placed
}

// learn keeps the number that query named, and returns the payment that is to
// be bound to the attempt.
func (h held) learn(a *Attempt) Payment {
	if a.TradeID == "" {
		a.TradeID = h.heard.TradeID
	}
	return h.heard.payment()
}

// apply adds an outcome to a change, writes it and tells the watchers.
func (s *Service) apply(ctx context.Context, change Change, session Session, a *Attempt, o outcome) error {
	if !o.changes() {
		return nil
	}
	change.NewRefund, change.Entries = o.refund, o.said
	// A session that is unchanged is compared all the same: an event carries a
	// snapshot of it, which must be the newest.
	if o.session || len(o.events) > 0 {
		change.Session = &session
	}
	if o.attempt {
		change.Attempt = a
	}
	next := session
	for _, t := range o.events {
		next.Version++
		e, err := s.event(t, next, a)
		if err != nil {
			return err
		}
		change.Events = append(change.Events, e)
	}
	if err := s.store.Apply(ctx, change); err != nil {
		return err
	}
	s.watchers.changed(session.ID)
	return nil
}

// event makes an event about a session, whose Version is the one that the event
// makes.
func (s *Service) event(t EventType, session Session, a *Attempt) (Event, error) {
	id, err := newID(s.random, "evt_")
	e := Event{
		ID: id, Type: t, Merchant: session.Merchant, SessionID: session.ID,
		CreatedAt: s.clock.Now(), Version: session.Version, Session: s.Public(session),
	}
	if a != nil {
		e.AttemptID = a.ID
	}
	return e, err
}

// checkMove refuses a move that its table does not have.
func checkMove[S interface {
	~string
	CanMove(S) bool
}](from, to S) error {
	if from == to || from.CanMove(to) {
		return nil
	}
	return errors.New("no such move: " + string(from) + " to " + string(to))
}
