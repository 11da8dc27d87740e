package wantu_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// TestRetryable checks every endpoint with every kind of failure.
func TestRetryable(t *testing.T) {
	t.Parallel()
	unsigned := `{"return_code":500,"return_msg":"SYSTEM_ERROR","sign":"00000000000000000000000000000000"}`
	elsewhere, err := wantu.Encode(map[string]any{"return_code": 200, "merchant_account": "other"}, canary)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		gateway *http.Client
		repeat  bool // Retryable for an endpoint that may be called twice
		order   bool // Retryable for an endpoint that opens an order
	}{
		"no connection":         {alwaysAnswers(0, "", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), true, true},
		"reset":                 {alwaysAnswers(0, "", &net.OpError{Op: "read", Err: syscall.ECONNRESET}), true, false},
		"timeout":               {alwaysAnswers(0, "", context.DeadlineExceeded), true, false},
		"the caller gives up":   {alwaysAnswers(0, "", context.Canceled), false, false},
		"connection ends":       {alwaysAnswers(0, "", io.EOF), true, false},
		"HTTP 500":              {alwaysAnswers(500, "", nil), true, false},
		"HTTP 503":              {alwaysAnswers(503, "", nil), true, false},
		"HTTP 429":              {alwaysAnswers(429, "", nil), true, false},
		"HTTP 404":              {alwaysAnswers(404, "", nil), false, false},
		"HTTP 302":              {alwaysAnswers(302, "", nil), false, false},
		"HTML":                  {alwaysAnswers(200, "<html>", nil), true, false},
		"truncated":             {alwaysAnswers(200, `{"return_code":20`, nil), true, false},
		"too large":             {alwaysAnswers(200, string(make([]byte, wantu.MaxStatement+1)), nil), false, false},
		"500 under another key": {alwaysAnswers(200, unsigned, nil), false, false},
		"another merchant":      {alwaysAnswers(200, string(elsewhere), nil), false, false},
	} {
		for _, e := range examples(t) {
			t.Run(name+"/"+e.Section, func(t *testing.T) {
				t.Parallel()
				config := e.config()
				config.HTTPClient = c.gateway
				_, err := methods()[e.Endpoint](context.Background(), newClient(t, config), e.Request)
				want := c.order
				if isRepeatable(e.Endpoint) {
					want = c.repeat
				}
				if err == nil || wantu.Retryable(err) != want {
					t.Errorf("Retryable(%v) = %t", err, !want)
				}
				if wantu.OutcomeUnknown(err) != (name != "no connection") {
					t.Errorf("OutcomeUnknown(%v) = %t", err, name == "no connection")
				}
			})
		}
	}
}

func TestNotRetryable(t *testing.T) {
	t.Parallel()
	_, notification := newClient(t, wantu.Config{}).ParseNotification([]byte("{"))
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	_, before := offlineClient(t).Query(canceled, wantu.QueryRequest{PayChannel: wantu.WeChat, OutTradeNo: "1"})
	for name, err := range map[string]error{
		"nil":                         nil,
		"a field":                     &wantu.FieldError{Field: "subject"},
		"an error of another package": errors.New("?"),
		"ErrMalformed without a call": wantu.ErrMalformed,
		"a notification":              notification,
		"canceled before sending":     before,
	} {
		if wantu.Retryable(err) {
			t.Errorf("%s: Retryable(%v)", name, err)
		}
	}
	if notification == nil || before == nil {
		t.Error("no error")
	}
}

// TestDeadlineOfTheCaller: after the client's own timeout a retry is possible. After the
// caller's deadline a loop of retries would never stop.
func TestDeadlineOfTheCaller(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		timeout, deadline time.Duration
		want              bool
	}{
		"the client's timeout is shorter":  {time.Second, time.Minute, true},
		"the caller's deadline is shorter": {time.Minute, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), c.deadline)
				defer cancel()
				client := newClient(t, wantu.Config{Timeout: c.timeout, HTTPClient: alwaysAnswers(0, "", errSilent)})
				for range 2 { // if the caller's deadline is shorter, the second call sends nothing
					_, err := client.Close(ctx, wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "1"})
					if !errors.Is(err, context.DeadlineExceeded) || wantu.Retryable(err) != c.want {
						t.Errorf("Retryable(%v) = %t", err, !c.want)
					}
				}
			})
		})
	}
}

// TestDeadlineBeforeSending: an order that was not sent may be opened again, but not with
// the same context.
func TestDeadlineBeforeSending(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	_, err := offlineClient(t).CreateQRCode(ctx, qrRequest())
	if !errors.Is(err, context.DeadlineExceeded) || wantu.OutcomeUnknown(err) || wantu.Retryable(err) {
		t.Errorf("error %v, unknown %t, retryable %t", err, wantu.OutcomeUnknown(err), wantu.Retryable(err))
	}
}

// TestCanceledWhileConnecting: if the context is canceled before there is a connection,
// the outcome is known, because nothing was sent.
func TestCanceledWhileConnecting(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	client := newClient(t, wantu.Config{BaseURL: "http://127.0.0.1:1", HTTPClient: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			cancel()
			<-ctx.Done()
			return nil, errors.New("hides what happened")
		},
	}}})
	_, err := client.CreateQRCode(ctx, qrRequest())
	if err == nil || wantu.OutcomeUnknown(err) {
		t.Errorf("error %v, want one with a known outcome", err)
	}
}
