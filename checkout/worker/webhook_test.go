package worker_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/checkout/worker"
)

func ok(http.ResponseWriter, *http.Request) {}

func verify(t *testing.T, c call) {
	t.Helper()
	verifier, err := webhooks.NewWebhook(secret)
	must(t, err)
	if err := verifier.Verify(c.body, c.header); err != nil {
		t.Errorf("signature: %v", err)
	}
	if err := verifier.Verify(append([]byte(" "), c.body...), c.header); err == nil {
		t.Error("another body has the same signature")
	}
}

func TestWebhookIsDelivered(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, ok)
	f := newFixture(t, url+"/hook")
	f.work()
	event := f.tell(shop, 1)[0]
	c := next(t, calls)
	verify(t, c)
	var got worker.Payload
	must(t, json.Unmarshal(c.body, &got))
	want := worker.Payload{ID: event.ID, Type: event.Type, Timestamp: event.CreatedAt, Data: &event.Session}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	if c.path != "/hook" || c.header.Get("Webhook-Id") != event.ID || c.header.Get("Content-Type") != "application/json" {
		t.Errorf("path %s, header %v", c.path, c.header)
	}
	f.await("completed")
	if n := len(calls); n != 0 {
		t.Errorf("%d more calls", n)
	}
}

func TestWebhookIsRepeated(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		if tries.Add(1) == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	f := newFixture(t, url)
	f.work()
	f.tell(shop, 1)
	first := next(t, calls)
	second := next(t, calls) // after the 5 s of the schedule
	verify(t, second)
	if first.header.Get("Webhook-Id") != second.header.Get("Webhook-Id") || string(first.body) != string(second.body) {
		t.Error("the second try told something else")
	}
	f.await("completed")
	if text := f.problems(); !strings.Contains(text, "the shop answered 500") {
		t.Errorf("noted %s", text)
	}
}

// TestTwoSignaturesWhileASecretChanges: a shop that still has the previous
// secret verifies as one that has the new.
func TestTwoSignaturesWhileASecretChanges(t *testing.T) {
	t.Parallel()
	const previous = "whsec_cHJldmlvdXMtcHJldmlvdXMtcHJldmlvdXM="
	url, calls := endpoint(t, ok)
	must(t, deliver(t, worker.Config{Endpoints: map[string]worker.Endpoint{
		shop: {URL: url, Secret: secret, PreviousSecret: previous, AllowPrivate: loopback},
	}}))
	c := next(t, calls)
	signatures := strings.Split(c.header.Get("Webhook-Signature"), " ")
	if len(signatures) != 2 || signatures[0] == signatures[1] {
		t.Fatalf("the signatures are %q", signatures)
	}
	for i, key := range []string{secret, previous} {
		verifier, err := webhooks.NewWebhook(key)
		must(t, err)
		must(t, verifier.Verify(c.body, c.header))
		alone := c.header.Clone()
		alone.Set("Webhook-Signature", signatures[i])
		must(t, verifier.Verify(c.body, alone))
		alone.Set("Webhook-Signature", signatures[1-i])
		if verifier.Verify(c.body, alone) == nil {
			t.Errorf("signature %d is not of its secret alone", i)
		}
	}
}

func TestWebhookThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		noted  string
	}{
		"a redirect is not followed": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, "302"},
		"a status that nobody knows": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) }, "599"},
		"no answer":                  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "posting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, calls := endpoint(t, c.answer)
			f := newFixture(t, url+"/hook?token=canary-in-the-url")
			f.work()
			f.tell(shop, 1)
			if call := next(t, calls); call.path != "/hook" {
				t.Errorf("path %s", call.path)
			}
			text := f.problems()
			if n := len(calls); n != 0 {
				t.Errorf("%d more calls", n)
			}
			if !strings.Contains(text, c.noted) {
				t.Errorf("noted %s", text)
			}
			if strings.Contains(text, "canary") || strings.Contains(text, canary) {
				t.Errorf("a secret is in %s", text)
			}
		})
	}
}

func TestShopsWithoutEndpoint(t *testing.T) {
	t.Parallel()
	t.Run("get no jobs", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, "http://shop.invalid")
		f.tell("other", 1)
		if n := f.jobs(""); n != 0 {
			t.Errorf("%d jobs", n)
		}
		f.tell(shop, 2)
		if n := f.jobs(""); n != 2 {
			t.Errorf("%d jobs for 2 events", n)
		}
	})
	t.Run("get no calls any more", func(t *testing.T) {
		t.Parallel()
		url, calls := endpoint(t, ok)
		f := newFixture(t, url)
		f.tell(shop, 1)
		f.config.Endpoints = nil
		swept := make(chan struct{}, 100)
		f.config.Sweeper = sweeper(func() error { swept <- struct{}{}; return nil })
		f.work()
		for range 2 {
			next(t, swept)
		}
		if n, waiting := len(calls), f.jobs("available"); n != 0 || waiting != 1 {
			t.Errorf("%d calls, %d jobs wait for the endpoint to be back", n, waiting)
		}
	})
}

func TestSecretsThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"", "whsec_", "whsec_canary!canary", "canary canary", "whsec_" + canary[:28]} {
		f := newFixture(t, "http://shop.invalid")
		f.config.Endpoints[shop] = worker.Endpoint{URL: "http://shop.invalid", Secret: wrong}
		_, err := worker.New(f.config)
		f.config.Endpoints[shop] = worker.Endpoint{URL: "http://shop.invalid", Secret: secret, PreviousSecret: wrong}
		if _, previous := worker.New(f.config); (previous == nil) != (wrong == "") {
			t.Errorf("previous secret %q: error %v", wrong, previous)
		}
		if err == nil || !strings.Contains(err.Error(), shop) || strings.Contains(err.Error(), "canary") {
			t.Errorf("secret %q: error %v", wrong, err)
		}
	}
}

func TestConfigThatIsIncomplete(t *testing.T) {
	t.Parallel()
	for _, omit := range []func(*worker.Config){
		func(c *worker.Config) { c.DB = nil },
		func(c *worker.Config) { c.Sweeper = nil },
		func(c *worker.Config) { c.Events = nil },
	} {
		c := newFixture(t, "").config
		omit(&c)
		if _, err := worker.New(c); err == nil {
			t.Error("taken")
		}
	}
	c := newFixture(t, "").config
	c.Logger, c.Transport = nil, nil
	if _, err := worker.New(c); err != nil {
		t.Errorf("with defaults: %v", err)
	}
}

func TestQueueOfABrokenDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "http://shop.invalid")
	if _, err := f.db.Writer().ExecContext(t.Context(), "DROP TABLE river_job"); err != nil {
		t.Fatal(err)
	}
	if err := tryTell(f); err == nil {
		t.Error("an event was stored without its job")
	}
	if events, err := f.store.Events(t.Context(), "cs_1"); err != nil || len(events) != 0 {
		t.Errorf("%d events, error %v", len(events), errors.Join(err))
	}
}
