package checkout_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func TestConfirm(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"paid": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			time.Sleep(time.Minute)
			got := f.confirm(a)
			at := time.Now()
			same(t, "paid at", got.PaidAt, at)
			same(t, "session paid at", f.readSession(a.SessionID).PaidAt, at)
			same(t, "next query", f.readAttempt(a).NextQueryAt, time.Time{})
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			f.checkNoLease(a)
		},
		"unpaid": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.confirm(a)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkNoLease(a)
		},
		"not paid after it was paid stays paid": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			f.gateway.set(a.OutTradeNo, checkout.OrderUnpaid, "NOT_PAY")
			f.confirm(a)
			f.notify(a, func(n *fakeNotification) { n.State = checkout.OrderUnpaid })
			f.notify(a, nil)
			f.sweepFor(time.Hour)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"paid by another node between the read and the lease": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.memory.broken = func(method string) error {
				if method == "LeaseAttempt" {
					stored := f.memory.attempts[a.ID]
					stored.State = checkout.AttemptPaid
					f.memory.attempts[a.ID] = stored
				}
				return nil
			}
			same(t, "state", f.confirm(a).State, checkout.AttemptPaid)
			same(t, "queries", f.gateway.order(a.OutTradeNo).queries, 0)
			f.checkNoLease(a)
		},
		"failed, then paid in the same wallet": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
			f.confirm(a)
			f.checkState(a, checkout.AttemptFailed, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAttemptFailed)
			same(t, "failure", f.readAttempt(a).Failure, "PAY_ERROR")
			f.sweepFor(time.Minute)
			f.checkEvents(a.SessionID, checkout.EventAttemptFailed)
			f.checkNoLease(a)
			f.gateway.pay(a.OutTradeNo) // there is no notification
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventAttemptFailed, checkout.EventPaid)
		},
		"failed, then clicked again": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
			f.confirm(a)
			second := f.start(f.readSession(a.SessionID), flow.WalletAlipayCN)
			same(t, "live orders", f.gateway.live(), []string{second.OutTradeNo})
			f.checkState(a, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAttemptFailed)
		},
		"failed before its QR code was known": func(t *testing.T, f *fixture) {
			f.gateway.afterCreate = once(timeout)
			a := f.startUnanswered(f.session())
			f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
			f.confirm(a)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAttemptFailed)
			same(t, "live orders", f.gateway.live(), []string(nil))
			f.gateway.pay(a.OutTradeNo) // the shopper paid while the order was being closed
			f.sweepFor(6 * time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventAttemptFailed, checkout.EventPaid)
		},
		"an unknown status": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.set(a.OutTradeNo, checkout.OrderUnknown, strings.Repeat("x", 1000))
			f.confirm(a)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			same(t, "alarms", f.alerts.alarms(), []string{"query reports a status that the kit does not know"})
			if text := f.alerts.all[0].Err.Error(); len(text) > 100 {
				t.Errorf("the alert quotes %d bytes, want 100 at most", len(text))
			}
		},
		"the gateway does not know an order that it took": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { delete(f.gateway.orders, a.OutTradeNo) })
			f.confirm(a)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			same(t, "alarms", f.alerts.alarms(), []string{"the gateway does not know an order that it took"})
			f.checkNoLease(a)
			f.sweepFor(2 * lifetime) // the attempt is not given up, and the session does not expire
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkNoLease(a)
		},
		"the gateway is down": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { f.gateway.beforeQuery = timeout })
			_, err := f.Confirm(t.Context(), a.ID, checkout.CauseBrowser)
			wantError(t, err, checkout.ErrOutcomeUnknown)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkNoLease(a)
		},
		"the gateway never answers": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { f.gateway.latency = time.Hour })
			began := time.Now()
			_, err := f.Confirm(t.Context(), a.ID, checkout.CauseBrowser)
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "time that Confirm waits", time.Since(began), 10*time.Second)
			f.checkNoLease(a)
		},
		"an unknown attempt": func(t *testing.T, f *fixture) {
			_, err := f.Confirm(t.Context(), "at_nobody", checkout.CauseBrowser)
			wantError(t, err, checkout.ErrNotFound)
		},
	})
}

