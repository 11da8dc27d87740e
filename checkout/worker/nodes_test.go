package worker_test

import (
	"context"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// watching is a Sweeper of a node whose pages watch something.
type watching chan struct{}

func (w watching) Sweep(context.Context) error { return nil }

func (w watching) SweepWatched(context.Context) {
	select {
	case w <- struct{}{}:
	default:
	}
}

func TestEachNodeSweepsWhatItsPagesWatch(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	var nodes []watching
	for range 2 { // of which one leads
		db, err := store.OpenPostgres(t.Context(), database)
		must(t, err)
		f := newFixtureOver(t, db, "")
		w := make(watching, 1)
		f.config.Sweeper = w
		f.work()
		nodes = append(nodes, w)
	}
	for range 2 {
		for _, w := range nodes {
			next(t, w)
		}
	}
}

// TestQueueThroughPgBouncer: the leader's lock, the listener and the jobs work
// through a pooler in session mode.
func TestQueueThroughPgBouncer(t *testing.T) {
	t.Parallel()
	db, err := store.OpenPostgres(t.Context(), pgtest.Bounced(t))
	must(t, err)
	url, calls := endpoint(t, ok)
	f := newFixtureOver(t, db, url)
	swept := f.sweeps()
	f.work()
	next(t, swept)
	event := f.tell(shop, 1)[0]
	if id := next(t, calls).header.Get("Webhook-Id"); id != event.ID {
		t.Errorf("told %s, want %s", id, event.ID)
	}
}
