package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// paidAttempt stores a paid session of 1000 and returns its attempt.
func (f fixture) paidAttempt(t *testing.T) checkout.Attempt {
	t.Helper()
	a := f.attempt(t)
	must(t, f.Apply(t.Context(), payChange(f.readSession(t, a.SessionID), a)))
	return f.readAttempt(t, a.ID)
}

// newRefund returns a refund of an attempt. The refund is not stored yet.
func newRefund(a checkout.Attempt, amount int64) checkout.Refund {
	return checkout.Refund{
		ID: newID(checkout.RefundPrefix), SessionID: a.SessionID, AttemptID: a.ID, Merchant: a.Merchant, Version: 1,
		State: checkout.RefundPending, Reason: checkout.RefundRequested, OutRefundNo: newID(""),
		OutTradeNo: a.OutTradeNo, TradeID: a.TradeID,
		Amount: amount, Currency: a.Currency, CreatedAt: start(), NextTryAt: start(),
	}
}

// refund stores a refund without a lease.
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

// endRefund stores the final state of a refund.
func (f fixture) endRefund(t *testing.T, r checkout.Refund, state checkout.RefundState) {
	t.Helper()
	r.State, r.NextTryAt = state, time.Time{}
	must(t, f.Apply(t.Context(), checkout.Change{Refund: &r}))
}

// leaseRefund leases a refund for leaseTime from at, and reports whether it could.
func (f fixture) leaseRefund(t *testing.T, id string, at time.Time) bool {
	t.Helper()
	ok, err := f.LeaseRefund(t.Context(), id, at, at.Add(leaseTime))
	must(t, err)
	return ok
}

func refundID(r checkout.Refund) string { return r.ID }

func refundRoundTrip(t *testing.T, f fixture) {
	a := f.paidAttempt(t)
	r := newRefund(a, 400)
	r.Version, r.State, r.Reason = 3, checkout.RefundFailed, checkout.RefundPaidTwice
	r.ClientReferenceID, r.GatewayID, r.Failure = "Rück 1 票", "1000_0", "508 REFUND_ERROR"
	r.IdempotencyKey, r.Metadata = "Schlüssel 票", map[string]string{"grund": "<&> 票"}
	r.SettledAt, r.NextTryAt, r.Tries = start().Add(time.Second), start().Add(time.Minute), 4
	r.TriedAt, r.DelayedAt = start().Add(2*time.Second), start().Add(3*time.Second)
	before := f.readSession(t, a.SessionID)
	must(t, f.CreateRefund(t.Context(), r, start().Add(leaseTime)))
	wantEqual(t, "refund", f.readRefund(t, r.ID), r)
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), a)
	wantEqual(t, "the session's version", f.readSession(t, a.SessionID).Version, before.Version+1)
	_, err := f.Refund(t.Context(), newID(checkout.RefundPrefix))
	wantError(t, "unknown refund", err, checkout.ErrNotFound)
}

func refundOfTestMode(t *testing.T, f fixture) {
	s := newSession()
	s.TestMode = true
	must(t, f.CreateSession(t.Context(), s))
	a := f.attemptOf(t, s, flow.WalletAlipayCN)
	must(t, f.Apply(t.Context(), payChange(f.readSession(t, s.ID), a)))
	r := newRefund(f.readAttempt(t, a.ID), 400)
	r.TestMode = true
	must(t, f.CreateRefund(t.Context(), r, time.Time{}))
	wantEqual(t, "refund", f.readRefund(t, r.ID), r)
	events, err := f.Events(t.Context(), s.ID)
	must(t, err)
	wantEqual(t, "events in test mode", len(events) == 1 && events[0].TestMode, true)
}

