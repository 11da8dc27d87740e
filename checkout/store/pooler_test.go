package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// TestPgBouncerInSessionMode checks that everything a node needs works through
// PgBouncer in its default mode.
func TestPgBouncerInSessionMode(t *testing.T) {
	t.Parallel()
	url := pgtest.PgBouncer(t)
	db := openPostgres(t, url)
	for name, want := range map[string]string{
		"default_transaction_isolation": "read committed", "idle_in_transaction_session_timeout": "15s", "application_name": "wantukit",
	} {
		var got string
		must(t, db.Writer().QueryRowContext(t.Context(), "SELECT current_setting($1)", name).Scan(&got))
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	t.Run("changes are notified", func(t *testing.T) {
		received := listen(t, db)
		s := newSession()
		must(t, store.New(openPostgres(t, url), nil).CreateSession(t.Context(), s))
		must(t, store.New(db, nil).Apply(t.Context(), checkout.Change{Events: []checkout.Event{{ID: "evt_1", SessionID: s.ID}}}))
		awaitSession(t, received, s.ID)
	})
	t.Run("a lock is released when its client disconnects", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), url)
		must(t, err)
		_, err = conn.Exec(t.Context(), "SELECT pg_advisory_lock(7)")
		must(t, err)
		must(t, conn.Close(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = db.Writer().ExecContext(ctx, "SELECT pg_advisory_lock(7)")
		must(t, err)
	})
}

// TestNodeFitsPgBouncerDefaults checks that a node needs at most the 20 connections
// that PgBouncer allows by default. A further client would wait.
func TestNodeFitsPgBouncerDefaults(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, pgtest.PgBouncer(t))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	received := make(chan string, 100)
	var wg sync.WaitGroup
	wg.Go(func() { db.Listen(ctx, func(id string) { received <- id }) })
	t.Cleanup(wg.Wait)
	t.Cleanup(cancel)
	awaitSession(t, received, "")
	for range db.Postgres().Config().MaxConns {
		conn, err := db.Writer().Conn(ctx)
		must(t, err)
		t.Cleanup(func() { must(t, conn.Close()) })
		must(t, conn.PingContext(ctx))
	}
	for range 2 { // the queue's listener and the node lock
		conn, err := pgx.ConnectConfig(ctx, db.Postgres().Config().ConnConfig)
		must(t, err)
		t.Cleanup(func() { must(t, conn.Close(context.Background())) })
	}
}

func TestPoolersThatShareConnectionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"transaction mode":                     {"pool_mode = transaction"},
		"transaction mode with one connection": {"pool_mode = transaction", "default_pool_size = 1"},
		"statement mode":                       {"pool_mode = statement"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.OpenPostgres(t.Context(), pgtest.PgBouncer(t, settings...))
			if err == nil || !strings.Contains(err.Error(), "pool_mode = session") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestRefusedPoolerKeepsNoSettings checks that refusing a pooler leaves no setting on
// its connections, because other clients get them.
func TestRefusedPoolerKeepsNoSettings(t *testing.T) {
	t.Parallel()
	url := pgtest.PgBouncer(t, "pool_mode = transaction", "default_pool_size = 1")
	if _, err := store.OpenPostgres(t.Context(), url); err == nil {
		t.Fatal("the pooler is not refused")
	}
	conn, err := pgx.Connect(t.Context(), url+"&default_query_exec_mode=simple_protocol")
	must(t, err)
	defer func() { must(t, conn.Close(context.Background())) }()
	var got string
	must(t, conn.QueryRow(t.Context(), "SHOW idle_in_transaction_session_timeout").Scan(&got))
	if got != "0" {
		t.Errorf("the next client has idle_in_transaction_session_timeout %s, want 0", got)
	}
}
