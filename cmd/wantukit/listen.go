package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// listener is a port that is open before anything is told of it.
type listener struct {
	net.Listener
	// limits bound what its clients may have open.
	limits limits
	// trustedProxies come with the requests of many clients.
	trustedProxies []netip.Prefix
}

func listen(ctx context.Context, addr string) (listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return listener{}, fmt.Errorf("listening: %w", err)
	}
	return listener{Listener: l, limits: limitsFor(descriptors())}, nil
}

// port is the one that was opened, also where :0 was asked for.
func (l listener) port() string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// host is the address that was asked for, or fallback where that was all.
func (l listener) host(fallback string) string {
	host, _, _ := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		return fallback
	}
	return host
}

// url is where this machine's browser reaches the listener.
func (l listener) url() string {
	return "http://" + net.JoinHostPort(l.host("localhost"), l.port())
}

// requestsFor bounds how long requests may take to end.
const requestsFor = 15 * time.Second

// serve answers requests until ctx is done, then calls closing, which ends the
// requests that would never end, and waits for the others.
func (l listener) serve(ctx context.Context, handler http.Handler, closing func(), logger *slog.Logger) error {
	bounded := boundConnections(l.Listener, l.limits, l.trustedProxies, logger)
	server := &http.Server{
		Handler: bounded.handler(handler), ConnContext: bounded.remember,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		// The checkout has deadlines of its own instead: a stream is longer.
		WriteTimeout: 2 * time.Minute,
		IdleTimeout:  2 * time.Minute, MaxHeaderBytes: 64 << 10,
		// What clients do wrong. What is wrong with the listener it says itself.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(bounded) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	closing()
	logger.Info("ending: waits for the requests that run", "addr", l.Addr().String(), "at_most", requestsFor.String())
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestsFor)
	defer cancel()
	if err := server.Shutdown(end); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("shutting down: %w", err)
	}
	return nil
}

// lanAddress is this machine's address in its own network, for a phone that is
// to scan a code; localhost where it has none.
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