// sessionTellsItsPayment checks what a session has of the attempt that paid it and of that
// attempt's refunds.
func sessionTellsItsPayment(t *testing.T, f fixture) {
	s := f.session(t)
	first, second := f.attemptOf(t, s, flow.WalletAlipayCN), f.attemptOf(t, f.readSession(t, s.ID), flow.WalletWeChat)
	wantEqual(t, "before the payment", f.readSession(t, s.ID).PaidWith, checkout.PaidWith{})
	for _, a := range []checkout.Attempt{second, first} {
		c := payChange(f.readSession(t, s.ID), a)
		c.Session.PaidBy = first.ID
		c.Attempt.TradeID = "trade-of-" + string(a.Wallet)
		must(t, f.Apply(t.Context(), c))
	}
	pending, failed := f.refund(t, f.readAttempt(t, first.ID), 300), f.refund(t, f.readAttempt(t, first.ID), 200)
	f.refund(t, f.readAttempt(t, second.ID), 100) // of the other payment
	want := checkout.PaidWith{Wallet: flow.WalletAlipayCN, Flow: first.Flow, OutTradeNo: first.OutTradeNo, TradeID: "trade-of-alipay_cn"}
	got := f.readSession(t, s.ID)
	wantEqual(t, "payment", got.PaidWith, want)
	wantEqual(t, "pending refunds", got.RefundsPending, int64(500))
	f.endRefund(t, failed, checkout.RefundFailed)
	f.endRefund(t, pending, checkout.RefundSucceeded)
	got, _, err := f.SessionWithAttempts(t.Context(), s.ID)
	must(t, err)
	wantEqual(t, "payment with attempts", got.PaidWith, want)
	wantEqual(t, "pending refunds that have ended", got.RefundsPending, int64(0))
}

func refundsInOrder(t *testing.T, f fixture) {
	a := f.paidAttempt(t)
	late, early := newRefund(a, 1), newRefund(a, 2)
	early.CreatedAt = start().Add(-time.Second)
	must(t, f.CreateRefund(t.Context(), late, time.Time{}))
	must(t, f.CreateRefund(t.Context(), early, time.Time{}))
	f.refund(t, f.paidAttempt(t), 1) // of another session
	all, err := f.Refunds(t.Context(), a.SessionID)
	must(t, err)
	wantEqual(t, "refunds", ids(all, refundID), []string{early.ID, late.ID})
}

func refundsWithinAmount(t *testing.T, f fixture) {
	a := f.paidAttempt(t)
	create := func(amount int64) error { return f.CreateRefund(t.Context(), newRefund(a, amount), time.Time{}) }
	wantError(t, "more than the attempt's amount", create(1001), checkout.ErrConflict)
	pending, done, failed := f.refund(t, a, 300), f.refund(t, a, 200), f.refund(t, a, 500)
	wantError(t, "after all is reserved", create(1), checkout.ErrConflict)
	f.endRefund(t, done, checkout.RefundSucceeded)
	wantError(t, "after one has succeeded", create(1), checkout.ErrConflict)
	f.endRefund(t, failed, checkout.RefundFailed)
	wantError(t, "more than a failed refund has freed", create(501), checkout.ErrConflict)
	must(t, create(500))
	wantEqual(t, "pending refund", f.readRefund(t, pending.ID), pending)
}

func noRefundOfUnpaid(t *testing.T, f fixture) {
	open, closed := f.attempt(t), f.attempt(t)
	f.changeAttempt(t, closed, func(a *checkout.Attempt) { a.State = checkout.AttemptClosed })
	for _, a := range []checkout.Attempt{open, closed, newAttempt(newSession(), flow.WalletWeChat)} {
		wantError(t, string(a.State), f.CreateRefund(t.Context(), newRefund(a, 1), time.Time{}), checkout.ErrConflict)
	}
	r := newRefund(f.paidAttempt(t), 1)
	r.SessionID = open.SessionID
	wantError(t, "an attempt of another session", f.CreateRefund(t.Context(), r, time.Time{}), checkout.ErrConflict)
}

func refundsWithinAmountAtOnce(t *testing.T, f fixture) {
	a := f.paidAttempt(t)
	created := countSuccesses(t, checkout.ErrConflict, func() error { return f.CreateRefund(t.Context(), newRefund(a, 150), time.Time{}) })
	wantEqual(t, "refunds of 150 out of 1000", created, int64(6))
	all, err := f.Refunds(t.Context(), a.SessionID)
	must(t, err)
	wantEqual(t, "stored refunds", len(all), 6)
}

