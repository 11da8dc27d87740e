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
	"sync/atomic"
	"syscall"
)

// transportError is a call that brought no answer. Its text says what
// happened, and leaves out the cause's own text where that may quote what came
// over the wire.
type transportError struct {
	cause error
	sent  bool // the request may have reached the gateway
}

func newTransportError(err error, d *dial) *transportError {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return &transportError{cause: err, sent: d.done.Load() || !neverLeft(err) && !d.begun.Load()}
}

// dial watches whether a connection came about. An error alone does not always
// tell: a deadline that passes while connecting looks like any other, and a
// transport that tries again reports its last try, not the one that arrived. A
// transport that begins nothing is known by its error alone. A connection is
// done behind its handshake, so a certificate that fails leaves none.
type dial struct{ begun, done atomic.Bool }

func (d *dial) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { d.begun.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { d.done.Store(true) },
	})
}

// neverLeft reports whether err says that no connection came about.
func neverLeft(err error) bool {
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
	case !e.sent && neverLeft(e.cause):
		return "no connection: " + e.cause.Error()
	case !e.sent:
		return "no connection"
	case errors.As(e.cause, &number):
		return "the connection broke: " + number.Error()
	case errors.Is(e.cause, io.ErrUnexpectedEOF), errors.Is(e.cause, io.EOF):
		return "the answer breaks off"
	default:
		return "the connection broke"
	}
}

// Unwrap lets errors.Is find context.DeadlineExceeded and its like.
func (e *transportError) Unwrap() error { return e.cause }

// stayHere keeps http.Client from following a redirect, and from quoting its
// Location in an error when that cannot be parsed.
type stayHere struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s stayHere) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(request)
	if response != nil {
		response.Header.Del("Location")
	}
	return response, err
}
