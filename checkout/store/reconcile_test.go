package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

// TestMigrationKeepsEvents checks that the migration that copies the table of events
// loses no event, no parked webhook and no constraint.
func TestMigrationKeepsEvents(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	s := store.New(open(t, path), nil)
	session := newSession()
	event := checkout.Event{ID: "evt_1", Type: checkout.EventExpired, Merchant: "shop", SessionID: session.ID, Session: session.Public("https://pay.example")}
	refunded := event
	refunded.ID, refunded.Refund = "evt_2", &checkout.PublicRefund{ID: "re_1"}
	for _, err := range []error{
		s.CreateSession(t.Context(), session),
		s.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event, refunded}}),
		s.ParkWebhook(t.Context(), event, checkout.DefaultEndpoint, time.Now(), 10, "gone"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	migrateDown(t, open(t, path), 5)
	s = store.New(open(t, path), nil)
	events, err := s.Events(t.Context(), session.ID)
	if err != nil || len(events) != 2 || events[0].Session.ID != session.ID || events[1].Refund == nil || events[1].Refund.ID != "re_1" {
		t.Errorf("the events are %+v (%v)", events, err)
	}
	parked, err := s.ParkedWebhooks(t.Context(), "")
	if err != nil || len(parked) != 1 || parked[0].SessionID != session.ID {
		t.Errorf("parked is %+v (%v)", parked, err)
	}
	orphan := event
	orphan.ID, orphan.SessionID = "evt_3", "cs_nobody"
	if err := s.Apply(t.Context(), checkout.Change{Events: []checkout.Event{orphan}}); err == nil {
		t.Error("an event of an unknown session was stored")
	}
}

// TestParkedDifferenceWithoutSession checks that an event without a session can be
// listed and replayed.
func TestParkedDifferenceWithoutSession(t *testing.T) {
	t.Parallel()
	s := store.New(open(t, newPath(t)), nil)
	e := checkout.Event{ID: "evt_1", Type: checkout.EventDifference, Merchant: "shop", Difference: &checkout.Difference{OutTradeNo: "n1"}}
	if added, err := s.AddDifference(t.Context(), e); err != nil || !added {
		t.Fatal(added, err)
	}
	if err := s.ParkWebhook(t.Context(), e, checkout.DefaultEndpoint, time.Now(), 10, "gone"); err != nil {
		t.Fatal(err)
	}
	parked, err := s.ParkedWebhooks(t.Context(), "shop")
	if err != nil || len(parked) != 1 || parked[0].SessionID != "" {
		t.Fatalf("parked is %+v (%v)", parked, err)
	}
	replayed := ""
	err = s.ReplayWebhooks(t.Context(), keysOf(e.ID), func(_ context.Context, _ *sql.Tx, e checkout.Event, _ string) error {
		replayed = e.Difference.OutTradeNo
		return nil
	})
	if err != nil || replayed != "n1" {
		t.Errorf("replayed %q (%v)", replayed, err)
	}
}
