package worker_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
)

// fakeEvents is a worker.Events of one merchant, without pending webhooks. The first calls
// fail, as many as failures says.
type fakeEvents struct {
	worker.Events
	failures int
	parked   []string // the reasons
	unparked int
	disabled bool
}

var errDatabase = errors.New("the database is away")

func (e *fakeEvents) fail() error {
	if e.failures > 0 {
		e.failures--
		return errDatabase
	}
	return nil
}

func (e *fakeEvents) Event(_ context.Context, id string) (checkout.Event, error) {
	return checkout.Event{ID: id, Type: checkout.EventPaid, Merchant: shop, SessionID: "cs_1"}, e.fail()
}

func (e *fakeEvents) ParkWebhook(_ context.Context, _ checkout.Event, _ string, _ time.Time, tries int, reason string) error {
	if err := e.fail(); err != nil {
		return err
	}
	e.parked = append(e.parked, strconv.Itoa(tries)+" tries: "+reason)
	return nil
}

func (e *fakeEvents) UnparkWebhook(context.Context, checkout.WebhookKey) error {
	e.unparked++
	return e.fail()
}

func (e *fakeEvents) DisableWebhooks(context.Context, string, string, time.Time, string) error {
	err := e.fail()
	e.disabled = err == nil
	return err
}

func (e *fakeEvents) WebhooksDisabled(context.Context, string, string) (bool, error) {
	return e.disabled, e.fail()
}

// statusTransport is an http.RoundTripper that answers with a status and Retry-After.
type statusTransport func() (status int, retryAfter string)

func (a statusTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	status, after := a()
	return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {after}}, Body: http.NoBody, Request: r}, nil
}

// newTrier returns a function that tries to deliver evt_1 to the shop of these tests.
func newTrier(t *testing.T, e worker.Events, transport http.RoundTripper) func(ctx context.Context, try int) worker.Try {
	t.Helper()
	return worker.Deliver(t, worker.Config{
		Events: e, Transport: transport, Logger: slog.New(slog.DiscardHandler),
		Endpoints: map[string][]worker.Endpoint{shop: {{URL: "https://shop.example/hook", Secret: secret}}},
	})
}

// outcome returns the result of a try in one word.
func outcome(err error) string {
	switch {
	case err == nil:
		return "delivered"
	case errors.As(err, new(*river.JobCancelError)):
		return "cancelled"
	case errors.As(err, new(*river.JobSnoozeError)):
		return "postponed"
	default:
		return "failed"
	}
}

// TestShopDownForThreeDays checks that retries follow the schedule over 75 hours. The
// event is delivered if the shop is back before the last try, and parked otherwise.
func TestShopDownForThreeDays(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]time.Duration{"back after 74 hours": 74 * time.Hour, "never back": 1000 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				down := time.Now()
				e := &fakeEvents{}
				var at []time.Duration
				try := newTrier(t, e, statusTransport(func() (int, string) {
					at = append(at, time.Since(down))
					if time.Since(down) < back {
						return http.StatusServiceUnavailable, ""
					}
					return http.StatusNoContent, ""
				}))
				last := ""
				for i := 1; last != "delivered" && last != "cancelled"; i++ {
					result := try(t.Context(), i)
					if last = outcome(result.Err); last == "failed" {
						time.Sleep(time.Until(result.Next))
					}
				}
				want := []time.Duration{0}
				for _, after := range schedule {
					want = append(want, want[len(want)-1]+after)
				}
				if !slices.Equal(at, want) {
					t.Errorf("tried at %v, want %v", at, want)
				}
				if parked := []string{"10 tries: the shop answered 503"}; last == "delivered" && len(e.parked) > 0 || last == "cancelled" && !slices.Equal(e.parked, parked) {
					t.Errorf("%s, parked %v", last, e.parked)
				}
				if delivered := back < 75*time.Hour; delivered != (last == "delivered") {
					t.Errorf("the event is %s", last)
				}
			})
		})
	}
}

