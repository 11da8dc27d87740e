package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// paid stores a session of 1000 that is paid, and returns its attempt.
func (f fixture) paid(t *testing.T) checkout.Attempt {
	t.Helper()
	a := f.attempt(t)
	must(t, f.Apply(t.Context(), payment(f.readSession(t, a.SessionID), a)))
	return f.readAttempt(t, a.ID)
}

// newRefund is a refund of an attempt that is not stored yet.
func newRefund(a checkout.Attempt, amount int64) checkout.Refund {
	return checkout.Refund{
		ID: newID(checkout.RefundPrefix), SessionID: a.SessionID, AttemptID: a.ID, Merchant: a.Merchant, Version: 1,
		State: checkout.RefundPending, Reason: checkout.RefundRequested, OutRefundNo: newID(""),
		OutTradeNo: a.OutTradeNo, TradeID: a.TradeID,
		Amount: amount, Currency: a.Currency, CreatedAt: start(), NextTryAt: start(),
	}
}

// refund stores a refund that nobody holds.
func (f fixture) refund(t *testing.T, a checkout.Attempt, amount int64) checkout.Refund {
	t.Helper()
	r := newRefund(a, amount)
	must(t, f.CreateRefund(t.Context(), r, time.Time{}))
	return r
}

func (f fixture) readRefund(t *testing.T, id string) checkout.Refund {
	t.Helper()
	r, err := f.Refund(t.Context(), id)
	must(t, err)
	return r
}

// end stores a refund as one that has ended.
func (f fixture) end(t *testing.T, r checkout.Refund, state checkout.RefundState) {
	t.Helper()
	r.State, r.NextTryAt = state, time.Time{}
	must(t, f.Apply(t.Context(), checkout.Change{Refund: &r}))
}

// holdRefund claims a refund at a time for someHold.
func (f fixture) holdRefund(t *testing.T, id string, at time.Time) bool {
	t.Helper()
	ok, err := f.LeaseRefund(t.Context(), id, at, at.Add(someHold))
	must(t, err)
	return ok
}

func refundID(r checkout.Refund) string { return r.ID }

func refundRoundTrip(t *testing.T, f fixture) {
	a := f.paid(t)
	r := newRefund(a, 400)
	r.Version, r.State, r.Reason = 3, checkout.RefundFailed, checkout.RefundPaidTwice
	r.ClientReferenceID, r.GatewayID, r.Failure = "Rück 1 票", "1000_0", "508 REFUND_ERROR"
	r.IdempotencyKey = "Schlüssel 票"
	r.SettledAt, r.NextTryAt, r.Tries = start().Add(time.Second), start().Add(time.Minute), 4
	r.TriedAt, r.DelayedAt = start().Add(2*time.Second), start().Add(3*time.Second)
	must(t, f.CreateRefund(t.Context(), r, start().Add(someHold)))
	same(t, "refund", f.readRefund(t, r.ID), r)
	same(t, "attempt", f.readAttempt(t, a.ID), a)
	_, err := f.Refund(t.Context(), newID(checkout.RefundPrefix))
	matches(t, "unknown refund", err, checkout.ErrNotFound)
}

func refundsInOrder(t *testing.T, f fixture) {
	a := f.paid(t)
	late, early := newRefund(a, 1), newRefund(a, 2)
	early.CreatedAt = start().Add(-time.Second)
	must(t, f.CreateRefund(t.Context(), late, time.Time{}))
	must(t, f.CreateRefund(t.Context(), early, time.Time{}))
	f.refund(t, f.paid(t), 1) // of another session
	all, err := f.Refunds(t.Context(), a.SessionID)
	must(t, err)
	same(t, "refunds", ids(all, refundID), []string{early.ID, late.ID})
}

func refundReserves(t *testing.T, f fixture) {
	a := f.paid(t)
	try := func(amount int64) error { return f.CreateRefund(t.Context(), newRefund(a, amount), time.Time{}) }
	matches(t, "more than was paid", try(1001), checkout.ErrConflict)
	pending, done, failed := f.refund(t, a, 300), f.refund(t, a, 200), f.refund(t, a, 500)
	matches(t, "nothing is left", try(1), checkout.ErrConflict)
	f.end(t, done, checkout.RefundSucceeded)
	matches(t, "one has succeeded", try(1), checkout.ErrConflict)
	f.end(t, failed, checkout.RefundFailed)
	matches(t, "more than one that failed has freed", try(501), checkout.ErrConflict)
	must(t, try(500))
	same(t, "the pending one", f.readRefund(t, pending.ID), pending)
}

