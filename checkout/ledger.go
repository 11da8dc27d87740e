package checkout

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
)

// maxUpdates bounds how often a change is decided again because of a concurrent
// update. Each time, another update has succeeded.
const maxUpdates = 50

// ledger changes sessions, attempts and refunds, each in one transaction with its
// events and its entries in the timeline.
type ledger struct {
	store interface {
		Reader
		Changer
	}
	clock    Clock
	random   io.Reader
	leases   leases
	timeline timeline
	watchers *watchers
	alert    func(Alert)
	pageURL  func(sessionID string) string
}

// decision changes a session and one of its attempts, and returns what it changed.
type decision func(*Session, *Attempt) outcome

// update changes a leased attempt and its session as decide says. It decides on the
// attempt as it was when its lease began, and again on what is stored after a concurrent
// update. The lease is over when it returns.
//
// ErrConflict means that the decision is out of date: the attempt was leased by
// somebody else since, or has changed. ErrPaymentTaken means that the payment
// belongs to another attempt; only then does the lease go on.
func (l *ledger) update(ctx context.Context, leased leasedAttempt, decide decision) (Attempt, error) {
	for try := range maxUpdates {
		a, o, err := l.tryUpdate(ctx, leased, try > 0, decide)
		switch {
		case err == nil && o.changes():
			l.timeline.flush(ctx, leased.entries)
			return a, nil
		case err == nil:
			leased.Attempt = a
			return a, l.leases.release(ctx, leased)
		case errors.Is(err, ErrPaymentTaken) && a.State == AttemptPaid:
			return leased.Attempt, err
		case errors.Is(err, ErrPaymentTaken):
			alertContradiction(l.alert, leased, "query names the number of another order's payment", "the order is not paid")
			*leased.answer = OrderStatus{} // the rest of the answer is valid
			continue
		case errors.Is(err, ErrLeaseLost):
			return a, errors.Join(err, l.leases.release(ctx, leased))
		case errors.Is(err, ErrConflict) || leased.entries.separateFromChange():
			continue
		}
		l.alert(Alert{Problem: "a change was not stored", SessionID: leased.SessionID, AttemptID: leased.ID, Alarm: true, Err: err})
		return leased.Attempt, errors.Join(err, l.leases.release(ctx, leased))
	}
	return leased.Attempt, errors.Join(tooManyUpdates("attempt "+leased.ID), l.leases.release(ctx, leased))
}

// tooManyUpdates returns the error of a change that lost against concurrent
// updates of a record maxUpdates times.
func tooManyUpdates(record string) error {
	return errors.New(record + ": gave up after " + strconv.Itoa(maxUpdates) + " concurrent updates")
}

// tryUpdate is update without the repetition. It reads the attempt if again is set: the
// store refuses a change of an attempt that is not the newest.
func (l *ledger) tryUpdate(ctx context.Context, leased leasedAttempt, again bool, decide decision) (a Attempt, _ outcome, err error) {
	a = leased.Attempt
	if again {
		if a, err = l.store.Attempt(ctx, leased.ID); err != nil {
			return a, outcome{}, err
		}
	}
	session, err := l.store.Session(ctx, a.SessionID)
	if err != nil {
		return a, outcome{}, err
	}
	before, sessionBefore := a, session
	o := decide(&session, &a)
	if !o.changes() {
		return before, o, nil
	}
	processing, err := l.reflectReports(ctx, &session, before, a)
	if err != nil {
		return before, outcome{}, err
	}
	o = o.and(processing)
	if a.Version != leased.Version && needsVersion(before, a) {
		return before, o, ErrLeaseLost
	}
	if before.live() && !a.live() {
		a.EndedAt = l.clock.Now()
	}
	if err := errors.Join(checkMove(before.State, a.State), checkMove(sessionBefore.Status, session.Status),
		checkMove(sessionBefore.PaymentStatus, session.PaymentStatus)); err != nil {
		return before, outcome{}, err
	}
	o.attempt, o.entries = true, leased.entries.forChange() // writing the attempt ends its lease
	change := Change{AttemptLease: leased.until, Fenced: !a.settled(), Payment: leased.learn(&a)}
	err = l.apply(ctx, change, session, &a, o)
	if err == nil {
		leased.entries.changeStored()
	}
	return a, o, err
}

