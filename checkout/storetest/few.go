package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// recordFew adds an entry about an attempt and reports whether it was stored.
func (f fixture) recordFew(t *testing.T, a checkout.Attempt, kind checkout.EntryKind, result string, at time.Time) bool {
	t.Helper()
	stored, err := f.RecordFew(t.Context(), checkout.Entry{SessionID: a.SessionID, AttemptID: a.ID, At: at, Kind: kind, Result: result})
	must(t, err)
	return stored
}

func limitedNotifications(t *testing.T, f fixture) {
	a := f.attempt(t)
	for _, verdict := range []checkout.Verdict{checkout.VerdictRejected, checkout.VerdictAccepted, checkout.VerdictMismatch} {
		for range checkout.KeptNotifications + 3 {
			must(t, f.AddNotification(t.Context(), newNotification(a, verdict), time.Time{}, nil))
		}
	}
	const all = checkout.KeptNotifications + 3
	got := f.readAttempt(t, a.ID)
	wantEqual(t, "counts", got.Notifications, checkout.NotificationCounts{Accepted: all, Mismatched: all, Rejected: all})
	wantEqual(t, "version", got.Version, a.Version)
	wantEqual(t, "entries", len(f.results(t, a.SessionID, checkout.EntryNotification)), 3*checkout.KeptNotifications)
	f.changeAttempt(t, got, func(a *checkout.Attempt) {
		a.State, a.Notifications = checkout.AttemptPending, checkout.NotificationCounts{}
	})
	wantEqual(t, "counts after a change", f.readAttempt(t, a.ID).Notifications, got.Notifications)
}

func limitedReturns(t *testing.T, f fixture) {
	a, at := f.attempt(t), start()
	for i := range checkout.MaxReturns + 2 {
		wantEqual(t, "return stored", f.recordFew(t, a, checkout.EntryReturn, "", at), i < checkout.MaxReturns)
		wantEqual(t, "another return too soon stored", f.recordFew(t, a, checkout.EntryReturn, "", at.Add(checkout.ReturnInterval-time.Millisecond)), false)
		at = at.Add(checkout.ReturnInterval)
	}
	got := f.readAttempt(t, a.ID)
	wantEqual(t, "returns", got.Returns, checkout.MaxReturns)
	wantEqual(t, "last return", got.ReturnedAt, start().Add((checkout.MaxReturns-1)*checkout.ReturnInterval))
	wantEqual(t, "entries", len(f.results(t, a.SessionID, checkout.EntryReturn)), checkout.MaxReturns)
	wantEqual(t, "return of an unknown attempt stored", f.recordFew(t, checkout.Attempt{ID: "at_nobody", SessionID: a.SessionID}, checkout.EntryReturn, "", at), false)
}

func limitedBridgeAnswers(t *testing.T, f fixture) {
	a := f.attempt(t)
	for i := range checkout.MaxBridgeAnswers + 2 {
		wantEqual(t, "answer stored", f.recordFew(t, a, checkout.EntryBridge, checkout.BridgeOK, start()), i < checkout.MaxBridgeAnswers)
	}
	wantEqual(t, "BridgeFailed before a failure", f.readAttempt(t, a.ID).BridgeFailed, false)
	wantEqual(t, "failure above the limit stored", f.recordFew(t, a, checkout.EntryBridge, checkout.BridgeFail, start()), false)
	got := f.readAttempt(t, a.ID)
	wantEqual(t, "BridgeFailed", got.BridgeFailed, true)
	wantEqual(t, "answers", got.BridgeAnswers, checkout.MaxBridgeAnswers)
	wantEqual(t, "entries", len(f.results(t, a.SessionID, checkout.EntryBridge)), checkout.MaxBridgeAnswers)
}

func limitedCancels(t *testing.T, f fixture) {
	a := f.attempt(t)
	for i := range checkout.MaxCancelRequests + 2 {
		wantEqual(t, "cancel stored", f.recordFew(t, a, checkout.EntryCancel, "", start()), i < checkout.MaxCancelRequests)
	}
	wantEqual(t, "entries", len(f.results(t, a.SessionID, checkout.EntryCancel)), checkout.MaxCancelRequests)
	ended := f.attempt(t)
	s := f.readSession(t, ended.SessionID)
	s.Status = checkout.StatusExpired
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s}))
	wantEqual(t, "cancel after the end stored", f.recordFew(t, ended, checkout.EntryCancel, "", start()), false)
}

func limitedAtOnce(t *testing.T, f fixture) {
	a := f.attempt(t)
	countSuccesses(t, nil, func() error {
		_, err := f.RecordFew(t.Context(), checkout.Entry{SessionID: a.SessionID, AttemptID: a.ID, At: start(), Kind: checkout.EntryBridge, Result: checkout.BridgeOK})
		return err
	})
	wantEqual(t, "answers", f.readAttempt(t, a.ID).BridgeAnswers, checkout.MaxBridgeAnswers)
	wantEqual(t, "entries", len(f.results(t, a.SessionID, checkout.EntryBridge)), checkout.MaxBridgeAnswers)
}

func noLimitForOtherKinds(t *testing.T, f fixture) {
	a := f.attempt(t)
	if stored, err := f.RecordFew(t.Context(), newEntry(a, "paid")); err == nil || stored {
		t.Error("an entry of another kind was stored")
	}
	wantEqual(t, "queries", f.results(t, a.SessionID, checkout.EntryQuery), []string(nil))
}
