package checkout_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// withPolicy returns a fixture with the same store and gateway, whose shop has a
// policy for late and for second payments.
func (f *fixture) withPolicy(late checkout.LatePolicy, keepPaidTwice bool) *fixture {
	f.t.Helper()
	c := f.config()
	c.Merchants = map[string]checkout.Merchant{shop: {ID: shop, PaidLate: late, KeepPaidTwice: keepPaidTwice}}
	with := *f
	with.configure(c)
	return &with
}

// paidLate returns an attempt that was paid after its session expired.
func (f *fixture) paidLate() checkout.Attempt {
	f.t.Helper()
	a := f.pending()
	f.sweepFor(lifetime + 2*time.Second)
	f.gateway.pay(a.OutTradeNo)
	f.confirm(a)
	return a
}

func TestLatePayments(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"is kept by default": func(_ *testing.T, f *fixture) {
			a := f.paidLate()
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid, checkout.EventExpired, checkout.EventPaidLate)
			f.checkMoney(a, checkout.PaymentPaid, 0, 0)
			f.refund(a, 2*half, checkout.RefundSucceeded) // the shop may refund it
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 1)
		},
		"is kept by the policy": func(_ *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateHold, false)
			a := f.paidLate()
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid, checkout.EventExpired, checkout.EventPaidLate)
			f.checkMoney(a, checkout.PaymentPaid, 0, 0)
		},
		"is accepted": func(t *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateAccept, false)
			a := f.paidLate()
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid,
				checkout.EventExpired, checkout.EventPaidLate, checkout.EventPaid)
			events, err := f.store.Events(t.Context(), a.SessionID)
			wantError(t, err, nil)
			if late, paid := events[1].Session.Version, events[2].Session.Version; late >= paid {
				t.Errorf("session.paid_late has version %d and session.paid %d, want a greater one", late, paid)
			}
			f.checkMoney(a, checkout.PaymentPaid, 0, 0)
		},
		"is refunded": func(t *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateRefund, false)
			a := f.paidLate()
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid, checkout.EventExpired, checkout.EventPaidLate)
			all, err := f.Refunds(t.Context(), a.SessionID)
			wantError(t, err, nil)
			same(t, "refunds", len(all), 1)
			same(t, "reason", all[0].Reason, checkout.RefundPaidLate)
			f.checkTooMuch(a, 1, 0) // the automatic refund has reserved it
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentRefunded,
				checkout.EventExpired, checkout.EventPaidLate, checkout.EventRefundSucceeded)
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 1)
		},
		"is refunded, and the gateway refuses the refund": func(t *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateRefund, false)
			f.gateway.beforeRefund = func(sentRefund) error { return &checkout.RefusedError{Word: "302 NO_PRIVILEGE"} }
			a := f.paidLate()
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid,
				checkout.EventExpired, checkout.EventPaidLate, checkout.EventRefundFailed)
			same(t, "alarms", f.alerts.alarms(), []string{"refund refused"})
		},
	})
}

// paidTwice returns the two attempts of a session, both paid. The first was confirmed
// first.
func (f *fixture) paidTwice() (first, second checkout.Attempt) {
	f.t.Helper()
	s := f.session()
	first, second = f.start(s, flow.WalletAlipayCN), f.start(s, flow.WalletWeChat)
	for _, a := range []checkout.Attempt{first, second} {
		f.gateway.pay(a.OutTradeNo)
	}
	f.confirm(first)
	f.waitUntilIdle() // the checkout closes the second order, and finds it paid
	return first, second
}

