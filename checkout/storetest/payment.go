package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// pendingAttempt stores a pending attempt of an account in a new session.
func (f fixture) pendingAttempt(t *testing.T, account string) checkout.Attempt {
	t.Helper()
	s := f.session(t)
	a := newAttempt(s, flow.WalletAlipayCN)
	a.State, a.Account = checkout.AttemptPending, account
	must(t, f.createAttempt(t, a, time.Time{}))
	return f.readAttempt(t, a.ID)
}

// pay pays an attempt with a payment.
func (f fixture) pay(t *testing.T, a checkout.Attempt, p checkout.Payment) error {
	t.Helper()
	c := payChange(f.readSession(t, a.SessionID), a)
	c.Attempt.TradeID, c.Payment = p.TradeID, p
	return f.Apply(t.Context(), c)
}

func paymentOnce(t *testing.T, f fixture) {
	first, second := f.pendingAttempt(t, "a"), f.pendingAttempt(t, "a")
	p := checkout.Payment{Account: "m", TradeID: newID("")}
	must(t, f.pay(t, first, p))
	s := f.readSession(t, second.SessionID)
	wantError(t, "a second attempt", f.pay(t, second, p), checkout.ErrPaymentTaken)
	f.wantUnchanged(t, s, second)

	again := f.readAttempt(t, first.ID)
	must(t, f.Apply(t.Context(), checkout.Change{Attempt: &again, Payment: p})) // the same attempt again
	must(t, f.pay(t, second, checkout.Payment{Account: "m", TradeID: newID("")}))
}

func paymentOnceConcurrently(t *testing.T, f fixture) {
	p := checkout.Payment{Account: "m", TradeID: newID("")}
	attempts := make(chan checkout.Attempt, 20)
	for range cap(attempts) {
		attempts <- f.pendingAttempt(t, "a")
	}
	paid := countSuccesses(t, checkout.ErrPaymentTaken, func() error { return f.pay(t, <-attempts, p) })
	wantEqual(t, "paid attempts", paid, int64(1))
}

// paymentOfOtherAttempt checks that a trade id cannot pay an attempt if another
// attempt of the account has it from the answer to its order.
func paymentOfOtherAttempt(t *testing.T, f fixture) {
	s := f.session(t)
	other := newAttempt(s, flow.WalletAlipayCN)
	other.Account, other.TradeID = "a", newID("")
	must(t, f.createAttempt(t, other, time.Time{}))
	p := checkout.Payment{Account: "m", TradeID: other.TradeID}
	wantError(t, "a trade id of the same account", f.pay(t, f.pendingAttempt(t, "a"), p), checkout.ErrPaymentTaken)
	must(t, f.pay(t, f.pendingAttempt(t, "b"), checkout.Payment{Account: "n", TradeID: other.TradeID}))
	must(t, f.pay(t, f.readAttempt(t, other.ID), p))
}

func notificationSetsReport(t *testing.T, f fixture) {
	a := f.attempt(t)
	n := newNotification(a, checkout.VerdictAccepted)
	n.TradeID, n.Paid = "t1", true
	must(t, f.AddNotification(t.Context(), n, time.Time{}, nil))
	want := a
	want.ReportedAt, want.NotifiedTradeID, want.Version = n.ReceivedAt, "t1", a.Version+1
	want.Notifications.Accepted, want.NotificationAt = 1, n.ReceivedAt
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), want)

	again := newNotification(a, checkout.VerdictAccepted)
	again.TradeID, again.Paid, again.ReceivedAt = "t2", true, n.ReceivedAt.Add(time.Minute)
	must(t, f.AddNotification(t.Context(), again, time.Time{}, nil))
	want.Notifications.Accepted, want.NotificationAt = 2, again.ReceivedAt
	wantEqual(t, "attempt after a second notification", f.readAttempt(t, a.ID), want)

	want.ReportedAt = time.Time{}
	f.changeAttempt(t, want, func(a *checkout.Attempt) { a.DeniedAt = start() })
	must(t, f.AddNotification(t.Context(), again, time.Time{}, nil))
	got := f.readAttempt(t, a.ID)
	wantEqual(t, "ReportedAt after it was withdrawn", got.ReportedAt, again.ReceivedAt)
	wantEqual(t, "DeniedAt", got.DeniedAt, start())
}

func notificationWithoutReport(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.changeAttempt(t, a, func(a *checkout.Attempt) { a.State, a.NextQueryAt = checkout.AttemptPaid, time.Time{} })
	before := f.readAttempt(t, a.ID)
	n := newNotification(a, checkout.VerdictAccepted)
	n.Paid, n.TradeID = true, "t1"
	must(t, f.AddNotification(t.Context(), n, time.Time{}, nil))
	before.Notifications.Accepted, before.NotificationAt = 1, n.ReceivedAt
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), before)
}
