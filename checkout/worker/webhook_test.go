package worker_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/worker"
)

func ok(http.ResponseWriter, *http.Request) {}

// verifySignature checks the signature of a call.
func verifySignature(t *testing.T, c call) {
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
	f.startWorker()
	event := f.storeEvents(shop, 1)[0]
	c := receive(t, calls)
	verifySignature(t, c)
	var got checkout.PublicEvent
	must(t, json.Unmarshal(c.body, &got))
	want := checkout.PublicEvent{
		ID: event.ID, Object: "event", Livemode: true, Type: event.Type, CreatedAt: event.CreatedAt, Timestamp: event.CreatedAt, Data: &event.Session,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	if c.path != "/hook" || c.header.Get("Webhook-Id") != event.ID || c.header.Get("Content-Type") != "application/json" {
		t.Errorf("path %s, header %v", c.path, c.header)
	}
	f.awaitTries(event.ID, 1)
	if calls, jobs, pending := len(calls), f.jobs(""), f.pending(); calls != 0 || jobs != 0 || pending != 0 {
		t.Errorf("%d more calls, %d jobs and %d pending webhooks", calls, jobs, pending)
	}
}

// TestTwoSignaturesWhileASecretChanges checks that a shop can verify a webhook with
// the current and with the previous secret.
func TestTwoSignaturesWhileASecretChanges(t *testing.T) {
	t.Parallel()
	const previous = "whsec_cHJldmlvdXMtcHJldmlvdXMtcHJldmlvdXM="
	url, calls := endpoint(t, ok)
	must(t, deliver(t, worker.Config{Endpoints: map[string][]worker.Endpoint{
		shop: {{URL: url, Secret: secret, PreviousSecret: previous, AllowPrivate: loopback}},
	}}))
	c := receive(t, calls)
	signatures := strings.Split(c.header.Get("Webhook-Signature"), " ")
	if len(signatures) != 2 || signatures[0] == signatures[1] {
		t.Fatalf("the signatures are %q", signatures)
	}
	for i, key := range []string{secret, previous} {
		verifier, err := webhooks.NewWebhook(key)
		must(t, err)
		must(t, verifier.Verify(c.body, c.header))
		header := c.header.Clone()
		header.Set("Webhook-Signature", signatures[i])
		must(t, verifier.Verify(c.body, header))
		header.Set("Webhook-Signature", signatures[1-i])
		if verifier.Verify(c.body, header) == nil {
			t.Errorf("signature %d is valid for the other secret", i)
		}
	}
}

func TestFailedWebhooks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer    func(http.ResponseWriter, *http.Request)
		wantError string
	}{
		"a redirect is not followed": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, "302"},
		"an unknown status": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) }, "599"},
		"no answer":         {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "posting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, calls := endpoint(t, c.answer)
			f := newFixture(t, url+"/hook?token=canary-in-the-url")
			f.startWorker()
			event := f.storeEvents(shop, 1)[0]
			if call := receive(t, calls); call.path != "/hook" {
				t.Errorf("path %s", call.path)
			}
			text := f.awaitTries(event.ID, 1)[0].Error
			if n := len(calls); n != 0 {
				t.Errorf("%d more calls", n)
			}
			if !strings.Contains(text, c.wantError) {
				t.Errorf("the error of the try is %s", text)
			}
			if strings.Contains(text, "canary") || strings.Contains(text, canary) {
				t.Errorf("the error contains a secret: %s", text)
			}
		})
	}
}

func TestShopsWithoutEndpoint(t *testing.T) {
	t.Parallel()
	t.Run("no webhooks are stored", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, "http://shop.invalid")
		f.storeEvents("other", 1)
		if n := f.pending(); n != 0 {
			t.Errorf("%d webhooks", n)
		}
		f.storeEvents(shop, 2)
		if n := f.pending(); n != 2 {
			t.Errorf("%d webhooks for 2 events", n)
		}
	})
	t.Run("waiting jobs stay", func(t *testing.T) {
		t.Parallel()
		url, calls := endpoint(t, ok)
		f := newFixture(t, url)
		f.storeEvents(shop, 1)
		f.config.Endpoints = nil
		swept := f.sweeps(nil)
		f.startWorker()
		for range 2 {
			receive(t, swept)
		}
		if n, waiting := len(calls), f.jobs("available"); n != 0 || waiting != 1 {
			t.Errorf("%d calls, %d jobs wait for the endpoint to be back", n, waiting)
		}
	})
}

func TestMalformedSecrets(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"", "whsec_", "whsec_canary!canary", "canary canary", "whsec_" + canary[:28]} {
		f := newFixture(t, "http://shop.invalid")
		f.config.Endpoints[shop] = []worker.Endpoint{{URL: "http://shop.invalid", Secret: wrong}}
		_, err := worker.New(f.config)
		f.config.Endpoints[shop] = []worker.Endpoint{{URL: "http://shop.invalid", Secret: secret, PreviousSecret: wrong}}
		if _, previous := worker.New(f.config); (previous == nil) != (wrong == "") {
			t.Errorf("previous secret %q: error %v", wrong, previous)
		}
		if err == nil || !strings.Contains(err.Error(), shop) || strings.Contains(err.Error(), "canary") {
			t.Errorf("secret %q: error %v", wrong, err)
		}
	}
}

func TestIncompleteConfig(t *testing.T) {
	t.Parallel()
	for _, omit := range []func(*worker.Config){
		func(c *worker.Config) { c.DB = nil },
		func(c *worker.Config) { c.Queue = nil },
		func(c *worker.Config) { c.Sweeper = nil },
		func(c *worker.Config) { c.Events = nil },
	} {
		c := newFixture(t, "").config
		omit(&c)
		if _, err := worker.New(c); err == nil {
			t.Error("an incomplete Config is accepted")
		}
	}
	c := newFixture(t, "").config
	c.Logger, c.Transport = nil, nil
	if _, err := worker.New(c); err != nil {
		t.Errorf("with defaults: %v", err)
	}
}