// An answer that differs from the order that was placed never makes it paid.
func TestMismatchIsQuarantined(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*order){
		"a cent low":     func(o *order) { o.OrderStatus.Amount-- },
		"a cent high":    func(o *order) { o.OrderStatus.Amount++ },
		"nothing":        func(o *order) { o.OrderStatus.Amount = 0 },
		"other currency": func(o *order) { o.OrderStatus.Currency = "CNY" },
		"other number":   func(o *order) { o.OrderStatus.OutTradeNo = "other" },
		"other trade id": func(o *order) { o.TradeID = "other" },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture) {
				a := f.pending()
				f.gateway.pay(a.OutTradeNo)
				f.gateway.script(func() { change(f.gateway.orders[a.OutTradeNo]) })
				f.confirm(a)
				f.notify(a, nil)
				f.confirm(a)
				f.sweepFor(time.Minute)
				f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAmountMismatch)
				if got := f.readAttempt(a); !got.Quarantined || got.Failure == "" {
					t.Errorf("attempt is not quarantined: %+v", got)
				}
				same(t, "queries", f.gateway.order(a.OutTradeNo).queries, 1)
				same(t, "alarms", len(f.alerts.alarms()), 1)
				_, err := f.Start(t.Context(), request(f.readSession(a.SessionID), flow.WalletWeChat))
				wantError(t, err, checkout.ErrNotPayable)

				f.sweepFor(time.Hour) // the session expires, and the attempt stays quarantined
				f.checkState(a, checkout.AttemptPending, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventAmountMismatch)
			})
		})
	}
}

func TestAnswerWithoutItsOrderIsUnknown(t *testing.T) {
	t.Parallel()
	for name, omit := range map[string]func(*order){
		"no number":   func(o *order) { o.OrderStatus.OutTradeNo = "" },
		"no currency": func(o *order) { o.OrderStatus.Currency = "" },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture) {
				a := f.pending()
				f.gateway.pay(a.OutTradeNo)
				f.gateway.script(func() { omit(f.gateway.orders[a.OutTradeNo]) })
				_, err := f.Confirm(t.Context(), a.ID, checkout.CauseSchedule)
				wantError(t, err, checkout.ErrOutcomeUnknown)
				f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
				f.checkNoLease(a)
			})
		})
	}
}

func TestConcurrentQueries(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"a payment gives one event": func(t *testing.T, f *fixture) {
			a := f.pending()
			time.Sleep(3 * time.Second)
			f.gateway.pay(a.OutTradeNo)
			f.confirmFromEverywhere(a)
			f.waitUntilIdle()
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "queries", f.gateway.order(a.OutTradeNo).queries, 1)
			f.checkNoLease(a)
		},
		"without a payment there are few queries": func(t *testing.T, f *fixture) {
			a := f.pending()
			time.Sleep(3 * time.Second)
			f.confirmFromEverywhere(a)
			f.waitUntilIdle()
			if n := f.gateway.order(a.OutTradeNo).queries; n < 2 || n > 5 {
				t.Errorf("%d queries, want 2 to 5", n)
			}
			f.checkNoLease(a)
		},
		"a browser causes one query in 2 s": func(t *testing.T, f *fixture) {
			a := f.pending()
			time.Sleep(3 * time.Second)
			for range 100 { // for 10 s
				if _, err := f.Confirm(t.Context(), a.ID, checkout.CauseBrowser); err != nil {
					t.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond)
			}
			if n := f.gateway.order(a.OutTradeNo).queries; n < 4 || n > 6 {
				t.Errorf("%d queries in 10 s, want 4 to 6", n)
			}
		},
	})
}

// confirmFromEverywhere confirms, notifies and sweeps at once, each 50 times.
func (f *fixture) confirmFromEverywhere(a checkout.Attempt) {
	f.t.Helper()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, err := f.Confirm(f.t.Context(), a.ID, checkout.CauseBrowser)
			wantError(f.t, err, nil)
		})
		wg.Go(func() {
			verdict, err := f.Notify(f.t.Context(), a.NotifyToken, notification(a, nil))
			if err != nil || verdict != checkout.VerdictAccepted {
				f.t.Errorf("verdict %s, error %v, want accepted", verdict, err)
			}
		})
		wg.Go(func() { wantError(f.t, f.Sweep(f.t.Context()), nil) })
	}
	wg.Wait()
}

