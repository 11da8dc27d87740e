package checkout_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

func TestRefundInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tries  int
		jitter float64
		want   time.Duration
	}{
		{0, 0, 5 * time.Second},
		{1, 0, 5 * time.Second},
		{2, 0, 30 * time.Second},
		{3, 0, 2 * time.Minute},
		{4, 0, 10 * time.Minute},
		{5, 0, time.Hour},
		{500, 0, time.Hour},
		{1, 0.5, 4750 * time.Millisecond},
		{5, 0.5, 57 * time.Minute},
	} {
		if got := checkout.RefundInterval(c.tries, c.jitter); got != c.want {
			t.Errorf("after %d tries, jitter %v: %s, want %s", c.tries, c.jitter, got, c.want)
		}
	}
}

// A refund whose outcome is unknown is sent again under its own number.
func TestRefundOfUnknownOutcome(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"is sent on schedule until the gateway answers": func(t *testing.T, f *fixture) {
			a := f.paid()
			var at []time.Time
			f.gateway.beforeRefund = func(sentRefund) error { at = append(at, time.Now()); return errTimeout }
			r := f.refund(a, half, checkout.RefundPending)
			f.sweepFor(31 * time.Hour)
			for i, want := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, time.Hour} {
				if wait := at[i+1].Sub(at[i]); wait < want-want/10 || wait > want+3*time.Second {
					t.Errorf("%s between try %d and the next, want about %s", wait, i+1, want)
				}
			}
			if wait := at[len(at)-1].Sub(at[len(at)-2]); wait < 3*time.Hour || wait > 3*time.Hour+3*time.Second {
				t.Errorf("%s between the last tries, want 3 hours", wait)
			}
			if n := len(at); n < 30 || n > 36 {
				t.Errorf("%d tries in 31 hours, want 30 to 36", n)
			}
			same(t, "tries", f.readRefund(r).Tries, len(at))
			f.gateway.script(func() { f.gateway.beforeRefund = nil })
			f.sweepFor(3*time.Hour + 2*time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"alerts the operator after a day": func(t *testing.T, f *fixture) {
			f.gateway.beforeRefund = noAnswer
			f.refund(f.paid(), half, checkout.RefundPending)
			f.sweepFor(23*time.Hour + 50*time.Minute)
			same(t, "alarms", f.alerts.alarms(), []string(nil))
			f.sweepFor(70 * time.Minute)
			if !slices.Contains(f.alerts.alarms(), "refund of unknown outcome") {
				t.Errorf("alarms %q, want one of a refund of unknown outcome", f.alerts.alarms())
			}
		},
		"fails when a later try is refused for good": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = func(s sentRefund) error {
				if s.tries == 1 {
					return errTimeout
				}
				return &checkout.RefusedError{Word: "508 REFUND_ERROR", Settled: true}
			}
			r := f.refund(a, half, checkout.RefundPending)
			f.sweepFor(8 * time.Second)
			same(t, "state", f.readRefund(r).State, checkout.RefundFailed)
			f.checkMoney(a, checkout.PaymentPaid, 0, 0)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundFailed)
		},
		"stays pending when a later try is refused for another cause": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.afterRefund = firstTry(noAnswer)
			f.gateway.beforeRefund = func(s sentRefund) error {
				if s.tries == 2 {
					return &checkout.RefusedError{Word: "301 SIGN_ERROR"} // it says nothing about the first try
				}
				return nil
			}
			r := f.refund(a, half, checkout.RefundPending)
			f.sweepFor(8 * time.Second)
			same(t, "tries", f.readRefund(r).Tries, 2)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
			f.checkTooMuch(a, half+1, half)
			f.sweepFor(32 * time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded)
		},
		"stays pending when a later try is refused without a word": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.afterRefund = firstTry(noAnswer)
			f.gateway.beforeRefund = func(s sentRefund) error {
				if s.tries == 2 {
					return checkout.ErrRefused
				}
				return nil
			}
			r := f.refund(a, half, checkout.RefundPending)
			f.sweepFor(8 * time.Second)
			same(t, "tries", f.readRefund(r).Tries, 2)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
			f.sweepFor(32 * time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"is sent again after the lease of a killed node": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = firstTry(noAnswer)
			r := f.refund(a, half, checkout.RefundPending)
			ok, err := f.store.LeaseRefund(t.Context(), r.ID, time.Now(), time.Now().Add(time.Minute))
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			f.sweepFor(50 * time.Second)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
			f.sweepFor(20 * time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"is sent in batches with many others": func(t *testing.T, f *fixture) {
			f.gateway.beforeRefund = firstTry(noAnswer)
			var all []checkout.Attempt
			for range 40 {
				a := f.paid()
				f.refund(a, half, checkout.RefundPending)
				all = append(all, a)
			}
			f.sweepFor(20 * time.Second)
			for _, a := range all {
				f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			}
		},
	})
}

