package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// placed stores an attempt of an account in a session of its own.
func (f fixture) placed(t *testing.T, account string) checkout.Attempt {
	t.Helper()
	s := f.session(t)
	a := newAttempt(s, flow.WalletAlipayCN)
	a.State, a.Account = checkout.AttemptPending, account
	must(t, f.create(t, a, time.Time{}))
	return f.readAttempt(t, a.ID)
}

// settle pays an attempt by a payment.
func (f fixture) settle(t *testing.T, a checkout.Attempt, p checkout.Payment) error {
	t.Helper()
	c := payment(f.readSession(t, a.SessionID), a)
	c.Attempt.TradeID, c.Payment = p.TradeID, p
	return f.Apply(t.Context(), c)
}

func paymentOnce(t *testing.T, f fixture) {
	first, second := f.placed(t, "a"), f.placed(t, "a")
	p := checkout.Payment{Account: "m", TradeID: newID("")}
	must(t, f.settle(t, first, p))
	s := f.readSession(t, second.SessionID)
	matches(t, "a second attempt", f.settle(t, second, p), checkout.ErrPaymentTaken)
	f.unchanged(t, s, second)

	again := f.readAttempt(t, first.ID)
	must(t, f.Apply(t.Context(), checkout.Change{Attempt: &again, Payment: p})) // its own may be told again
	must(t, f.settle(t, second, checkout.Payment{Account: "m", TradeID: newID("")}))
}

func paymentOnceAtOnce(t *testing.T, f fixture) {
	p := checkout.Payment{Account: "m", TradeID: newID("")}
	attempts := make(chan checkout.Attempt, 20)
	for range cap(attempts) {
		attempts <- f.placed(t, "a")
	}
	won := winners(t, checkout.ErrPaymentTaken, func() error { return f.settle(t, <-attempts, p) })
	same(t, "attempts that are paid", won, int64(1))
}

// The gateway's answer to an order may name its number before query does.
func paymentOfAnother(t *testing.T, f fixture) {
	s := f.session(t)
	other := newAttempt(s, flow.WalletAlipayCN)
	other.Account, other.TradeID = "a", newID("")
	must(t, f.create(t, other, time.Time{}))
	p := checkout.Payment{Account: "m", TradeID: other.TradeID}
	matches(t, "of the same account", f.settle(t, f.placed(t, "a"), p), checkout.ErrPaymentTaken)
	must(t, f.settle(t, f.placed(t, "b"), checkout.Payment{Account: "n", TradeID: other.TradeID}))
	must(t, f.settle(t, f.readAttempt(t, other.ID), p))
}

func notificationReports(t *testing.T, f fixture) {
	a := f.attempt(t)
	n := newNotification(a, checkout.VerdictAccepted)
	n.TradeID, n.Paid = "t1", true
	must(t, f.AddNotification(t.Context(), n, time.Time{}, nil))
	want := a
	want.ReportedAt, want.NotifiedTradeID, want.Version = n.ReceivedAt, "t1", a.Version+1
	want.Notifications.Accepted, want.NotificationAt = 1, n.ReceivedAt
	same(t, "attempt", f.readAttempt(t, a.ID), want)

	again := newNotification(a, checkout.VerdictAccepted)
	again.TradeID, again.Paid, again.ReceivedAt = "t2", true, n.ReceivedAt.Add(time.Minute)
	must(t, f.AddNotification(t.Context(), again, time.Time{}, nil))
	want.Notifications.Accepted, want.NotificationAt = 2, again.ReceivedAt
	same(t, "after a second one", f.readAttempt(t, a.ID), want)

	want.ReportedAt = time.Time{}
	f.change(t, want, func(a *checkout.Attempt) { a.DeniedAt = start() })
	must(t, f.AddNotification(t.Context(), again, time.Time{}, nil))
	got := f.readAttempt(t, a.ID)
	same(t, "ReportedAt after it was withdrawn", got.ReportedAt, again.ReceivedAt)
	same(t, "DeniedAt", got.DeniedAt, start())
}

func notificationReportsNothing(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.change(t, a, func(a *checkout.Attempt) { a.State, a.NextQueryAt = checkout.AttemptPaid, time.Time{} })
	before := f.readAttempt(t, a.ID)
	n := newNotification(a, checkout.VerdictAccepted)
	n.Paid, n.TradeID = true, "t1"
	must(t, f.AddNotification(t.Context(), n, time.Time{}, nil))
	before.Notifications.Accepted, before.NotificationAt = 1, n.ReceivedAt
	same(t, "attempt", f.readAttempt(t, a.ID), before)
}
