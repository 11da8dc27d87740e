package checkout_test

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// lifetime is how long a session of the fixture is open.
const lifetime = 30 * time.Minute

// sleepUntilExpiry sleeps until 2 s before the session of an attempt expires.
func (f *fixture) sleepUntilExpiry(a checkout.Attempt) {
	f.t.Helper()
	time.Sleep(time.Until(f.readSession(a.SessionID).ExpiresAt) - 2*time.Second)
}

func TestExpiry(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"without an order": func(t *testing.T, f *fixture) {
			s := f.session()
			f.sweepFor(lifetime - 2*time.Second)
			same(t, "before", f.readSession(s.ID).Status, checkout.StatusOpen)
			f.sweepFor(2 * time.Second)
			same(t, "after", f.readSession(s.ID).Status, checkout.StatusExpired)
			f.sweepFor(time.Minute)
			f.checkEvents(s.ID, checkout.EventExpired)
		},
		"queries, then closes every order": func(t *testing.T, f *fixture) {
			s := f.session()
			one, two := f.start(s, flow.WalletWeChat), f.start(s, flow.WalletAlipayHK)
			f.sleepUntilExpiry(one)
			before := f.gateway.order(one.OutTradeNo).queries
			f.gateway.beforeClose = func(o *order) error {
				if o.queries <= before {
					t.Error("the order was closed without a query")
				}
				if status := f.memory.sessions[s.ID].Status; status != checkout.StatusOpen {
					t.Errorf("the order was closed when the session was already %s", status)
				}
				return nil
			}
			f.sweepFor(4 * time.Second)
			f.checkState(one, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
			f.checkState(two, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
			same(t, "live orders", f.gateway.live(), []string(nil))
		},
		"finds a payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sleepUntilExpiry(a)
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"finds a payment between query and close": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sleepUntilExpiry(a)
			f.gateway.beforeClose = once(func(o *order) error { o.State = checkout.OrderPaid; return nil })
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			f.checkNoLease(a)
		},
		"waits if close says paid and query does not": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sleepUntilExpiry(a)
			f.gateway.beforeClose = func(*order) error { return checkout.ErrAlreadyPaid }
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentProcessing)
			f.checkNoLease(a)
			f.sweepFor(2 * time.Hour) // the session does not expire
			f.checkEvents(a.SessionID)
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(2 * time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"ends when the gateway has refused the close for over an hour": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.beforeClose = func(*order) error { return checkout.ErrRefused }
			f.sweepFor(time.Hour)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.sweepFor(time.Hour)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
			same(t, "alarms", f.alerts.alarms(), []string{"ended here, but the gateway refuses to close the order"})
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(6 * time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid, checkout.EventExpired, checkout.EventPaidLate)
		},
		"keeps an order that query knows and close does not": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.sleepUntilExpiry(a)
			f.gateway.beforeClose = func(*order) error { return checkout.ErrNoOrder }
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkNoLease(a)
			f.sweepFor(2 * time.Hour) // this does not last for ever
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
		},
		"closes an order that its wallet refused": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
			f.sweepFor(lifetime + 2*time.Second)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventAttemptFailed, checkout.EventExpired)
			same(t, "live orders", f.gateway.live(), []string(nil))
		},
		"closes an order that the gateway does not know": func(t *testing.T, f *fixture) {
			f.gateway.beforeCreate = timeout
			s, err := f.Create(t.Context(), checkout.NewSession{
				Merchant: shop, Amount: 1, Currency: hkd, Subject: "x", SuccessURL: success, ExpiresAt: time.Now().Add(61 * time.Second),
			})
			wantError(t, err, nil)
			a := f.startUnanswered(s)
			f.sweepFor(70 * time.Second)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
		},
		"waits for a gateway that is down": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sleepUntilExpiry(a)
			f.gateway.beforeQuery = timeout
			f.sweepFor(time.Hour)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			if s := f.readSession(a.SessionID); !s.ConcludeAt.After(s.ExpiresAt) {
				t.Error("the end of the session was not postponed")
			}
			f.gateway.script(func() { f.gateway.beforeQuery = nil })
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
		},
		"waits for a close of unknown outcome": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sleepUntilExpiry(a)
			f.gateway.afterClose = once(timeout)
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.sweepFor(20 * time.Second)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
		},
		"withdraws a reported payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.notify(a, nil)
			f.sweepFor(lifetime + 2*time.Second)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
		},
		"records a payment that comes later": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(lifetime + 2*time.Second)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
			f.gateway.pay(a.OutTradeNo)
			f.notify(a, nil)
			f.notify(a, nil)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid, checkout.EventExpired, checkout.EventPaidLate)
			if !f.readSession(a.SessionID).PaidLate {
				t.Error("the session does not say that it was paid late")
			}
		},
	})
}

