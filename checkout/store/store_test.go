package store_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest"
)

// open opens the database at path until the test ends.
func open(t testing.TB, path string) *store.DB {
	t.Helper()
	db, err := store.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// newPath returns a path for a new database, with characters that a URL escapes.
func newPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "data", "a ?%&#.db")
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) checkout.Store { return store.New(open(t, newPath(t)), nil) })
}

// newSession returns an open session that is not stored yet.
func newSession() checkout.Session {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return checkout.Session{
		ID: "cs_1", Merchant: "shop", Version: 1, Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid,
		Amount: 1, Currency: "HKD", Subject: "Ticket", CreatedAt: at, ExpiresAt: at, ConcludeAt: at,
	}
}

// webhooks is a store.Webhooks with one endpoint for each merchant. It keeps the ids of the events
// that were committed.
type webhooks struct{ committed []string }

func (w *webhooks) Endpoints(checkout.Event) []string { return []string{checkout.DefaultEndpoint} }

func (w *webhooks) Committed(events ...checkout.Event) {
	for _, e := range events {
		w.committed = append(w.committed, e.ID)
	}
}

func TestEventAndWebhookAreOneTransaction(t *testing.T) {
	t.Parallel()
	for name, db := range databases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &webhooks{}
			s := store.New(db, w)
			session := newSession()
			must(t, s.CreateSession(t.Context(), session))
			first := checkout.Event{ID: "evt_1", Type: checkout.EventExpired, SessionID: session.ID, Merchant: "shop"}
			must(t, s.Apply(t.Context(), checkout.Change{Events: []checkout.Event{first}}))
			if got := pending(t, db); !slices.Equal(got, []string{"evt_1"}) || !slices.Equal(w.committed, got) {
				t.Errorf("pending %v, committed %v, want evt_1", got, w.committed)
			}
			_, err := db.Writer().ExecContext(t.Context(), "DROP TABLE delivery_pending")
			must(t, err)
			stored, err := s.Session(t.Context(), session.ID)
			must(t, err)
			ended := stored
			ended.Status = checkout.StatusExpired
			second := first
			second.ID = "evt_2"
			if err := s.Apply(t.Context(), checkout.Change{Session: &ended, Events: []checkout.Event{second}}); err == nil {
				t.Error("an event was stored without its webhook")
			}
			got, err := s.Session(t.Context(), session.ID)
			if err != nil || got.Status != checkout.StatusOpen || got.Version != stored.Version {
				t.Errorf("session is %s, version %d, error %v", got.Status, got.Version, err)
			}
			if _, err := s.Event(t.Context(), second.ID); !errors.Is(err, checkout.ErrNotFound) {
				t.Errorf("event: error %v, want ErrNotFound", err)
			}
			if len(w.committed) != 1 {
				t.Errorf("committed %v, want only evt_1", w.committed)
			}
		})
	}
}

// pending returns the ids of the events whose webhooks are pending.
func pending(t *testing.T, db *store.DB) (ids []string) {
	t.Helper()
	rows, err := db.Writer().QueryContext(t.Context(), "SELECT event_id FROM delivery_pending ORDER BY event_id")
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var id string
		must(t, rows.Scan(&id))
		ids = append(ids, id)
	}
	must(t, rows.Err())
	return ids
}

func TestClosedDatabase(t *testing.T) {
	t.Parallel()
	db, err := store.OpenSQLite(t.Context(), newPath(t))
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(db, nil)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, now := t.Context(), time.Now()
	for name, call := range map[string]func() error{
		"Ping":               func() error { return db.Ping(ctx) },
		"CreateSession":      func() error { return s.CreateSession(ctx, newSession()) },
		"Session":            func() error { _, err := s.Session(ctx, "cs_1"); return err },
		"ExpiringSessions":   func() error { _, err := s.ExpiringSessions(ctx, "shop", now, 1); return err },
		"PostponeConclusion": func() error { return s.PostponeConclusion(ctx, "cs_1", now) },
		"CreateAttempt":      func() error { return s.CreateAttempt(ctx, checkout.Attempt{}, 1, now) },
		"LeaseAttempt":       func() error { _, _, err := s.LeaseAttempt(ctx, "at_1", now, now, now); return err },
		"ReleaseAttempt":     func() error { return s.ReleaseAttempt(ctx, "at_1", now, now) },
		"Apply":              func() error { return s.Apply(ctx, checkout.Change{}) },
		"CreateRefund":       func() error { return s.CreateRefund(ctx, checkout.Refund{}, now) },
		"Refund":             func() error { _, err := s.Refund(ctx, "re_1"); return err },
		"Refunds":            func() error { _, err := s.Refunds(ctx, "cs_1"); return err },
		"DueRefunds":         func() error { _, err := s.DueRefunds(ctx, "shop", now, 1); return err },
		"LeaseRefund":        func() error { _, err := s.LeaseRefund(ctx, "re_1", now, now); return err },
		"ReleaseRefund":      func() error { return s.ReleaseRefund(ctx, "re_1", now, now) },
		"AddNotification":    func() error { return s.AddNotification(ctx, checkout.Notification{}, now, nil) },
		"Record":             func() error { return s.Record(ctx) },
		"Timeline":           func() error { _, err := s.Timeline(ctx, "cs_1"); return err },
		"Lookup":             func() error { _, err := s.Lookup(ctx, "cs_1"); return err },
		"AttemptsByNumber":   func() error { _, err := s.AttemptsByNumber(ctx, []string{"n"}); return err },
		"RefundsOfAttempts":  func() error { _, err := s.RefundsOfAttempts(ctx, []string{"at_1"}); return err },
		"PaidAttempts":       func() error { _, err := s.PaidAttempts(ctx, "shop", now, now, "", 1); return err },
		"SucceededRefunds":   func() error { _, err := s.SucceededRefunds(ctx, "shop", now, now, "", 1); return err },
		"AddDifference":      func() error { _, err := s.AddDifference(ctx, checkout.Event{}); return err },
		"SaveReconciliation": func() error { return s.SaveReconciliation(ctx, checkout.Reconciliation{}) },
		"Reconciliation":     func() error { _, err := s.Reconciliation(ctx, "rc_1"); return err },
		"Reconciliations":    func() error { _, err := s.Reconciliations(ctx, "shop", 1); return err },
	} {
		if err := call(); err == nil || errors.Is(err, checkout.ErrNotFound) || errors.Is(err, checkout.ErrConflict) {
			t.Errorf("%s: error %v, want one of the database", name, err)
		}
	}
}
