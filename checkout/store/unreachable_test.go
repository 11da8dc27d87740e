package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// TestDatabaseThatDoesNotAnswerIsToldFromOtherErrors: it is stopped, killed and
// away, under a change and under a read.
func TestDatabaseThatDoesNotAnswerIsToldFromOtherErrors(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for name, end := range map[string]func(*pgtest.Server, testing.TB){"stopped": (*pgtest.Server).Stop, "killed": (*pgtest.Server).Kill} {
		url, err := server.NewDatabase(t.Context(), name)
		try(t, err)
		db := openPostgres(t, url)
		s := store.New(db, noJobs)
		tx, err := db.Writer().BeginTx(t.Context(), nil)
		try(t, err)
		end(server, t)
		_, within := tx.ExecContext(t.Context(), "SELECT 1")
		_ = tx.Rollback()
		_, read := s.Session(t.Context(), "cs_1")
		_, again := s.Session(t.Context(), "cs_1")
		for what, err := range map[string]error{
			"a change under way": within, "a read": read, "another": again, "a change": s.CreateSession(t.Context(), newSession()), "a ping": db.Ping(t.Context()),
		} {
			if !store.Unreachable(err) {
				t.Errorf("%s, %s: %v is another error", name, what, err)
			}
		}
		_, err = store.OpenPostgres(t.Context(), url)
		if !store.Unreachable(err) {
			t.Errorf("%s, at the start: %v is another error", name, err)
		}
		server.Again(t)
		if _, err := s.Session(t.Context(), "cs_1"); !errors.Is(err, checkout.ErrNotFound) {
			t.Errorf("it is back, and reading fails: %v", err)
		}
	}
	db := openPostgres(t, pgtest.Database(t))
	_, syntax := db.Writer().ExecContext(t.Context(), "SELEC")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, canceled := db.Writer().ExecContext(gone, "SELECT 1")
	for name, err := range map[string]error{
		"nothing": nil, "what is not there": checkout.ErrNotFound, "a mistake": syntax, "a client that has gone": canceled,
		"a gateway that cut the connection": fmt.Errorf("%w: unexpected EOF", checkout.ErrOutcomeUnknown),
	} {
		if store.Unreachable(err) {
			t.Errorf("%s: %v says that the database is away", name, err)
		}
	}
}
