package main

import (
	"bytes"
	"context"
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
)

func TestPostgresGoesAndComesBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*pgtest.Server, testing.TB){"stopped": (*pgtest.Server).Stop, "killed": (*pgtest.Server).Kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := pgtest.Start(t)
			w := newTown(t, newDatabase(t, server))
			nodes := []*node{w.start(), w.start()}
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { w.bustle(ctx) })
			time.Sleep(2 * time.Second)
			end(server, t)
			gone := time.Now()
			for _, n := range nodes {
				eventually(t, "the node says that it is not ready", func() bool { return !n.ready.Load() })
			}
			said := time.Since(gone)
			began := w.withoutDatabase()
			time.Sleep(time.Second)
			for _, o := range w.sandbox.Orders() {
				for _, try := range o.Notifications {
					if try.Acknowledged && try.At.After(began) {
						t.Errorf("a notification of order %s was acknowledged without a database", o.OutTradeNo)
					}
				}
			}
			server.Again(t)
			back := time.Now()
			for _, n := range nodes {
				eventually(t, "the node is ready again", n.ready.Load)
			}
			ready := time.Since(back)
			time.Sleep(time.Second)
			stop()
			wg.Wait()
			w.settle()
			for _, n := range nodes {
				select {
				case <-n.ended:
					t.Error("a node did not live through it")
				default:
				}
			}
			tell(t, fmt.Sprintf("PostgreSQL %s under load: /readyz said no after %.2f s and yes %.2f s after its return; losses: 0", name, said.Seconds(), ready.Seconds()))
		})
	}
}

// withoutDatabase pays what can be paid while no node can write it down, and
// returns when it began.
func (w *town) withoutDatabase() time.Time {
	w.Helper()
	began, paid := time.Now(), 0
	for _, o := range w.sandbox.Orders() {
		if _, err := w.sandbox.Pay(o.OutTradeNo); err == nil {
			paid++
		}
	}
	w.mu.Lock()
	nodes := w.nodes
	w.mu.Unlock()
	for _, n := range nodes {
		if _, ok := w.book(w.Context(), n.url, "Unwritten", 100); ok {
			w.Error("a session was acknowledged without a database")
		}
		if status, _ := w.call(w.Context(), http.MethodGet, n.url+"/healthz", "", ""); status != http.StatusOK {
			w.Errorf("/healthz answers %d", status)
		}
	}
	w.Logf("%d orders were paid meanwhile", paid)
	return began
}

// breaker stands between the nodes and PostgreSQL. When it is armed it lets a
// COMMIT pass and loses the answer: the transaction stands, and whoever made
// it cannot know.
type breaker struct {
	to   string
	odds atomic.Int64 // one COMMIT in so many is lost; 0 for none
	seen atomic.Int64
	lost atomic.Int64
}

// newBreaker returns a database's URL by way of a breaker.
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

// carry carries one connection. What a node sends in one piece arrives in one:
// pgx writes a COMMIT by itself.
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

// TestCommitWhoseAnswerIsLost has one commit in ten stand without its maker's
// knowing: what became of it is read, and not guessed.
func TestCommitWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	b, database := newBreaker(t, pgtest.Database(t))
	w := newTown(t, database)
	nodes := []*node{w.start(), w.start()}
	ctx, stop := context.WithTimeout(t.Context(), 8*time.Second)
	defer stop()
	b.odds.Store(10)
	w.bustle(ctx)
	b.odds.Store(0)
	w.settle()
	for _, n := range nodes {
		eventually(t, "the node is ready", n.ready.Load)
	}
	p := w.promised()
	if b.lost.Load() < 10 || len(p.refunds) == 0 {
		t.Errorf("%d commits were lost, and %d refunds acknowledged: that is hardly any", b.lost.Load(), len(p.refunds))
	}
	tell(t, fmt.Sprintf("answers to COMMIT lost: %d of %d; acknowledged: %d sessions, %d refunds; losses: 0", b.lost.Load(), b.seen.Load(), len(p.sessions), len(p.refunds)))
}