func TestSecondPayments(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"is refunded by default": func(t *testing.T, f *fixture) {
			first, second := f.paidTwice()
			f.sweepFor(4 * time.Second)
			f.checkState(second, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid,
				checkout.EventPaid, checkout.EventPaidTwice, checkout.EventRefundSucceeded)
			f.checkMoney(first, checkout.PaymentPaid, 0, 0)
			n, sum := f.gateway.refunds(second.OutTradeNo)
			same(t, "refunds of the second", n, 1)
			same(t, "their sum", sum, int64(2*half))
			all, err := f.Refunds(t.Context(), first.SessionID)
			wantError(t, err, nil)
			same(t, "reason", all[0].Reason, checkout.RefundPaidTwice)
			f.refund(first, half, checkout.RefundSucceeded) // nothing of the first was refunded
			f.refund(first, half, checkout.RefundSucceeded)
			f.checkMoney(first, checkout.PaymentRefunded, 2*half, 2)
		},
		"is refunded once, however often it is queried": func(t *testing.T, f *fixture) {
			_, second := f.paidTwice()
			for range 5 {
				f.notify(second, nil)
				f.confirm(second)
			}
			f.sweepFor(time.Hour)
			n, _ := f.gateway.refunds(second.OutTradeNo)
			same(t, "refunds of the second", n, 1)
		},
		"is kept by the policy": func(t *testing.T, f *fixture) {
			f = f.withPolicy("", true)
			_, second := f.paidTwice()
			f.sweepFor(time.Minute)
			f.checkState(second, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid, checkout.EventPaidTwice)
			all, err := f.Refunds(t.Context(), second.SessionID)
			wantError(t, err, nil)
			same(t, "refunds", len(all), 0)
		},
		"is kept, and refunded at the request of the shop": func(t *testing.T, f *fixture) {
			f = f.withPolicy("", true)
			first, second := f.paidTwice()
			n := checkout.NewRefund{Amount: half, ClientReferenceID: "R-2", Second: true}
			for range 2 {
				r, err := f.Refund(t.Context(), first.SessionID, n)
				wantError(t, err, nil)
				same(t, "its attempt", r.AttemptID, second.ID)
			}
			made, sum := f.gateway.refunds(second.OutTradeNo)
			same(t, "refunds of the second", made, 1)
			same(t, "their sum", sum, int64(half))
			f.checkMoney(first, checkout.PaymentPaid, 0, 0) // nothing of the first was refunded
			var field *checkout.FieldError
			if _, err := f.Refund(t.Context(), first.SessionID, checkout.NewRefund{Amount: half + 1, Second: true}); !errors.As(err, &field) {
				t.Errorf("more than is left: error %v, want a FieldError", err)
			}
			all, err := f.Refunds(t.Context(), first.SessionID)
			wantError(t, err, nil)
			_, err = f.Refund(t.Context(), first.SessionID, checkout.NewRefund{Amount: half, ClientReferenceID: "R-2"})
			checkUsed(t, "of the first payment", err, "client_reference_id", all[0].ID)
		},
		"is refunded like the first if both are late, even if second payments are kept": func(t *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateRefund, true)
			s := f.session()
			first, second := f.start(s, flow.WalletAlipayCN), f.start(s, flow.WalletWeChat)
			f.sweepFor(lifetime + 2*time.Second)
			for _, a := range []checkout.Attempt{first, second} {
				f.gateway.pay(a.OutTradeNo)
				f.confirm(a)
				f.sweepFor(4 * time.Second)
			}
			f.checkState(second, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentRefunded, checkout.EventExpired, checkout.EventPaidLate,
				checkout.EventRefundSucceeded, checkout.EventPaidTwice, checkout.EventRefundSucceeded)
			f.checkMoney(first, checkout.PaymentRefunded, 2*half, 1)
			n, sum := f.gateway.refunds(second.OutTradeNo)
			same(t, "refunds of the second", n, 1)
			same(t, "their sum", sum, int64(2*half))
			all, err := f.Refunds(t.Context(), s.ID)
			wantError(t, err, nil)
			same(t, "reasons", []checkout.RefundReason{all[0].Reason, all[1].Reason}, []checkout.RefundReason{checkout.RefundPaidLate, checkout.RefundPaidLate})
		},
		"is kept by the policy if it is late and the first was not": func(t *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateRefund, true)
			s := f.session()
			first, second := f.start(s, flow.WalletAlipayCN), f.start(s, flow.WalletWeChat)
			f.gateway.pay(first.OutTradeNo)
			f.confirm(first)
			f.sweepFor(lifetime + 2*time.Second)
			f.gateway.pay(second.OutTradeNo)
			f.confirm(second)
			f.sweepFor(time.Minute)
			f.checkState(second, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid, checkout.EventPaidTwice)
			n, _ := f.gateway.refunds(second.OutTradeNo)
			same(t, "refunds of the second", n, 0)
		},
		"is refunded after the first was refunded": func(t *testing.T, f *fixture) {
			s := f.session()
			first, second := f.start(s, flow.WalletAlipayCN), f.start(s, flow.WalletWeChat)
			f.gateway.pay(first.OutTradeNo)
			f.confirm(first)
			f.waitUntilIdle()
			f.refund(first, 2*half, checkout.RefundSucceeded)
			f.gateway.pay(second.OutTradeNo)
			f.confirm(second)
			f.sweepFor(4 * time.Second)
			f.checkMoney(first, checkout.PaymentRefunded, 2*half, 1)
			n, _ := f.gateway.refunds(second.OutTradeNo)
			same(t, "refunds of the second", n, 1)
		},
	})
}

func TestNewRefusesAnUnknownPolicy(t *testing.T) {
	t.Parallel()
	f := newFixture(t, newMemory())
	c := f.config()
	c.Merchants = map[string]checkout.Merchant{shop: {ID: shop, PaidLate: "keep"}}
	if _, err := checkout.New(c); err == nil || !strings.Contains(err.Error(), `PaidLate of "shop"`) {
		t.Errorf("error %v, want one that names the field", err)
	}
}
