package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

// TestMigrationSetsPaidBy checks that the migration sets the attempt that paid each
// session.
func TestMigrationSetsPaidBy(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := store.New(open(t, path), nil)
	session := newSession()
	if err := s.CreateSession(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"at_second", "at_first", "at_closed"} {
		a := checkout.Attempt{
			ID: id, SessionID: session.ID, State: checkout.AttemptPaid, OutTradeNo: id, NotifyToken: id, ReturnToken: id,
			PaidAt: session.CreatedAt.Add(-time.Duration(i) * time.Second),
		}
		if id == "at_closed" {
			a.State = checkout.AttemptClosed
		}
		if err := s.CreateAttempt(t.Context(), a, session.Version+int64(i), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	migrateDown(t, open(t, path), 2)
	got, err := store.New(open(t, path), nil).Session(t.Context(), session.ID)
	if err != nil || got.PaidBy != "at_first" || got.AmountRefunded != 0 {
		t.Errorf("paid by %q, %d refunded (%v), want at_first and 0", got.PaidBy, got.AmountRefunded, err)
	}
}

// migrateDown undoes the migrations of an SQLite database from a version on.
func migrateDown(t *testing.T, db *store.DB, version int) {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	foreign := "_postgres.sql"
	if db.Postgres() != nil {
		foreign = "_sqlite.sql"
	}
	slices.Sort(files)
	for _, file := range slices.Backward(files) {
		number, name, _ := strings.Cut(filepath.Base(file), "_")
		if strings.HasSuffix(name, foreign) || number < fmt.Sprintf("%05d", version) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, down, _ := strings.Cut(string(text), "-- +goose Down")
		exec(t, db, down)
	}
	exec(t, db, fmt.Sprintf("DELETE FROM goose_db_version WHERE version_id >= %d", version))
}
