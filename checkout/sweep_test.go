package checkout_test

import (
	"context"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func TestSweepFindsPaymentsThatNobodyReported(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, 10 * time.Second, time.Minute, 90 * time.Second} {
		t.Run("paid after "+after.String(), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture) {
				a := f.pending()
				f.sweepFor(after)
				f.gateway.pay(a.OutTradeNo)
				f.sweepFor(time.Minute)
				f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			})
		})
	}
}

func TestSweep(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"queries rarely without a page that watches": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(25 * time.Minute)
			if n := f.gateway.order(a.OutTradeNo).queries; n < 10 || n > 20 {
				t.Errorf("%d queries in 25 minutes, want 10 to 20", n)
			}
		},
		"queries each half minute while a page watches": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, stop := f.Watch(a.SessionID)
			defer stop()
			f.sweepFor(5 * time.Minute)
			before := f.gateway.order(a.OutTradeNo).queries
			f.sweepFor(20 * time.Minute)
			if n := f.gateway.order(a.OutTradeNo).queries - before; n < 38 || n > 46 {
				t.Errorf("%d queries in 20 minutes, want about 40", n)
			}
		},
		"queries an ended order for a day": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(31 * time.Minute)
			before := f.gateway.order(a.OutTradeNo).queries
			f.sweepFor(2 * time.Hour)
			if n := f.gateway.order(a.OutTradeNo).queries - before; n < 7 || n > 9 {
				t.Errorf("%d queries in the 2 hours after the expiry, want 8: after 5 minutes, then after half of the time since", n)
			}
			f.sweepFor(23 * time.Hour)
			before = f.gateway.order(a.OutTradeNo).queries
			f.sweepFor(time.Hour)
			same(t, "queries after a day", f.gateway.order(a.OutTradeNo).queries, before)
			due, err := f.store.DueAttempts(t.Context(), shop, time.Now().Add(time.Hour), 10)
			wantError(t, err, nil)
			same(t, "due attempts", len(due), 0)
		},
		"finds a payment after the expiry that has no notification": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(31 * time.Minute)
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(6 * time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid, checkout.EventExpired, checkout.EventPaidLate)
		},
		"queries an ended order again after a query failed": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(31 * time.Minute)
			f.gateway.script(func() { f.gateway.beforeQuery = timeout })
			f.sweepFor(20 * time.Minute)
			f.gateway.script(func() { f.gateway.beforeQuery = nil })
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(6 * time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid, checkout.EventExpired, checkout.EventPaidLate)
		},
		"queries soon after a page begins to watch": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(12 * time.Minute)
			f.gateway.pay(a.OutTradeNo)
			_, stop := f.Watch(a.SessionID)
			defer stop()
			f.sweepFor(40 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"queries for a page that polls as for one that streams": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(12 * time.Minute)
			f.gateway.pay(a.OutTradeNo)
			for range 4 {
				f.Seen(a.SessionID)
				f.sweepFor(10 * time.Second)
			}
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"queries after the lease of a killed node": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			_, ok, err := f.store.LeaseAttempt(t.Context(), a.ID, time.Now(), time.Time{}, time.Now().Add(35*time.Second))
			if !ok || err != nil {
				t.Fatalf("leased %v, error %v", ok, err)
			}
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"queries many orders in batches": func(t *testing.T, f *fixture) {
			var all []checkout.Attempt
			for range 250 {
				all = append(all, f.pending())
			}
			for _, a := range all {
				f.gateway.pay(a.OutTradeNo)
			}
			f.sweepFor(10 * time.Second)
			for _, a := range all {
				f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			}
		},
	})
}

