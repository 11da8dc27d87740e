package worker_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"slices"
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

// add stores an event of a session.
func (f *fixture) add(e checkout.Event) {
	f.t.Helper()
	must(f.t, f.store.Apply(f.t.Context(), checkout.Change{Events: []checkout.Event{e}}))
}

// addOld stores an event that was made some time ago.
func (f *fixture) addOld(id string, s checkout.Session, ago time.Duration) {
	f.t.Helper()
	e := f.newEvent(id, s)
	e.CreatedAt = e.CreatedAt.Add(-ago)
	f.add(e)
}

// limit sets how many webhooks are sent to the shop at once.
func (f *fixture) limit(n int) {
	f.config.Endpoints[shop][0].MaxRequests = n
}

// TestWebhookOfAKilledProcess checks that the next process sends what a process committed
// and did not send. On SQLite it does not wait until it is due.
func TestWebhookOfAKilledProcess(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		url, calls := endpoint(t, ok)
		f := newFixture(url)
		session, ago := f.storeSession(shop), time.Duration(0)
		if f.db.Postgres() != nil {
			ago = time.Minute
		}
		f.addOld("evt_1", session, ago) // no worker runs
		if n := f.pending(); n != 1 {
			t.Fatalf("%d webhooks are pending, want 1", n)
		}
		f.startWorker()
		if id := receive(t, calls).header.Get("Webhook-Id"); id != "evt_1" {
			t.Errorf("delivered %s", id)
		}
		f.wantOneDelivery(calls)
		if tries := f.awaitTries("evt_1", 1); tries[0].Number != 1 || f.pending() != 0 {
			t.Errorf("tries %+v; %d are pending", tries, f.pending())
		}
	})
}

func TestRequestsToAShopAreLimited(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	release := make(chan struct{})
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		<-release
		now.Add(-1)
	})
	f := newFixture(t, url)
	f.limit(3)
	f.startWorker()
	events := f.storeEvents(shop, 20)
	waitUntil(t, func() bool { return now.Load() == 3 })
	close(release)
	for range events {
		receive(t, calls)
	}
	waitUntil(t, func() bool { return f.pending() == 0 })
	if jobs := f.jobs(""); most.Load() != 3 || jobs != 0 {
		t.Errorf("%d requests at once, want 3; %d jobs, want none", most.Load(), jobs)
	}
}

// TestNewEventsGoFirst checks that a replay waits for the events that came after it.
func TestNewEventsGoFirst(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		release := make(chan struct{})
		url, calls := endpoint(t, func(_ http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Webhook-Id") == "evt_held" {
				<-release
			}
		})
		f := newFixture(url)
		f.limit(1)
		f.startWorker()
		session := f.storeSession(shop)
		f.add(f.newEvent("evt_again", session))
		receive(t, calls)
		f.awaitTries("evt_again", 1)
		f.add(f.newEvent("evt_held", session))
		receive(t, calls)
		must(t, f.replay("evt_again"))
		f.awaitState("running")
		f.add(f.newEvent("evt_new1", session))
		f.add(f.newEvent("evt_new2", session))
		close(release)
		var order []string
		for range 3 {
			order = append(order, receive(t, calls).header.Get("Webhook-Id"))
		}
		if got := strings.Join(order, " "); got != "evt_new1 evt_new2 evt_again" {
			t.Errorf("the order is %s", got)
		}
	})
}

// TestWebhookInFlightIsNotTaken checks that neither node sends a webhook again that one
// of them is sending when it is due.
func TestWebhookInFlightIsNotTaken(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	release := make(chan struct{})
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-release })
	var nodes []*fixture
	for range 2 {
		db, err := store.OpenPostgres(t.Context(), database)
		must(t, err)
		f := newFixtureOn(t, db, url)
		f.startWorker()
		nodes = append(nodes, f)
	}
	f := nodes[0]
	session := f.storeSession(shop)
	f.addOld("evt_1", session, 7*time.Second) // due in 3 s
	receive(t, calls)
	f.addOld("evt_due", session, time.Minute) // any node takes it
	receive(t, calls)
	time.Sleep(5 * time.Second)
	if n := len(calls); n != 0 {
		t.Errorf("%d more calls while the webhook is being sent", n)
	}
	close(release)
	f.awaitTries("evt_1", 1)
	waitUntil(t, func() bool { return f.pending() == 0 })
	if n, jobs := len(calls), f.jobs(""); n != 0 || jobs != 1 {
		t.Errorf("%d more calls and %d jobs, want only the job of what was due", n, jobs)
	}
}

