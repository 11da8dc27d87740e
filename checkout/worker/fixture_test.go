package worker_test

import (
	"context"
	"database/sql"
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

// secret is "whsec_" and base64 of 24 bytes; canary is the part that must not leak.
const (
	canary = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"
	secret = "whsec_" + canary
	shop   = "shop"
)

// loopback is where the shops of these tests are.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// fixture is a queue over a database, and a store that writes to it.
type fixture struct {
	t      *testing.T
	db     *store.DB
	store  *store.Store
	config worker.Config
}

// databases are the kinds of database that the queue works on.
var databases = map[string]func(*testing.T) *store.DB{
	"SQLite": func(t *testing.T) *store.DB {
		t.Helper()
		db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "w.db"))
		must(t, err)
		return db
	},
	"PostgreSQL": func(t *testing.T) *store.DB {
		t.Helper()
		db, err := store.OpenPostgres(t.Context(), pgtest.Database(t))
		must(t, err)
		return db
	},
}

func TestMain(m *testing.M) { pgtest.Main(m) }

// onBoth runs a test on each kind of database, with one shop whose endpoint is
// at url ("" for none).
func onBoth(t *testing.T, do func(t *testing.T, on func(url string) *fixture)) {
	t.Helper()
	for kind, open := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			do(t, func(url string) *fixture { return newFixtureOver(t, open(t), url) })
		})
	}
}

// newFixture is over SQLite, and has one shop, whose endpoint is at url ("" for
// none).
func newFixture(t *testing.T, url string) *fixture {
	t.Helper()
	return newFixtureOver(t, databases["SQLite"](t), url)
}

func newFixtureOver(t *testing.T, db *store.DB, url string) *fixture {
	t.Helper()
	return newFixtureAt(t, db, url, wallClock{})
}

func newFixtureAt(t *testing.T, db *store.DB, url string, clock checkout.Clock) *fixture {
	t.Helper()
	t.Cleanup(func() { must(t, db.Close()) })
	endpoints := map[string]worker.Endpoint{shop: {URL: url, Secret: secret, AllowPrivate: loopback}, "other": {}}
	queue, err := worker.NewQueue(t.Context(), db, clock, endpoints)
	must(t, err)
	s := store.New(db, queue.Enqueue)
	return &fixture{t, db, s, worker.Config{
		DB: db, Sweeper: sweeper(func() error { return nil }), Reconciler: &reconciler{}, Events: s, Endpoints: endpoints, Clock: clock,
		Logger: slog.New(slog.DiscardHandler),
	}}
}

// wallClock is the system's.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

// sweeper is a Sweeper whose pages watch nothing.
type sweeper func() error

func (s sweeper) Sweep(context.Context) error { return s() }

func (s sweeper) SweepWatched(context.Context) {}

// work starts a worker that stops when the test ends.
func (f *fixture) work() {
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

// tell stores a session of a merchant's with n events.
func (f *fixture) tell(merchant string, n int) []checkout.Event {
	f.t.Helper()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := checkout.Session{
		ID: "cs_" + merchant, Merchant: merchant, Version: 1, Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid,
		Amount: 1000, Currency: "HKD", Subject: "Ticket & 票", SuccessURL: "https://shop.example/ok", CreatedAt: at, ExpiresAt: at, ConcludeAt: at,
	}
	must(f.t, f.store.CreateSession(f.t.Context(), s))
	var events []checkout.Event
	for i := range n {
		events = append(events, checkout.Event{
			ID: "evt_" + merchant + strconv.Itoa(i), Type: checkout.EventPaid, Merchant: merchant, SessionID: s.ID,
			CreatedAt: at, Session: s.Public("https://pay.example/c/" + s.ID),
		})
	}
	must(f.t, f.store.Apply(f.t.Context(), checkout.Change{Events: events}))
	return events
}

// jobs counts the webhooks in a state of River's, or in any.
func (f *fixture) jobs(state string) (n int) {
	f.t.Helper()
	must(f.t, f.db.Writer().QueryRowContext(f.t.Context(),
		`SELECT count(*) FROM river_job WHERE kind = 'webhook' AND CAST($1 AS TEXT) IN (CAST(state AS TEXT), '')`, state).Scan(&n))
	return n
}

// await looks again and again until a webhook is in a state.
func (f *fixture) await(state string) {
	f.t.Helper()
	until(f.t, func() bool { return f.jobs(state) > 0 })
}

// problems returns what the queue has noted of failed tries, once it has.
func (f *fixture) problems() string {
	f.t.Helper()
	var text sql.NullString
	until(f.t, func() bool {
		must(f.t, f.db.Writer().QueryRowContext(f.t.Context(), `SELECT CAST(errors AS TEXT) FROM river_job WHERE kind = 'webhook'`).Scan(&text))
		return text.String != ""
	})
	return text.String
}

// patience bounds whatever a test waits for. It is long: the machines are
// shared, and a test that passes never waits for it.
const patience = 60 * time.Second

// until looks again and again.
func until(t *testing.T, done func() bool) {
	t.Helper()
	look, enough := time.NewTicker(10*time.Millisecond), time.After(patience)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-enough:
			t.Fatal("waited in vain")
		}
	}
}

// call is a request as a shop received it.
type call struct {
	path   string
	header http.Header
	body   []byte
}

// endpoint is a shop that answers with what answer says, and tells of each
// call.
func endpoint(t *testing.T, answer func(http.ResponseWriter, *http.Request)) (string, <-chan call) {
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

// next is the next call, which must come soon.
func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
