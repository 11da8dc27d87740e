package worker_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
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

// slowSweeps is a Sweeper whose sweeps last until their context is done.
type slowSweeps chan struct{}

func (s slowSweeps) SweepWatched(context.Context) {}

func (s slowSweeps) Sweep(ctx context.Context) error {
	s <- struct{}{}
	<-ctx.Done()
	return nil
}

func TestSlowSweeps(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	sweeps := make(slowSweeps, 100)
	f.config.Sweeper = sweeps
	w, err := worker.New(f.config)
	must(t, err)
	must(t, w.Start(context.Background()))
	for range 3 { // a sweep that lasts does not delay the next
		receive(t, sweeps)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second) // less than the timeout of a job
	defer cancel()
	if err := w.Stop(ctx); err != nil {
		t.Errorf("the sweeps did not end when the worker stopped: %v", err)
	}
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
