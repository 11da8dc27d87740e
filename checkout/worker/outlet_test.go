package worker_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/worker"
)

// prefixes returns ranges of addresses.
func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

// seal and unseal stand for the encryption of secrets.
func seal(secret string) string { return "sealed " + secret }

func unseal(sealed string) (string, error) {
	secret, isSealed := strings.CutPrefix(sealed, "sealed ")
	if !isSealed {
		return "", errDatabase
	}
	return secret, nil
}

// addEndpoint stores the endpoint we_1 as the API does.
func (f *fixture) addEndpoint(url, sealedSecret string, events ...checkout.EventType) {
	f.t.Helper()
	must(f.t, f.store.CreateWebhookEndpoint(f.t.Context(), checkout.WebhookEndpoint{
		ID: "we_1", Merchant: shop, URL: url, Events: events, SealedSecret: sealedSecret, CreatedAt: f.now(),
	}, checkout.MaxWebhookEndpoints))
}

// change changes an endpoint as the API does.
func (f *fixture) change(id string, change func(*checkout.WebhookEndpoint)) {
	f.t.Helper()
	_, err := f.store.ChangeWebhookEndpoint(f.t.Context(), shop, id, func(e *checkout.WebhookEndpoint) error { change(e); return nil })
	must(f.t, err)
}

// ids returns the ids of the next n requests, sorted.
func ids(t *testing.T, calls <-chan call, n int) (list []string) {
	t.Helper()
	for range n {
		list = append(list, receive(t, calls).header.Get("Webhook-Id"))
	}
	slices.Sort(list)
	return list
}

// TestEachEndpointGetsItsEvents checks that each endpoint of a shop, of the configuration
// or of the API, gets the events that it wants.
func TestEachEndpointGetsItsEvents(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		first, firstCalls := endpoint(t, ok)
		second, secondCalls := endpoint(t, ok)
		third, thirdCalls := endpoint(t, ok)
		f := newFixture(first)
		f.config.Unseal = unseal
		f.config.Endpoints[shop] = append(f.config.Endpoints[shop], worker.Endpoint{
			ID: "stock", URL: second, Secret: secret, AllowPrivate: loopback, Events: []checkout.EventType{checkout.EventExpired},
		})
		f.startWorker()
		f.addEndpoint(third, seal(secret), checkout.EventPaid)
		session := f.storeSession(shop)
		paid, expired := f.newEvent("evt_paid", session), f.newEvent("evt_expired", session)
		expired.Type = checkout.EventExpired
		must(t, f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{paid, expired}}))
		if got := ids(t, firstCalls, 2); !slices.Equal(got, []string{"evt_expired", "evt_paid"}) {
			t.Errorf("webhook got %v", got)
		}
		if got := ids(t, secondCalls, 1); got[0] != "evt_expired" {
			t.Errorf("stock got %v", got)
		}
		call := receive(t, thirdCalls)
		verifySignature(t, call)
		if id := call.header.Get("Webhook-Id"); id != "evt_paid" {
			t.Errorf("we_1 got %s", id)
		}
		waitUntil(t, func() bool { return f.pending() == 0 })
		f.awaitTries("evt_paid", 2)
		if n := len(firstCalls) + len(secondCalls) + len(thirdCalls); n != 0 {
			t.Errorf("%d more calls", n)
		}
	})
}

// pendingFor counts the webhooks that are pending for an endpoint.
func (f *fixture) pendingFor(endpoint string) (n int) {
	f.t.Helper()
	must(f.t, f.db.Writer().QueryRowContext(f.t.Context(), "SELECT count(*) FROM delivery_pending WHERE endpoint = $1", endpoint).Scan(&n))
	return n
}

