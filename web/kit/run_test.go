package kit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/web"
	"github.com/wantukit/wantukit/web/kit"
)

// newConfig returns the configuration of a kit that waits for an hour before it shuts down.
func newConfig(t *testing.T) kit.Config {
	t.Helper()
	return kit.Config{
		Database: kit.Database{Folder: t.TempDir()}, PublicURL: "https://pay.example.com", Secret: bytes.Repeat([]byte{7}, web.MinSecret),
		Merchants: []kit.Merchant{{
			Checkout: checkout.Merchant{ID: "tea", Name: "Tea House"}, Web: web.Merchant{APIKeys: []apikey.Configured{{Secret: "sk_test_tea_house"}}},
		}},
		Gateway: acmeGateway{}, DrainFor: time.Hour, Logger: slog.New(slog.DiscardHandler),
	}
}

// newKit returns a kit of newConfig.
func newKit(t *testing.T) *kit.Kit {
	t.Helper()
	k, err := kit.New(t.Context(), newConfig(t))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestServingFails: a listener that fails ends the kit at once, with its error, also
// while the kit drains.
func TestServingFails(t *testing.T) {
	t.Parallel()
	for name, drains := range map[string]bool{"while it runs": false, "while it drains": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			k := newKit(t)
			serve := func() error {
				if drains {
					stop()
					waitUntil(t, "the kit drains", func() bool { return !isReady(k) })
				}
				return errors.New("no file is left")
			}
			err := k.Run(ctx, serve, func(context.Context) error { return nil })
			if err == nil || !strings.Contains(err.Error(), "serving: no file is left") {
				t.Errorf("error %v, want the listener's", err)
			}
		})
	}
}

// TestServerIsShutDown: the error of a server that was shut down is none.
func TestServerIsShutDown(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	k := newKit(t)
	failed := make(chan error, 1)
	serve := func() error {
		stop()
		select {
		case <-ended:
			return http.ErrServerClosed
		case err := <-failed:
			return err
		}
	}
	go func() { // an hour is too long for a test
		waitUntil(t, "the kit drains", func() bool { return !isReady(k) })
		failed <- http.ErrServerClosed
	}()
	if err := k.Run(ctx, serve, func(context.Context) error { close(ended); return nil }); err != nil {
		t.Error(err)
	}
}

// isReady reports whether /readyz says yes.
func isReady(k *kit.Kit) bool {
	answer := httptest.NewRecorder()
	k.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return answer.Code == http.StatusOK
}
