package worker_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/checkout/worker"
)

// secret is a webhook secret. canary is the part of it that must not leak.
const (
	canary = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"
	secret = "whsec_" + canary
	shop   = "shop"
)

// loopback is the address of the shops of these tests.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// fixture is a database, a store that tells the queue, and a worker's config.
type fixture struct {
	t      testing.TB
	db     *store.DB
	store  *store.Store
	config worker.Config
}

// databases open an empty database of each kind.
var databases = map[string]func(testing.TB) *store.DB{
	"SQLite": func(t testing.TB) *store.DB {
		t.Helper()
		db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "w.db"))
		must(t, err)
		return db
	},
	"PostgreSQL": func(t testing.TB) *store.DB {
		t.Helper()
		db, err := store.OpenPostgres(t.Context(), pgtest.Database(t))
		must(t, err)
		return db
	},
}

func TestMain(m *testing.M) { pgtest.Main(m) }

// onEachDatabase runs a test on each kind of database. The test gets a function
// that returns a fixture with one shop, whose endpoint is at url ("" for none).
func onEachDatabase(t *testing.T, do func(t *testing.T, newFixture func(url string) *fixture)) {
	t.Helper()
	for kind, open := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			do(t, func(url string) *fixture { return newFixtureOn(t, open(t), url) })
		})
	}
}

// newFixture returns a fixture on SQLite with one shop, whose endpoint is at url (""
// for none).
func newFixture(t testing.TB, url string) *fixture {
	t.Helper()
	return newFixtureOn(t, databases["SQLite"](t), url)
}

func newFixtureOn(t testing.TB, db *store.DB, url string) *fixture {
	t.Helper()
	return newFixtureWithClock(t, db, url, systemClock{})
}

func newFixtureWithClock(t testing.TB, db *store.DB, url string, clock checkout.Clock) *fixture {
	t.Helper()
	t.Cleanup(func() { must(t, db.Close()) })
	endpoints := map[string][]worker.Endpoint{shop: {{URL: url, Secret: secret, AllowPrivate: loopback}}, "other": {}}
	queue, err := worker.NewQueue(t.Context(), db, clock, endpoints)
	must(t, err)
	s := store.New(db, queue)
	return &fixture{t, db, s, worker.Config{
		DB: db, Queue: queue, Sweeper: sweepFunc(func() error { return nil }), Reconciler: &reconciler{}, Events: s, Endpoints: endpoints, Clock: clock,
		Logger: slog.New(slog.DiscardHandler),
	}}
}

// systemClock is the system's clock.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// sweepFunc is a Sweeper without open pages.
type sweepFunc func() error

func (s sweepFunc) Sweep(context.Context) error { return s() }

func (s sweepFunc) SweepWatched(context.Context) {}

// startWorker starts a worker that stops when the test ends.
func (f *fixture) startWorker() {
	f.t.Helper()
	w, err := worker.New(f.config)
	must(f.t, err)
	must(f.t, w.Start(context.Background()))
	f.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		must(f.t, w.Stop(ctx))
	})
}

// storeEvents stores a session of a merchant with n events, and returns the events.
func (f *fixture) storeEvents(merchant string, n int) []checkout.Event {
	f.t.Helper()
	session := f.storeSession(merchant)
	var events []checkout.Event
	for i := range n {
		events = append(events, f.newEvent("evt_"+merchant+strconv.Itoa(i), session))
	}
	must(f.t, f.store.Apply(f.t.Context(), checkout.Change{Events: events}))
	return events
}

// storeSession stores a session of a merchant.
func (f *fixture) storeSession(merchant string) checkout.Session {
	f.t.Helper()
	at := f.now()
	s := checkout.Session{
		ID: "cs_" + merchant, Merchant: merchant, Version: 1, Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid,
		Amount: 1000, Currency: "HKD", Subject: "Ticket & 票", SuccessURL: "https://shop.example/ok", CreatedAt: at, ExpiresAt: at, ConcludeAt: at,
	}
	must(f.t, f.store.CreateSession(f.t.Context(), s))
	return s
}

// newEvent returns an event of a session that is not stored yet.
func (f *fixture) newEvent(id string, s checkout.Session) checkout.Event {
	return checkout.Event{
		ID: id, Type: checkout.EventPaid, Merchant: s.Merchant, SessionID: s.ID,
		CreatedAt: f.now(), Session: s.Public("https://pay.example/c/" + s.ID),
	}
}

// now is the time that the database keeps.
func (f *fixture) now() time.Time { return f.config.Clock.Now().UTC().Truncate(time.Millisecond) }

// jobs counts the webhook jobs in a state of River's, or in any state for "".
func (f *fixture) jobs(state string) (n int) {
	f.t.Helper()
	must(f.t, f.db.Writer().QueryRowContext(f.t.Context(),
		`SELECT count(*) FROM river_job WHERE kind = 'webhook' AND CAST($1 AS TEXT) IN (CAST(state AS TEXT), '')`, state).Scan(&n))
	return n
}

// handOver makes all pending webhooks jobs.
func (f *fixture) handOver() {
	f.t.Helper()
	_, err := f.store.HandOverWebhooks(f.t.Context(), time.Now().Add(24*time.Hour), 1000, f.config.Queue.Enqueue)
	must(f.t, err)
}

// pending counts the pending webhooks.
func (f *fixture) pending() (n int) {
	f.t.Helper()
	must(f.t, f.db.Writer().QueryRowContext(f.t.Context(), "SELECT count(*) FROM delivery_pending").Scan(&n))
	return n
}

// awaitTries waits until n tries of an event are recorded, and returns them.
func (f *fixture) awaitTries(eventID string, n int) (tries []checkout.WebhookTry) {
	f.t.Helper()
	waitUntil(f.t, func() bool {
		var err error
		tries, err = f.store.WebhookTries(f.t.Context(), eventID)
		must(f.t, err)
		return len(tries) >= n
	})
	if len(tries) > n {
		f.t.Errorf("%d tries of %s, want %d: %+v", len(tries), eventID, n, tries)
	}
	return tries
}

// awaitState waits until a webhook job is in a state.
func (f *fixture) awaitState(state string) {
	f.t.Helper()
	waitUntil(f.t, func() bool { return f.jobs(state) > 0 })
}

// testTimeout limits every wait of a test. It is long, because machines are shared.
// A test that passes never waits so long.
const testTimeout = 60 * time.Second

// waitUntil polls until done returns true.
func waitUntil(t testing.TB, done func() bool) {
	t.Helper()
	poll, timeout := time.NewTicker(10*time.Millisecond), time.After(testTimeout)
	defer poll.Stop()
	for !done() {
		select {
		case <-poll.C:
		case <-timeout:
			t.Fatalf("the condition is still false after %s", testTimeout)
		}
	}
}

// call is a request as a shop received it.
type call struct {
	path   string
	header http.Header
	body   []byte
}

// endpoint starts a shop whose requests answer handles. It returns the shop's URL
// and a channel that receives each request.
func endpoint(t testing.TB, answer func(http.ResponseWriter, *http.Request)) (string, <-chan call) {
	t.Helper()
	calls := make(chan call, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		calls <- call{r.URL.Path, r.Header, body}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

// receive returns the next value of a channel. The test fails if none comes.
func receive[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(testTimeout):
		t.Fatalf("nothing was received within %s", testTimeout)
		panic("unreachable")
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