// A node with a lease can be so slow that another node settles the attempt before
// it does.
func TestAttemptSettledByAnotherNode(t *testing.T) {
	meanwhile := func(f *fixture, a checkout.Attempt, do func(*checkout.Session, *checkout.Attempt)) {
		f.gateway.pay(a.OutTradeNo)
		f.gateway.script(func() {
			f.gateway.afterQuery = once(func(*order) error {
				s, a := f.readSession(a.SessionID), f.readAttempt(a)
				do(&s, &a)
				return f.store.Apply(f.t.Context(), checkout.Change{Session: &s, Attempt: &a})
			})
		})
		f.confirm(a)
		f.checkNoLease(a)
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"as paid, there is no second event": func(_ *testing.T, f *fixture) {
			a := f.pending()
			meanwhile(f, a, func(s *checkout.Session, a *checkout.Attempt) {
				a.State, s.Status, s.PaymentStatus = checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid
			})
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
		},
		"as quarantined, it is not paid": func(_ *testing.T, f *fixture) {
			a := f.pending()
			meanwhile(f, a, func(s *checkout.Session, a *checkout.Attempt) { a.Quarantined, s.AmountMismatch = true, true })
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"as expired, it is paid late": func(_ *testing.T, f *fixture) {
			a := f.pending()
			meanwhile(f, a, func(s *checkout.Session, a *checkout.Attempt) {
				a.State, s.Status = checkout.AttemptClosed, checkout.StatusExpired
			})
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid, checkout.EventPaidLate)
		},
	})
}

func TestPaidTwice(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"the other order is closed once one is paid": func(t *testing.T, f *fixture) {
			s := f.session()
			one, two := f.start(s, flow.WalletWeChat), f.start(s, flow.WalletAlipayCN)
			f.gateway.pay(one.OutTradeNo)
			f.confirm(one)
			f.waitUntilIdle()
			f.checkState(two, checkout.AttemptClosed, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "live orders", f.gateway.live(), []string(nil))
		},
		"the sweep closes it after a close that failed": func(t *testing.T, f *fixture) {
			s := f.session()
			one, two := f.start(s, flow.WalletWeChat), f.start(s, flow.WalletAlipayCN)
			f.gateway.pay(one.OutTradeNo)
			f.gateway.script(func() { f.gateway.beforeClose = once(timeout) })
			f.confirm(one)
			f.waitUntilIdle()
			f.checkState(two, checkout.AttemptPending, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			f.sweepFor(20 * time.Second)
			f.checkState(two, checkout.AttemptClosed, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"both at once": func(t *testing.T, f *fixture) {
			s := f.session()
			one, two := f.start(s, flow.WalletWeChat), f.start(s, flow.WalletAlipayCN)
			f.gateway.pay(one.OutTradeNo)
			f.gateway.pay(two.OutTradeNo)
			var wg sync.WaitGroup
			for _, a := range []checkout.Attempt{one, two} {
				wg.Go(func() { f.confirm(a) })
			}
			wg.Wait()
			synctest.Wait()
			for _, a := range []checkout.Attempt{one, two} {
				f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid, checkout.EventPaidTwice)
			}
			if !f.readSession(s.ID).PaidTwice {
				t.Error("the session does not say that it was paid twice")
			}
		},
		"after the other was closed": func(t *testing.T, f *fixture) {
			s := f.session()
			one, two := f.start(s, flow.WalletWeChat), f.start(s, flow.WalletAlipayCN)
			f.gateway.pay(one.OutTradeNo)
			f.confirm(one)
			f.waitUntilIdle()
			f.gateway.pay(two.OutTradeNo)
			f.notify(two, nil)
			f.checkState(two, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid, checkout.EventPaidTwice)
		},
	})
}
