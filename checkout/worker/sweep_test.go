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

// tryTell stores a session and an event of it.
func tryTell(f *fixture) error {
	f.t.Helper()
	must(f.t, f.store.CreateSession(f.t.Context(), checkout.Session{ID: "cs_1", Merchant: shop, Status: checkout.StatusOpen}))
	return f.store.Apply(f.t.Context(), checkout.Change{Events: []checkout.Event{{ID: "evt_1", Merchant: shop, SessionID: "cs_1"}}})
}

func TestSweepIsRepeated(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	swept := make(chan struct{}, 100)
	f.config.Sweeper = sweeper(func() error {
		swept <- struct{}{}
		return errors.New("the store fails now and then")
	})
	f.work()
	for range 2 {
		next(t, swept)
	}
}

func TestSweepsNeverOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most, all int
		sweep := worker.SweepJob(sweeper(func() error {
			running++
			all++
			most = max(most, running)
			time.Sleep(10 * time.Second)
			running--
			return nil
		}))
		for range 10 { // one each 2 s
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
			t.Errorf("%d sweeps, %d at once", all, most)
		}
	})
}

func TestSlowShopsDoNotHoldTheSweepUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-release })
	f := newFixture(t, url)
	swept := make(chan struct{}, 100)
	f.config.Sweeper = sweeper(func() error { swept <- struct{}{}; return nil })
	f.work()
	t.Cleanup(func() { close(release) }) // before the worker and the shop end
	f.tell(shop, 60)
	for range 5 { // all that may be told at once
		next(t, calls)
	}
	for len(swept) > 0 {
		<-swept
	}
	select {
	case <-swept:
	case <-time.After(10 * time.Second): // before the shops are given up
		t.Error("no sweep while shops are slow")
	}
}
