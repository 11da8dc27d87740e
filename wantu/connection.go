package wantu

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// idleConnections is how many idle connections to a gateway are kept, which is
	// also how many calls may run at the same time without new connections.
	idleConnections = 256
	// idleFor is how long an idle connection is kept.
	idleFor = 90 * time.Second
	// tlsSessions is the number of gateways whose TLS sessions are resumed.
	tlsSessions = 16
	// quietFor is how long an HTTP/2 connection may be quiet before it is checked,
	// and checkFor how long the check may take. Without a check, all calls would
	// share a dead connection until their timeout.
	quietFor = 10 * time.Second
	checkFor = 5 * time.Second
)

// sharedTransport returns the transport of all clients whose Config has none.
var sharedTransport = sync.OnceValue(newTransport)

func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(tlsSessions)},
		ForceAttemptHTTP2:   true, // a TLSClientConfig would switch it off
		HTTP2:               &http.HTTP2Config{SendPingTimeout: quietFor, PingTimeout: checkFor},
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     idleFor,
	}
}

// maxDrained is the largest body in bytes that drain reads.
const maxDrained = 16 << 10

// drain reads a body that nobody needs, so that its connection can be used again. It
// does not wait for a body of unknown length, which may have no end.
func drain(response *http.Response) {
	if response.ContentLength > 0 && response.ContentLength <= maxDrained {
		_, _ = io.Copy(io.Discard, response.Body)
	}
}

// transportError is the error of a call that got no answer. Its text leaves out
// the text of the cause where that may quote bytes from the network, because
// those may contain a secret.
type transportError struct {
	cause error
	sent  bool // the request may have reached the gateway
}

func newTransportError(err error, w *connectionWatch) *transportError {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return &transportError{cause: err, sent: w.connected.Load() || !isConnectError(err) && !w.started.Load()}
}

// connectionWatch records whether the HTTP transport made a connection. The error
// alone does not always show it: a deadline that passes while connecting looks
// like any other deadline, and a transport that retries reports the error of its
// last attempt although an earlier one may have reached the gateway. If started
// stays false, the transport does not report to httptrace, and only the error is
// left to judge by. A connection counts as connected after the TLS handshake, so
// a refused certificate is no connection.
type connectionWatch struct{ started, connected atomic.Bool }

func (w *connectionWatch) withTrace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.started.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.connected.Store(true) },
	})
}

// isConnectError reports whether err means that no connection was made.
func isConnectError(err error) bool {
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "dial" {
		return true
	}
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate)
}

func (e *transportError) Error() string {
	var timeout net.Error
	var number syscall.Errno
	switch {
	case errors.Is(e.cause, context.Canceled):
		return "canceled"
	case errors.Is(e.cause, context.DeadlineExceeded), errors.As(e.cause, &timeout) && timeout.Timeout():
		return "no answer in time"
	case !e.sent && isConnectError(e.cause):
		return "no connection: " + e.cause.Error()
	case !e.sent:
		return "no connection"
	case errors.As(e.cause, &number):
		return "the connection broke: " + number.Error()
	case errors.Is(e.cause, io.ErrUnexpectedEOF), errors.Is(e.cause, io.EOF):
		return "the answer ended too early"
	default:
		return "the connection broke"
	}
}

// Unwrap lets errors.Is find the cause, such as context.DeadlineExceeded.
func (e *transportError) Unwrap() error { return e.cause }

// noRedirects removes the header Location from each answer. Without it
// http.Client follows no redirect, and cannot quote a Location that it cannot
// parse in an error.
type noRedirects struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s noRedirects) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(request)
	if response != nil {
		response.Header.Del("Location")
	}
	return response, err
}