func refundReference(t *testing.T, f fixture) {
	a := oneRefundFor(t, f, func(r *checkout.Refund, reference string) { r.ClientReferenceID = reference })
	all, err := f.Refunds(t.Context(), a.SessionID)
	must(t, err)
	f.endRefund(t, all[0], checkout.RefundFailed)
	again := newRefund(a, 10)
	again.ClientReferenceID = "1"
	wantError(t, "after the first has failed", f.CreateRefund(t.Context(), again, time.Time{}), checkout.ErrConflict)
}

func refundKey(t *testing.T, f fixture) {
	oneRefundFor(t, f, func(r *checkout.Refund, key string) { r.IdempotencyKey = key })
}

// oneRefundFor checks that a session has one refund for each value of a field, and
// any number for "". It returns the attempt, whose first refund has the value "1".
func oneRefundFor(t *testing.T, f fixture, set func(r *checkout.Refund, value string)) checkout.Attempt {
	t.Helper()
	a, other := f.paidAttempt(t), f.paidAttempt(t)
	create := func(a checkout.Attempt, value string) error {
		r := newRefund(a, 10)
		set(&r, value)
		return f.CreateRefund(t.Context(), r, time.Time{})
	}
	created := countSuccesses(t, checkout.ErrConflict, func() error { return create(a, "1") })
	wantEqual(t, "refunds of one value", created, int64(1))
	for _, c := range []struct {
		attempt checkout.Attempt
		value   string
	}{{a, "2"}, {other, "1"}, {a, ""}, {a, ""}} {
		must(t, create(c.attempt, c.value))
	}
	return a
}

func refundNumber(t *testing.T, f fixture) {
	a := f.paidAttempt(t)
	r := f.refund(t, a, 1)
	again, other := r, newRefund(a, 1)
	again.OutRefundNo, other.OutRefundNo = newID(""), r.OutRefundNo
	wantError(t, "an id that is in use", f.CreateRefund(t.Context(), again, time.Time{}), checkout.ErrConflict)
	wantError(t, "a number that is in use", f.CreateRefund(t.Context(), other, time.Time{}), checkout.ErrConflict)
}

func refundAutomatic(t *testing.T, f fixture) {
	a := f.paidAttempt(t)
	automatic := func(reason checkout.RefundReason) error {
		r := newRefund(a, 10)
		r.Reason = reason
		return f.CreateRefund(t.Context(), r, time.Time{})
	}
	created := countSuccesses(t, checkout.ErrConflict, func() error { return automatic(checkout.RefundPaidTwice) })
	wantEqual(t, "automatic refunds", created, int64(1))
	wantError(t, "an automatic refund of another reason", automatic(checkout.RefundPaidLate), checkout.ErrConflict)
	all, err := f.Refunds(t.Context(), a.SessionID)
	must(t, err)
	f.endRefund(t, all[0], checkout.RefundFailed)
	wantError(t, "once it has failed", automatic(checkout.RefundPaidTwice), checkout.ErrConflict)
	for _, reason := range []checkout.RefundReason{checkout.RefundRequested, checkout.RefundOutside, checkout.RefundOutside} {
		must(t, automatic(reason))
	}
}

func refundDue(t *testing.T, f fixture) {
	a := f.paidAttempt(t)
	var want []string
	for _, after := range []time.Duration{2, 0, 1, 3} { // minutes; 3 is not due
		r := newRefund(a, 1)
		r.NextTryAt = start().Add(after * time.Minute)
		must(t, f.CreateRefund(t.Context(), r, start()))
		want = append(want, r.ID)
	}
	f.endRefund(t, f.refund(t, a, 1), checkout.RefundSucceeded)
	must(t, f.CreateRefund(t.Context(), newRefund(a, 1), start().Add(time.Hour))) // leased
	due, err := f.DueRefunds(t.Context(), merchant, start().Add(2*time.Minute), 10)
	must(t, err)
	wantEqual(t, "due refunds", ids(due, refundID), []string{want[1], want[2], want[0]})
	due, err = f.DueRefunds(t.Context(), merchant, start().Add(2*time.Minute), 1)
	must(t, err)
	wantEqual(t, "the first", ids(due, refundID), []string{want[1]})
}

