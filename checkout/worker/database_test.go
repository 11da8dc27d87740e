package worker_test

import (
	"context"
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

// What the queue does on each kind of database.

func TestWebhookOnBoth(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		var tries atomic.Int64
		url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
			if tries.Add(1) == 1 {
				w.WriteHeader(http.StatusInternalServerError)
			}
		})
		f := on(url)
		f.work()
		event := f.tell(shop, 1)[0]
		f.tell("other", 1)
		first, second := next(t, calls), next(t, calls)
		verify(t, second)
		if id := first.header.Get("Webhook-Id"); id != event.ID || id != second.header.Get("Webhook-Id") {
			t.Errorf("event %s was told as %s", event.ID, id)
		}
		f.await("completed")
		if text := f.problems(); !strings.Contains(text, "the shop answered 500") {
			t.Errorf("noted %s", text)
		}
		if n := f.jobs(""); n != 1 {
			t.Errorf("%d jobs", n)
		}
	})
}

func TestEventWithoutItsJobOnBoth(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		f := on("http://shop.invalid")
		if _, err := f.db.Writer().ExecContext(t.Context(), "DROP TABLE river_job"); err != nil {
			t.Fatal(err)
		}
		if err := tryTell(f); err == nil {
			t.Error("an event was stored without its job")
		}
		if events, err := f.store.Events(t.Context(), "cs_1"); err != nil || len(events) != 0 {
			t.Errorf("%d events, error %v", len(events), err)
		}
	})
}

func TestJobOfAChangeThatIsRolledBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		f := on("http://shop.invalid")
		told := f.tell(shop, 1)[0]
		fresh := told
		fresh.ID = "evt_fresh"
		// The second event has an ID that is taken: both go, with their jobs.
		if err := f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{fresh, told}}); err == nil {
			t.Fatal("an event was stored twice")
		}
		if n := f.jobs(""); n != 1 {
			t.Errorf("%d jobs, want that of the first change", n)
		}
	})
}

// sweeps has the fixture's worker tell of each sweep.
func (f *fixture) sweeps() <-chan struct{} {
	swept := make(chan struct{}, 100)
	f.config.Sweeper = sweeper(func() error { swept <- struct{}{}; return nil })
	return swept
}

// led is a leader that said just now that it leads, as one that was killed did.
const led = `INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('killed', `

func TestLeaderThatWasKilled(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		f := on("")
		// River alone would wait until its time is over.
		times := "datetime('now'), datetime('now', '+1 hour'))"
		if f.db.Postgres() != nil {
			times = "now(), now() + interval '1 hour')"
		}
		if _, err := f.db.Writer().ExecContext(t.Context(), led+times); err != nil {
			t.Fatal(err)
		}
		swept, began := f.sweeps(), time.Now()
		f.work()
		next(t, swept)
		t.Logf("the next leader swept after %s", time.Since(began))
	})
}

func TestLeaderThatIsFrozen(t *testing.T) {
	t.Parallel()
	f := newFixtureOver(t, databases["PostgreSQL"](t), "")
	conn, err := f.db.Writer().Conn(t.Context())
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	for _, statement := range []string{ // it has its lifeline, and renews nothing
		`SELECT pg_advisory_lock(x'77616e74'::int, hashtext('killed'))`,
		led + "now(), now() + interval '15 seconds')",
	} {
		_, err := conn.ExecContext(t.Context(), statement)
		must(t, err)
	}
	swept, began := f.sweeps(), time.Now()
	f.work()
	next(t, swept)
	// What the next leader does then may take a busy machine any time.
	var elected time.Time
	must(t, conn.QueryRowContext(t.Context(), "SELECT elected_at FROM river_leader").Scan(&elected))
	took := elected.Sub(began)
	t.Logf("the next leader was elected after %s", took)
	if took < 5*time.Second || took > 15*time.Second {
		t.Error("want 8 s, and 15 s at most: then its time is over")
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
			nodes[i] = newFixtureOver(t, db, url)
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	swept := make(chan int, 1000)
	for i, f := range nodes {
		f.config.Sweeper = sweeper(func() error { swept <- i; return nil })
		w, err := worker.New(f.config)
		must(t, err)
		must(t, w.Start(context.Background()))
		workers[i] = w
	}
	events := nodes[0].tell(shop, 30)
	told := map[string]int{}
	for range events {
		told[next(t, calls).header.Get("Webhook-Id")]++
	}
	next(t, swept)
	for i, w := range workers { // one after the other ends, and the rest go on
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		must(t, w.Stop(ctx))
		cancel()
		for len(swept) > 0 {
			<-swept
		}
		if i < len(workers)-1 {
			next(t, swept)
		}
	}
	if n := len(calls); n != 0 || len(told) != len(events) {
		t.Errorf("%d of %d events were told, and %d twice", len(told), len(events), n)
	}
}

// TestQueueOfANewerVersion is refused with both versions: this River may not
// understand the tables of a newer one.
func TestQueueOfANewerVersion(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, on func(string) *fixture) {
		t.Helper()
		f := on("")
		if _, err := f.db.Writer().ExecContext(t.Context(), "INSERT INTO river_migration (line, version) VALUES ('main', 999)"); err != nil {
			t.Fatal(err)
		}
		_, err := worker.NewQueue(t.Context(), f.db, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "version 999 and this program knows version") {
			t.Errorf("error %v", err)
		}
	})
}