func TestRetryAfterOfAShop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		after, status := "", http.StatusTooManyRequests
		try := newTrier(t, &fakeEvents{}, statusTransport(func() (int, string) { return status, after }))
		for _, c := range []struct {
			status int
			value  string
			want   time.Duration
		}{
			{429, "3600", time.Hour},
			{503, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), time.Hour},
			{503, "1", 5 * time.Second},
			{302, "999999999", 24 * time.Hour},
			{500, "soon", 5 * time.Second},
		} {
			status, after = c.status, c.value
			result := try(t.Context(), 1)
			if got := time.Until(result.Next); got != c.want || outcome(result.Err) != "failed" {
				t.Errorf("%d with Retry-After %s: %s, next in %s, want %s", c.status, c.value, outcome(result.Err), got, c.want)
			}
		}
	})
}

func TestWebhookOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shutdown bool
		events   fakeEvents
		status   int
		try      int
		want     string
		after    fakeEvents
	}{
		"410 disables the endpoint and parks": {
			status: 410, try: 3, want: "cancelled", after: fakeEvents{disabled: true, parked: []string{"3 tries: the shop answered 410"}},
		},
		"a disabled endpoint is not called": {
			events: fakeEvents{disabled: true}, try: 1, want: "cancelled", after: fakeEvents{disabled: true, parked: []string{"0 tries: the endpoint is disabled"}},
		},
		"the last try parks":                         {status: 500, try: 10, want: "cancelled", after: fakeEvents{parked: []string{"10 tries: the shop answered 500"}}},
		"the last but one does not park":             {status: 500, try: 9, want: "failed"},
		"a failure after a killed try":               {status: 500, try: 11, want: "cancelled", after: fakeEvents{parked: []string{"11 tries: the shop answered 500"}}},
		"a success after a killed try":               {status: 200, try: 11, want: "delivered", after: fakeEvents{unparked: 1}},
		"the last succeeds":                          {status: 200, try: 10, want: "delivered"},
		"the database fails at the read":             {events: fakeEvents{failures: 1}, try: 10, want: "postponed"},
		"the process shuts down during the last try": {shutdown: true, status: -1, try: 10, want: "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.shutdown {
				cancel()
			}
			e := c.events
			try := newTrier(t, &e, roundTripFunc(func(r *http.Request) (*http.Response, error) {
				switch c.status {
				case 0:
					t.Error("the shop was called")
				case -1:
					return nil, context.Cause(r.Context())
				}
				return statusTransport(func() (int, string) { return c.status, "" }).RoundTrip(r)
			}))
			if got := outcome(try(ctx, c.try).Err); got != c.want {
				t.Errorf("the try is %s, want %s", got, c.want)
			}
			if !slices.Equal(e.parked, c.after.parked) || e.disabled != c.after.disabled || e.unparked != c.after.unparked {
				t.Errorf("the events are %+v, want %+v", e, c.after)
			}
		})
	}
}

// roundTripFunc is an http.RoundTripper.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestDatabaseErrorCostsNoTry checks that an error of the database postpones the
// webhook, whichever call fails, and that the webhook is parked later.
func TestDatabaseErrorCostsNoTry(t *testing.T) {
	t.Parallel()
	for _, status := range []int{410, 500} {
		for call := range 4 {
			e := &failing{fakeEvents: &fakeEvents{}, at: call}
			try := newTrier(t, e, statusTransport(func() (int, string) { return status, "" }))
			first := outcome(try(t.Context(), 10).Err)
			if want := call < 3 || status == 410; want != (first == "postponed") {
				t.Errorf("%d, database fails at call %d: %s", status, call, first)
			}
			if first == "postponed" {
				if again := outcome(try(t.Context(), 10).Err); again != "cancelled" || len(e.parked) != 1 {
					t.Errorf("%d, database failed at call %d: then %s, parked %v", status, call, again, e.parked)
				}
			}
		}
	}
}

// failing is a fakeEvents whose call number at fails.
type failing struct {
	*fakeEvents
	at int
}

func (f *failing) count() {
	if f.at == 0 {
		f.failures = 1
	}
	f.at--
}

func (f *failing) Event(ctx context.Context, id string) (checkout.Event, error) {
	f.count()
	return f.fakeEvents.Event(ctx, id)
}

func (f *failing) WebhooksDisabled(ctx context.Context, merchant, endpoint string) (bool, error) {
	f.count()
	return f.fakeEvents.WebhooksDisabled(ctx, merchant, endpoint)
}