func refundLease(t *testing.T, f fixture) {
	r := newRefund(f.paidAttempt(t), 1)
	must(t, f.CreateRefund(t.Context(), r, start().Add(leaseTime)))
	if f.leaseRefund(t, r.ID, start().Add(leaseTime-time.Millisecond)) {
		t.Error("leased twice")
	}
	now := start().Add(leaseTime)
	leases := countSuccesses(t, errNotLeased, func() error {
		return leaseError(f.LeaseRefund(t.Context(), r.ID, now, now.Add(leaseTime)))
	})
	wantEqual(t, "leases", leases, int64(1))
	wantError(t, "an outcome from before the lease", f.Apply(t.Context(), f.refundChange(t, r)), checkout.ErrConflict)
	r.NextTryAt, r.Tries, r.TriedAt, r.Version = now.Add(leaseTime), 1, now, r.Version+1
	wantEqual(t, "leased refund", f.readRefund(t, r.ID), r)
	due, err := f.DueRefunds(t.Context(), merchant, now.Add(leaseTime-time.Millisecond), 10)
	must(t, err)
	wantEqual(t, "due refunds during the lease", len(due), 0)
	merchants, err := f.DueMerchants(t.Context(), checkout.WorkRefunds, now.Add(leaseTime-time.Millisecond))
	must(t, err)
	wantEqual(t, "merchants with due refunds during the lease", len(merchants), 0)
	merchants, err = f.DueMerchants(t.Context(), checkout.WorkRefunds, now.Add(leaseTime))
	must(t, err)
	wantEqual(t, "merchants with due refunds after the lease", merchants, []string{merchant})
	due, err = f.DueRefunds(t.Context(), merchant, now.Add(leaseTime), 10)
	must(t, err)
	wantEqual(t, "due refunds after the lease", ids(due, refundID), []string{r.ID})
	if f.leaseRefund(t, newID(checkout.RefundPrefix), start()) {
		t.Error("an unknown refund was leased")
	}
}

func refundRelease(t *testing.T, f fixture) {
	r := f.refund(t, f.paidAttempt(t), 1)
	f.leaseRefund(t, r.ID, start())
	must(t, f.ReleaseRefund(t.Context(), r.ID, start().Add(leaseTime), start().Add(time.Minute)))
	r.NextTryAt, r.Tries, r.TriedAt, r.Version = start().Add(time.Minute), 1, start(), r.Version+1
	wantEqual(t, "released refund", f.readRefund(t, r.ID), r)
	if !f.leaseRefund(t, r.ID, start().Add(time.Second)) {
		t.Error("still leased after the release")
	}
	must(t, f.ReleaseRefund(t.Context(), r.ID, start().Add(leaseTime), start()))
	wantEqual(t, "NextTryAt of the second lease", f.readRefund(t, r.ID).NextTryAt, start().Add(leaseTime+time.Second))
	if f.leaseRefund(t, r.ID, start().Add(2*time.Second)) {
		t.Error("the first lease's release ended the second lease")
	}
}

// applyKeepsOtherRefundLease checks that a change ends only its own lease.
func applyKeepsOtherRefundLease(t *testing.T, f fixture) {
	r := f.refund(t, f.paidAttempt(t), 1)
	f.leaseRefund(t, r.ID, start())
	leased := f.readRefund(t, r.ID)
	leased.DelayedAt, leased.NextTryAt = start(), start().Add(leaseTime)
	for _, until := range []time.Time{{}, start().Add(-time.Second)} {
		must(t, f.Apply(t.Context(), checkout.Change{Refund: &leased, RefundLease: until}))
		leased = f.readRefund(t, r.ID)
		wantEqual(t, "DelayedAt", leased.DelayedAt, start())
		if f.leaseRefund(t, r.ID, start().Add(leaseTime-time.Millisecond)) {
			t.Error("a change without the lease ended it")
		}
	}
	must(t, f.Apply(t.Context(), checkout.Change{Refund: &leased, RefundLease: start().Add(leaseTime)}))
	if !f.leaseRefund(t, r.ID, start().Add(time.Second)) {
		t.Error("a change with the lease did not end it")
	}
}

