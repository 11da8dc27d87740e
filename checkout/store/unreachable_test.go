package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// TestUnreachable checks the errors of a stopped and of a killed server, during reads
// and changes, and errors with other causes.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for name, end := range map[string]func(*pgtest.Server, testing.TB){"stopped": (*pgtest.Server).Stop, "killed": (*pgtest.Server).Kill} {
		url, err := server.NewDatabase(t.Context(), name)
		must(t, err)
		db := openPostgres(t, url)
		s := store.New(db, nil)
		tx, err := db.Writer().BeginTx(t.Context(), nil)
		must(t, err)
		end(server, t)
		_, inTx := tx.ExecContext(t.Context(), "SELECT 1")
		_ = tx.Rollback()
		_, read := s.Session(t.Context(), "cs_1")
		_, again := s.Session(t.Context(), "cs_1")
		for what, err := range map[string]error{
			"an open transaction": inTx, "a read": read, "another": again, "a change": s.CreateSession(t.Context(), newSession()), "a ping": db.Ping(t.Context()),
		} {
			if !store.Unreachable(err) {
				t.Errorf("%s, %s: Unreachable is false for %v", name, what, err)
			}
		}
		_, err = store.OpenPostgres(t.Context(), url)
		if !store.Unreachable(err) {
			t.Errorf("%s, opening: Unreachable is false for %v", name, err)
		}
		server.Restart(t)
		if _, err := s.Session(t.Context(), "cs_1"); !errors.Is(err, checkout.ErrNotFound) {
			t.Errorf("reading after the restart: error %v, want ErrNotFound", err)
		}
	}
	db := openPostgres(t, pgtest.Database(t))
	_, syntax := db.Writer().ExecContext(t.Context(), "SELEC")
	canceledCtx, cancel := context.WithCancel(t.Context())
	cancel()
	_, canceled := db.Writer().ExecContext(canceledCtx, "SELECT 1")
	for name, err := range map[string]error{
		"no error": nil, "an unknown session": checkout.ErrNotFound, "a syntax error": syntax, "a canceled context": canceled,
		"a broken connection to the gateway": fmt.Errorf("%w: unexpected EOF", checkout.ErrOutcomeUnknown),
	} {
		if store.Unreachable(err) {
			t.Errorf("%s: Unreachable is true for %v", name, err)
		}
	}
}

// TestUnreachableServerIsTriedOnce checks that a read and a change end after the first
// connection that could not be made: each may take as long as the timeout for connecting.
func TestUnreachableServerIsTriedOnce(t *testing.T) {
	t.Parallel()
	pool, connects := unreachablePool(t)
	s := store.New(store.NewPostgres(pool), nil)
	for name, do := range map[string]func() error{
		"a read":   func() error { _, err := s.Session(t.Context(), "cs_1"); return err },
		"a change": func() error { return s.CreateSession(t.Context(), newSession()) },
	} {
		connects.Store(0)
		if err := do(); !store.Unreachable(err) || connects.Load() != 1 {
			t.Errorf("%s: error %v after %d connections, want 1", name, err, connects.Load())
		}
	}
}

// unreachablePool returns a pool of a server that does not answer, and how often the pool
// tried to connect.
func unreachablePool(t *testing.T) (*pgxpool.Pool, *atomic.Int32) {
	t.Helper()
	config, err := pgxpool.ParseConfig("postgres://user@127.0.0.1/db?sslmode=disable")
	must(t, err)
	var connects atomic.Int32
	config.ConnConfig.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		connects.Add(1)
		return nil, &net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(pool.Close)
	return pool, &connects
}

// TestStoppedNotifierEndsWithoutItsServer checks that a notifier that is stopped tries once
// what it was about to send, and once more.
func TestStoppedNotifierEndsWithoutItsServer(t *testing.T) {
	t.Parallel()
	for range 30 {
		pool, connects := unreachablePool(t)
		n := store.NewNodeNotifier(pool)
		n.Add("cs_1")
		n.Stop()
		if connects.Load() > 2 {
			t.Fatalf("%d tries after stop, want 2 at most", connects.Load())
		}
	}
}