func TestCancel(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"closes the order first": func(t *testing.T, f *fixture) {
			a := f.pending()
			s, err := f.Cancel(t.Context(), a.SessionID)
			wantError(t, err, nil)
			same(t, "status", s.Status, checkout.StatusCanceled)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusCanceled, checkout.PaymentUnpaid, checkout.EventCanceled)
			same(t, "live orders", f.gateway.live(), []string(nil))
		},
		"again changes nothing": func(t *testing.T, f *fixture) {
			s := f.session()
			for range 2 {
				_, err := f.Cancel(t.Context(), s.ID)
				wantError(t, err, nil)
			}
			f.checkEvents(s.ID, checkout.EventCanceled)
		},
		"finds a payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			s, err := f.Cancel(t.Context(), a.SessionID)
			wantError(t, err, nil)
			same(t, "status", s.Status, checkout.StatusComplete)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"waits for an order that is being placed": func(t *testing.T, f *fixture) {
			s := f.session()
			f.gateway.script(func() { f.gateway.latency = 3 * time.Second })
			done := make(chan error)
			go func() {
				_, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
				done <- err
			}()
			time.Sleep(time.Second)
			_, err := f.Cancel(t.Context(), s.ID)
			wantError(t, err, nil)
			wantError(t, <-done, nil)
			same(t, "live orders", f.gateway.live(), []string(nil))
			f.checkEvents(s.ID, checkout.EventCanceled)
		},
		"fails while the gateway is down": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { f.gateway.beforeQuery = timeout })
			s, err := f.Cancel(t.Context(), a.SessionID)
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "status", s.Status, checkout.StatusOpen)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"fails for an unknown session": func(t *testing.T, f *fixture) {
			for _, id := range []string{"", "x", checkout.SessionPrefix + "aaaaaaaaaaaaaaaaaaaaaaaaaa"} {
				_, err := f.Cancel(t.Context(), id)
				wantError(t, err, checkout.ErrNotFound)
			}
		},
	})
}

// TestEnd ends sessions in the shop's name.
func TestEnd(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"as canceled": func(t *testing.T, f *fixture) {
			a := f.pending()
			s, err := f.End(t.Context(), a.SessionID, checkout.StatusCanceled)
			wantError(t, err, nil)
			same(t, "status", s.Status, checkout.StatusCanceled)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusCanceled, checkout.PaymentUnpaid, checkout.EventCanceled)
			same(t, "live orders", f.gateway.live(), []string(nil))
		},
		"as expired, before its time": func(t *testing.T, f *fixture) {
			a := f.pending()
			s, err := f.End(t.Context(), a.SessionID, checkout.StatusExpired)
			wantError(t, err, nil)
			same(t, "status", s.Status, checkout.StatusExpired)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
		},
		"finds a payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			s, err := f.End(t.Context(), a.SessionID, checkout.StatusExpired)
			wantError(t, err, nil)
			same(t, "status", s.Status, checkout.StatusComplete)
		},
		"says in the timeline who asked": func(t *testing.T, f *fixture) {
			s := f.session()
			_, err := f.End(t.Context(), s.ID, checkout.StatusExpired)
			wantError(t, err, nil)
			f.checkTimeline(s.ID, "session created", "cancel shop", "event session.expired")
		},
	})
}

func TestStartAndExpiryMeet(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		s := f.session()
		time.Sleep(lifetime - 25*time.Millisecond)
		done := make(chan checkout.Attempt)
		go func() {
			a, err := f.Start(t.Context(), request(s, flow.WalletWeChat))
			wantError(t, err, nil)
			done <- a
		}()
		time.Sleep(30 * time.Millisecond)
		wantError(t, f.Sweep(t.Context()), nil)
		f.checkState(<-done, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
		same(t, "live orders", f.gateway.live(), []string(nil))
	})
}
