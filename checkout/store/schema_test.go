package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// reopen opens a database again with options.
type reopen func(options ...store.Option) (*store.DB, error)

// onEachDatabase runs a test with an empty database of each kind.
func onEachDatabase(t *testing.T, do func(t *testing.T, open reopen)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "wantukit.db")
		do(t, func(options ...store.Option) (*store.DB, error) {
			return store.OpenSQLite(t.Context(), path, options...)
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		do(t, func(options ...store.Option) (*store.DB, error) {
			return store.OpenPostgres(t.Context(), url, options...)
		})
	})
}

// migratedVersion opens a database and returns the version of its schema.
func migratedVersion(t *testing.T, open reopen) (version int64) {
	t.Helper()
	db, err := open()
	must(t, err)
	must(t, db.Writer().QueryRowContext(t.Context(), "SELECT max(version_id) FROM goose_db_version").Scan(&version))
	must(t, db.Close())
	return version
}

// statement opens a database and runs a statement.
func statement(t *testing.T, open reopen, text string) {
	t.Helper()
	db, err := open()
	must(t, err)
	_, err = db.Writer().ExecContext(t.Context(), text)
	must(t, errors.Join(err, db.Close()))
}

// TestProgramOlderThanTheSchema checks that a newer schema is refused, because this
// program may not understand it.
func TestProgramOlderThanTheSchema(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, open reopen) {
		t.Helper()
		program := migratedVersion(t, open)
		statement(t, open, fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, true)", program+3))
		want := store.SchemaError{Database: program + 3, Program: program}
		for name, options := range map[string][]store.Option{"serve": nil, "a verb": {store.KeepSchema}} {
			_, err := open(options...)
			var refused *store.SchemaError
			if !errors.As(err, &refused) || *refused != want {
				t.Errorf("%s: error %v, want %v", name, err, &want)
			}
		}
	})
}

// TestKeepSchema checks that opening with KeepSchema never changes the schema.
func TestKeepSchema(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, open reopen) {
		t.Helper()
		var refused *store.SchemaError
		if _, err := open(store.KeepSchema); !errors.As(err, &refused) || refused.Database != 0 {
			t.Errorf("no schema: error %v", err)
		}
		program := migratedVersion(t, open)
		db, err := open(store.KeepSchema)
		must(t, err)
		if !db.KeepsSchema() {
			t.Error("KeepsSchema returns false")
		}
		must(t, db.Close())
		statement(t, open, fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id = %d", program))
		refused = nil
		if _, err := open(store.KeepSchema); !errors.As(err, &refused) || refused.Database >= program || refused.Program != program {
			t.Errorf("an older schema: error %v", err)
		}
	})
}
