package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func TestPostgresGoesAndComesBack(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	w := newTown(t, newDatabase(t, server))
	nodes := []*node{w.start(), w.start()}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.sendShoppers(ctx) })
	for _, end := range []func(*pgtest.Server, testing.TB){(*pgtest.Server).Stop, (*pgtest.Server).Kill} {
		paid := w.visitors.Load()
		eventually(t, "shoppers come", func() bool { return w.visitors.Load() > paid+20 })
		end(server, t)
		no := w.away(nodes)
		server.Restart(t)
		back := time.Now()
		for _, n := range nodes {
			eventually(t, "the node is ready again", n.ready.Load)
		}
		tell(t, fmt.Sprintf("PostgreSQL ended under load: /readyz said no %.2f s later, and yes %.2f s after its return", no.Seconds(), time.Since(back).Seconds()))
	}
	stop()
	wg.Wait()
	lost := w.settleSoon()
	for _, n := range nodes {
		select {
		case <-n.ended:
			t.Error("a node did not live through it")
		default:
		}
		away, back, problems := n.lines("the database is away"), n.lines("the database is back"), append(n.lines("level=WARN"), n.lines("level=ERROR")...)
		tell(t, fmt.Sprintf("PostgreSQL ended twice: %d lines say so, %d that it is back; %d warnings and errors in all", len(away), len(back), len(problems)))
		if len(away) != 2 || len(back) != 2 {
			t.Errorf("of two outages %d lines say that they began and %d that they ended", len(away), len(back))
		}
	}
	tell(t, fmt.Sprintf("PostgreSQL stopped and killed under load, %d sessions; losses: %d", len(w.promised().sessions), len(lost)))
}

// away checks that nothing is acknowledged while the database is away. It returns
// how long nodes still reported that they are ready.
func (w *town) away(nodes []*node) time.Duration {
	w.Helper()
	gone := time.Now()
	for _, n := range nodes {
		eventually(w.T, "the node says that it is not ready", func() bool { return !n.ready.Load() })
	}
	said := time.Since(gone)
	w.withoutDatabase(nodes)
	return said
}

// withoutDatabase sends nodes requests that they cannot store.
func (w *town) withoutDatabase(nodes []*node) {
	w.Helper()
	notified := 0
	for _, o := range w.sandbox.Orders() {
		if o.Status != sandbox.StatusSuccess || notified == 10 {
			continue
		}
		notified++
		if err := w.sandbox.Notify(w.Context(), o.OutTradeNo); !errors.Is(err, sandbox.ErrNotAcknowledged) {
			w.Errorf("a notification of order %s without a database: %v", o.OutTradeNo, err)
		}
	}
	if notified == 0 {
		w.Error("there is nothing to notify of")
	}
	for _, n := range nodes {
		if _, ok := w.book(w.Context(), n.url, "Unwritten", 100); ok {
			w.Error("a session was acknowledged without a database")
		}
		if status, _ := w.call(w.Context(), http.MethodGet, n.url+"/healthz", "", ""); status != http.StatusOK {
			w.Errorf("/healthz answers %d", status)
		}
	}
}

// breaker is a proxy between the nodes and PostgreSQL. When it is armed, it loses
// the answer of some COMMITs: the transaction is committed, and the node cannot
// know that.
type breaker struct {
	to   string
	odds atomic.Int64 // one COMMIT in so many is lost; 0 for none
	seen atomic.Int64
	lost atomic.Int64
}

// newBreaker returns a breaker and the database's URL through it.
func newBreaker(t *testing.T, database string) (*breaker, string) {
	t.Helper()
	at, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	const socket = ".s.PGSQL.5432"
	folder := t.TempDir()
	b := &breaker{to: filepath.Join(at.Query().Get("host"), socket)}
	l, err := net.Listen("unix", filepath.Join(folder, socket))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go b.carry(conn)
		}
	}()
	at.RawQuery = url.Values{"host": {folder}}.Encode()
	return b, at.String()
}

// carry forwards one connection. It reads what a node sends in one piece, and pgx
// sends a COMMIT alone.
func (b *breaker) carry(node net.Conn) {
	defer node.Close()
	server, err := net.Dial("unix", b.to)
	if err != nil {
		return
	}
	defer server.Close()
	var losing atomic.Bool
	go func() {
		defer server.Close()
		piece := make([]byte, 64<<10)
		for {
			n, err := node.Read(piece)
			if err != nil {
				return
			}
			if odds := b.odds.Load(); odds > 0 && bytes.Contains(bytes.ToLower(piece[:n]), []byte("commit\x00")) && b.seen.Add(1)%odds == 0 {
				losing.Store(true)
			}
			if _, err := server.Write(piece[:n]); err != nil {
				return
			}
		}
	}()
	piece := make([]byte, 64<<10)
	for {
		n, err := server.Read(piece)
		if err != nil {
			return
		}
		if losing.Load() && bytes.Contains(piece[:n], []byte("COMMIT\x00")) {
			b.lost.Add(1)
			return
		}
		if _, err := node.Write(piece[:n]); err != nil {
			return
		}
	}
}

// TestCommitWhoseAnswerIsLost loses the answer of one COMMIT in ten. The nodes must
// read from the database whether it was committed.
func TestCommitWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	b, database := newBreaker(t, pgtest.Database(t))
	w := newTown(t, database)
	nodes := []*node{w.start(), w.start()}
	b.odds.Store(10)
	for rounds := 0; rounds < 20 && (b.lost.Load() < 10 || len(w.promised().refunds) == 0); rounds++ { // a busy machine needs more than one
		ctx, stop := context.WithTimeout(t.Context(), 8*time.Second)
		w.sendShoppers(ctx)
		stop()
	}
	b.odds.Store(0)
	lost := w.settleSoon()
	for _, n := range nodes {
		eventually(t, "the node is ready", n.ready.Load)
	}
	p := w.promised()
	if b.lost.Load() < 10 || len(p.refunds) == 0 {
		t.Errorf("%d commits were lost, and %d refunds acknowledged: that is hardly any", b.lost.Load(), len(p.refunds))
	}
	tell(t, fmt.Sprintf("answers to COMMIT lost: %d of %d; acknowledged: %d sessions, %d refunds; losses: %d", b.lost.Load(), b.seen.Load(), len(p.sessions), len(p.refunds), len(lost)))
}