// Calls that wait for the gateway delay neither the end of sessions without an order,
// nor the queries of other merchants, nor the next sweep.
func TestSweepAtAGatewayThatHangs(t *testing.T) {
	sweepWhileItHangs := func(f *fixture) (took time.Duration) {
		f.gateway.latency = time.Hour
		start := time.Now()
		ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
		defer cancel()
		wantError(f.t, f.Sweep(ctx), nil)
		return time.Since(start)
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"ends sessions while queries wait": func(t *testing.T, f *fixture) {
			short, err := f.Create(t.Context(), checkout.NewSession{
				Merchant: shop, Amount: 5, Currency: hkd, Subject: "S", SuccessURL: success, ExpiresAt: time.Now().Add(time.Minute),
			})
			wantError(t, err, nil)
			for range 40 {
				f.pending()
			}
			time.Sleep(2 * time.Minute)
			sweepWhileItHangs(f)
			same(t, "status", f.readSession(short.ID).Status, checkout.StatusExpired)
		},
		"queries for one merchant while those of another wait": func(t *testing.T, f *fixture) {
			c := f.config()
			c.Merchants["slow"] = checkout.Merchant{ID: "slow"}
			f.configure(c)
			ticket := newTicket()
			ticket.Merchant = "slow"
			for range 100 {
				s, err := f.Create(t.Context(), ticket)
				wantError(t, err, nil)
				f.start(s, flow.WalletAlipayCN)
			}
			paid := make([]checkout.Attempt, 40)
			for i := range paid {
				paid[i] = f.pending()
				f.gateway.pay(paid[i].OutTradeNo)
			}
			f.gateway.slowMerchants = map[string]time.Duration{"slow": 10 * time.Second}
			time.Sleep(5 * time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			wantError(t, f.Sweep(ctx), nil)
			for _, a := range paid {
				same(t, "state", f.readAttempt(a).State, checkout.AttemptPaid)
			}
		},
		"returns while the ends of sessions wait": func(t *testing.T, f *fixture) {
			for range 100 {
				f.pending()
			}
			time.Sleep(time.Hour)
			if took := sweepWhileItHangs(f); took > 45*time.Second {
				t.Errorf("the sweep took %s, want 45 s at most", took)
			}
		},
	})
}

func TestQueryInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age     time.Duration
		watched bool
		jitter  float64
		want    time.Duration
	}{
		{-time.Hour, true, 0, 3 * time.Second}, // a clock that was moved back
		{0, true, 0, 3 * time.Second},
		{6 * time.Second, true, 0, 3 * time.Second},
		{20 * time.Second, true, 0, 10 * time.Second},
		{20 * time.Second, false, 0, 10 * time.Second},
		{time.Minute, true, 0, 30 * time.Second},
		{time.Hour, true, 0, 30 * time.Second},
		{2 * time.Minute, false, 0, time.Minute},
		{10 * time.Minute, false, 0, 5 * time.Minute},
		{24 * time.Hour, false, 0, 5 * time.Minute},
		{24 * time.Hour, false, 0.5, 285 * time.Second},
		{0, true, 0.5, 2850 * time.Millisecond},
	} {
		if got := checkout.QueryInterval(c.age, c.watched, c.jitter); got != c.want {
			t.Errorf("age %s, watched %v, jitter %v: %s, want %s", c.age, c.watched, c.jitter, got, c.want)
		}
	}
}

func TestWatch(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"gets a change once": func(t *testing.T, f *fixture) {
			a := f.pending()
			changed, stop := f.Watch(a.SessionID)
			defer stop()
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			<-changed
			select {
			case <-changed:
				t.Error("one change came twice")
			default:
			}
		},
		"gets no change of another session, and none without a change": func(t *testing.T, f *fixture) {
			a, b := f.pending(), f.pending()
			changed, stop := f.Watch(b.SessionID)
			defer stop()
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			f.confirm(b)
			select {
			case <-changed:
				t.Error("a change came without one")
			default:
			}
		},
		"does not block on slow watchers": func(t *testing.T, f *fixture) {
			s := f.session()
			changed, stop := f.Watch(s.ID)
			_, stopToo := f.Watch(s.ID)
			f.start(s, flow.WalletWeChat)
			f.start(s, flow.WalletAlipayCN)
			same(t, "waiting changes", len(changed), 1)
			stop()
			stopToo()
			stop() // a second call does nothing
			f.start(s, flow.WalletAlipayHK)
			same(t, "waiting changes after the end", len(changed), 1)
		},
	})
}
