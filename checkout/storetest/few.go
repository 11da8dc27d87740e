package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// few adds an entry about an attempt and reports whether it was stored.
func (f fixture) few(t *testing.T, a checkout.Attempt, kind checkout.EntryKind, result string, at time.Time) bool {
	t.Helper()
	stored, err := f.RecordFew(t.Context(), checkout.Entry{SessionID: a.SessionID, AttemptID: a.ID, At: at, Kind: kind, Result: result})
	must(t, err)
	return stored
}

func timelineOfFewNotifications(t *testing.T, f fixture) {
	a := f.attempt(t)
	for _, verdict := range []checkout.Verdict{checkout.VerdictRejected, checkout.VerdictAccepted, checkout.VerdictMismatch} {
		for range checkout.KeptNotifications + 3 {
			must(t, f.AddNotification(t.Context(), newNotification(a, verdict), time.Time{}, nil))
		}
	}
	const all = checkout.KeptNotifications + 3
	got := f.readAttempt(t, a.ID)
	same(t, "counts", got.Notifications, checkout.NotificationCounts{Accepted: all, Mismatched: all, Rejected: all})
	same(t, "version", got.Version, a.Version)
	same(t, "kept", len(f.kinds(t, a.SessionID, checkout.EntryNotification)), 3*checkout.KeptNotifications)
	f.change(t, got, func(a *checkout.Attempt) {
		a.State, a.Notifications = checkout.AttemptPending, checkout.NotificationCounts{}
	})
	same(t, "counts after a change", f.readAttempt(t, a.ID).Notifications, got.Notifications)
}

func fewReturns(t *testing.T, f fixture) {
	a, at := f.attempt(t), start()
	for i := range checkout.MaxReturns + 2 {
		same(t, "a return", f.few(t, a, checkout.EntryReturn, "", at), i < checkout.MaxReturns)
		same(t, "another soon", f.few(t, a, checkout.EntryReturn, "", at.Add(checkout.ReturnInterval-time.Millisecond)), false)
		at = at.Add(checkout.ReturnInterval)
	}
	got := f.readAttempt(t, a.ID)
	same(t, "returns", got.Returns, checkout.MaxReturns)
	same(t, "last", got.ReturnedAt, start().Add((checkout.MaxReturns-1)*checkout.ReturnInterval))
	same(t, "kept", len(f.kinds(t, a.SessionID, checkout.EntryReturn)), checkout.MaxReturns)
	same(t, "of no attempt", f.few(t, checkout.Attempt{ID: "at_nobody", SessionID: a.SessionID}, checkout.EntryReturn, "", at), false)
}

func fewBridgeAnswers(t *testing.T, f fixture) {
	a := f.attempt(t)
	for i := range checkout.MaxBridgeAnswers + 2 {
		same(t, "an answer", f.few(t, a, checkout.EntryBridge, checkout.BridgeOK, start()), i < checkout.MaxBridgeAnswers)
	}
	same(t, "failed before", f.readAttempt(t, a.ID).BridgeFailed, false)
	same(t, "a failure after them", f.few(t, a, checkout.EntryBridge, checkout.BridgeFail, start()), false)
	got := f.readAttempt(t, a.ID)
	same(t, "failed", got.BridgeFailed, true)
	same(t, "answers", got.BridgeAnswers, checkout.MaxBridgeAnswers)
	same(t, "kept", len(f.kinds(t, a.SessionID, checkout.EntryBridge)), checkout.MaxBridgeAnswers)
}

func fewCancelWishes(t *testing.T, f fixture) {
	a := f.attempt(t)
	for i := range checkout.MaxCancelWishes + 2 {
		same(t, "a wish", f.few(t, a, checkout.EntryCancel, "", start()), i < checkout.MaxCancelWishes)
	}
	same(t, "kept", len(f.kinds(t, a.SessionID, checkout.EntryCancel)), checkout.MaxCancelWishes)
	ended := f.attempt(t)
	s := f.readSession(t, ended.SessionID)
	s.Status = checkout.StatusExpired
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s}))
	same(t, "a wish after the end", f.few(t, ended, checkout.EntryCancel, "", start()), false)
}

func fewAtOnce(t *testing.T, f fixture) {
	a := f.attempt(t)
	winners(t, nil, func() error {
		_, err := f.RecordFew(t.Context(), checkout.Entry{SessionID: a.SessionID, AttemptID: a.ID, At: start(), Kind: checkout.EntryBridge, Result: checkout.BridgeOK})
		return err
	})
	same(t, "answers", f.readAttempt(t, a.ID).BridgeAnswers, checkout.MaxBridgeAnswers)
	same(t, "kept", len(f.kinds(t, a.SessionID, checkout.EntryBridge)), checkout.MaxBridgeAnswers)
}

func fewOfNoOtherKind(t *testing.T, f fixture) {
	a := f.attempt(t)
	if stored, err := f.RecordFew(t.Context(), newEntry(a, "paid")); err == nil || stored {
		t.Error("an entry of another kind was stored")
	}
	same(t, "queries", f.kinds(t, a.SessionID, checkout.EntryQuery), []string(nil))
}
