package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// reopen opens a database again, with options.
type reopen func(options ...store.Option) (*store.DB, error)

// onEachKind runs a test with an empty database of each kind.
func onEachKind(t *testing.T, do func(t *testing.T, open reopen)) {
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

// newest opens a database and returns the version of its schema.
func newest(t *testing.T, open reopen) (version int64) {
	t.Helper()
	db, err := open()
	try(t, err)
	try(t, db.Writer().QueryRowContext(t.Context(), "SELECT max(version_id) FROM goose_db_version").Scan(&version))
	try(t, db.Close())
	return version
}

// statement runs a statement at a database.
func statement(t *testing.T, open reopen, text string) {
	t.Helper()
	db, err := open()
	try(t, err)
	_, err = db.Writer().ExecContext(t.Context(), text)
	try(t, errors.Join(err, db.Close()))
}

// TestProgramOlderThanTheSchema: it may not understand what a newer one wrote.
func TestProgramOlderThanTheSchema(t *testing.T) {
	t.Parallel()
	onEachKind(t, func(t *testing.T, open reopen) {
		t.Helper()
		program := newest(t, open)
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

// TestOpeningThatKeepsTheSchema changes nothing, whatever it finds.
func TestOpeningThatKeepsTheSchema(t *testing.T) {
	t.Parallel()
	onEachKind(t, func(t *testing.T, open reopen) {
		t.Helper()
		var refused *store.SchemaError
		if _, err := open(store.KeepSchema); !errors.As(err, &refused) || refused.Database != 0 {
			t.Errorf("no schema: error %v", err)
		}
		program := newest(t, open)
		db, err := open(store.KeepSchema)
		try(t, err)
		if !db.KeepsSchema() {
			t.Error("does not say that the schema is kept")
		}
		try(t, db.Close())
		statement(t, open, fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id = %d", program))
		refused = nil
		if _, err := open(store.KeepSchema); !errors.As(err, &refused) || refused.Database >= program || refused.Program != program {
			t.Errorf("an older schema: error %v", err)
		}
	})
}
