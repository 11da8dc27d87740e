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

// connLogInterval is how often the log may say that connections are closed or
// cannot be accepted.
const connLogInterval = time.Minute

// connLimiter is a listener that limits how many connections are open, in all and
// of one client.
//
// If a client opens more than its limit, its oldest idle connection is closed, or
// else the new one. If the limit of the process is reached, the client with the
// most connections loses its oldest one, an idle one if possible. So new clients
// are always served.
type connLimiter struct {
	net.Listener
	limits limits
	// trustedProxies have no limit of a client: their connections carry the
	// requests of many clients.
	trustedProxies       []netip.Prefix
	logger               *slog.Logger
	closedLog, acceptLog rate.Sometimes

	mu       sync.Mutex
	total    int
	byClient map[netip.Prefix]map[*limitedConn]struct{}
	// changes counts the changes of isBusy.
	changes uint64
}

// limitedConn is an open connection.
type limitedConn struct {
	net.Conn
	limiter *connLimiter
	client  netip.Prefix
	// isBusy is true while a request is being answered. changedAt is the number of
	// its last change: a smaller one is older.
	isBusy    bool
	changedAt uint64
	// isTaken is true once a live stream has taken the connection over: it is busy until
	// it is closed.
	isTaken bool
}

func newConnLimiter(l net.Listener, limits limits, trustedProxies []netip.Prefix, logger *slog.Logger) *connLimiter {
	sometimes := func() rate.Sometimes { return rate.Sometimes{First: 1, Interval: connLogInterval} }
	return &connLimiter{
		Listener: l, limits: limits, trustedProxies: trustedProxies, logger: logger,
		closedLog: sometimes(), acceptLog: sometimes(), byClient: map[netip.Prefix]map[*limitedConn]struct{}{},
	}
}

// Accept implements net.Listener.
func (l *connLimiter) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.logAcceptError(err)
			return nil, err
		}
		if c := l.admit(conn); c != nil {
			return c, nil
		}
	}
}

func (l *connLimiter) logAcceptError(err error) {
	if errors.Is(err, net.ErrClosed) {
		return
	}
	l.acceptLog.Do(func() { l.logger.Error("connections cannot be accepted", "error", err) })
}

// admit counts a new connection and closes another one if a limit is reached. It
// returns nil if it closed the new one.
func (l *connLimiter) admit(conn net.Conn) *limitedConn {
	c := &limitedConn{Conn: conn, limiter: l, client: clientOf(conn)}
	evicted, limit := l.add(c)
	if evicted != nil {
		_ = evicted.Close()
		l.closedLog.Do(func() {
			l.logger.Warn("connections are closed because a limit is reached; name a proxy that carries many clients with --trusted-proxies",
				"limit_of", limit, "client", evicted.client.String(), l.limits.attributes())
		})
	}
	if evicted == c {
		return nil
	}
	return c
}

// add counts c and returns the connection that must be closed, or nil. If that is
// c itself, c is not counted. limit is the limit that is reached: client or
// process.
func (l *connLimiter) add(c *limitedConn) (evicted *limitedConn, limit string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.byClient[c.client]) >= l.limits.perClient && !l.isTrusted(c.client):
		limit = "client"
		if evicted = findOldest(l.byClient[c.client], false); evicted == nil {
			return c, limit
		}
	case l.total >= l.limits.connections:
		limit = "process"
		conns := l.byClient[l.largestClient()]
		if evicted = findOldest(conns, false); evicted == nil {
			evicted = findOldest(conns, true)
		}
	}
	if evicted != nil {
		l.remove(evicted)
	}
	if l.byClient[c.client] == nil {
		l.byClient[c.client] = map[*limitedConn]struct{}{}
	}
	l.byClient[c.client][c] = struct{}{}
	l.total++
	l.mark(c, false)
	return evicted, limit
}

func (l *connLimiter) isTrusted(client netip.Prefix) bool {
	for _, p := range l.trustedProxies {
		if p.Contains(client.Addr()) {
			return true
		}
	}
	return false
}

// largestClient returns the client with the most connections.
func (l *connLimiter) largestClient() (client netip.Prefix) {
	most := 0
	for c, conns := range l.byClient {
		if len(conns) > most {
			client, most = c, len(conns)
		}
	}
	return client
}

// findOldest returns the connection that has been busy, or idle, for the longest
// time, or nil.
func findOldest(conns map[*limitedConn]struct{}, isBusy bool) (oldest *limitedConn) {
	for c := range conns {
		if c.isBusy == isBusy && (oldest == nil || c.changedAt < oldest.changedAt) {
			oldest = c
		}
	}
	return oldest
}

// mark sets whether c is busy. The caller holds l.mu.
func (l *connLimiter) mark(c *limitedConn, isBusy bool) {
	l.changes++
	c.isBusy, c.changedAt = isBusy, l.changes
}

// remove ends the counting of c. The caller holds l.mu.
func (l *connLimiter) remove(c *limitedConn) {
	conns := l.byClient[c.client]
	if _, isCounted := conns[c]; !isCounted {
		return
	}
	delete(conns, c)
	l.total--
	if len(conns) == 0 {
		delete(l.byClient, c.client)
	}
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	c.limiter.mu.Lock()
	c.limiter.remove(c)
	c.limiter.mu.Unlock()
	return c.Conn.Close()
}

// connKey is the key of a request's *limitedConn in its context.
type connKey struct{}

// connContext is the ConnContext of an http.Server.
func (l *connLimiter) connContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// middleware marks a connection as busy while its request is answered.
func (l *connLimiter) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey{}).(*limitedConn); ok {
			l.setBusy(c, true)
			defer l.setBusy(c, false)
		}
		next.ServeHTTP(w, r)
	})
}

func (l *connLimiter) setBusy(c *limitedConn, isBusy bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mark(c, isBusy || c.isTaken)
}

// connState is the ConnState of an http.Server.
func (l *connLimiter) connState(conn net.Conn, state http.ConnState) {
	if c, ok := conn.(*limitedConn); ok && state == http.StateHijacked {
		l.mu.Lock()
		defer l.mu.Unlock()
		c.isTaken = true
	}
}

// clientOf returns the client that a connection is counted for.
func clientOf(c net.Conn) netip.Prefix {
	address, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Prefix{}
	}
	return web.ClientOf(address.Addr())
}
