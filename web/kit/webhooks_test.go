package kit_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/web/kit"
)

// run runs a kit without a listener until the test ends.
func run(t *testing.T, k *kit.Kit) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended, done := make(chan struct{}), make(chan error)
	go func() {
		done <- k.Run(ctx, func() error { <-ended; return http.ErrServerClosed }, func(context.Context) error { close(ended); return nil })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestWebhookEndpointOfAShop makes an endpoint through the API, by plain http in a private
// range, tests it, lets it fail and retries it.
func TestWebhookEndpointOfAShop(t *testing.T) {
	t.Parallel()
	type hook struct {
		header http.Header
		body   []byte
	}
	var isUp atomic.Bool
	received := make(chan hook, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if !isUp.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
		received <- hook{r.Header, body}
	}))
	t.Cleanup(shop.Close)
	config := newConfig(t)
	config.DrainFor = 0
	config.Merchants[0].Webhook.AllowPrivate = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	k, err := kit.New(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	run(t, k)
	call := func(method, path, body string, into any) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+string(config.Merchants[0].Web.APIKeys[0].Secret))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		k.ServeHTTP(w, r)
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil || w.Code >= 300 {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	next := func() hook {
		t.Helper()
		select {
		case got := <-received:
			return got
		case <-time.After(time.Minute):
			t.Fatal("no webhook came")
			panic("unreachable")
		}
	}
	var made struct{ ID, Secret string }
	call(http.MethodPost, "/v1/webhook_endpoints", `{"url":"`+shop.URL+`/hook"}`, &made)
	path := "/v1/webhook_endpoints/" + made.ID
	var delivery struct{ Event, Status string }
	call(http.MethodPost, path+"/test", "", &delivery)
	first := next()
	verifier, err := webhooks.NewWebhook(made.Secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify(first.body, first.header); err != nil || first.header.Get("Webhook-Id") != delivery.Event {
		t.Errorf("webhook %s: %v", first.header.Get("Webhook-Id"), err)
	}
	isUp.Store(true)
	var retried struct{ Events int }
	waitUntil(t, "the failed webhook waits", func() bool {
		call(http.MethodPost, path+"/retry", "", &retried)
		return retried.Events == 1
	})
	if second := next(); second.header.Get("Webhook-Id") != delivery.Event {
		t.Errorf("retried %s", second.header.Get("Webhook-Id"))
	}
	waitUntil(t, "the try is recorded", func() bool {
		call(http.MethodGet, path+"/deliveries/"+delivery.Event, "", &delivery)
		return delivery.Status == "delivered"
	})
}
