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
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
)

// events is a worker.Events of one merchant. Its first failures calls fail.
type events struct {
	failures int
	parked   []string // the reasons
	unparked int
	disabled bool
}

var errDatabase = errors.New("the database is away")

func (e *events) fail() error {
	if e.failures > 0 {
		e.failures--
		return errDatabase
	}
	return nil
}

func (e *events) Event(_ context.Context, id string) (checkout.Event, error) {
	return checkout.Event{ID: id, Type: checkout.EventPaid, Merchant: shop, SessionID: "cs_1"}, e.fail()
}

func (e *events) ParkWebhook(_ context.Context, _ checkout.Event, _ time.Time, tries int, reason string) error {
	if err := e.fail(); err != nil {
		return err
	}
	e.parked = append(e.parked, strconv.Itoa(tries)+" tries: "+reason)
	return nil
}

func (e *events) UnparkWebhook(context.Context, string) error { e.unparked++; return e.fail() }

func (e *events) DisableWebhooks(context.Context, string, time.Time, string) error {
	err := e.fail()
	e.disabled = err == nil
	return err
}

func (e *events) WebhooksDisabled(context.Context, string) (bool, error) { return e.disabled, e.fail() }

// answering is a transport that answers with a status and Retry-After.
type answering func() (status int, retryAfter string)

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	status, after := a()
	return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {after}}, Body: http.NoBody, Request: r}, nil
}

// trier delivers evt_1 to the shop of these tests.
func trier(t *testing.T, e worker.Events, transport http.RoundTripper) func(ctx context.Context, try int) worker.Try {
	t.Helper()
	return worker.Deliver(t, worker.Config{
		Events: e, Transport: transport, Logger: slog.New(slog.DiscardHandler),
		Endpoints: map[string]worker.Endpoint{shop: {URL: "https://shop.example/hook", Secret: secret}},
	})
}

// outcome says how a try ended.
func outcome(err error) string {
	switch {
	case err == nil:
		return "told"
	case errors.As(err, new(*river.JobCancelError)):
		return "ended"
	case errors.As(err, new(*river.JobSnoozeError)):
		return "postponed"
	default:
		return "failed"
	}
}

// TestShopDownForThreeDays: tries come on schedule, over 75 hours, and then the
// event is parked. Should the shop be back before the last, it is told.
func TestShopDownForThreeDays(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]time.Duration{"back after 74 hours": 74 * time.Hour, "never back": 1000 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				down := time.Now()
				e := &events{}
				var at []time.Duration
				try := trier(t, e, answering(func() (int, string) {
					at = append(at, time.Since(down))
					if time.Since(down) < back {
						return http.StatusServiceUnavailable, ""
					}
					return http.StatusNoContent, ""
				}))
				last := ""
				for i := 1; last != "told" && last != "ended"; i++ {
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
				if parked := []string{"10 tries: the shop answered 503"}; last == "told" && len(e.parked) > 0 || last == "ended" && !slices.Equal(e.parked, parked) {
					t.Errorf("%s, parked %v", last, e.parked)
				}
				if told := back < 75*time.Hour; told != (last == "told") {
					t.Errorf("it is %s", last)
				}
			})
		})
	}
}

func TestRetryAfterOfAShop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		after, status := "", http.StatusTooManyRequests
		try := trier(t, &events{}, answering(func() (int, string) { return status, after }))
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

func TestEndsOfAWebhook(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ends   bool // the process
		events events
		status int
		try    int
		want   string
		after  events
	}{
		"410 disables the endpoint and parks": {
			status: 410, try: 3, want: "ended", after: events{disabled: true, parked: []string{"3 tries: the shop answered 410"}},
		},
		"a disabled endpoint is not called": {
			events: events{disabled: true}, try: 1, want: "ended", after: events{disabled: true, parked: []string{"0 tries: the endpoint is disabled"}},
		},
		"the last try parks":               {status: 500, try: 10, want: "ended", after: events{parked: []string{"10 tries: the shop answered 500"}}},
		"the last but one does not":        {status: 500, try: 9, want: "failed"},
		"a try after one that was killed":  {status: 500, try: 11, want: "ended", after: events{parked: []string{"11 tries: the shop answered 500"}}},
		"and one that succeeds":            {status: 200, try: 11, want: "told", after: events{unparked: 1}},
		"the last succeeds":                {status: 200, try: 10, want: "told"},
		"the database is away, unread":     {events: events{failures: 1}, try: 10, want: "postponed"},
		"the process ends on the last try": {ends: true, status: -1, try: 10, want: "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.ends {
				cancel()
			}
			e := c.events
			try := trier(t, &e, transport(func(r *http.Request) (*http.Response, error) {
				switch c.status {
				case 0:
					t.Error("the shop was called")
				case -1:
					return nil, context.Cause(r.Context())
				}
				return answering(func() (int, string) { return c.status, "" }).RoundTrip(r)
			}))
			if got := outcome(try(ctx, c.try).Err); got != c.want {
				t.Errorf("it %s, want %s", got, c.want)
			}
			if !slices.Equal(e.parked, c.after.parked) || e.disabled != c.after.disabled || e.unparked != c.after.unparked {
				t.Errorf("then it is %+v, want %+v", e, c.after)
			}
		})
	}
}