// needsVersion reports whether a change is valid only for the version of the
// attempt that was read when its lease began. A payment, a quarantine and the
// gateway's answer to the order are valid whatever has happened since.
func needsVersion(before, after Attempt) bool {
	placed := before.State == AttemptCreating && after.State == AttemptPending
	return !after.settled() && !placed
}

// learn keeps the order's number at the gateway that query named, and returns the
// payment that is to be bound to the attempt.
func (leased leasedAttempt) learn(a *Attempt) Payment {
	if a.TradeID == "" {
		a.TradeID = leased.answer.TradeID
	}
	return leased.answer.payment()
}

// reflectReports makes the session processing while a payment of any of its
// attempts is reported and not confirmed. before and after are the attempt that
// changes.
//
// A change that withdraws a report compares the session's version in any case: of
// two such changes at once, the second then sees the first.
func (l *ledger) reflectReports(ctx context.Context, session *Session, before, after Attempt) (outcome, error) {
	switch {
	case after.reported():
		return session.process(), nil
	case session.PaymentStatus != PaymentProcessing || after.Quarantined:
		return outcome{}, nil
	}
	all, err := l.store.Attempts(ctx, after.SessionID)
	if err != nil {
		return outcome{}, err
	}
	if slices.ContainsFunc(all, func(other Attempt) bool { return other.ID != after.ID && other.reported() }) {
		return outcome{session: before.reported()}, nil
	}
	return session.unprocess(), nil
}

// apply writes a change with its outcome, and wakes the watchers of the session.
func (l *ledger) apply(ctx context.Context, change Change, session Session, a *Attempt, o outcome) error {
	if !o.changes() {
		return nil
	}
	change.NewRefund, change.Entries = o.refund, o.entries
	// With an event, the version of an unchanged session is compared too: an event
	// has a copy of the session, which must be the newest.
	if o.session || len(o.events) > 0 {
		change.Session = &session
	}
	if o.attempt {
		change.Attempt = a
	}
	next := session
	if o.refund != nil {
		next.reserve(*o.refund)
	}
	for _, t := range o.events {
		next.Version++
		e, err := l.newEvent(t, next, a)
		if err != nil {
			return err
		}
		change.Events = append(change.Events, e)
	}
	return l.write(ctx, change, session.ID)
}

// write applies a change and wakes the watchers of its session.
func (l *ledger) write(ctx context.Context, change Change, sessionID string) error {
	if err := l.store.Apply(ctx, change); err != nil {
		return err
	}
	l.watchers.changed(sessionID)
	return nil
}

// newEvent returns an event about a session, which has the version that the event
// gives it, and about an attempt, which may be nil.
func (l *ledger) newEvent(t EventType, session Session, a *Attempt) (Event, error) {
	id, err := NewID(l.random, EventPrefix)
	e := Event{
		ID: id, Type: t, Merchant: session.Merchant, SessionID: session.ID,
		TestMode:  session.TestMode,
		CreatedAt: l.clock.Now(), Version: session.Version, Session: l.public(session),
	}
	if a != nil {
		e.AttemptID = a.ID
	}
	return e, err
}

// public returns a session as its shop sees it.
func (l *ledger) public(session Session) PublicSession { return session.Public(l.pageURL(session.ID)) }

// checkMove returns an error for a move that the transition table does not have.
func checkMove[S interface {
	~string
	CanMove(S) bool
}](from, to S) error {
	if from == to || from.CanMove(to) {
		return nil
	}
	return errors.New("no such move: " + string(from) + " to " + string(to))
}