func (f *failing) DisableWebhooks(ctx context.Context, merchant, endpoint string, at time.Time, reason string) error {
	f.count()
	return f.fakeEvents.DisableWebhooks(ctx, merchant, endpoint, at, reason)
}

func (f *failing) ParkWebhook(ctx context.Context, e checkout.Event, endpoint string, at time.Time, tries int, reason string) error {
	f.count()
	return f.fakeEvents.ParkWebhook(ctx, e, endpoint, at, tries, reason)
}

// replay replays events as the command line does.
func (f *fixture) replay(ids ...string) error {
	f.t.Helper()
	queue, err := worker.NewQueue(f.t.Context(), f.db, systemClock{}, nil)
	must(f.t, err)
	var keys []checkout.WebhookKey
	for _, id := range ids {
		keys = append(keys, checkout.WebhookKey{EventID: id, Endpoint: checkout.DefaultEndpoint})
	}
	return f.store.ReplayWebhooks(f.t.Context(), keys, queue.Replay)
}

func (f *fixture) parked() []store.ParkedWebhook {
	f.t.Helper()
	list, err := f.store.ParkedWebhooks(f.t.Context(), "")
	must(f.t, err)
	return list
}

func (f *fixture) exec(query string) {
	f.t.Helper()
	_, err := f.db.Writer().ExecContext(f.t.Context(), query)
	must(f.t, err)
}

// TestParkedWebhookIsReplayed checks that an event is parked after its last try, and
// that a replay delivers the same body with the same id.
func TestParkedWebhookIsReplayed(t *testing.T) {
	t.Parallel()
	var up atomic.Bool
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	f := newFixture(t, url)
	event := f.storeEvents(shop, 1)[0]
	f.handOver()
	f.exec("UPDATE river_job SET attempt = 9 WHERE kind = 'webhook'")
	f.startWorker()
	first := receive(t, calls)
	f.awaitState("cancelled")
	if p := f.parked(); len(p) != 1 || p[0].EventID != event.ID || p[0].Tries != 10 || p[0].Reason != "the shop answered 502" {
		t.Fatalf("parked %+v", p)
	}
	up.Store(true)
	must(t, f.replay(event.ID))
	again := receive(t, calls)
	verifySignature(t, again)
	if again.header.Get("Webhook-Id") != first.header.Get("Webhook-Id") || string(again.body) != string(first.body) {
		t.Error("the replay has another id or body")
	}
	f.awaitState("completed")
	if p := f.parked(); len(p) != 0 {
		t.Errorf("still parked: %+v", p)
	}
}

// TestGoneDisablesTheEndpoint checks that a 410 disables the endpoint until an
// operator enables it, also after a restart. New events are parked meanwhile.
func TestGoneDisablesTheEndpoint(t *testing.T) {
	t.Parallel()
	var back atomic.Bool
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		if !back.Load() {
			w.WriteHeader(http.StatusGone)
		}
	})
	f := newFixture(t, url)
	stored := f.storeEvents(shop, 1)
	t.Run("the first process", func(t *testing.T) {
		first := *f
		first.t = t
		first.startWorker()
		receive(t, calls)
		f.awaitState("cancelled")
	})
	f.startWorker() // the second process
	for i := range 3 {
		event := stored[0]
		event.ID = "evt_later" + strconv.Itoa(i)
		must(t, f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event}}))
		stored = append(stored, event)
	}
	waitUntil(t, func() bool { return len(f.parked()) == 4 })
	if n := len(calls); n != 0 {
		t.Errorf("%d calls to a disabled endpoint", n)
	}
	ids := []string{stored[0].ID, stored[1].ID, stored[2].ID, stored[3].ID}
	if err := f.replay(ids...); !errors.As(err, new(*checkout.DisabledError)) {
		t.Errorf("replaying to a disabled endpoint: error %v", err)
	}
	back.Store(true)
	must(t, f.store.EnableWebhooks(t.Context(), shop, checkout.DefaultEndpoint))
	must(t, f.replay(ids...))
	var got []string
	for range stored {
		got = append(got, receive(t, calls).header.Get("Webhook-Id"))
	}
	slices.Sort(got)
	if slices.Sort(ids); !slices.Equal(got, ids) || len(f.parked()) != 0 {
		t.Errorf("delivered %v, want %v; %d are parked", got, ids, len(f.parked()))
	}
}

