package wantu_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestGatewayThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		_, err := query(newClient(t, wantu.Config{BaseURL: "https://gateway.invalid", HTTPClient: &http.Client{Transport: silent}}))
		if waited := time.Since(start); waited != 15*time.Second {
			t.Errorf("gave up after %v, want 15s", waited)
		}
		if !errors.Is(err, context.DeadlineExceeded) || !wantu.OutcomeUnknown(err) {
			t.Errorf("error %v, want a deadline and an unknown outcome", err)
		}
		checkNoKey(t, err)
	})
}

func TestCallerCancels(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	client := newClient(t, wantu.Config{BaseURL: gateway(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	})})
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-arrived; cancel() }()
	_, err := client.Close(ctx, wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "1"})
	if !errors.Is(err, context.Canceled) || !wantu.OutcomeUnknown(err) {
		t.Errorf("canceled while waiting: %v, unknown %t", err, wantu.OutcomeUnknown(err))
	}
	_, err = client.Close(ctx, wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "1"})
	if !errors.Is(err, context.Canceled) || wantu.OutcomeUnknown(err) {
		t.Errorf("canceled before sending: %v, unknown %t", err, wantu.OutcomeUnknown(err))
	}
}

func TestBrokenConnections(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		cause   error
		unknown bool
		text    string
	}{
		"reset":           {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true, "connection reset"},
		"refused":         {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, false, "refused"},
		"closed":          {io.EOF, true, "ended too early"},
		"quotes the wire": {errors.New("malformed HTTP response " + canary), true, "the connection broke"},
		"bad certificate": {&tls.CertificateVerificationError{Err: errors.New("expired")}, false, "expired"},
		"i/o timeout":     {&net.OpError{Op: "read", Err: context.DeadlineExceeded}, true, "no answer in time"},
		"name not known":  {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host"}}, false, "no such host"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken := roundTrip(func(*http.Request) (*http.Response, error) { return nil, c.cause })
			_, err := query(newClient(t, wantu.Config{
				BaseURL: "https://gateway.invalid", HTTPClient: &http.Client{Transport: broken},
			}))
			checkNoKey(t, err)
			if wantu.OutcomeUnknown(err) != c.unknown || !strings.Contains(err.Error(), c.text) || !errors.Is(err, c.cause) {
				t.Errorf("error %v, unknown %t", err, wantu.OutcomeUnknown(err))
			}
		})
	}
}

// TestTransportThatRetriesAndReportsItsLastError: the first attempt reaches the gateway,
// and the transport returns the error of the second, which does not connect.
func TestTransportThatRetriesAndReportsItsLastError(t *testing.T) {
	t.Parallel()
	var arrived atomic.Int64
	url := gateway(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived.Add(1)
		panic(http.ErrAbortHandler)
	})
	first := &http.Transport{}
	for name, second := range map[string]error{
		"refused":         &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"bad certificate": &tls.CertificateVerificationError{Err: errors.New("expired")},
	} {
		retrying := roundTrip(func(r *http.Request) (*http.Response, error) {
			if response, err := first.RoundTrip(r); err == nil {
				return response, nil
			}
			return nil, second
		})
		arrived.Store(0)
		_, err := newClient(t, wantu.Config{BaseURL: url, HTTPClient: &http.Client{Transport: retrying}}).
			CreateQRCode(context.Background(), qrRequest())
		if arrived.Load() != 1 || !errors.Is(err, second) || !wantu.OutcomeUnknown(err) || wantu.Retryable(err) {
			t.Errorf("%s: arrived %d times: %v, unknown %t, retryable %t", name, arrived.Load(), err, wantu.OutcomeUnknown(err), wantu.Retryable(err))
		}
		if err != nil && strings.Contains(err.Error(), "no connection") {
			t.Errorf("%s: %v, although there was a connection", name, err)
		}
	}
}

func TestRefusedDialOverTheWire(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := query(newClient(t, wantu.Config{BaseURL: server.URL}))
	if err == nil || wantu.OutcomeUnknown(err) {
		t.Errorf("error %v, want one with a known outcome", err)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it would log the failed handshake
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := query(newClient(t, wantu.Config{BaseURL: server.URL}))
	if err == nil || wantu.OutcomeUnknown(err) {
		t.Errorf("error %v, want one with a known outcome", err)
	}
}

func TestTruncatedAnswer(t *testing.T) {
	t.Parallel()
	client := newClient(t, wantu.Config{BaseURL: gateway(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"return_code":200`)
	})})
	_, err := query(client)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !wantu.OutcomeUnknown(err) {
		t.Errorf("error %v, want an unexpected end and an unknown outcome", err)
	}
}

func TestOutcomeOfOtherErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nil":           {nil, false},
		"field":         {&wantu.FieldError{Field: "subject"}, false},
		"anything else": {errors.New("?"), true},
	} {
		if got := wantu.OutcomeUnknown(c.err); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
