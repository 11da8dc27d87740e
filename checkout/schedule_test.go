package checkout_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// sweepInterval is the time between two sweeps of sweepFor. A query that is due waits
// for up to this time.
const sweepInterval = 2 * time.Second

// queryTimes sweeps for a while and returns the ages that the attempt had at each
// query.
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

// checkIntervals checks the interval before each query from the second on. It must be
// half of the age at the query before, but at least 3 s and at most limit. Jitter can
// take away up to a tenth of it, and sweeps can add up to slack.
func checkIntervals(t *testing.T, ages []time.Duration, limit, slack time.Duration) {
	t.Helper()
	for i := 1; i < len(ages); i++ {
		want := min(max(ages[i-1]/2, 3*time.Second), limit)
		if wait := ages[i] - ages[i-1]; wait < want*9/10-time.Second || wait > want+slack {
			t.Errorf("query %d at %s came %s after the one before, want %s to %s", i+1, ages[i], wait, want*9/10, want)
		}
	}
}

func TestScheduleOfQueries(t *testing.T) {
	const day = 24 * time.Hour
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"without a page that watches": func(t *testing.T, f *fixture) {
			ages := f.queryTimes(f.pending(), lifetime-time.Minute)
			if first := ages[0]; first < 3*time.Second || first > 3*time.Second+2*sweepInterval {
				t.Errorf("the first query came after %s, want about 3 s", first)
			}
			checkIntervals(t, ages, 5*time.Minute, 2*sweepInterval)
		},
		"with a page that watches": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, stop := f.Watch(a.SessionID)
			defer stop()
			checkIntervals(t, f.queryTimes(a, lifetime-time.Minute), 30*time.Second, 2*sweepInterval)
		},
		"for a day after the expiry": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.sweepFor(lifetime + time.Minute)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
			ages := f.queryTimes(a, day+time.Hour)
			if n := len(ages); n < 14 || n > 18 {
				t.Errorf("%d queries in a day after the expiry, want about 16", n)
			}
			for i := 1; i < len(ages)-1; i++ {
				want := min(max((ages[i-1]-lifetime)/2, 5*time.Minute), 4*time.Hour)
				if wait := ages[i] - ages[i-1]; wait < want-2*sweepInterval || wait > want+2*sweepInterval {
					t.Errorf("query %d came %s after the one before, want %s", i+1, wait, want)
				}
			}
			if last := ages[len(ages)-1]; last < lifetime+day || last > lifetime+day+2*sweepInterval {
				t.Errorf("the last query came %s after creation, want a last one when the day is over", last)
			}
		},
		"for a day after the expiry, with an open page": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, stop := f.Watch(a.SessionID)
			defer stop()
			f.sweepFor(lifetime + time.Minute)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
			ages := f.queryTimes(a, day+time.Hour)
			if n := len(ages); n < 14 || n > 18 {
				t.Errorf("%d queries in a day after the expiry, want about 16", n)
			}
			if last := ages[len(ages)-1]; last > lifetime+day+2*sweepInterval {
				t.Errorf("the last query came %s after creation, want none when the day is over", last)
			}
		},
		"never after the payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, stop := f.Watch(a.SessionID)
			defer stop()
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			same(t, "queries in a day", len(f.queryTimes(a, day)), 0)
		},
	})
}
