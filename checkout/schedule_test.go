package checkout_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// sweepEach is how often these tests sweep: a query that is due waits for that
// long at most.
const sweepEach = 2 * time.Second

// asked sweeps for a while and returns when the gateway was asked about the
// order, from the attempt's creation on.
func (f *fixture) queryTimes(a checkout.Attempt, d time.Duration) []time.Duration {
	f.t.Helper()
	var at []time.Duration
	f.gateway.script(func() {
		f.gateway.afterQuery = func(*order) error { at = append(at, time.Since(a.CreatedAt)); return nil }
	})
	f.sweepFor(d)
	synctest.Wait()
	f.gateway.script(func() { f.gateway.afterQuery = nil })
	return at
}

// spaced checks the wait before each query from the second on: what the
// schedule says of the age at the one before, up to a tenth less by jitter and
// up to slack more.
func spaced(t *testing.T, asked []time.Duration, limit, slack time.Duration) {
	t.Helper()
	for i := 1; i < len(asked); i++ {
		want := min(max(asked[i-1]/2, 3*time.Second), limit)
		if wait := asked[i] - asked[i-1]; wait < want*9/10-time.Second || wait > want+slack {
			t.Errorf("query %d at %s came %s after the one before, want %s to %s", i+1, asked[i], wait, want*9/10, want)
		}
	}
}

func TestScheduleOfQueries(t *testing.T) {
	const life, day = 30 * time.Minute, 24 * time.Hour
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"nobody watches": func(t *testing.T, f *fixture) {
			asked := f.queryTimes(f.pending(), life-time.Minute)
			if first := asked[0]; first < 3*time.Second || first > 3*time.Second+2*sweepEach {
				t.Errorf("the first query came after %s, want 3 s", first)
			}
			spaced(t, asked, 5*time.Minute, 2*sweepEach)
		},
		"a page watches": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, stop := f.Watch(a.SessionID)
			defer stop()
			spaced(t, f.queryTimes(a, life-time.Minute), 30*time.Second, 2*sweepEach)
		},
		"a day after the end, and no more": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(life + time.Minute)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
			asked := f.queryTimes(a, day+time.Hour)
			if n := len(asked); n < 14 || n > 18 {
				t.Errorf("%d queries in a day after the end, want about 16", n)
			}
			for i := 1; i < len(asked)-1; i++ {
				want := min(max((asked[i-1]-life)/2, 5*time.Minute), 4*time.Hour)
				if wait := asked[i] - asked[i-1]; wait < want-2*sweepEach || wait > want+2*sweepEach {
					t.Errorf("query %d came %s after the one before, want %s", i+1, wait, want)
				}
			}
			if last := asked[len(asked)-1]; last < life+day || last > life+day+2*sweepEach {
				t.Errorf("the last query came %s after creation, want it when the day is over", last)
			}
		},
		"a day after the end, and no more, with a page left open": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, stop := f.Watch(a.SessionID)
			defer stop()
			f.sweepFor(life + time.Minute)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
			asked := f.queryTimes(a, day+time.Hour)
			if n := len(asked); n < 14 || n > 18 {
				t.Errorf("%d queries in a day after the end, want about 16", n)
			}
			if last := asked[len(asked)-1]; last > life+day+2*sweepEach {
				t.Errorf("the last query came %s after creation, want none when the day is over", last)
			}
		},
		"nothing once it is paid": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, stop := f.Watch(a.SessionID)
			defer stop()
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			same(t, "queries in a day", len(f.queryTimes(a, day)), 0)
		},
	})
}
