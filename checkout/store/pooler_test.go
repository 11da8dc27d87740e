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

// TestPgBouncerInSessionMode: it is PgBouncer's default, and all that a node
// needs works through it.
func TestPgBouncerInSessionMode(t *testing.T) {
	t.Parallel()
	url := pgtest.Bounced(t)
	db := openPostgres(t, url)
	for name, want := range map[string]string{
		"default_transaction_isolation": "read committed", "idle_in_transaction_session_timeout": "15s", "application_name": "wantukit",
	} {
		var got string
		try(t, db.Writer().QueryRowContext(t.Context(), "SELECT current_setting($1)", name).Scan(&got))
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	t.Run("changes are heard of", func(t *testing.T) {
		heard := listen(t, db)
		s := newSession()
		try(t, store.New(openPostgres(t, url), noJobs).CreateSession(t.Context(), s))
		try(t, store.New(db, noJobs).Apply(t.Context(), checkout.Change{Events: []checkout.Event{{ID: "evt_1", SessionID: s.ID}}}))
		hear(t, heard, s.ID)
	})
	t.Run("a lock goes with the client that had it", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), url)
		try(t, err)
		_, err = conn.Exec(t.Context(), "SELECT pg_advisory_lock(7)")
		try(t, err)
		try(t, conn.Close(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = db.Writer().ExecContext(ctx, "SELECT pg_advisory_lock(7)")
		try(t, err)
	})
}

// TestANodeFitsPgBouncersDefaults: PgBouncer lets 20 connections through, and a
// client beyond that waits.
func TestANodeFitsPgBouncersDefaults(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, pgtest.Bounced(t))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	heard := make(chan string, 100)
	var wg sync.WaitGroup
	wg.Go(func() { db.Listen(ctx, func(id string) { heard <- id }) })
	t.Cleanup(wg.Wait)
	t.Cleanup(cancel)
	hear(t, heard, "")
	for range db.Postgres().Config().MaxConns {
		conn, err := db.Writer().Conn(ctx)
		try(t, err)
		t.Cleanup(func() { try(t, conn.Close()) })
		try(t, conn.PingContext(ctx))
	}
	for range 2 { // the queue's listener and its lock
		conn, err := pgx.ConnectConfig(ctx, db.Postgres().Config().ConnConfig)
		try(t, err)
		t.Cleanup(func() { try(t, conn.Close(context.Background())) })
	}
}

func TestPoolersThatGiveConnectionsAwayAreRefused(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"transaction mode":                    {"pool_mode = transaction"},
		"transaction mode, of one connection": {"pool_mode = transaction", "default_pool_size = 1"},
		"statement mode":                      {"pool_mode = statement"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.OpenPostgres(t.Context(), pgtest.Bounced(t, settings...))
			if err == nil || !strings.Contains(err.Error(), "pool_mode = session") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestPoolerThatIsRefusedKeepsNoSetting: its other clients get the connections.
func TestPoolerThatIsRefusedKeepsNoSetting(t *testing.T) {
	t.Parallel()
	url := pgtest.Bounced(t, "pool_mode = transaction", "default_pool_size = 1")
	if _, err := store.OpenPostgres(t.Context(), url); err == nil {
		t.Fatal("taken")
	}
	conn, err := pgx.Connect(t.Context(), url+"&default_query_exec_mode=simple_protocol")
	try(t, err)
	defer func() { try(t, conn.Close(context.Background())) }()
	var got string
	try(t, conn.QueryRow(t.Context(), "SHOW idle_in_transaction_session_timeout").Scan(&got))
	if got != "0" {
		t.Errorf("the next client has idle_in_transaction_session_timeout %s", got)
	}
}