func refundOfUnpaid(t *testing.T, f fixture) {
	open, closed := f.attempt(t), f.attempt(t)
	f.change(t, closed, func(a *checkout.Attempt) { a.State = checkout.AttemptClosed })
	for _, a := range []checkout.Attempt{open, closed, newAttempt(newSession(), flow.WalletWeChat)} {
		matches(t, string(a.State), f.CreateRefund(t.Context(), newRefund(a, 1), time.Time{}), checkout.ErrConflict)
	}
	r := newRefund(f.paid(t), 1)
	r.SessionID = open.SessionID
	matches(t, "an attempt of another session", f.CreateRefund(t.Context(), r, time.Time{}), checkout.ErrConflict)
}

func refundReservesAtOnce(t *testing.T, f fixture) {
	a := f.paid(t)
	won := winners(t, checkout.ErrConflict, func() error { return f.CreateRefund(t.Context(), newRefund(a, 150), time.Time{}) })
	same(t, "refunds of 150 out of 1000", won, int64(6))
	all, err := f.Refunds(t.Context(), a.SessionID)
	must(t, err)
	same(t, "stored refunds", len(all), 6)
}

func refundReference(t *testing.T, f fixture) {
	a, other := f.paid(t), f.paid(t)
	with := func(a checkout.Attempt, reference string) checkout.Refund {
		r := newRefund(a, 10)
		r.ClientReferenceID = reference
		return r
	}
	won := winners(t, checkout.ErrConflict, func() error { return f.CreateRefund(t.Context(), with(a, "R-1"), time.Time{}) })
	same(t, "refunds of one reference", won, int64(1))
	all, err := f.Refunds(t.Context(), a.SessionID)
	must(t, err)
	f.end(t, all[0], checkout.RefundFailed)
	matches(t, "once it has failed", f.CreateRefund(t.Context(), with(a, "R-1"), time.Time{}), checkout.ErrConflict)
	must(t, f.CreateRefund(t.Context(), with(a, "R-2"), time.Time{}))
	must(t, f.CreateRefund(t.Context(), with(other, "R-1"), time.Time{}))
	must(t, f.CreateRefund(t.Context(), with(a, ""), time.Time{}))
	must(t, f.CreateRefund(t.Context(), with(a, ""), time.Time{}))
}

func refundKey(t *testing.T, f fixture) {
	a, other := f.paid(t), f.paid(t)
	with := func(a checkout.Attempt, key string) checkout.Refund {
		r := newRefund(a, 10)
		r.IdempotencyKey = key
		return r
	}
	won := winners(t, checkout.ErrConflict, func() error { return f.CreateRefund(t.Context(), with(a, "k1"), time.Time{}) })
	same(t, "refunds of one key", won, int64(1))
	must(t, f.CreateRefund(t.Context(), with(a, "k2"), time.Time{}))
	must(t, f.CreateRefund(t.Context(), with(other, "k1"), time.Time{}))
	must(t, f.CreateRefund(t.Context(), with(a, ""), time.Time{}))
	must(t, f.CreateRefund(t.Context(), with(a, ""), time.Time{}))
}

func refundNumber(t *testing.T, f fixture) {
	a := f.paid(t)
	r := f.refund(t, a, 1)
	again, other := r, newRefund(a, 1)
	again.OutRefundNo, other.OutRefundNo = newID(""), r.OutRefundNo
	matches(t, "an id that was used", f.CreateRefund(t.Context(), again, time.Time{}), checkout.ErrConflict)
	matches(t, "a number that was used", f.CreateRefund(t.Context(), other, time.Time{}), checkout.ErrConflict)
}

func refundAutomatic(t *testing.T, f fixture) {
	a := f.paid(t)
	automatic := func(reason checkout.RefundReason) error {
		r := newRefund(a, 10)
		r.Reason = reason
		return f.CreateRefund(t.Context(), r, time.Time{})
	}
	won := winners(t, checkout.ErrConflict, func() error { return automatic(checkout.RefundPaidTwice) })
	same(t, "automatic refunds", won, int64(1))
	matches(t, "of another reason", automatic(checkout.RefundPaidLate), checkout.ErrConflict)
	all, err := f.Refunds(t.Context(), a.SessionID)
	must(t, err)
	f.end(t, all[0], checkout.RefundFailed)
	matches(t, "once it has failed", automatic(checkout.RefundPaidTwice), checkout.ErrConflict)
	for _, reason := range []checkout.RefundReason{checkout.RefundRequested, checkout.RefundOutside, checkout.RefundOutside} {
		must(t, automatic(reason))
	}
}

