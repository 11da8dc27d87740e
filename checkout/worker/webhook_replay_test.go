package worker_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// wantOneDelivery waits until a job has ended. It fails the test unless one job exists
// and no further call was made.
func (f *fixture) wantOneDelivery(calls <-chan call) {
	f.t.Helper()
	f.awaitState("completed")
	if n, extra := f.jobs(""), len(calls); n != 1 || extra != 0 {
		f.t.Errorf("%d jobs and %d more calls, want one job and no more calls", n, extra)
	}
}

// TestReplayOfARetriedEvent checks that a replay delivers at once and only once, even
// if the next try is hours away.
func TestReplayOfARetriedEvent(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		var up atomic.Bool
		url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			if !up.Load() {
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		f := newFixture(url)
		event := f.storeEvents(shop, 1)[0]
		f.handOver()
		f.exec("UPDATE river_job SET attempt = 5 WHERE kind = 'webhook'") // the next delay is 10 hours
		f.startWorker()
		receive(t, calls)
		f.awaitState("retryable")
		up.Store(true)
		must(t, f.replay(event.ID))
		if again := receive(t, calls); again.header.Get("Webhook-Id") != event.ID {
			t.Errorf("delivered %s, want %s", again.header.Get("Webhook-Id"), event.ID)
		}
		f.wantOneDelivery(calls)
	})
}

// TestReplayRestartsTheSchedule checks that concurrent replays leave one job, whose
// schedule begins again.
func TestReplayRestartsTheSchedule(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		f := newFixture("http://shop.invalid")
		event := f.storeEvents(shop, 1)[0]
		f.handOver()
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
			t.Errorf("%d jobs, the first after %d tries, want one without tries", n, attempt)
		}
	})
}

// TestReplayDuringDelivery checks that a replay adds no call to the running one.
func TestReplayDuringDelivery(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		answer := make(chan struct{})
		url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-answer })
		f := newFixture(url)
		f.startWorker()
		event := f.storeEvents(shop, 1)[0]
		receive(t, calls)
		must(t, f.replay(event.ID))
		close(answer)
		f.awaitTries(event.ID, 1)
		if jobs, extra := f.jobs(""), len(calls); jobs != 0 || extra != 0 {
			t.Errorf("%d jobs and %d more calls, want none", jobs, extra)
		}
	})
}

// TestReplayDuringARetry checks that a replay adds no call to a running job.
func TestReplayDuringARetry(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		answer := make(chan struct{})
		url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-answer })
		f := newFixture(url)
		event := f.storeEvents(shop, 1)[0]
		f.handOver()
		f.startWorker()
		receive(t, calls)
		must(t, f.replay(event.ID))
		close(answer)
		f.wantOneDelivery(calls)
	})
}

// TestReplayOfAPendingEvent checks that a replay leaves a webhook alone that is pending,
// unless the event is parked already.
func TestReplayOfAPendingEvent(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		f := newFixture("http://shop.invalid")
		event := f.storeEvents(shop, 1)[0]
		must(t, f.replay(event.ID))
		if jobs, pending := f.jobs(""), f.pending(); jobs != 0 || pending != 1 {
			t.Errorf("%d jobs and %d pending webhooks, want only a pending one", jobs, pending)
		}
		must(t, f.store.ParkWebhook(t.Context(), event, checkout.DefaultEndpoint, time.Now(), 1, "the shop answered 410"))
		must(t, f.replay(event.ID))
		if jobs, parked := f.jobs("available"), len(f.parked()); jobs != 1 || parked != 0 {
			t.Errorf("%d jobs wait and %d events are parked, want one job", jobs, parked)
		}
	})
}

func TestReplayOfADeliveredEvent(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		url, calls := endpoint(t, ok)
		f := newFixture(url)
		f.startWorker()
		event := f.storeEvents(shop, 1)[0]
		receive(t, calls)
		f.awaitTries(event.ID, 1)
		must(t, f.replay(event.ID))
		receive(t, calls)
		f.awaitTries(event.ID, 2)
	})
}

// TestWebhooksUseTheConfiguredClock checks the times of signing, parking and
// disabling.
func TestWebhooksUseTheConfiguredClock(t *testing.T) {
	t.Parallel()
	clock := shiftedClock(-20 * time.Minute)
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	f := newFixtureWithClock(t, databases["SQLite"](t), url, clock)
	f.startWorker()
	event := f.storeEvents(shop, 1)[0]
	signed, err := strconv.ParseInt(receive(t, calls).header.Get("Webhook-Timestamp"), 10, 64)
	must(t, err)
	try := f.awaitTries(event.ID, 1)[0]
	disabled, err := f.store.DisabledWebhooks(t.Context(), "")
	must(t, err)
	for what, at := range map[string]time.Time{
		"signed": time.Unix(signed, 0), "parked": f.parked()[0].ParkedAt, "tried": try.At, "disabled": disabled[0].DisabledAt,
	} {
		if apart := clock.Now().Sub(at).Abs(); apart > time.Minute {
			t.Errorf("%s with another clock: %s apart", what, apart)
		}
	}
}

// TestReplayRightAfterParking checks that a replay works while the job that parked
// the event has not ended yet.
func TestReplayRightAfterParking(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		f := newFixture("http://shop.invalid")
		event := f.storeEvents(shop, 1)[0]
		f.handOver()
		f.exec("UPDATE river_job SET state = 'running' WHERE kind = 'webhook'")
		must(t, f.store.ParkWebhook(t.Context(), event, checkout.DefaultEndpoint, time.Now(), 10, "the shop answered 502"))
		must(t, f.replay(event.ID))
		if n, parked := f.jobs("available"), len(f.parked()); n != 1 || parked != 0 {
			t.Errorf("%d jobs wait and %d events are parked, want one job", n, parked)
		}
	})
}