// transport is an http.RoundTripper.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestDatabaseThatFailsCostsNoTry: wherever it fails, the webhook is postponed,
// and parked later.
func TestDatabaseThatFailsCostsNoTry(t *testing.T) {
	t.Parallel()
	for _, status := range []int{410, 500} {
		for place := range 4 {
			e := &failing{events: &events{}, at: place}
			try := trier(t, e, answering(func() (int, string) { return status, "" }))
			first := outcome(try(t.Context(), 10).Err)
			if want := place < 3 || status == 410; want != (first == "postponed") {
				t.Errorf("%d, database fails at call %d: %s", status, place, first)
			}
			if first == "postponed" {
				if again := outcome(try(t.Context(), 10).Err); again != "ended" || len(e.parked) != 1 {
					t.Errorf("%d, database failed at call %d: then %s, parked %v", status, place, again, e.parked)
				}
			}
		}
	}
}

// failing fails at one call of events.
type failing struct {
	*events
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
	return f.events.Event(ctx, id)
}

func (f *failing) WebhooksDisabled(ctx context.Context, merchant string) (bool, error) {
	f.count()
	return f.events.WebhooksDisabled(ctx, merchant)
}

func (f *failing) DisableWebhooks(ctx context.Context, merchant string, at time.Time, reason string) error {
	f.count()
	return f.events.DisableWebhooks(ctx, merchant, at, reason)
}

func (f *failing) ParkWebhook(ctx context.Context, e checkout.Event, at time.Time, tries int, reason string) error {
	f.count()
	return f.events.ParkWebhook(ctx, e, at, tries, reason)
}

// replay has events told anew, as the command line does.
func (f *fixture) replay(ids ...string) error {
	f.t.Helper()
	queue, err := worker.NewQueue(f.t.Context(), f.db, wallClock{}, nil)
	must(f.t, err)
	return f.store.ReplayWebhooks(f.t.Context(), ids, queue.Replay)
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

// TestParkedWebhookIsReplayed: the last try fails, an operator replays, and the
// shop gets the same event under the same id.
func TestParkedWebhookIsReplayed(t *testing.T) {
	t.Parallel()
	var up atomic.Bool
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	f := newFixture(t, url)
	event := f.tell(shop, 1)[0]
	f.exec("UPDATE river_job SET attempt = 9 WHERE kind = 'webhook'")
	f.work()
	first := next(t, calls)
	f.await("cancelled")
	if p := f.parked(); len(p) != 1 || p[0].EventID != event.ID || p[0].Tries != 10 || p[0].Reason != "the shop answered 502" {
		t.Fatalf("parked %+v", p)
	}
	up.Store(true)
	must(t, f.replay(event.ID))
	again := next(t, calls)
	verify(t, again)
	if again.header.Get("Webhook-Id") != first.header.Get("Webhook-Id") || string(again.body) != string(first.body) {
		t.Error("the replay told something else")
	}
	f.await("completed")
	if p := f.parked(); len(p) != 0 {
		t.Errorf("still parked: %+v", p)
	}
}

// TestGoneDisablesTheEndpoint until an operator enables it, over a restart;
// what happens meanwhile is parked.
func TestGoneDisablesTheEndpoint(t *testing.T) {
	t.Parallel()
	var back atomic.Bool
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) {
		if !back.Load() {
			w.WriteHeader(http.StatusGone)
		}
	})
	f := newFixture(t, url)
	told := f.tell(shop, 1)
	t.Run("the first process", func(t *testing.T) {
		first := *f
		first.t = t
		first.work()
		next(t, calls)
		f.await("cancelled")
	})
	f.work() // the second
	for i := range 3 {
		event := told[0]
		event.ID = "evt_later" + strconv.Itoa(i)
		must(t, f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event}}))
		told = append(told, event)
	}
	until(t, func() bool { return len(f.parked()) == 4 })
	if n := len(calls); n != 0 {
		t.Errorf("%d calls to an endpoint that is disabled", n)
	}
	ids := []string{told[0].ID, told[1].ID, told[2].ID, told[3].ID}
	if err := f.replay(ids...); !errors.As(err, new(*store.DisabledError)) {
		t.Errorf("replayed to an endpoint that is disabled: %v", err)
	}
	back.Store(true)
	must(t, f.store.EnableWebhooks(t.Context(), shop))
	must(t, f.replay(ids...))
	var got []string
	for range told {
		got = append(got, next(t, calls).header.Get("Webhook-Id"))
	}
	slices.Sort(got)
	if slices.Sort(ids); !slices.Equal(got, ids) || len(f.parked()) != 0 {
		t.Errorf("told %v, want %v; %d are parked", got, ids, len(f.parked()))
	}
}