// Two nodes both call the gateway for a refund, because the lease of the slow one
// ended. The refund is settled once.
func TestRefundIsSettledOnceByTwoNodes(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paid()
		other := newFixture(t, f.store)
		other.gateway.mu, other.gateway.orders = f.gateway.mu, f.gateway.orders
		f.gateway.latency = 9 * time.Second
		slow := make(chan checkout.Refund)
		go func() {
			r, err := f.Refund(t.Context(), a.SessionID, newRefund(half, ""))
			wantError(t, err, nil)
			slow <- r
		}()
		time.Sleep(time.Second)
		all, err := f.Refunds(t.Context(), a.SessionID)
		wantError(t, err, nil)
		f.memory.mu.Lock() // end the lease
		r := f.memory.refunds[all[0].ID]
		r.leaseUntil, r.NextTryAt = time.Now(), time.Now()
		f.memory.refunds[r.ID] = r
		f.memory.mu.Unlock()
		wantError(t, other.Sweep(t.Context()), nil)
		same(t, "state", f.readRefund(all[0]).State, checkout.RefundSucceeded)
		same(t, "state at the slow node", (<-slow).State, checkout.RefundSucceeded)
		f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded)
	})
}

// A node that was paused after a refusal does not record it, because another node has
// sent the refund meanwhile. With a false failure the shop would refund twice.
func TestStaleRefusalOfARefund(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paid()
		f.gateway.beforeRefund = firstTry(func(sentRefund) error { return &checkout.RefusedError{Word: "301 SIGN_ERROR"} })
		takenOver := false
		f.memory.broken = func(called string) error {
			if called != "Apply" || takenOver {
				return nil
			}
			takenOver = true // another node has leased the refund, and sends it
			for id, r := range f.memory.refunds {
				r.Tries, r.Version = r.Tries+1, r.Version+1
				f.memory.refunds[id] = r
			}
			return nil
		}
		r := f.refund(a, half, checkout.RefundPending)
		f.sweepFor(time.Minute)
		same(t, "state", f.readRefund(r).State, checkout.RefundSucceeded)
		f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded)
	})
}

// If the store fails to write an answer of the gateway, the refund is sent again.
func TestStoreFailsDuringARefund(t *testing.T) {
	full := errors.New("disk full")
	breakMethod := func(f *fixture, broken string) {
		f.memory.broken = func(called string) error {
			if called == broken {
				return full
			}
			return nil
		}
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"before it is stored": func(t *testing.T, f *fixture) {
			a := f.paid()
			for _, method := range []string{"Session", "Refunds", "Attempt", "CreateRefund"} {
				breakMethod(f, method)
				_, err := f.Refund(t.Context(), a.SessionID, newRefund(half, ""))
				wantError(t, err, full)
			}
			f.memory.broken = nil
			f.checkMoney(a, checkout.PaymentPaid, 0, 0)
		},
		"when the outcome is written": func(t *testing.T, f *fixture) {
			a := f.paid()
			breakMethod(f, "Apply")
			f.refund(a, half, checkout.RefundPending)
			f.memory.broken = nil
			same(t, "alarms", f.alerts.alarms(), []string{"a refund's outcome was not stored"})
			f.sweepFor(8 * time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded)
		},
		"when it is released": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = firstTry(noAnswer)
			breakMethod(f, "ReleaseRefund")
			f.refund(a, half, checkout.RefundPending)
			f.memory.broken = nil
			f.sweepFor(40 * time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"when the sweep looks for it": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = firstTry(noAnswer)
			f.refund(a, half, checkout.RefundPending)
			time.Sleep(time.Minute)
			breakMethod(f, "DueRefunds")
			wantError(t, f.Sweep(t.Context()), full)
		},
		"when the sweep leases it": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = firstTry(noAnswer)
			f.refund(a, half, checkout.RefundPending)
			for _, method := range []string{"LeaseRefund", "Refund"} {
				breakMethod(f, method)
				f.sweepFor(8 * time.Second)
				f.memory.broken = nil
			}
			f.sweepFor(40 * time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
	})
}
