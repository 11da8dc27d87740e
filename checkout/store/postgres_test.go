package store_test

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// openPostgres opens the database at url until the test ends.
func openPostgres(t *testing.T, url string) *store.DB {
	t.Helper()
	db, err := store.OpenPostgres(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestPostgresKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) checkout.Store {
		return store.New(openPostgres(t, pgtest.Database(t)), noJobs)
	})
}

func TestPostgresConnectionsAreDurable(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, pgtest.Database(t))
	for name, want := range map[string]string{
		"synchronous_commit": "on", "transaction_isolation": "read committed",
		"idle_in_transaction_session_timeout": "15s", "application_name": "wantukit",
	} {
		var got string
		if err := db.Writer().QueryRowContext(t.Context(), "SHOW "+name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}

func TestPostgresThatLosesCommitsIsRefused(t *testing.T) {
	t.Parallel()
	_, err := store.OpenPostgres(t.Context(), pgtest.Database(t)+"&synchronous_commit=off")
	if err == nil || !strings.Contains(err.Error(), "synchronous_commit") {
		t.Errorf("commits that are not waited for: error %v", err)
	}
	if err := store.CheckPostgres("SQL_ASCII", "on"); err == nil {
		t.Error("a database without an encoding is taken")
	}
}

func TestNodesThatStartAtOnceAllComeUp(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db, err := store.OpenPostgres(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestTransactionsOutliveTheirConnections: a server that restarts cuts off
// every pooled connection, and no change fails for it once it is back.
func TestTransactionsOutliveTheirConnections(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	db, other := openPostgres(t, url), openPostgres(t, url+"&application_name=operator")
	var pooled []*sql.Conn
	for range 5 {
		conn, err := db.Writer().Conn(t.Context())
		try(t, err)
		pooled = append(pooled, conn)
	}
	for _, conn := range pooled {
		try(t, conn.Close())
	}
	_, err := other.Writer().ExecContext(t.Context(),
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wantukit'")
	try(t, err)
	for left := 1; left > 0; {
		count := other.Writer().QueryRowContext(t.Context(),
			"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wantukit'")
		try(t, count.Scan(&left))
	}
	try(t, store.New(db, noJobs).CreateSession(t.Context(), newSession()))
}

// TestMigrationsLoseNothingOfNodesThatStillRun: what another node commits while
// the schema is brought up to date is there afterwards.
func TestMigrationsLoseNothingOfNodesThatStillRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ write, find string }{
		"an event": {
			`INSERT INTO events (id, type, merchant, session_id, attempt_id, created_at, session, refund)
				VALUES ('evt_late', 'session.paid', 'shop', 'cs_1', 'at_1', 1, '{}', '')`,
			`SELECT count(*) FROM events WHERE id = 'evt_late'`,
		},
		"a notification": {
			`INSERT INTO notifications (id, attempt_id, received_at, body, verdict, detail) VALUES ('nt_late', 'at_1', 1, '{}', 'accepted', '')`,
			`SELECT count(*) FROM timeline WHERE ref = 'nt_late'`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t)
			old := openPostgres(t, url)
			aDay(t, store.New(old, noJobs))
			back(t, old, 5)
			tx, err := old.Writer().BeginTx(t.Context(), nil)
			try(t, err)
			_, err = tx.ExecContext(t.Context(), c.write)
			try(t, err)
			migrated := make(chan error)
			go func() {
				db, err := store.OpenPostgres(t.Context(), url)
				if err == nil {
					err = db.Close()
				}
				migrated <- err
			}()
			for waiting := 0; waiting == 0; {
				count := old.Writer().QueryRowContext(t.Context(),
					"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'relation'")
				try(t, count.Scan(&waiting))
			}
			try(t, tx.Commit())
			try(t, <-migrated)
			var found int
			try(t, old.Writer().QueryRowContext(t.Context(), c.find).Scan(&found))
			if found != 1 {
				t.Errorf("found %d, want 1", found)
			}
		})
	}
}

// TestNodesOfTheVersionBeforeTellOn: what they write fits the tables of this one.
func TestNodesOfTheVersionBeforeTellOn(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		aDay(t, store.New(db, noJobs))
		if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO events (id, type, merchant, session_id, attempt_id, created_at, session, refund)
			VALUES ('evt_old', 'session.paid', 'shop', 'cs_1', 'at_1', 1, '{}', '')`); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if e, err := store.New(db, noJobs).Event(t.Context(), "evt_old"); err != nil || e.Type != checkout.EventPaid {
			t.Errorf("%s: event %+v, error %v", name, e, err)
		}
	}
}

// canary is a password that no error may show.
const canary = "c4n4ry"

func TestNoErrorShowsThePassword(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"nobody listens":         "postgres://u:" + canary + "@127.0.0.1:1/db?connect_timeout=2",
		"a port that is none":    "postgres://u:" + canary + "@127.0.0.1:x/db",
		"a # in the password":    "postgres://u:" + canary + "#x@127.0.0.1/db",
		"a / in the password":    "postgres://u:" + canary + "/x@127.0.0.1/db",
		"a % in the password":    "postgres://u:" + canary + "%x@127.0.0.1/db",
		"words":                  "host=127.0.0.1 port=1 password=" + canary + " user=u",
		"words, one misspelt":    "host=127.0.0.1 port=z password=" + canary,
		"an option that is none": "postgres://u:" + canary + "@127.0.0.1:1/db?sslmode=maybe",
		"no database":            "",
	} {
		_, err := store.OpenPostgres(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestPostgresEventsAndTheirJobsAreOne(t *testing.T) {
	t.Parallel()
	s := store.New(openPostgres(t, pgtest.Database(t)), func(context.Context, *sql.Tx, checkout.Event) error { return context.DeadlineExceeded })
	session := newSession()
	if err := s.CreateSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	ended := session
	ended.Status = checkout.StatusExpired
	event := checkout.Event{ID: "evt_1", Type: checkout.EventExpired, SessionID: session.ID}
	if err := s.Apply(t.Context(), checkout.Change{Session: &ended, Events: []checkout.Event{event}}); err == nil {
		t.Error("applied without its job")
	}
	if got, err := s.Session(t.Context(), session.ID); err != nil || got.Status != checkout.StatusOpen || got.Version != 1 {
		t.Errorf("session is %s, version %d, error %v", got.Status, got.Version, err)
	}
}