// TestKilledOnTheLastTry: the run that died was the last of the schedule, and
// the event is told or parked all the same.
func TestKilledOnTheLastTry(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	f := newFixture(t, url)
	f.tell(shop, 1)
	f.exec(`UPDATE river_job SET attempt = 10, state = 'running', attempted_at = datetime('now', '-1 hour') WHERE kind = 'webhook'`)
	f.work()
	f.await("retryable") // rescued, with the schedule's last wait
	f.exec(`UPDATE river_job SET scheduled_at = datetime('now'), state = 'available' WHERE kind = 'webhook'`)
	next(t, calls)
	until(t, func() bool { return len(f.parked()) == 1 })
}

// TestDeadEndpointDelaysNoOther: 200 events wait for a shop that hangs, and
// another shop's come as soon as they would without them. It measures, and so
// runs beside no other test.
func TestDeadEndpointDelaysNoOther(t *testing.T) {
	release := make(chan struct{})
	var hanging, most atomic.Int64
	dead, _ := endpoint(t, func(_ http.ResponseWriter, r *http.Request) {
		if n := hanging.Add(1); n > most.Load() {
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
	f.config.Endpoints["other"] = worker.Endpoint{URL: alive, Secret: secret, AllowPrivate: loopback}
	f.work()
	t.Cleanup(func() { close(release) }) // before the worker and the shops end
	session := checkout.Session{ID: "cs_other", Merchant: "other", Status: checkout.StatusOpen}
	must(t, f.store.CreateSession(t.Context(), session))
	tell := func(name string) (median, slowest time.Duration) {
		var took []time.Duration
		for i := range 20 {
			event := checkout.Event{ID: name + strconv.Itoa(i), Type: checkout.EventPaid, Merchant: "other", SessionID: session.ID}
			at := time.Now()
			must(t, f.store.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event}}))
			if c := next(t, calls); c.header.Get("Webhook-Id") != event.ID {
				t.Fatalf("told %s, want %s", c.header.Get("Webhook-Id"), event.ID)
			}
			took = append(took, time.Since(at))
		}
		slices.Sort(took)
		return took[len(took)/2], took[len(took)-1]
	}
	alone, slowestAlone := tell("before")
	f.tell(shop, 200)
	until(t, func() bool { return hanging.Load() == 5 })
	beside, slowest := tell("beside")
	t.Logf("20 webhooks took %s (%s the slowest) alone, %s (%s) beside an endpoint that hangs with 200", alone, slowestAlone, beside, slowest)
	if beside > alone+7*time.Second || slowest > 14*time.Second { // a place in a queue with the others would be 15 s
		t.Errorf("a dead endpoint delays another: %s (%s), without it %s", beside, slowest, alone)
	}
	if most.Load() != 5 {
		t.Errorf("%d calls at once hang, want 5", most.Load())
	}
}

func TestErrorsOfThePark(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "http://shop.invalid")
	if err := f.replay("evt_nobody"); !errors.Is(err, checkout.ErrNotFound) || !strings.Contains(err.Error(), "evt_nobody") {
		t.Errorf("replaying what does not exist: %v", err)
	}
}

// TestWebhookOfAMerchantThatOnlyAnotherNodeKnows: it waits for that node.
func TestWebhookOfAMerchantThatOnlyAnotherNodeKnows(t *testing.T) {
	t.Parallel()
	url, calls := endpoint(t, func(http.ResponseWriter, *http.Request) {})
	f := newFixture(t, "")
	f.tell("stranger", 1)
	f.tell("other", 1) // has no endpoint
	if n := f.jobs(""); n != 1 {
		t.Errorf("%d webhooks, want 1", n)
	}
	f.config.Endpoints = map[string]worker.Endpoint{"stranger": {URL: url, Secret: secret, AllowPrivate: loopback}}
	f.work()
	next(t, calls)
}
