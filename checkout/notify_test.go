package checkout_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func TestNotify(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"a payment is queried, then recorded": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			same(t, "verdict", f.notify(a, nil), checkout.VerdictAccepted)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "body of the entry", f.entries(a, checkout.EntryNotification)[0].Body, "kept")
		},
		"without out_trade_no, as in the manual's example": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			verdict := f.notify(a, func(n *fakeNotification) { n.OutTradeNo, n.Currency = "", "" })
			same(t, "verdict", verdict, checkout.VerdictAccepted)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"before the order is answered": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.latency = 5 * time.Second })
			s := f.session()
			done := make(chan error)
			go func() {
				_, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
				done <- err
			}()
			time.Sleep(time.Second)
			attempts, err := f.store.Attempts(t.Context(), s.ID)
			wantError(t, err, nil)
			a := attempts[0]
			f.gateway.script(func() {
				f.gateway.afterCreate = func(o *order) error { o.State = checkout.OrderPaid; return nil }
			})
			if _, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil)); err != nil {
				t.Fatal(err)
			}
			wantError(t, <-done, nil)
			f.sweepFor(20 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"a thousand at once": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() {
					verdict, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil))
					if err != nil || verdict != checkout.VerdictAccepted {
						t.Errorf("verdict %s, error %v, want accepted", verdict, err)
					}
				})
			}
			wg.Wait()
			f.waitUntilIdle()
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "queries", f.gateway.order(a.OutTradeNo).queries, 1)
		},
		"during the query that another one caused is queried again": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() {
				f.gateway.afterQuery = once(func(o *order) error {
					o.State = checkout.OrderPaid // too late for this query
					_, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil))
					return err
				})
			})
			f.notify(a, nil)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "queries", f.gateway.order(a.OutTradeNo).queries, 2)
		},
		"of no payment changes nothing": func(t *testing.T, f *fixture) {
			a := f.pending()
			verdict := f.notify(a, func(n *fakeNotification) { n.State = checkout.OrderUnpaid })
			same(t, "verdict", verdict, checkout.VerdictAccepted)
			same(t, "queries", f.gateway.order(a.OutTradeNo).queries, 0)
		},
		"of a failure is queried": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
			f.notify(a, func(n *fakeNotification) { n.State = checkout.OrderFailed })
			f.notify(a, func(n *fakeNotification) { n.State = checkout.OrderFailed })
			f.checkState(a, checkout.AttemptFailed, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAttemptFailed)
			f.checkNoLease(a)
		},
		"that query contradicts alerts the operator": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.notify(a, nil)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentProcessing)
			same(t, "alarms", f.alerts.alarms(), []string{"the gateway reports a payment that query does not"})
			f.checkNoLease(a)
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"that query contradicts twice is withdrawn": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.notify(a, nil)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentProcessing)
			f.sweepFor(20 * time.Second)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"of a failure that query denies changes nothing": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.notify(a, func(n *fakeNotification) { n.State = checkout.OrderFailed })
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			same(t, "alarms", f.alerts.alarms(), []string(nil))
		},
		"that query contradicts, and then the payment fails": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.notify(a, nil)
			f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptFailed, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAttemptFailed)
		},
		"that query contradicts for a closed order is queried again": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, err := f.Cancel(t.Context(), a.SessionID)
			wantError(t, err, nil)
			f.notify(a, nil)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusCanceled, checkout.PaymentUnpaid, checkout.EventCanceled)
			same(t, "alarms", f.alerts.alarms(), []string{"the gateway reports a payment that query does not"})
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusCanceled, checkout.PaymentPaid, checkout.EventCanceled, checkout.EventPaidLate)
		},
		"at an unknown address": func(t *testing.T, f *fixture) {
			a := f.pending()
			for _, token := range []string{"", "x", a.ReturnToken, strings.ToUpper(a.NotifyToken), a.ID} {
				verdict, err := f.Notify(t.Context(), token, notification(a, nil))
				wantError(t, err, checkout.ErrNotFound)
				same(t, "verdict", verdict, checkout.VerdictRejected)
			}
		},
		"during the shutdown is left to the sweep": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			wantError(t, f.Drain(t.Context()), nil)
			same(t, "verdict", f.notify(a, nil), checkout.VerdictAccepted)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.sweepFor(2 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"during a slow close of its order is queried after that": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() {
				f.gateway.latency = 9 * time.Second
				f.gateway.afterClose = func(o *order) error { o.State = checkout.OrderPaid; return nil } // the shopper paid meanwhile
			})
			done := make(chan error)
			go func() {
				_, err := f.Cancel(t.Context(), a.SessionID)
				done <- err
			}()
			time.Sleep(time.Second)
			if _, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil)); err != nil {
				t.Fatal(err)
			}
			wantError(t, <-done, nil)
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
	})
}