// TestEndpointsFailApart checks that an endpoint that answers 410 is disabled alone, that
// one that hangs delays no other, and that a replay goes to one endpoint.
func TestEndpointsFailApart(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		release := make(chan struct{})
		hanging, _ := endpoint(t, func(http.ResponseWriter, *http.Request) { <-release })
		gone, goneCalls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
		alive, calls := endpoint(t, ok)
		f := newFixture(alive)
		f.config.Unseal = unseal
		for id, url := range map[string]string{"hanging": hanging, "gone": gone} {
			f.config.Endpoints[shop] = append(f.config.Endpoints[shop], worker.Endpoint{ID: id, URL: url, Secret: secret, AllowPrivate: loopback, MaxRequests: 1})
		}
		f.startWorker()
		t.Cleanup(func() { close(release) }) // before the worker stops
		events := f.storeEvents(shop, 3)
		if got := ids(t, calls, 3); len(got) != 3 {
			t.Errorf("the endpoint that is alive got %v", got)
		}
		receive(t, goneCalls)
		waitUntil(t, func() bool {
			disabled, err := f.store.WebhooksDisabled(t.Context(), shop, "gone")
			must(t, err)
			return disabled && len(f.parked()) > 0
		})
		if p := f.parked()[0]; p.Endpoint != "gone" {
			t.Errorf("parked %+v", p)
		}
		list, err := f.store.DisabledWebhooks(t.Context(), "")
		if err != nil || len(list) != 1 {
			t.Errorf("disabled %v, %v", list, err)
		}
		waitUntil(t, func() bool { // a replay leaves alone what is pending
			delivery, err := f.store.WebhookDelivery(t.Context(), shop, checkout.WebhookKey{EventID: events[0].ID, Endpoint: checkout.DefaultEndpoint})
			must(t, err)
			return delivery.State == checkout.DeliveryDelivered && f.pendingFor(checkout.DefaultEndpoint) == 0
		})
		must(t, f.replay(events[0].ID)) // to webhook alone
		if id := receive(t, calls).header.Get("Webhook-Id"); id != events[0].ID {
			t.Errorf("replayed %s", id)
		}
		if n := len(goneCalls); n != 0 {
			t.Errorf("%d more calls of the disabled endpoint", n)
		}
	})
}

// TestChangedEndpoint checks that the requests follow a change of the URL and of the
// secret, and that the secret from before signs until its time is over.
func TestChangedEndpoint(t *testing.T) {
	t.Parallel()
	const next = "whsec_bmV4dG5leHRuZXh0bmV4dG5leHRuZXh0"
	before, beforeCalls := endpoint(t, ok)
	after, afterCalls := endpoint(t, ok)
	f := newFixture(t, "")
	f.config.Unseal = unseal
	f.config.Endpoints[shop][0].AllowPrivate = loopback
	f.addEndpoint(before, seal(secret))
	f.startWorker()
	session := f.storeSession(shop)
	f.add(f.newEvent("evt_1", session))
	verifySignature(t, receive(t, beforeCalls))
	signs := func(key string, c call) bool {
		verifier, err := webhooks.NewWebhook(key)
		must(t, err)
		return verifier.Verify(c.body, c.header) == nil
	}
	f.change("we_1", func(e *checkout.WebhookEndpoint) {
		e.URL, e.SealedSecret, e.SealedPrevious, e.PreviousUntil = after, seal(next), seal(secret), f.now().Add(time.Hour)
	})
	time.Sleep(2 * worker.ReadEndpointsEvery)
	f.add(f.newEvent("evt_2", session))
	if c := receive(t, afterCalls); !signs(secret, c) || !signs(next, c) {
		t.Error("the webhook is not signed with both secrets")
	}
	f.change("we_1", func(e *checkout.WebhookEndpoint) { e.PreviousUntil = f.now().Add(-time.Second) })
	time.Sleep(2 * worker.ReadEndpointsEvery)
	f.add(f.newEvent("evt_3", session))
	if c := receive(t, afterCalls); signs(secret, c) || !signs(next, c) {
		t.Error("the webhook is not signed with the new secret alone")
	}
	if n := len(beforeCalls); n != 0 {
		t.Errorf("%d more calls of the old URL", n)
	}
}

// TestDeletedEndpoint checks that a job for an endpoint that was deleted ends without a
// call, in a process that started after the deletion.
func TestDeletedEndpoint(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		url, calls := endpoint(t, ok)
		f := newFixture("")
		f.config.Unseal = unseal
		f.addEndpoint(url, seal(secret))
		f.storeEvents(shop, 1)
		f.handOver()
		f.change("we_1", func(e *checkout.WebhookEndpoint) { e.DeletedAt = f.now() })
		f.startWorker()
		f.awaitState("cancelled")
		if n := len(calls); n != 0 || f.pending() != 0 || len(f.parked()) != 0 {
			t.Errorf("%d calls, %d pending, parked %v", n, f.pending(), f.parked())
		}
	})
}

// TestEndpointWithAnotherSecretOfTheProgram checks that an endpoint whose secret cannot be
// decrypted gets nothing, and that the try says why without the sealed text.
func TestEndpointWithAnotherSecretOfTheProgram(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, ok)
	f := newFixture(t, "")
	f.config.Unseal = unseal
	f.config.Endpoints[shop][0].AllowPrivate = loopback
	f.addEndpoint(url, "canary")
	f.startWorker()
	event := f.storeEvents(shop, 1)[0]
	try := f.awaitTries(event.ID, 1)[0]
	if !strings.Contains(try.Error, "cannot be decrypted") || strings.Contains(try.Error, "canary") || try.NextAt.IsZero() || len(calls) != 0 {
		t.Errorf("the try is %+v, %d calls", try, len(calls))
	}
}

