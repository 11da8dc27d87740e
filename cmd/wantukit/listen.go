package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/wantukit/wantukit/web/kit"
)

// listener is an open port. It is opened before its address is printed or
// configured anywhere.
type listener struct {
	net.Listener
	// limits bound what its clients may have open.
	limits limits
	// trustedProxies carry the requests of many clients.
	trustedProxies []netip.Prefix
}

func listen(ctx context.Context, addr string) (listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return listener{}, fmt.Errorf("listening: %w", err)
	}
	return listener{Listener: l, limits: limitsFor(descriptors())}, nil
}

// port returns the port that was opened, also if the address named port 0.
func (l listener) port() string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// host returns the IP address that was opened, or fallback if that is all
// addresses.
func (l listener) host(fallback string) string {
	host, _, _ := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		return fallback
	}
	return host
}

// url returns the address for a browser on this machine.
func (l listener) url() string {
	return "http://" + net.JoinHostPort(l.host("localhost"), l.port())
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

// lanAddress returns this machine's address in its private network, where a phone
// that scans a QR code reaches it, or localhost if there is none.
func lanAddress() string {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "localhost"
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsPrivate() {
			return n.IP.String()
		}
	}
	return "localhost"
}
