package store_test

import (
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
func openPostgres(t testing.TB, url string) *store.DB {
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
		return store.New(openPostgres(t, pgtest.Database(t)), nil)
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
		t.Errorf("synchronous_commit=off: error %v", err)
	}
	if err := store.CheckPostgres("SQL_ASCII", "on"); err == nil {
		t.Error("a database with encoding SQL_ASCII is accepted")
	}
}

func TestNodesMigrateOneAfterTheOther(t *testing.T) {
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

// TestTransactionsAfterBrokenConnections checks that a change succeeds although all
// pooled connections are broken, as after a restart of the server.
func TestTransactionsAfterBrokenConnections(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	db, other := openPostgres(t, url), openPostgres(t, url+"&application_name=operator")
	var pooled []*sql.Conn
	for range 5 {
		conn, err := db.Writer().Conn(t.Context())
		must(t, err)
		pooled = append(pooled, conn)
	}
	for _, conn := range pooled {
		must(t, conn.Close())
	}
	_, err := other.Writer().ExecContext(t.Context(),
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wantukit'")
	must(t, err)
	for left := 1; left > 0; {
		count := other.Writer().QueryRowContext(t.Context(),
			"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wantukit'")
		must(t, count.Scan(&left))
	}
	must(t, store.New(db, nil).CreateSession(t.Context(), newSession()))
}

// TestMigrationsKeepConcurrentWrites checks that what another node commits during a
// migration is not lost.
func TestMigrationsKeepConcurrentWrites(t *testing.T) {
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
			storeOneOfEach(t, store.New(old, nil))
			migrateDown(t, old, 5)
			tx, err := old.Writer().BeginTx(t.Context(), nil)
			must(t, err)
			_, err = tx.ExecContext(t.Context(), c.write)
			must(t, err)
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
				must(t, count.Scan(&waiting))
			}
			must(t, tx.Commit())
			must(t, <-migrated)
			var count int
			must(t, old.Writer().QueryRowContext(t.Context(), c.find).Scan(&count))
			if count != 1 {
				t.Errorf("%d rows, want 1", count)
			}
		})
	}
}

// TestEventsOfThePreviousVersion checks that nodes of the previous version can still
// write events.
func TestEventsOfThePreviousVersion(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		storeOneOfEach(t, store.New(db, nil))
		if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO events (id, type, merchant, session_id, attempt_id, created_at, session, refund)
			VALUES ('evt_old', 'session.paid', 'shop', 'cs_1', 'at_1', 1, '{}', '')`); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if e, err := store.New(db, nil).Event(t.Context(), "evt_old"); err != nil || e.Type != checkout.EventPaid {
			t.Errorf("%s: event %+v, error %v", name, e, err)
		}
	}
}

// canary is a password. No error may contain it.
const canary = "c4n4ry"

func TestNoErrorShowsThePassword(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"no server":              "postgres://u:" + canary + "@127.0.0.1:1/db?connect_timeout=2",
		"a malformed port":       "postgres://u:" + canary + "@127.0.0.1:x/db",
		"a # in the password":    "postgres://u:" + canary + "#x@127.0.0.1/db",
		"a / in the password":    "postgres://u:" + canary + "/x@127.0.0.1/db",
		"a % in the password":    "postgres://u:" + canary + "%x@127.0.0.1/db",
		"keywords":               "host=127.0.0.1 port=1 password=" + canary + " user=u",
		"keywords with an error": "host=127.0.0.1 port=z password=" + canary,
		"an unknown sslmode":     "postgres://u:" + canary + "@127.0.0.1:1/db?sslmode=maybe",
		"no database":            "",
	} {
		_, err := store.OpenPostgres(t.Context(), url)
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