func refundDue(t *testing.T, f fixture) {
	a := f.paid(t)
	var want []string
	for _, after := range []time.Duration{2, 0, 1, 3} { // minutes; 3 is not due
		r := newRefund(a, 1)
		r.NextTryAt = start().Add(after * time.Minute)
		must(t, f.CreateRefund(t.Context(), r, start()))
		want = append(want, r.ID)
	}
	f.end(t, f.refund(t, a, 1), checkout.RefundSucceeded)
	must(t, f.CreateRefund(t.Context(), newRefund(a, 1), start().Add(time.Hour))) // held
	due, err := f.DueRefunds(t.Context(), start().Add(2*time.Minute), 10)
	must(t, err)
	same(t, "due refunds", ids(due, refundID), []string{want[1], want[2], want[0]})
	due, err = f.DueRefunds(t.Context(), start().Add(2*time.Minute), 1)
	must(t, err)
	same(t, "the first", ids(due, refundID), []string{want[1]})
}

func refundHold(t *testing.T, f fixture) {
	r := newRefund(f.paid(t), 1)
	must(t, f.CreateRefund(t.Context(), r, start().Add(someHold)))
	if f.holdRefund(t, r.ID, start().Add(someHold-time.Millisecond)) {
		t.Error("somebody else got hold of it")
	}
	now := start().Add(someHold)
	won := winners(t, errNotHeld, func() error {
		ok, err := f.LeaseRefund(t.Context(), r.ID, now, now.Add(someHold))
		if err == nil && !ok {
			return errNotHeld
		}
		return err
	})
	same(t, "holds", won, int64(1))
	matches(t, "an outcome from before the hold", f.Apply(t.Context(), f.givenBack(t, r)), checkout.ErrConflict)
	r.NextTryAt, r.Tries, r.TriedAt, r.Version = now.Add(someHold), 1, now, r.Version+1
	same(t, "held refund", f.readRefund(t, r.ID), r)
	due, err := f.DueRefunds(t.Context(), now.Add(someHold-time.Millisecond), 10)
	must(t, err)
	same(t, "due while held", len(due), 0)
	due, err = f.DueRefunds(t.Context(), now.Add(someHold), 10)
	must(t, err)
	same(t, "due once its holder is gone", ids(due, refundID), []string{r.ID})
	if f.holdRefund(t, newID(checkout.RefundPrefix), start()) {
		t.Error("an unknown refund was held")
	}
}

func refundRelease(t *testing.T, f fixture) {
	r := f.refund(t, f.paid(t), 1)
	f.holdRefund(t, r.ID, start())
	must(t, f.ReleaseRefund(t.Context(), r.ID, start().Add(someHold), start().Add(time.Minute)))
	r.NextTryAt, r.Tries, r.TriedAt, r.Version = start().Add(time.Minute), 1, start(), r.Version+1
	same(t, "released refund", f.readRefund(t, r.ID), r)
	if !f.holdRefund(t, r.ID, start().Add(time.Second)) {
		t.Error("still held after the release")
	}
	must(t, f.ReleaseRefund(t.Context(), r.ID, start().Add(someHold), start()))
	same(t, "NextTryAt, as the second holder has it", f.readRefund(t, r.ID).NextTryAt, start().Add(someHold+time.Second))
	if f.holdRefund(t, r.ID, start().Add(2*time.Second)) {
		t.Error("the first holder released the second one's hold")
	}
}

// Who held a refund before and wakes up late leaves the hold of the next alone.
func refundApplyKeepsHold(t *testing.T, f fixture) {
	r := f.refund(t, f.paid(t), 1)
	f.holdRefund(t, r.ID, start())
	held := f.readRefund(t, r.ID)
	held.DelayedAt, held.NextTryAt = start(), start().Add(someHold)
	for _, until := range []time.Time{{}, start().Add(-time.Second)} {
		must(t, f.Apply(t.Context(), checkout.Change{Refund: &held, RefundLease: until}))
		held = f.readRefund(t, r.ID)
		same(t, "DelayedAt", held.DelayedAt, start())
		if f.holdRefund(t, r.ID, start().Add(someHold-time.Millisecond)) {
			t.Error("a change by another ended the hold")
		}
	}
	must(t, f.Apply(t.Context(), checkout.Change{Refund: &held, RefundLease: start().Add(someHold)}))
	if !f.holdRefund(t, r.ID, start().Add(time.Second)) {
		t.Error("a change by the holder did not end the hold")
	}
}

