package worker_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/worker"
)

// tryStoreEvent stores a session and tries to store an event of it.
func tryStoreEvent(f *fixture) error {
	f.t.Helper()
	must(f.t, f.store.CreateSession(f.t.Context(), checkout.Session{ID: "cs_1", Merchant: shop, Status: checkout.StatusOpen}))
	return f.store.Apply(f.t.Context(), checkout.Change{Events: []checkout.Event{{ID: "evt_1", Merchant: shop, SessionID: "cs_1"}}})
}

func TestSweepIsRepeated(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	swept := f.sweeps(errors.New("the store failed"))
	f.startWorker()
	for range 2 {
		receive(t, swept)
	}
}

func TestSweepsNeverOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most, all int
		sweep := worker.SweepJob(sweepFunc(func() error {
			running++
			all++
			most = max(most, running)
			time.Sleep(10 * time.Second)
			running--
			return nil
		}))
		for range 10 { // one every 2 s
			go func() {
				if err := sweep(context.Background()); err != nil {
					t.Error(err)
				}
			}()
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		if most != 1 || all < 2 {
			t.Errorf("%d sweeps, %d at once, want 2 or more and 1", all, most)
		}
	})
}

func TestSlowShopsDoNotDelayTheSweep(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-release })
	f := newFixture(t, url)
	swept := f.sweeps(nil)
	f.startWorker()
	t.Cleanup(func() { close(release) }) // before the worker and the shop end
	f.storeEvents(shop, 60)
	for range worker.DefaultMaxRequests { // all that may be delivered at once
		receive(t, calls)
	}
	for len(swept) > 0 {
		<-swept
	}
	select {
	case <-swept:
	case <-time.After(10 * time.Second): // less than the timeout of the calls
		t.Error("no sweep while shops are slow")
	}
}
