package worker_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/checkout/worker"
)

func TestWebhookIsRetried(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		began := time.Now()
		var tries atomic.Int64
		url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			if tries.Add(1) == 1 {
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, "sorry")
			}
		})
		f := newFixture(url)
		f.startWorker()
		event := f.storeEvents(shop, 1)[0]
		f.storeEvents("other", 1)
		first, second := receive(t, calls), receive(t, calls) // the second after the 5 s of the schedule
		verifySignature(t, second)
		if id := first.header.Get("Webhook-Id"); id != event.ID || id != second.header.Get("Webhook-Id") {
			t.Errorf("event %s was delivered with Webhook-Id %s", event.ID, id)
		}
		if string(first.body) != string(second.body) {
			t.Error("the retry has another body")
		}
		f.awaitState("completed")
		wantTries(t, f.awaitTries(event.ID, 2), began)
		if jobs, pending := f.jobs(""), f.pending(); jobs != 1 || pending != 0 {
			t.Errorf("%d jobs and %d pending webhooks, want 1 job", jobs, pending)
		}
	})
}

// wantTries checks a try that failed with 500 and the one that followed after 5 s.
func wantTries(t *testing.T, tries []checkout.WebhookTry, began time.Time) {
	t.Helper()
	first, second := tries[0], tries[1]
	if first.Number != 1 || first.Status != 500 || first.Error != "the shop answered 500" || first.Answer != "sorry" {
		t.Errorf("the first try is %+v", first)
	}
	if wait := first.NextAt.Sub(first.At); wait < 4*time.Second || wait > 10*time.Second {
		t.Errorf("after the first try %s, want 5 s", wait)
	}
	if second.Number != 2 || second.Status != 200 || second.Error != "" || !second.NextAt.IsZero() {
		t.Errorf("the second try is %+v", second)
	}
	if first.At.Before(began.Add(-time.Second)) || second.At.Before(first.NextAt.Add(-time.Second)) {
		t.Errorf("began at %s, tried at %s and %s", began, first.At, second.At)
	}
}

func TestEventIsNotStoredWithoutItsWebhook(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		f := newFixture("http://shop.invalid")
		if _, err := f.db.Writer().ExecContext(t.Context(), "DROP TABLE delivery_pending"); err != nil {
			t.Fatal(err)
		}
		if err := tryStoreEvent(f); err == nil {
			t.Error("an event was stored without its webhook")
		}
		if events, err := f.store.Events(t.Context(), "cs_1"); err != nil || len(events) != 0 {
			t.Errorf("%d events, error %v, want none", len(events), err)
		}
	})
}

func TestRollbackRemovesTheWebhooks(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		f := newFixture("http://shop.invalid")
		stored := f.storeEvents(shop, 1)[0]
		fresh := stored
		fresh.ID = "evt_fresh"
		// The second event's ID is in use, so the transaction fails.
		if err := f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{fresh, stored}}); err == nil {
			t.Fatal("an event was stored twice")
		}
		if n := f.pending(); n != 1 {
			t.Errorf("%d webhooks, want only that of the first change", n)
		}
	})
}

// sweeps returns a channel that receives each sweep of the fixture's worker. Each
// sweep returns err.
func (f *fixture) sweeps(err error) <-chan struct{} {
	swept := make(chan struct{}, 100)
	f.config.Sweeper = sweepFunc(func() error { swept <- struct{}{}; return err })
	return swept
}

// insertLeader inserts a leader that has just renewed its term, as a killed one may
// have.
const insertLeader = `INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('killed', `

func TestKilledLeaderIsReplaced(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		f := newFixture("")
		// River alone would wait for the end of its term.
		times := "datetime('now'), datetime('now', '+1 hour'))"
		if f.db.Postgres() != nil {
			times = "now(), now() + interval '1 hour')"
		}
		if _, err := f.db.Writer().ExecContext(t.Context(), insertLeader+times); err != nil {
			t.Fatal(err)
		}
		swept, began := f.sweeps(nil), time.Now()
		f.startWorker()
		receive(t, swept)
		t.Logf("the next leader swept after %s", time.Since(began))
	})
}

func TestFrozenLeaderIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFixtureOn(t, databases["PostgreSQL"](t), "")
	conn, err := f.db.Writer().Conn(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	for _, statement := range []string{ // it holds its node lock, and does not renew its term
		`SELECT pg_advisory_lock(x'77616e74'::int, hashtext('killed'))`,
		insertLeader + "now(), now() + interval '15 seconds')",
	} {
		_, err := conn.ExecContext(t.Context(), statement)
		must(t, err)
	}
	swept, began := f.sweeps(nil), time.Now()
	f.startWorker()
	receive(t, swept)
	// The election is measured, because a busy machine may delay the sweep.
	var elected time.Time
	must(t, conn.QueryRowContext(t.Context(), "SELECT elected_at FROM river_leader").Scan(&elected))
	took := elected.Sub(began)
	t.Logf("the next leader was elected after %s", took)
	if took < 5*time.Second || took > 15*time.Second {
		t.Error("want 8 s, and at most the 15 s of its term")
	}
}

func TestNodesShareTheWork(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, ok)
	database := pgtest.Database(t)
	nodes, workers := make([]*fixture, 3), make([]*worker.Worker, 3)
	var wg sync.WaitGroup
	for i := range nodes {
		wg.Go(func() { // all start at once, on an empty database
			db, err := store.OpenPostgres(t.Context(), database)
			if err != nil {
				t.Error(err)
				return
			}
			nodes[i] = newFixtureOn(t, db, url)
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	swept := make(chan int, 1000)
	for i, f := range nodes {
		f.config.Sweeper = sweepFunc(func() error { swept <- i; return nil })
		w, err := worker.New(f.config)
		must(t, err)
		must(t, w.Start(context.Background()))
		workers[i] = w
	}
	events := nodes[0].storeEvents(shop, 30)
	delivered := map[string]int{}
	for range events {
		delivered[receive(t, calls).header.Get("Webhook-Id")]++
	}
	receive(t, swept)
	for i, w := range workers { // stop one node after the other: the rest go on
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		must(t, w.Stop(ctx))
		cancel()
		for len(swept) > 0 {
			<-swept
		}
		if i < len(workers)-1 {
			receive(t, swept)
		}
	}
	if n := len(calls); n != 0 || len(delivered) != len(events) {
		t.Errorf("%d of %d events were delivered, and %d twice", len(delivered), len(events), n)
	}
}

// TestNewerQueueSchemaIsRefused checks that the error names both versions.
func TestNewerQueueSchemaIsRefused(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		f := newFixture("")
		if _, err := f.db.Writer().ExecContext(t.Context(), "INSERT INTO river_migration (line, version) VALUES ('main', 999)"); err != nil {
			t.Fatal(err)
		}
		_, err := worker.NewQueue(t.Context(), f.db, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "version 999 and this program knows version") {
			t.Errorf("error %v", err)
		}
	})
}
