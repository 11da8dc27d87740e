package checkout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// startUnanswered starts an order, and checks that its outcome is unknown.
func (f *fixture) startUnanswered(s checkout.Session) checkout.Attempt {
	f.t.Helper()
	a, err := f.Start(f.t.Context(), request(s, flow.WalletWeChat))
	wantError(f.t, err, checkout.ErrOutcomeUnknown)
	f.checkState(a, checkout.AttemptCreating, checkout.StatusOpen, checkout.PaymentUnpaid)
	f.checkNoLease(a)
	return a
}

// An order whose outcome is unknown is settled by query with the same number, and
// never by a second order.
func TestOrderOfUnknownOutcome(t *testing.T) {
	taken := func(f *fixture) { f.gateway.afterCreate = once(timeout) }
	notTaken := func(f *fixture) { f.gateway.beforeCreate = once(timeout) }
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"taken, then clicked again": func(t *testing.T, f *fixture) {
			taken(f)
			s := f.session()
			first := f.startUnanswered(s)
			f.gateway.beforeCreate = func(*order) error {
				if !f.gateway.orders[first.OutTradeNo].closed {
					t.Error("a second order was placed before the first was closed")
				}
				return nil
			}
			second := f.start(s, flow.WalletWeChat)
			same(t, "live orders", f.gateway.live(), []string{second.OutTradeNo})
			f.checkState(first, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"taken and paid, then clicked again": func(t *testing.T, f *fixture) {
			taken(f)
			s := f.session()
			a := f.startUnanswered(s)
			f.gateway.pay(a.OutTradeNo)
			_, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
			wantError(t, err, checkout.ErrNotPayable)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"taken, then swept": func(t *testing.T, f *fixture) {
			taken(f)
			a := f.startUnanswered(f.session())
			f.sweepFor(10 * time.Second)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid)
			same(t, "live orders", f.gateway.live(), []string(nil))
		},
		"taken late, after a query did not find it": func(t *testing.T, f *fixture) {
			var late checkout.Order
			f.gateway.beforeCreate = once(func(o *order) error { late = o.Order; return errTimeout })
			a := f.startUnanswered(f.session())
			f.sweepFor(10 * time.Second)
			f.checkState(a, checkout.AttemptCreating, checkout.StatusOpen, checkout.PaymentUnpaid)
			_, err := f.gateway.Create(t.Context(), late)
			wantError(t, err, nil)
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid)
			same(t, "live orders", f.gateway.live(), []string(nil))
		},
		"not taken, then clicked again": func(t *testing.T, f *fixture) {
			notTaken(f)
			s := f.session()
			first := f.startUnanswered(s)
			second := f.start(s, flow.WalletWeChat)
			same(t, "attempt", second.ID, first.ID)
			same(t, "orders", f.gateway.placed(), []string{first.OutTradeNo})
		},
		"not taken, clicked again while the gateway is down": func(t *testing.T, f *fixture) {
			f.gateway.beforeCreate, f.gateway.beforeQuery = timeout, timeout
			s := f.session()
			a := f.startUnanswered(s)
			same(t, "attempt", f.startUnanswered(s).ID, a.ID)
		},
		"not taken, and never clicked again": func(t *testing.T, f *fixture) {
			notTaken(f)
			a := f.startUnanswered(f.session())
			f.sweepFor(110 * time.Second)
			f.checkState(a, checkout.AttemptCreating, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.sweepFor(3 * time.Minute)
			f.checkState(a, checkout.AttemptFailed, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAttemptFailed)
			same(t, "next query", f.readAttempt(a).NextQueryAt, time.Time{})
		},
		"a number that the gateway already has": func(t *testing.T, f *fixture) {
			f.gateway.beforeCreate = once(func(*order) error { return checkout.ErrNumberUsed })
			s := f.session()
			a := f.startUnanswered(s)
			same(t, "attempt", f.start(s, flow.WalletWeChat).ID, a.ID)
		},
		"a refusal": func(t *testing.T, f *fixture) {
			f.gateway.beforeCreate = once(func(*order) error { return checkout.ErrRefused })
			s := f.session()
			a, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
			wantError(t, err, checkout.ErrRefused)
			f.checkState(a, checkout.AttemptFailed, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAttemptFailed)
			same(t, "next query", f.readAttempt(a).NextQueryAt, time.Time{})
			if again := f.start(s, flow.WalletWeChat); again.OutTradeNo == a.OutTradeNo {
				t.Error("a refused number was used again")
			}
		},
	})
}