// TestWaitingWebhookIsNotTaken checks that an event that waits for a slot when it is due is
// sent once, from memory.
func TestWaitingWebhookIsNotTaken(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-release })
	f := newFixtureOn(t, databases["PostgreSQL"](t), url)
	f.limit(1)
	f.startWorker()
	session := f.storeSession(shop)
	f.addOld("evt_1", session, 6*time.Second) // due in 4 s
	receive(t, calls)
	f.addOld("evt_2", session, 6*time.Second)
	time.Sleep(6 * time.Second)
	if n := f.jobs(""); n != 0 {
		t.Errorf("%d jobs while the event waits", n)
	}
	close(release)
	if id := receive(t, calls).header.Get("Webhook-Id"); id != "evt_2" {
		t.Errorf("delivered %s", id)
	}
	f.awaitTries("evt_2", 1)
	waitUntil(t, func() bool { return f.pending() == 0 })
	if n, jobs := len(calls), f.jobs(""); n != 0 || jobs != 0 {
		t.Errorf("%d more calls and %d jobs", n, jobs)
	}
}

// busyHandOver is a *store.Store in which there is always more to hand over, each batch
// takes 100 ms, and which notes the batches and what is postponed.
type busyHandOver struct {
	*store.Store
	batches   atomic.Int64
	postponed chan []checkout.WebhookKey
}

func (b *busyHandOver) HandOverWebhooks(
	ctx context.Context, _ time.Time, limit int, _ func(context.Context, *sql.Tx, []checkout.PendingWebhook) error,
) (int, error) {
	b.batches.Add(1)
	select {
	case <-time.After(100 * time.Millisecond):
		return limit, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (b *busyHandOver) PostponeWebhooks(ctx context.Context, keys []checkout.WebhookKey, due time.Time) error {
	b.postponed <- keys
	return b.Store.PostponeWebhooks(ctx, keys, due)
}

// TestLongHandOverPostponesWhatIsInFlight checks that a node keeps what it is sending to
// itself while it hands over one batch after the other.
func TestLongHandOverPostponesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-release })
	f := newFixtureOn(t, databases["PostgreSQL"](t), url) // on SQLite, the start hands over too
	defer close(release)
	busy := &busyHandOver{Store: f.store, postponed: make(chan []checkout.WebhookKey, 10)}
	f.config.Events = busy
	f.startWorker()
	waitUntil(t, func() bool { return busy.batches.Load() > 1 })
	f.addOld("evt_1", f.storeSession(shop), 7*time.Second) // due in 3 s
	receive(t, calls)
	select {
	case keys := <-busy.postponed:
		if !slices.Equal(keys, []checkout.WebhookKey{{EventID: "evt_1", Endpoint: checkout.DefaultEndpoint}}) {
			t.Errorf("postponed %v", keys)
		}
	case <-time.After(2 * time.Second):
		t.Error("nothing is postponed during a long hand-over")
	}
}

// forgetful is a *store.Store that counts how often old tries are deleted.
type forgetful struct {
	*store.Store
	times atomic.Int64
}

func (f *forgetful) ForgetWebhookTries(ctx context.Context, before time.Time, limit int) error {
	f.times.Add(1)
	return f.Store.ForgetWebhookTries(ctx, before, limit)
}

// TestOldTriesAreDeletedEachSecond checks that the deletion keeps up with a shop of many
// webhooks: it deletes a limited number at a time.
func TestOldTriesAreDeletedEachSecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	events := &forgetful{Store: f.store}
	f.config.Events = events
	f.startWorker()
	waitUntil(t, func() bool { return events.times.Load() > 0 })
	begin := time.Now()
	waitUntil(t, func() bool { return events.times.Load() > 2 })
	if took := time.Since(begin); took > 7*time.Second {
		t.Errorf("old tries were deleted three times in %s", took)
	}
}

// failingRecords is a *store.Store that fails to record tries for some time.
type failingRecords struct {
	*store.Store
	failures atomic.Int64
}

