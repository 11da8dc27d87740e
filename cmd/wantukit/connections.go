package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/wantukit/wantukit/web"
)

// limitSaid is how often the log says that connections are closed or cannot be
// accepted.
const limitSaid = time.Minute

// connections is a listener that bounds the connections which are open. A
// client that has its share open gives up one that waits for a request, or gets
// no other. When all are open, the client with most of them gives up one, so
// that whoever else comes is still answered.
type connections struct {
	net.Listener
	limits limits
	// trusted are proxies, whose connections are those of many clients.
	trusted      []netip.Prefix
	logger       *slog.Logger
	full, failed rate.Sometimes

	mu   sync.Mutex
	all  int
	of   map[netip.Prefix]map[*connection]struct{}
	tick uint64
}

// connection is one that is open.
type connection struct {
	net.Conn
	from   *connections
	client netip.Prefix
	// busy says that a request is being answered; since orders the changes of
	// it.
	busy  bool
	since uint64
}

func boundConnections(l net.Listener, limits limits, trusted []netip.Prefix, logger *slog.Logger) *connections {
	said := func() rate.Sometimes { return rate.Sometimes{First: 1, Interval: limitSaid} }
	return &connections{
		Listener: l, limits: limits, trusted: trusted, logger: logger, full: said(), failed: said(),
		of: map[netip.Prefix]map[*connection]struct{}{},
	}
}

// Accept implements net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.sayFailed(err)
			return nil, err
		}
		if c := l.admit(conn); c != nil {
			return c, nil
		}
	}
}

func (l *connections) sayFailed(err error) {
	if errors.Is(err, net.ErrClosed) {
		return
	}
	l.failed.Do(func() { l.logger.Error("connections cannot be accepted", "error", err) })
}

// admit counts a connection, and closes one that has to make room for it: nil
// says that it is the new one itself.
func (l *connections) admit(conn net.Conn) *connection {
	c := &connection{Conn: conn, from: l, client: clientOf(conn)}
	gone, limit := l.makeRoom(c)
	if gone != nil {
		_ = gone.Close()
		l.full.Do(func() {
			l.logger.Warn("connections are closed: their limit is reached; a proxy that many clients come through is to be named with --trusted-proxies",
				"limit_of", limit, "client", gone.client.String(), l.limits.attributes())
		})
	}
	if gone == c {
		return nil
	}
	return c
}

// makeRoom adds c, unless it returns c itself as the one to be closed.
func (l *connections) makeRoom(c *connection) (gone *connection, limit string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.of[c.client]) >= l.limits.perClient && !l.isTrusted(c.client):
		limit = "client"
		if gone = oldest(l.of[c.client], false); gone == nil {
			return c, limit
		}
	case l.all >= l.limits.connections:
		limit = "process"
		most := l.of[l.greediest()]
		if gone = oldest(most, false); gone == nil {
			gone = oldest(most, true)
		}
	}
	if gone != nil {
		l.drop(gone)
	}
	if l.of[c.client] == nil {
		l.of[c.client] = map[*connection]struct{}{}
	}
	l.of[c.client][c] = struct{}{}
	l.all++
	l.mark(c, false)
	return gone, limit
}

func (l *connections) isTrusted(client netip.Prefix) bool {
	for _, p := range l.trusted {
		if p.Contains(client.Addr()) {
			return true
		}
	}
	return false
}

// greediest is the client with the most connections.
func (l *connections) greediest() (client netip.Prefix) {
	most := 0
	for who, theirs := range l.of {
		if len(theirs) > most {
			client, most = who, len(theirs)
		}
	}
	return client
}

// oldest is the connection that has been busy, or has not, for longest.
func oldest(of map[*connection]struct{}, busy bool) (found *connection) {
	for c := range of {
		if c.busy == busy && (found == nil || c.since < found.since) {
			found = c
		}
	}
	return found
}

// mark says whether c is busy from now on.
func (l *connections) mark(c *connection, busy bool) {
	l.tick++
	c.busy, c.since = busy, l.tick
}

// drop counts a connection no more.
func (l *connections) drop(c *connection) {
	theirs := l.of[c.client]
	if _, open := theirs[c]; !open {
		return
	}
	delete(theirs, c)
	l.all--
	if len(theirs) == 0 {
		delete(l.of, c.client)
	}
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.from.mu.Lock()
	c.from.drop(c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}

// connectionKey is where a request's context has its connection.
type connectionKey struct{}

// remember is an http.Server's ConnContext.
func (l *connections) remember(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

// handler has a connection marked as busy while its request is answered.
func (l *connections) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			l.setBusy(c, true)
			defer l.setBusy(c, false)
		}
		next.ServeHTTP(w, r)
	})
}

func (l *connections) setBusy(c *connection, busy bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mark(c, busy)
}

// clientOf is whom a connection is counted for.
func clientOf(c net.Conn) netip.Prefix {
	address, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Prefix{}
	}
	return web.ClientOf(address.Addr())
}
