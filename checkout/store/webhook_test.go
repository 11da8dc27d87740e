package store_test

import (
	"context"
	"database/sql"
	"errors"
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

func TestParkedWebhooks(t *testing.T) {
	t.Parallel()
	s, events := newStoreWithEvents(t, "a", "b")
	ctx := t.Context()
	for _, e := range []checkout.Event{events[1], events[0]} {
		must(t, s.ParkWebhook(ctx, e, noon, 10, "the shop answered 500"))
	}
	must(t, s.ParkWebhook(ctx, events[0], noon.Add(time.Hour), 11, "the shop answered 503"))
	want := []store.ParkedWebhook{
		{"evt_a", "a", "cs_a", checkout.EventPaid, noon, noon.Add(time.Hour), 11, "the shop answered 503"},
		{"evt_b", "b", "cs_b", checkout.EventPaid, noon.Add(time.Hour), noon, 10, "the shop answered 500"},
	}
	if diff := cmp.Diff(want, parked(t, s, "")); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want[1:], parked(t, s, "b")); diff != "" {
		t.Errorf("of one merchant (-want +got):\n%s", diff)
	}
	must(t, s.UnparkWebhook(ctx, "evt_a"))
	must(t, s.UnparkWebhook(ctx, "evt_a"))
	if diff := cmp.Diff(want[1:], parked(t, s, "")); diff != "" {
		t.Errorf("after one was delivered (-want +got):\n%s", diff)
	}
	if err := s.ParkWebhook(ctx, checkout.Event{ID: "evt_nobody"}, noon, 1, ""); err == nil {
		t.Error("an event that does not exist was parked")
	}
}

func TestDisabledWebhooks(t *testing.T) {
	t.Parallel()
	s, _ := newStoreWithEvents(t)
	ctx := t.Context()
	wantDisabled := func(merchant string, want bool) {
		t.Helper()
		if got, err := s.WebhooksDisabled(ctx, merchant); err != nil || got != want {
			t.Errorf("%s disabled: %v, %v, want %v", merchant, got, err, want)
		}
	}
	wantDisabled("a", false)
	must(t, s.DisableWebhooks(ctx, "a", noon, "the shop answered 410"))
	must(t, s.DisableWebhooks(ctx, "a", noon.Add(time.Hour), "again"))
	wantDisabled("a", true)
	wantDisabled("b", false)
	list, err := s.DisabledWebhooks(ctx)
	must(t, err)
	if diff := cmp.Diff([]store.DisabledWebhook{{"a", noon, "the shop answered 410"}}, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, s.EnableWebhooks(ctx, "a"))
	wantDisabled("a", false)
	if err := s.EnableWebhooks(ctx, "a"); !errors.Is(err, checkout.ErrNotFound) {
		t.Errorf("enabled twice: %v", err)
	}
}

func TestReplayIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s, events := newStoreWithEvents(t, "a", "b", "c")
	ctx := t.Context()
	must(t, s.ParkWebhook(ctx, events[0], noon, 10, ""))
	must(t, s.ParkWebhook(ctx, events[1], noon, 10, ""))
	enqueueErr, disabled := errors.New("the job could not be written"), new(store.DisabledError)
	var jobs []string
	enqueue := func(_ context.Context, _ *sql.Tx, e checkout.Event) error {
		if e.ID == "evt_c" {
			return enqueueErr
		}
		jobs = append(jobs, e.ID)
		return nil
	}
	if err := s.ReplayWebhooks(ctx, []string{"evt_a", "evt_nobody"}, enqueue); !errors.Is(err, checkout.ErrNotFound) {
		t.Errorf("an unknown event: %v", err)
	}
	if err := s.ReplayWebhooks(ctx, []string{"evt_a", "evt_c"}, enqueue); !errors.Is(err, enqueueErr) {
		t.Errorf("a job that cannot be written: %v", err)
	}
	must(t, s.DisableWebhooks(ctx, "b", noon, ""))
	if err := s.ReplayWebhooks(ctx, []string{"evt_a", "evt_b"}, enqueue); !errors.As(err, &disabled) || disabled.Merchant != "b" {
		t.Errorf("a disabled endpoint: %v", err)
	}
	if n := len(parked(t, s, "")); n != 2 {
		t.Errorf("%d are parked after nothing was replayed, want 2", n)
	}
	must(t, s.EnableWebhooks(ctx, "b"))
	jobs = nil
	must(t, s.ReplayWebhooks(ctx, []string{"evt_a", "evt_b"}, enqueue))
	if diff := cmp.Diff([]string{"evt_a", "evt_b"}, jobs); diff != "" || len(parked(t, s, "")) != 0 {
		t.Errorf("%d are parked, jobs (-want +got):\n%s", len(parked(t, s, "")), diff)
	}
	must(t, s.ReplayWebhooks(ctx, []string{"evt_a"}, enqueue)) // delivered once, and again
}
