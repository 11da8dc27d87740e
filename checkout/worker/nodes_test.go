package worker_test

import (
	"context"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// watchedSweeps is a Sweeper that receives the calls of SweepWatched.
type watchedSweeps chan struct{}

func (w watchedSweeps) Sweep(context.Context) error { return nil }

func (w watchedSweeps) SweepWatched(context.Context) {
	select {
	case w <- struct{}{}:
	default:
	}
}

func TestEachNodeSweepsItsWatchedSessions(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	var nodes []watchedSweeps
	for range 2 { // one of them is the leader
		db, err := store.OpenPostgres(t.Context(), database)
		must(t, err)
		f := newFixtureOn(t, db, "")
		w := make(watchedSweeps, 1)
		f.config.Sweeper = w
		f.startWorker()
		nodes = append(nodes, w)
	}
	for range 2 {
		for _, w := range nodes {
			receive(t, w)
		}
	}
}

// TestQueueThroughPgBouncer checks that node locks, the listener and jobs work with a
// pooler in session mode.
func TestQueueThroughPgBouncer(t *testing.T) {
	t.Parallel()
	db, err := store.OpenPostgres(t.Context(), pgtest.PgBouncer(t))
	must(t, err)
	url, calls := endpoint(t, ok)
	f := newFixtureOn(t, db, url)
	swept := f.sweeps(nil)
	f.startWorker()
	receive(t, swept)
	event := f.storeEvents(shop, 1)[0]
	if id := receive(t, calls).header.Get("Webhook-Id"); id != event.ID {
		t.Errorf("delivered %s, want %s", id, event.ID)
	}
}