func TestShopperLeavesWhileTheOrderIsPlaced(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		s := f.session()
		ctx, leave := context.WithCancel(t.Context())
		time.AfterFunc(f.gateway.latency/2, leave)
		a, err := f.Start(ctx, request(s, flow.WalletWeChat))
		wantError(t, err, nil)
		f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		f.checkNoLease(a)
	})
}

func TestBrowserLeavesDuringItsQuery(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.pending()
		f.gateway.pay(a.OutTradeNo)
		ctx, leave := context.WithCancel(t.Context())
		f.memory.broken = func(method string) error {
			if method == "LeaseAttempt" {
				leave()
			}
			return nil
		}
		_, err := f.Confirm(ctx, a.ID, checkout.CauseBrowser)
		wantError(t, err, context.Canceled) // the browser gets no answer
		f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		f.checkNoLease(a)
	})
}

// A store that fails while an answer of the gateway is written loses nothing. The
// next query gets the answer again.
func TestStoreFails(t *testing.T) {
	full := errors.New("disk full")
	breakMethod := func(f *fixture, method string) {
		f.gateway.script(func() {
			f.memory.broken = func(called string) error {
				if called == method {
					return full
				}
				return nil
			}
		})
	}
	repair := func(f *fixture) { f.memory.broken = nil }
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"when a placed order is written": func(t *testing.T, f *fixture) {
			s := f.session()
			breakMethod(f, "Apply")
			_, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
			wantError(t, err, full)
			repair(f)
			a := f.start(s, flow.WalletWeChat)
			same(t, "live orders", f.gateway.live(), []string{a.OutTradeNo})
			same(t, "alarms", f.alerts.alarms(), []string{"a change was not stored"})
		},
		"when a payment is written": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			breakMethod(f, "Apply")
			_, err := f.Confirm(t.Context(), a.ID, checkout.CauseSchedule)
			wantError(t, err, full)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			repair(f)
			f.sweepFor(20 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"when the session is read after a query": func(t *testing.T, f *fixture) {
			a := f.pending()
			breakMethod(f, "Session")
			_, err := f.Confirm(t.Context(), a.ID, checkout.CauseSchedule)
			wantError(t, err, full)
			f.checkNoLease(a)
		},
		"when an attempt is looked up": func(t *testing.T, f *fixture) {
			a := f.pending()
			for _, method := range []string{"Attempt", "LeaseAttempt"} {
				breakMethod(f, method)
				_, err := f.Confirm(t.Context(), a.ID, checkout.CauseSchedule)
				wantError(t, err, full)
			}
		},
		"when a wallet's attempts are looked up": func(t *testing.T, f *fixture) {
			s := f.session()
			for _, method := range []string{"Session", "Attempts", "CreateAttempt"} {
				breakMethod(f, method)
				_, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
				wantError(t, err, full)
			}
			same(t, "orders", f.gateway.placed(), []string(nil))
		},
		"when a notification is stored": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			breakMethod(f, "AddNotificationAndLease")
			_, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil))
			wantError(t, err, full)
			f.waitUntilIdle()
			repair(f)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"when the sweep begins": func(t *testing.T, f *fixture) {
			f.pending()
			time.Sleep(time.Hour) // its query and the end of its session are due
			for _, method := range []string{"DueMerchants", "DueAttempts", "ExpiringSessions"} {
				breakMethod(f, method)
				wantError(t, f.Sweep(t.Context()), full)
			}
		},
		"when a page is read": func(t *testing.T, f *fixture) {
			a := f.pending()
			for _, method := range []string{"Session", "Attempts"} {
				breakMethod(f, method)
				_, err := f.View(t.Context(), a.SessionID)
				wantError(t, err, full)
			}
		},
	})
}
