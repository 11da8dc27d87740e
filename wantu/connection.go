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
