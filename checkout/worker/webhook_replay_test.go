package worker_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// onlyJob fails unless there is one job that made the calls so far and no more.
func (f *fixture) onlyJob(calls <-chan call) {
	f.t.Helper()
	f.await("completed")
	if n, more := f.jobs(""), len(calls); n != 1 || more != 0 {
		f.t.Errorf("%d jobs and %d more calls, want one job that made one call", n, more)
	}
}

// TestReplayOfAnEventThatIsBeingRetried: the shop is told at once and once,
// however long the next try would have waited and however often it is asked for.
func TestReplayOfAnEventThatIsBeingRetried(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		var up atomic.Bool
		url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			if !up.Load() {
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		f := on(url)
		event := f.tell(shop, 1)[0]
		f.exec("UPDATE river_job SET attempt = 5 WHERE kind = 'webhook'") // the next wait is 10 hours
		f.work()
		next(t, calls)
		f.await("retryable")
		up.Store(true)
		must(t, f.replay(event.ID))
		if again := next(t, calls); again.header.Get("Webhook-Id") != event.ID {
			t.Errorf("told %s, want %s", again.header.Get("Webhook-Id"), event.ID)
		}
		f.onlyJob(calls)
	})
}

// TestReplayBeginsTheScheduleAnew: the last try of a schedule is not the last.
func TestReplayBeginsTheScheduleAnew(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		f := on("http://shop.invalid")
		event := f.tell(shop, 1)[0]
		f.exec("UPDATE river_job SET attempt = 9 WHERE kind = 'webhook'")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := f.replay(event.ID); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		var attempt int
		must(t, f.db.Writer().QueryRowContext(t.Context(), "SELECT attempt FROM river_job WHERE kind = 'webhook'").Scan(&attempt))
		if n := f.jobs(""); n != 1 || attempt != 0 {
			t.Errorf("%d jobs, the first after %d tries, want one that was not tried", n, attempt)
		}
	})
}

// TestReplayOfAnEventThatIsBeingSent leaves it at the call that is under way.
func TestReplayOfAnEventThatIsBeingSent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		answer := make(chan struct{})
		url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-answer })
		f := on(url)
		f.work()
		event := f.tell(shop, 1)[0]
		next(t, calls)
		must(t, f.replay(event.ID))
		close(answer)
		f.onlyJob(calls)
	})
}

// TestReplayOfAnEventThatWasTold tells it again.
func TestReplayOfAnEventThatWasTold(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		url, calls := endpoint(t, ok)
		f := on(url)
		f.work()
		event := f.tell(shop, 1)[0]
		next(t, calls)
		f.await("completed")
		must(t, f.replay(event.ID))
		next(t, calls)
	})
}

// TestWebhooksGoByTheOneClock: what is signed, and when an event is parked.
func TestWebhooksGoByTheOneClock(t *testing.T) {
	t.Parallel()
	away := moved(-20 * time.Minute)
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	f := newFixtureAt(t, databases["SQLite"](t), url, away)
	f.work()
	f.tell(shop, 1)
	signed, err := strconv.ParseInt(next(t, calls).header.Get("Webhook-Timestamp"), 10, 64)
	must(t, err)
	f.await("cancelled")
	off, err := f.store.DisabledWebhooks(t.Context())
	must(t, err)
	for what, at := range map[string]time.Time{
		"signed": time.Unix(signed, 0), "parked": f.parked()[0].ParkedAt, "disabled": off[0].DisabledAt,
	} {
		if apart := away.Now().Sub(at).Abs(); apart > time.Minute {
			t.Errorf("%s by another clock: %s apart", what, apart)
		}
	}
}

// TestReplayOfAnEventThatWasParkedAMomentAgo: its job has not ended yet, and the
// event is told all the same.
func TestReplayOfAnEventThatWasParkedAMomentAgo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		f := on("http://shop.invalid")
		event := f.tell(shop, 1)[0]
		f.exec("UPDATE river_job SET state = 'running' WHERE kind = 'webhook'")
		must(t, f.store.ParkWebhook(t.Context(), event, time.Now(), 10, "the shop answered 502"))
		must(t, f.replay(event.ID))
		if n, parked := f.jobs("available"), len(f.parked()); n != 1 || parked != 0 {
			t.Errorf("%d jobs wait and %d events are parked, want one job", n, parked)
		}
	})
}
