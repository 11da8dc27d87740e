package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/web/kit"
)

// listener is an open port. It is opened before its address is printed or
// configured anywhere.
type listener struct {
	net.Listener
	// isLocal reports whether it was opened for localhost.
	isLocal bool
	// to is how other devices reach it.
	to reach
	// limits bound what its clients may have open.
	limits limits
	// trustedProxies carry the requests of many clients.
	trustedProxies []netip.Prefix
}

// listen opens an address: a host and a port. The host localhost is both loopback
// addresses, and what other devices reach this machine at. No host is all addresses.
func listen(ctx context.Context, addr string, to reach) (listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return listener{}, fmt.Errorf("listening: %w", err)
	}
	hosts := []string{host}
	if host == localhost {
		if hosts, err = localHosts(to.at, readMachine()); err != nil {
			return listener{}, err
		}
	}
	l, err := listenAt(ctx, hosts, port)
	if err != nil {
		return listener{}, err
	}
	return listener{Listener: l, isLocal: host == localhost, to: to, limits: limitsFor(descriptors())}, nil
}

// localhost is the host of an address that only this machine reaches.
const localhost = "localhost"

// localHosts returns the loopback addresses of a machine, and at if it is valid. It fails
// if at is not an address of the machine.
func localHosts(at netip.Addr, m machine) ([]string, error) {
	hosts := []string{"127.0.0.1"}
	if m.has(netip.IPv6Loopback()) {
		hosts = append(hosts, "::1")
	}
	if !at.IsValid() || slices.Contains(hosts, at.String()) {
		return hosts, nil
	}
	if !m.has(at) {
		return nil, gatewaycli.Usage(fmt.Errorf("--host %s is not an address of this machine: if another machine passes requests on to this one, set --addr to the address at which they arrive, or to :PORT for all addresses", at))
	}
	return append(hosts, at.String()), nil
}

// listenAt opens the same port at each host. The first one chooses it if port is 0.
func listenAt(ctx context.Context, hosts []string, port string) (net.Listener, error) {
	var opened []net.Listener
	for _, host := range hosts {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
		if err != nil {
			return nil, fmt.Errorf("listening: %w", errors.Join(err, closeAll(opened)))
		}
		opened = append(opened, l)
		_, port, _ = net.SplitHostPort(l.Addr().String())
	}
	return join(opened[0], opened[1:]...), nil
}

func closeAll(listeners []net.Listener) error {
	errs := make([]error, 0, len(listeners))
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// port returns the port that was opened, also if the address named port 0.
func (l listener) port() string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// ip returns an IP address at which this machine reaches the listener.
func (l listener) ip() netip.Addr {
	opened, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil || opened.Addr().IsUnspecified() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return opened.Addr().Unmap()
}

// callURL returns the address at which this program calls itself.
func (l listener) callURL() string { return "http://" + net.JoinHostPort(l.ip().String(), l.port()) }

// localURL returns the address for a browser on this machine.
func (l listener) localURL() string {
	return "http://" + net.JoinHostPort(l.localHost(), l.port())
}

// localHost returns localhost, or the only address of the listener if that is another one.
func (l listener) localHost() string {
	opened, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil || l.isLocal || opened.Addr().IsUnspecified() {
		return localhost
	}
	return l.ip().String()
}

// url returns the address for every browser that reaches the listener.
func (l listener) url() string {
	return "http://" + net.JoinHostPort(cmp.Or(l.to.host, l.localHost()), l.port())
}

// note says how other devices reach the listener. It is "" or a text of whole lines.
func (l listener) note() string {
	if l.to.host == "" && l.localHost() != localhost {
		return ""
	}
	return l.to.note
}

// server returns the functions that serve handler, and that stop this and let the
// requests end.
func (l listener) server(handler http.Handler, logger *slog.Logger) (serve func() error, shutdown func(context.Context) error) {
	limiter := newConnLimiter(l.Listener, l.limits, l.trustedProxies, logger)
	server := &http.Server{
		Handler: limiter.middleware(handler), ConnContext: limiter.connContext, ConnState: limiter.connState,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		// For the sandbox and the demo shop. The checkout sets shorter deadlines
		// itself, and its streams set their own.
		WriteTimeout: 2 * time.Minute,
		IdleTimeout:  2 * time.Minute, MaxHeaderBytes: 64 << 10,
		// These are the mistakes of clients. connLimiter logs the errors of the
		// listener.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	return func() error { return server.Serve(limiter) }, func(ctx context.Context) error {
		logger.Info("shutting down: waiting for the running requests", "addr", l.Addr().String(), "at_most", kit.ShutdownTimeout.String())
		return server.Shutdown(ctx)
	}
}

// serve serves handler until ctx is done or that fails. Then it calls closing, which
// ends the requests that would never end by themselves, and lets the others end.
func (l listener) serve(ctx context.Context, handler http.Handler, closing func(), logger *slog.Logger) error {
	serve, shutdown := l.server(handler, logger)
	failed := make(chan error, 1)
	go func() { failed <- serve() }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	closing()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), kit.ShutdownTimeout)
	defer cancel()
	if err := shutdown(ctx); err != nil {
		return fmt.Errorf("shutting down: %w", err)
	}
	return nil
}

// serveKit runs k and serves handler, which leads to k, until ctx is done or serving
// fails.
func (l listener) serveKit(ctx context.Context, k *kit.Kit, handler http.Handler, logger *slog.Logger) error {
	defer func() { _ = l.Close() }() // Run does not serve if the queue does not start
	serve, shutdown := l.server(handler, logger)
	return k.Run(ctx, serve, shutdown)
}