func TestBadNotificationsChangeNothing(t *testing.T) {
	t.Parallel()
	mismatch := checkout.EventNotificationMismatch
	for name, c := range map[string]struct {
		verdict checkout.Verdict
		events  []checkout.EventType
		change  func(*fakeNotification)
	}{
		"unsigned":       {checkout.VerdictRejected, nil, func(n *fakeNotification) { n.Sign = "" }},
		"a cent low":     {checkout.VerdictMismatch, []checkout.EventType{mismatch}, func(n *fakeNotification) { n.Amount-- }},
		"no amount":      {checkout.VerdictMismatch, []checkout.EventType{mismatch}, func(n *fakeNotification) { n.Amount = 0 }},
		"other currency": {checkout.VerdictMismatch, []checkout.EventType{mismatch}, func(n *fakeNotification) { n.Currency = "CNY" }},
		"other number":   {checkout.VerdictMismatch, []checkout.EventType{mismatch}, func(n *fakeNotification) { n.OutTradeNo = "other" }},
		"other trade id": {checkout.VerdictMismatch, []checkout.EventType{mismatch}, func(n *fakeNotification) { n.TradeID = "other" }},
		"other merchant": {checkout.VerdictMismatch, []checkout.EventType{mismatch}, func(n *fakeNotification) { n.Merchant = "other" }},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture) {
				a := f.pending()
				for range 3 {
					same(t, "verdict", f.notify(a, c.change), c.verdict)
				}
				same(t, "queries", f.gateway.order(a.OutTradeNo).queries, 0)
				f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid, c.events...)
				if n := f.entries(a, checkout.EntryNotification)[0]; n.Detail == "" || n.Result != string(c.verdict) {
					t.Errorf("the entry is %+v, want one with a detail and the verdict", n)
				}
				f.gateway.pay(a.OutTradeNo) // the session continues
				f.notify(a, nil)
				f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, append(c.events, checkout.EventPaid)...)
			})
		})
	}
}

func TestMismatchIsStoredWithItsEventOrNotAtAll(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.pending()
		lost := errors.New("connection lost")
		f.memory.broken = func(method string) error {
			if method == "Session" {
				return lost
			}
			return nil
		}
		_, err := f.Notify(t.Context(), a.NotifyToken, notification(a, func(n *fakeNotification) { n.Amount = 1 }))
		wantError(t, err, lost)
		f.memory.broken = nil
		f.notify(a, func(n *fakeNotification) { n.Amount = 1 }) // the gateway repeats it
		f.checkEvents(a.SessionID, checkout.EventNotificationMismatch)
	})
}

func TestDrain(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"waits for queries in the background": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			if _, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil)); err != nil {
				t.Fatal(err)
			}
			wantError(t, f.Drain(t.Context()), nil)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"waits until its deadline": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { f.gateway.latency = 5 * time.Second })
			if _, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			wantError(t, f.Drain(ctx), context.DeadlineExceeded)
			synctest.Wait()
		},
	})
}
