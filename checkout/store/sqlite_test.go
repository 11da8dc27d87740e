package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

func TestSQLiteVersions(t *testing.T) {
	t.Parallel()
	for version, good := range map[string]bool{
		"3.51.3": true, "3.51.4": true, "3.51.10": true, "3.52.0": true, "3.100.0": true, "4.0.0": true, "3.51.3.1": true,
		"3.51.2": false, "3.51": false, "3.50.9": false, "3.9.99": false, "2.99.99": false, "": false, "new": false,
	} {
		if err := store.CheckSQLite(version); (err == nil) != good {
			t.Errorf("SQLite %q: error %v", version, err)
		}
	}
}

// pragma returns a setting of a connection.
func pragma(t *testing.T, db *sql.DB, name string) string {
	t.Helper()
	var value string
	if err := db.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestSQLiteConnectionsAreDurable(t *testing.T) {
	t.Parallel()
	db := open(t, newPath(t))
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000",
	} {
		if got := pragma(t, db.Writer(), name); got != want {
			t.Errorf("writer: %s is %s, want %s", name, got, want)
		}
		if got := pragma(t, db.Reader(), name); got != want {
			t.Errorf("reader: %s is %s, want %s", name, got, want)
		}
	}
	if n := db.Writer().Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d connections may write, want 1", n)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPingTimesOut(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	synctest.Test(t, func(t *testing.T) {
		db := open(t, path)
		conn, err := db.Writer().Conn(t.Context()) // the only connection
		must(t, err)
		start := time.Now()
		if err := db.Ping(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("it took %s, want 2 s", took)
		}
		must(t, conn.Close())
		must(t, db.Ping(t.Context()))
	})
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	if _, err := open(t, newPath(t)).Reader().ExecContext(t.Context(), "DELETE FROM sessions"); err == nil {
		t.Error("a connection for reading wrote")
	}
}

func TestReopening(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db, err := store.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.New(db, nil).CreateSession(t.Context(), newSession()); err != nil {
		t.Fatal(err)
	}
	version := "SELECT max(version_id) FROM goose_db_version"
	var before, after int
	if err := db.Writer().QueryRowContext(t.Context(), version).Scan(&before); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	db = open(t, path)
	got, err := store.New(db, nil).Session(t.Context(), "cs_1")
	if err != nil || got.Subject != "Ticket" {
		t.Errorf("session %+v, error %v", got, err)
	}
	if err := db.Writer().QueryRowContext(t.Context(), version).Scan(&after); err != nil || before != after || after == 0 {
		t.Errorf("schema version %d, then %d, error %v", before, after, err)
	}
}

func TestTwoProcessesShareOneFile(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	one, two := store.New(open(t, path), nil), store.New(open(t, path), nil)
	if err := one.CreateSession(t.Context(), newSession()); err != nil {
		t.Fatal(err)
	}
	session, err := two.Session(t.Context(), "cs_1")
	if err != nil {
		t.Fatal(err)
	}
	session.Status = checkout.StatusCanceled
	if err := two.Apply(t.Context(), checkout.Change{Session: &session}); err != nil {
		t.Fatal(err)
	}
	if err := one.Apply(t.Context(), checkout.Change{Session: &session}); !errors.Is(err, checkout.ErrConflict) {
		t.Errorf("the second change: %v, want a conflict", err)
	}
}

func TestFilesThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	t.Run("the folder is a file", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.OpenSQLite(t.Context(), filepath.Join(file, "w.db")); err == nil {
			t.Error("the database opened")
		}
	})
	t.Run("the file is not a database", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "w.db")
		if err := os.WriteFile(file, []byte("This is a text, and it is not a database at all."), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.OpenSQLite(t.Context(), file); err == nil {
			t.Error("the database opened")
		}
	})
}

func TestRowsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	db := open(t, newPath(t))
	s := store.New(db, nil)
	if err := s.CreateSession(t.Context(), newSession()); err != nil {
		t.Fatal(err)
	}
	event := checkout.Event{ID: "evt_1", Type: checkout.EventExpired, SessionID: "cs_1"}
	if err := s.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ corrupt, repair string }{
		{"UPDATE sessions SET wallets = '{'", "UPDATE sessions SET wallets = '[]'"},
		{"UPDATE sessions SET metadata = '['", "UPDATE sessions SET metadata = '{}'"},
		{"UPDATE sessions SET created_at = 'noon'", "UPDATE sessions SET created_at = 1"},
	} {
		exec(t, db, c.corrupt)
		if _, err := s.Session(t.Context(), "cs_1"); err == nil || errors.Is(err, checkout.ErrNotFound) {
			t.Errorf("%s: error %v", c.corrupt, err)
		}
		exec(t, db, c.repair)
		if _, err := s.Session(t.Context(), "cs_1"); err != nil {
			t.Errorf("%s: error %v", c.repair, err)
		}
	}
	exec(t, db, "UPDATE events SET session = ''")
	if _, err := s.Events(t.Context(), "cs_1"); err == nil {
		t.Error("an event without its session was read")
	}
}

// exec runs a statement.
func exec(t *testing.T, db *store.DB, statement string) {
	t.Helper()
	if _, err := db.Writer().ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
