package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// newStoreWithEvents returns a store with one event for each merchant. The event's id
// is "evt_" and the merchant.
func newStoreWithEvents(t *testing.T, merchants ...string) (*store.Store, []checkout.Event) {
	t.Helper()
	s := store.New(open(t, newPath(t)), nil)
	var events []checkout.Event
	for i, merchant := range merchants {
		session := newSession()
		session.ID, session.Merchant = "cs_"+merchant, merchant
		must(t, s.CreateSession(t.Context(), session))
		events = append(events, checkout.Event{
			ID: "evt_" + merchant, Type: checkout.EventPaid, Merchant: merchant, SessionID: session.ID, CreatedAt: noon.Add(time.Duration(i) * time.Hour),
		})
	}
	must(t, s.Apply(t.Context(), checkout.Change{Events: events}))
	return s, events
}

// must fails the test if err is set.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func parked(t *testing.T, s *store.Store, merchant string) []store.ParkedWebhook {
	t.Helper()
	list, err := s.ParkedWebhooks(t.Context(), merchant)
	must(t, err)
	return list
}

// keysOf names the deliveries of events to the endpoint `webhook` of the configuration.
func keysOf(eventIDs ...string) (keys []checkout.WebhookKey) {
	for _, id := range eventIDs {
		keys = append(keys, checkout.WebhookKey{EventID: id, Endpoint: checkout.DefaultEndpoint})
	}
	return keys
}

func TestParkedWebhooks(t *testing.T) {
	t.Parallel()
	s, events := newStoreWithEvents(t, "a", "b")
	ctx := t.Context()
	for _, e := range []checkout.Event{events[1], events[0]} {
		must(t, s.ParkWebhook(ctx, e, checkout.DefaultEndpoint, noon, 10, "the shop answered 500"))
	}
	must(t, s.ParkWebhook(ctx, events[0], checkout.DefaultEndpoint, noon.Add(time.Hour), 11, "the shop answered 503"))
	want := []store.ParkedWebhook{
		{"evt_a", "default", "a", "cs_a", checkout.EventPaid, noon, noon.Add(time.Hour), 11, "the shop answered 503"},
		{"evt_b", "default", "b", "cs_b", checkout.EventPaid, noon.Add(time.Hour), noon, 10, "the shop answered 500"},
	}
	if diff := cmp.Diff(want, parked(t, s, "")); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:], parked(t, s, "b")); diff != "" {
		t.Errorf("of one merchant (-want +got):\n%s", diff)
	}
	must(t, s.UnparkWebhook(ctx, keysOf("evt_a")[0]))
	must(t, s.UnparkWebhook(ctx, keysOf("evt_a")[0]))
	if diff := cmp.Diff(want[1:], parked(t, s, "")); diff != "" {
		t.Errorf("after one was delivered (-want +got):\n%s", diff)
	}
	if err := s.ParkWebhook(ctx, checkout.Event{ID: "evt_nobody"}, checkout.DefaultEndpoint, noon, 1, ""); err == nil {
		t.Error("an event that does not exist was parked")
	}
}

func TestDisabledWebhooks(t *testing.T) {
	t.Parallel()
	s, _ := newStoreWithEvents(t)
	ctx := t.Context()
	wantDisabled := func(merchant string, want bool) {
		t.Helper()
		if got, err := s.WebhooksDisabled(ctx, merchant, checkout.DefaultEndpoint); err != nil || got != want {
			t.Errorf("%s disabled: %v, %v, want %v", merchant, got, err, want)
		}
	}
	wantDisabled("a", false)
	must(t, s.DisableWebhooks(ctx, "a", checkout.DefaultEndpoint, noon, "the shop answered 410"))
	must(t, s.DisableWebhooks(ctx, "a", checkout.DefaultEndpoint, noon.Add(time.Hour), "again"))
	wantDisabled("a", true)
	wantDisabled("b", false)
	list, err := s.DisabledWebhooks(ctx, "")
	must(t, err)
	if diff := cmp.Diff([]checkout.DisabledWebhook{{Merchant: "a", Endpoint: "default", DisabledAt: noon, Reason: "the shop answered 410"}}, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, s.EnableWebhooks(ctx, "a", checkout.DefaultEndpoint))
	wantDisabled("a", false)
	if err := s.EnableWebhooks(ctx, "a", checkout.DefaultEndpoint); !errors.Is(err, checkout.ErrNotFound) {
		t.Errorf("enabled twice: %v", err)
	}
}

func TestReplayIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s, events := newStoreWithEvents(t, "a", "b", "c")
	ctx := t.Context()
	must(t, s.ParkWebhook(ctx, events[0], checkout.DefaultEndpoint, noon, 10, ""))
	must(t, s.ParkWebhook(ctx, events[1], checkout.DefaultEndpoint, noon, 10, ""))
	enqueueErr, disabled := errors.New("the job could not be written"), new(checkout.DisabledError)
	var jobs []string
	enqueue := func(_ context.Context, _ *sql.Tx, e checkout.Event, _ string) error {
		if e.ID == "evt_c" {
			return enqueueErr
		}
		jobs = append(jobs, e.ID)
		return nil
	}
	if err := s.ReplayWebhooks(ctx, keysOf("evt_a", "evt_nobody"), enqueue); !errors.Is(err, checkout.ErrNotFound) {
		t.Errorf("an unknown event: %v", err)
	}
	if err := s.ReplayWebhooks(ctx, keysOf("evt_a", "evt_c"), enqueue); !errors.Is(err, enqueueErr) {
		t.Errorf("a job that cannot be written: %v", err)
	}
	must(t, s.DisableWebhooks(ctx, "b", checkout.DefaultEndpoint, noon, ""))
	if err := s.ReplayWebhooks(ctx, keysOf("evt_a", "evt_b"), enqueue); !errors.As(err, &disabled) || disabled.Merchant != "b" {
		t.Errorf("a disabled endpoint: %v", err)
	}
	if n := len(parked(t, s, "")); n != 2 {
		t.Errorf("%d are parked after nothing was replayed, want 2", n)
	}
	must(t, s.EnableWebhooks(ctx, "b", checkout.DefaultEndpoint))
	jobs = nil
	must(t, s.ReplayWebhooks(ctx, keysOf("evt_a", "evt_b"), enqueue))
	if diff := cmp.Diff([]string{"evt_a", "evt_b"}, jobs); diff != "" || len(parked(t, s, "")) != 0 {
		t.Errorf("%d are parked, jobs (-want +got):\n%s", len(parked(t, s, "")), diff)
	}
	must(t, s.ReplayWebhooks(ctx, keysOf("evt_a"), enqueue)) // delivered once, and again
}

// storePending stores a session and events of it, whose webhooks are pending.
func storePending(t *testing.T, s *store.Store, events ...checkout.Event) {
	t.Helper()
	must(t, s.CreateSession(t.Context(), newSession()))
	for i := range events {
		events[i].SessionID, events[i].Merchant, events[i].Type = "cs_1", "shop", checkout.EventPaid
	}
	must(t, s.Apply(t.Context(), checkout.Change{Events: events}))
}

