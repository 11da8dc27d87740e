package store_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest"
)

// noJobs is an Enqueue that writes no jobs.
func noJobs(context.Context, *sql.Tx, checkout.Event) error { return nil }

// open opens the database at path until the test ends.
func open(t *testing.T, path string) *store.DB {
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
func newPath(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "data", "a ?%&#.db")
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) checkout.Store { return store.New(open(t, newPath(t)), noJobs) })
}

// newSession returns an open session that is not stored yet.
func newSession() checkout.Session {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return checkout.Session{
		ID: "cs_1", Merchant: "shop", Version: 1, Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid,
		Amount: 1, Currency: "HKD", Subject: "Ticket", CreatedAt: at, ExpiresAt: at, ConcludeAt: at,
	}
}

func TestEventAndJobsAreOneTransaction(t *testing.T) {
	t.Parallel()
	t.Run("a job that cannot be written rolls everything back", func(t *testing.T) {
		t.Parallel()
		enqueueErr := errors.New("the job could not be written")
		for name, db := range databases(t) {
			s := store.New(db, func(context.Context, *sql.Tx, checkout.Event) error { return enqueueErr })
			session := newSession()
			must(t, s.CreateSession(t.Context(), session))
			ended := session
			ended.Status = checkout.StatusExpired
			event := checkout.Event{ID: "evt_1", Type: checkout.EventExpired, SessionID: session.ID}
			if err := s.Apply(t.Context(), checkout.Change{Session: &ended, Events: []checkout.Event{event}}); !errors.Is(err, enqueueErr) {
				t.Errorf("%s: error %v, want %v", name, err, enqueueErr)
			}
			got, err := s.Session(t.Context(), session.ID)
			if err != nil || got.Status != checkout.StatusOpen || got.Version != 1 {
				t.Errorf("%s: session is %s, version %d, error %v", name, got.Status, got.Version, err)
			}
			if _, err := s.Event(t.Context(), event.ID); !errors.Is(err, checkout.ErrNotFound) {
				t.Errorf("%s: event: error %v, want ErrNotFound", name, err)
			}
		}
	})
	t.Run("jobs are written in the event's transaction", func(t *testing.T) {
		t.Parallel()
		var ids []string
		s := store.New(open(t, newPath(t)), func(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
			var id string
			if err := tx.QueryRowContext(ctx, "SELECT id FROM events WHERE id = $1", e.ID).Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
			return nil
		})
		if err := s.CreateSession(t.Context(), newSession()); err != nil {
			t.Fatal(err)
		}
		event := checkout.Event{ID: "evt_1", Type: checkout.EventExpired, SessionID: "cs_1"}
		if err := s.Apply(t.Context(), checkout.Change{Events: []checkout.Event{event}}); err != nil {
			t.Fatal(err)
		}
		if len(ids) != 1 || ids[0] != "evt_1" {
			t.Errorf("jobs for %v, want one for evt_1", ids)
		}
	})
}

func TestClosedDatabase(t *testing.T) {
	t.Parallel()
	db, err := store.OpenSQLite(t.Context(), newPath(t))
	if err != nil {
		t.Fatal(err)
	}
	s := store.New(db, noJobs)
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
		"LeaseAttempt":       func() error { _, err := s.LeaseAttempt(ctx, "at_1", now, now, now); return err },
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