func (r *failingRecords) RecordWebhookTries(
	ctx context.Context, tries []checkout.WebhookTry, retry func(context.Context, *sql.Tx, checkout.WebhookTry) error,
) error {
	if r.failures.Add(-1) >= 0 {
		return errDatabase
	}
	return r.Store.RecordWebhookTries(ctx, tries, retry)
}

// TestTriesAreRecordedWhenTheDatabaseIsBack checks that a webhook is not sent again when
// the database fails after it was sent, and is back soon.
func TestTriesAreRecordedWhenTheDatabaseIsBack(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, ok)
	f := newFixture(t, url)
	events := &failingRecords{Store: f.store}
	events.failures.Store(4)
	f.config.Events = events
	f.startWorker()
	f.addOld("evt_1", f.storeSession(shop), 7*time.Second) // due in 3 s
	receive(t, calls)
	f.awaitTries("evt_1", 1)
	if n, jobs, pending := len(calls), f.jobs(""), f.pending(); n != 0 || jobs != 0 || pending != 0 {
		t.Errorf("%d more calls, %d jobs and %d pending webhooks", n, jobs, pending)
	}
}

// TestPanicOfASendIsContained checks that the webhook comes by a job, and that others are
// sent meanwhile.
func TestPanicOfASendIsContained(t *testing.T) {
	t.Parallel()
	var first sync.Once
	calls := make(chan string, 10)
	f := newFixture(t, "https://shop.example/hook")
	f.limit(1)
	f.config.Transport = roundTripFunc(func(r *http.Request) (*http.Response, error) {
		first.Do(func() { panic("canary") })
		calls <- r.Header.Get("Webhook-Id")
		return statusTransport(func() (int, string) { return http.StatusOK, "" }).RoundTrip(r)
	})
	var log lockedBuffer
	f.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	f.startWorker()
	session := f.storeSession(shop)
	f.addOld("evt_1", session, 7*time.Second) // due in 3 s
	waitUntil(t, func() bool { return strings.Contains(log.String(), "msg=panic job=webhook") })
	f.add(f.newEvent("evt_2", session))
	if one, other := receive(t, calls), receive(t, calls); one != "evt_2" || other != "evt_1" {
		t.Errorf("received %s and %s", one, other)
	}
	if strings.Contains(log.String(), "canary") {
		t.Errorf("the log has the value of the panic: %s", log.String())
	}
}

// panickingEvents is a *store.Store that panics once when it is asked whether webhooks are
// disabled.
type panickingEvents struct {
	*store.Store
	first sync.Once
}

func (e *panickingEvents) WebhooksDisabled(ctx context.Context, merchant, endpoint string) (bool, error) {
	e.first.Do(func() { panic("canary") })
	return e.Store.WebhooksDisabled(ctx, merchant, endpoint)
}

// TestPanicOfAReadIsContained checks that a panic of the store does not end the process.
func TestPanicOfAReadIsContained(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, ok)
	f := newFixture(t, url)
	f.config.Events = &panickingEvents{Store: f.store}
	f.startWorker()
	f.addOld("evt_1", f.storeSession(shop), 7*time.Second) // due in 3 s
	if id := receive(t, calls).header.Get("Webhook-Id"); id != "evt_1" {
		t.Errorf("received %s", id)
	}
}

// lockedBuffer is a bytes.Buffer for several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestStopLetsRequestsEnd checks that Stop waits for a request and records it, and leaves
// what has not begun pending.
func TestStopLetsRequestsEnd(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) { <-release })
	f := newFixture(t, url)
	f.limit(1)
	w, err := worker.New(f.config)
	must(t, err)
	must(t, w.Start(t.Context()))
	events := f.storeEvents(shop, 3)
	id := receive(t, calls).header.Get("Webhook-Id")
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		stopped <- w.Stop(ctx)
	}()
	select {
	case err := <-stopped:
		t.Fatalf("Stop did not wait for the request: %v", err)
	case <-time.After(time.Second):
	}
	close(release)
	must(t, receive(t, stopped))
	f.awaitTries(id, 1)
	if n, pending := len(calls), f.pending(); n != 0 || pending != len(events)-1 {
		t.Errorf("%d more calls and %d pending webhooks, want %d pending", n, pending, len(events)-1)
	}
}