func noLeaseOfSettledRefund(t *testing.T, f fixture) {
	a := f.paidAttempt(t)
	for _, state := range []checkout.RefundState{checkout.RefundSucceeded, checkout.RefundFailed} {
		r := f.refund(t, a, 1)
		f.leaseRefund(t, r.ID, start())
		f.endRefund(t, f.readRefund(t, r.ID), state)
		must(t, f.ReleaseRefund(t.Context(), r.ID, start().Add(leaseTime), start()))
		if f.leaseRefund(t, r.ID, start().Add(time.Hour)) {
			t.Errorf("a refund in state %s was leased", state)
		}
		wantEqual(t, "NextTryAt", f.readRefund(t, r.ID).NextTryAt, time.Time{})
	}
}

// refundChange returns a change that settles a refund, with its event.
func (f fixture) refundChange(t *testing.T, r checkout.Refund) checkout.Change {
	t.Helper()
	s := f.readSession(t, r.SessionID)
	r.State, r.GatewayID, r.SettledAt, r.NextTryAt = checkout.RefundSucceeded, "1000_0", start().Add(time.Second), time.Time{}
	s.PaymentStatus, s.AmountRefunded, s.PaidBy = checkout.PaymentPartiallyRefunded, r.Amount, r.AttemptID
	s.PaidWith, s.RefundsPending = f.readAttempt(t, r.AttemptID).PaidWith(), 0
	e, public := newEvent(s, checkout.EventRefundSucceeded), r.Public()
	e.AttemptID, e.Refund, e.CreatedAt = r.AttemptID, &public, start().Add(time.Second)
	return checkout.Change{Session: &s, Refund: &r, Events: []checkout.Event{e}}
}

func refundApply(t *testing.T, f fixture) {
	r := f.refund(t, f.paidAttempt(t), 300)
	f.leaseRefund(t, r.ID, start())
	c := f.refundChange(t, f.readRefund(t, r.ID))
	must(t, f.Apply(t.Context(), c))
	c.Session.Version++
	c.Refund.Version++
	wantEqual(t, "session", f.readSession(t, r.SessionID), *c.Session)
	wantEqual(t, "refund", f.readRefund(t, r.ID), *c.Refund)
	e, err := f.Event(t.Context(), c.Events[0].ID)
	must(t, err)
	wantEqual(t, "event", e, c.Events[0])
	events, err := f.Events(t.Context(), r.SessionID)
	must(t, err)
	wantEqual(t, "last event", events[len(events)-1], c.Events[0])
}

func refundApplyStale(t *testing.T, f fixture) {
	r := f.refund(t, f.paidAttempt(t), 300)
	s := f.readSession(t, r.SessionID)
	old, stale := f.refundChange(t, r), f.refundChange(t, r)
	old.Refund.Version--
	stale.Session.Version--
	for _, c := range []checkout.Change{old, stale} {
		wantError(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
		wantEqual(t, "session", f.readSession(t, r.SessionID), s)
		wantEqual(t, "refund", f.readRefund(t, r.ID), r)
		wantEqual(t, "events", f.events(t, r.SessionID), []checkout.EventType{checkout.EventPaid})
	}
	c := f.refundChange(t, r)
	applied := countSuccesses(t, checkout.ErrConflict, func() error { return f.Apply(t.Context(), c) })
	wantEqual(t, "outcomes applied", applied, int64(1))
}

func refundApplyNew(t *testing.T, f fixture) {
	a := f.attempt(t)
	c := payChange(f.readSession(t, a.SessionID), a)
	r := newRefund(a, 1000)
	r.Reason, r.TradeID = checkout.RefundPaidLate, c.Attempt.TradeID
	c.NewRefund = &r
	must(t, f.Apply(t.Context(), c)) // it refunds the payment of the same change
	wantEqual(t, "refund", f.readRefund(t, r.ID), r)
	if !f.leaseRefund(t, r.ID, start()) {
		t.Error("the new refund is leased")
	}
}

func refundApplyNewTooLarge(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	c := payChange(s, a)
	r := newRefund(a, 1001)
	c.NewRefund = &r
	wantError(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
	f.wantUnchanged(t, s, a)
	_, err := f.Refund(t.Context(), r.ID)
	wantError(t, "the refund", err, checkout.ErrNotFound)
}