// TestKilledOnTheLastTry checks that an event is parked even if the process was
// killed during the last try.
func TestKilledOnTheLastTry(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	f := newFixture(t, url)
	f.storeEvents(shop, 1)
	f.handOver()
	f.exec(`UPDATE river_job SET attempt = 10, state = 'running', attempted_at = datetime('now', '-1 hour') WHERE kind = 'webhook'`)
	f.startWorker()
	f.awaitState("retryable") // rescued, with the last delay of the schedule
	f.exec(`UPDATE river_job SET scheduled_at = datetime('now'), state = 'available' WHERE kind = 'webhook'`)
	receive(t, calls)
	waitUntil(t, func() bool { return len(f.parked()) == 1 })
}

// TestDeadEndpointDoesNotDelayOthers checks that 200 events for a shop that hangs do
// not delay the webhooks of another shop. It measures time, so it does not run in
// parallel with other tests.
func TestDeadEndpointDoesNotDelayOthers(t *testing.T) {
	release := make(chan struct{})
	var hanging, most atomic.Int64
	// The worker gives a call up after 15 s and makes the next one. The endpoint notices the
	// first a little later, so it counts no longer than that.
	count := sync.OnceValue(func() time.Time { return time.Now().Add(10 * time.Second) })
	dead, _ := endpoint(t, func(_ http.ResponseWriter, r *http.Request) {
		if n := hanging.Add(1); n > most.Load() && time.Now().Before(count()) {
			most.Store(n)
		}
		defer hanging.Add(-1)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	alive, calls := endpoint(t, ok)
	f := newFixture(t, dead)
	f.config.Endpoints["other"] = []worker.Endpoint{{URL: alive, Secret: secret, AllowPrivate: loopback}}
	f.startWorker()
	t.Cleanup(func() { close(release) }) // before the worker and the shops end
	session := checkout.Session{ID: "cs_other", Merchant: "other", Status: checkout.StatusOpen}
	must(t, f.store.CreateSession(t.Context(), session))
	deliver := func(name string) (median, slowest time.Duration) {
		var took []time.Duration
		for i := range 20 {
			event := checkout.Event{ID: name + strconv.Itoa(i), Type: checkout.EventPaid, Merchant: "other", SessionID: session.ID}
			at := time.Now()
			must(t, f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event}}))
			if c := receive(t, calls); c.header.Get("Webhook-Id") != event.ID {
				t.Fatalf("delivered %s, want %s", c.header.Get("Webhook-Id"), event.ID)
			}
			took = append(took, time.Since(at))
		}
		slices.Sort(took)
		return took[len(took)/2], took[len(took)-1]
	}
	alone, slowestAlone := deliver("before")
	f.storeEvents(shop, 200)
	waitUntil(t, func() bool { return hanging.Load() == worker.DefaultMaxRequests })
	loaded, slowest := deliver("loaded")
	t.Logf("the median of 20 webhooks took %s (the slowest %s) alone, %s (%s) with 200 for an endpoint that hangs", alone, slowestAlone, loaded, slowest)
	if loaded > alone+7*time.Second || slowest > 14*time.Second { // 15 s in a shared queue
		t.Errorf("a dead endpoint delays another: %s (the slowest %s), without it %s", loaded, slowest, alone)
	}
	if most.Load() != worker.DefaultMaxRequests {
		t.Errorf("%d calls hang at once, want %d", most.Load(), worker.DefaultMaxRequests)
	}
}

func TestReplayOfAnUnknownEvent(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "http://shop.invalid")
	if err := f.replay("evt_nobody"); !errors.Is(err, checkout.ErrNotFound) || !strings.Contains(err.Error(), "evt_nobody") {
		t.Errorf("replaying an unknown event: error %v", err)
	}
}

func TestWebhookWaitsForANodeThatKnowsTheMerchant(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) {})
	f := newFixture(t, "")
	f.storeEvents("stranger", 1)
	f.storeEvents("other", 1) // has no endpoint
	if n := f.pending(); n != 1 {
		t.Errorf("%d webhooks, want 1", n)
	}
	f.config.Endpoints = map[string][]worker.Endpoint{"stranger": {{URL: url, Secret: secret, AllowPrivate: loopback}}}
	f.startWorker()
	receive(t, calls)
}