// TestPlainHTTPStaysInAllowedRanges checks that a URL without TLS is not used for a public
// address, even if a range contains it, and that a connection is checked too.
func TestPlainHTTPStaysInAllowedRanges(t *testing.T) {
	t.Parallel()
	private := worker.Endpoint{AllowPrivate: prefixes("10.1.0.0/16", "8.8.8.0/24", "127.0.0.1/32")}
	for url, want := range map[string]string{
		"https://shop.example/hook":  "",
		"http://shop.internal/hook":  "", // checked at each connection
		"http://10.1.2.3/hook":       "",
		"http://localhost:3000/hook": "",
		"http://10.2.0.1/hook":       "10.2.0.1 is no public address",
		"http://8.8.8.8/hook":        "8.8.8.8 is a public address",
		"http://1.1.1.1/hook":        "1.1.1.1 is a public address",
		"ftp://10.1.2.3/hook":        "not an absolute https URL",
		"http://":                    "not an absolute https URL",
		"%canary":                    "not an absolute https URL",
	} {
		err := worker.CheckURL(url, private)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary")) {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	if err := worker.CheckURL("http://shop.internal/hook", worker.Endpoint{}); err == nil || !strings.Contains(err.Error(), "must be https") {
		t.Errorf("plain http without ranges: %v", err)
	}
	var n nameServer
	n.address.Store(prefixes("8.8.8.8/32")[0].Addr())
	err := deliver(t, worker.Config{Resolver: n.resolver(t), Endpoints: map[string][]worker.Endpoint{
		shop: {{URL: "http://shop.internal/hook", Secret: secret, AllowPrivate: private.AllowPrivate}},
	}})
	if err == nil || !strings.Contains(err.Error(), "8.8.8.8 is a public address") {
		t.Errorf("a name of a public address: %v", err)
	}
}

// TestURLByTheAPIHasNoUser checks that a shop cannot give a user, a password or a fragment by
// the API, which the configuration allows, and that the error does not show them.
func TestURLByTheAPIHasNoUser(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://user:canary@shop.example/hook", "https://canary@shop.example/hook", "https://shop.example/hook#canary"} {
		err := worker.CheckAPIURL(url, worker.Endpoint{})
		if err == nil || !strings.Contains(err.Error(), "no user, password or fragment") || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", url, err)
		}
		if err := worker.CheckURL(url, worker.Endpoint{}); err != nil {
			t.Errorf("%s in the configuration: %v", url, err)
		}
	}
	if err := worker.CheckAPIURL("http://shop.example/hook", worker.Endpoint{}); err == nil || !strings.Contains(err.Error(), "must be https") {
		t.Errorf("plain http: %v", err)
	}
}

// TestRetryWaitingSendsWhatIsDueLater checks that a retry finds each job that waits for its
// next try, whether it is due in hours or within seconds, and those of its endpoint alone.
func TestRetryWaitingSendsWhatIsDueLater(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, newFixture func(string) *fixture) {
		t.Helper()
		for state, due := range map[string]time.Duration{"available": 4 * time.Second, "retryable": time.Hour, "scheduled": time.Hour} {
			f := newFixture("http://shop.invalid")
			f.storeEvents(shop, 3)
			f.handOver()
			later := f.now().Add(due)
			at := any(later)
			if f.db.Postgres() == nil {
				at = later.Format("2006-01-02 15:04:05.000")
			}
			_, err := f.db.Writer().ExecContext(t.Context(), "UPDATE river_job SET state = $1, scheduled_at = $2 WHERE kind = 'webhook'", state, at)
			must(t, err)
			retry := func(endpoint string, limit int) int {
				n, err := f.store.RetryWebhooks(t.Context(), shop, endpoint, limit, f.config.Queue.Replay, func(ctx context.Context, tx *sql.Tx, limit int) (int, error) {
					return f.config.Queue.RetryWaiting(ctx, tx, shop, endpoint, limit)
				})
				must(t, err)
				return n
			}
			if other, two := retry("we_1", 10), retry(checkout.DefaultEndpoint, 2); other != 0 || two != 2 {
				t.Errorf("%s: %d events of another endpoint and %d, want 0 and 2", state, other, two)
			}
			must(t, f.store.DisableWebhooks(t.Context(), shop, checkout.DefaultEndpoint, f.now(), ""))
			if _, err := f.store.RetryWebhooks(t.Context(), shop, checkout.DefaultEndpoint, 1, nil, nil); !errors.As(err, new(*checkout.DisabledError)) {
				t.Errorf("%s: a disabled endpoint: %v", state, err)
			}
			var isDue int
			must(t, f.db.Writer().QueryRowContext(t.Context(), "SELECT count(*) FROM river_job WHERE state = 'available' AND scheduled_at < $1", at).Scan(&isDue))
			if isDue != 2 {
				t.Errorf("%s: %d jobs are due before their time, want 2", state, isDue)
			}
		}
	})
}