// TestPendingWebhooksAreHandedOverOnce checks which webhooks are due, that a failure keeps
// them, and that several nodes get different ones.
func TestPendingWebhooksAreHandedOverOnce(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, at := store.New(db, &webhooks{}), noon
			events := []checkout.Event{{ID: "evt_postponed", CreatedAt: at}, {ID: "evt_young", CreatedAt: at.Add(time.Hour)}}
			for i := range 20 {
				events = append(events, checkout.Event{ID: fmt.Sprintf("evt_%02d", i), CreatedAt: at})
			}
			storePending(t, s, events...)
			must(t, s.PostponeWebhooks(t.Context(), keysOf("evt_nobody", "evt_postponed"), at.Add(time.Hour)))
			now := events[0].WebhookDueAt().Add(time.Second)
			failed := errors.New("the jobs could not be written")
			_, err := s.HandOverWebhooks(t.Context(), now, 100, func(context.Context, *sql.Tx, []checkout.PendingWebhook) error { return failed })
			if !errors.Is(err, failed) || len(pending(t, db)) != len(events) {
				t.Errorf("error %v, %d are pending, want all", err, len(pending(t, db)))
			}
			var mu sync.Mutex
			taken := map[string]int{}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 5 {
						n, err := s.HandOverWebhooks(t.Context(), now, 3, func(_ context.Context, _ *sql.Tx, list []checkout.PendingWebhook) error {
							mu.Lock()
							defer mu.Unlock()
							for _, p := range list {
								taken[p.EventID+" of "+p.Merchant]++
							}
							return nil
						})
						if err != nil || n > 3 {
							t.Errorf("%d webhooks, error %v", n, err)
						}
					}
				})
			}
			wg.Wait()
			if len(taken) != 20 || taken["evt_07 of shop"] != 1 {
				t.Errorf("taken %v, want the 20 that are due, each once", taken)
			}
			if left := pending(t, db); !slices.Equal(left, []string{"evt_postponed", "evt_young"}) {
				t.Errorf("pending are %v", left)
			}
		})
	}
}

// TestTriesAreRecorded checks what is stored of tries, that they end what is pending, and
// that a webhook which another node took gets no second job.
func TestTriesAreRecorded(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, at := store.New(db, &webhooks{}), noon
			storePending(t, s, checkout.Event{ID: "evt_1", CreatedAt: at}, checkout.Event{ID: "evt_2", CreatedAt: at})
			tries := []checkout.WebhookTry{
				{EventID: "evt_1", Endpoint: "default", Number: 1, At: at, Status: 503, Took: 20 * time.Millisecond, Answer: "a\x00b\xff", Error: "the shop answered 503", NextAt: at.Add(5 * time.Second), EndsPending: true},
				{EventID: "evt_2", Endpoint: "default", Number: 1, At: at, Status: 200, EndsPending: true},
				{EventID: "evt_taken", Endpoint: "default", Number: 1, At: at, Error: "posting", NextAt: at.Add(time.Second), EndsPending: true},
			}
			var retried []string
			retry := func(_ context.Context, _ *sql.Tx, t checkout.WebhookTry) error {
				retried = append(retried, t.EventID)
				return nil
			}
			failed := errors.New("the job could not be written")
			err := s.RecordWebhookTries(t.Context(), tries, func(context.Context, *sql.Tx, checkout.WebhookTry) error { return failed })
			if !errors.Is(err, failed) || len(pending(t, db)) != 2 {
				t.Errorf("error %v; pending %v", err, pending(t, db))
			}
			for range 2 { // again, as after a commit of unknown outcome
				must(t, s.RecordWebhookTries(t.Context(), tries, retry))
			}
			if left := pending(t, db); len(left) != 0 || !slices.Equal(retried, []string{"evt_1"}) {
				t.Errorf("pending %v, retried %v, want only evt_1 retried", left, retried)
			}
			want := tries[0]
			want.Answer, want.EndsPending = "a\uFFFDb\uFFFD", false
			got, err := s.WebhookTries(t.Context(), "evt_1")
			if diff := cmp.Diff([]checkout.WebhookTry{want}, got); err != nil || diff != "" {
				t.Errorf("error %v, tries (-want +got):\n%s", err, diff)
			}
			must(t, s.ForgetWebhookTries(t.Context(), at, 10))
			if got, err = s.WebhookTries(t.Context(), "evt_1"); err != nil || len(got) != 1 {
				t.Errorf("a try that is not old was deleted: %v, %v", got, err)
			}
			must(t, s.ForgetWebhookTries(t.Context(), at.Add(time.Millisecond), 2))
			var left int
			must(t, db.Writer().QueryRowContext(t.Context(), "SELECT count(*) FROM delivery_tries").Scan(&left))
			if left != 1 {
				t.Errorf("%d tries are left, want 1", left)
			}
		})
	}
}