func refundSettled(t *testing.T, f fixture) {
	a := f.paid(t)
	for _, state := range []checkout.RefundState{checkout.RefundSucceeded, checkout.RefundFailed} {
		r := f.refund(t, a, 1)
		f.holdRefund(t, r.ID, start())
		f.end(t, f.readRefund(t, r.ID), state)
		must(t, f.ReleaseRefund(t.Context(), r.ID, start().Add(someHold), start()))
		if f.holdRefund(t, r.ID, start().Add(time.Hour)) {
			t.Errorf("held though it has %s", state)
		}
		same(t, "NextTryAt", f.readRefund(t, r.ID).NextTryAt, time.Time{})
	}
}

// givenBack is a change that settles a refund and tells of it.
func (f fixture) givenBack(t *testing.T, r checkout.Refund) checkout.Change {
	t.Helper()
	s := f.readSession(t, r.SessionID)
	r.State, r.GatewayID, r.SettledAt, r.NextTryAt = checkout.RefundSucceeded, "1000_0", start().Add(time.Second), time.Time{}
	s.PaymentStatus, s.AmountRefunded, s.PaidBy = checkout.PaymentPartiallyRefunded, r.Amount, r.AttemptID
	e, public := newEvent(s, checkout.EventRefundSucceeded), r.Public()
	e.AttemptID, e.Refund, e.CreatedAt = r.AttemptID, &public, start().Add(time.Second)
	return checkout.Change{Session: &s, Refund: &r, Events: []checkout.Event{e}}
}

func refundApply(t *testing.T, f fixture) {
	r := f.refund(t, f.paid(t), 300)
	f.holdRefund(t, r.ID, start())
	c := f.givenBack(t, f.readRefund(t, r.ID))
	must(t, f.Apply(t.Context(), c))
	c.Session.Version++
	c.Refund.Version++
	same(t, "session", f.readSession(t, r.SessionID), *c.Session)
	same(t, "refund", f.readRefund(t, r.ID), *c.Refund)
	e, err := f.Event(t.Context(), c.Events[0].ID)
	must(t, err)
	same(t, "event", e, c.Events[0])
	events, err := f.Events(t.Context(), r.SessionID)
	must(t, err)
	same(t, "the last event", events[len(events)-1], c.Events[0])
}

func refundApplyOld(t *testing.T, f fixture) {
	r := f.refund(t, f.paid(t), 300)
	s := f.readSession(t, r.SessionID)
	old, stale := f.givenBack(t, r), f.givenBack(t, r)
	old.Refund.Version--
	stale.Session.Version--
	for _, c := range []checkout.Change{old, stale} {
		matches(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
		same(t, "session", f.readSession(t, r.SessionID), s)
		same(t, "refund", f.readRefund(t, r.ID), r)
		same(t, "events", f.events(t, r.SessionID), []checkout.EventType{checkout.EventPaid})
	}
	c := f.givenBack(t, r)
	won := winners(t, checkout.ErrConflict, func() error { return f.Apply(t.Context(), c) })
	same(t, "outcomes that won", won, int64(1))
}

func refundApplyNew(t *testing.T, f fixture) {
	a := f.attempt(t)
	c := payment(f.readSession(t, a.SessionID), a)
	r := newRefund(a, 1000)
	r.Reason, r.TradeID = checkout.RefundPaidLate, c.Attempt.TradeID
	c.NewRefund = &r
	must(t, f.Apply(t.Context(), c)) // the payment in the change is what it refunds
	same(t, "refund", f.readRefund(t, r.ID), r)
	if !f.holdRefund(t, r.ID, start()) {
		t.Error("somebody holds it")
	}
}

func refundApplyNewTooMuch(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	c := payment(s, a)
	r := newRefund(a, 1001)
	c.NewRefund = &r
	matches(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
	f.unchanged(t, s, a)
	_, err := f.Refund(t.Context(), r.ID)
	matches(t, "the refund", err, checkout.ErrNotFound)
}
