package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// newEntry returns the entry of a query of an attempt.
func newEntry(a checkout.Attempt, result string) checkout.Entry {
	return checkout.Entry{
		SessionID: a.SessionID, AttemptID: a.ID, Ref: newID("re_"), At: start(), Kind: checkout.EntryQuery,
		Cause: checkout.CauseSchedule, Result: result, Detail: "NOT_PAY", Body: "{}",
	}
}

// timeline returns the entries of a session.
func (f fixture) timeline(t *testing.T, sessionID string) []checkout.Entry {
	t.Helper()
	entries, err := f.Timeline(t.Context(), sessionID)
	must(t, err)
	return entries
}

// results returns the results of a timeline's entries of one kind.
func (f fixture) results(t *testing.T, sessionID string, kind checkout.EntryKind) []string {
	t.Helper()
	var results []string
	for _, e := range f.timeline(t, sessionID) {
		if e.Kind == kind {
			results = append(results, e.Result)
		}
	}
	return results
}

func timelineBegins(t *testing.T, f fixture) {
	s, other := f.session(t), f.session(t)
	a := newAttempt(s, flow.WalletWeChat)
	a.Reason = "a computer"
	must(t, f.createAttempt(t, a, start().Add(leaseTime)))
	must(t, f.Apply(t.Context(), checkout.Change{Events: []checkout.Event{newEvent(other, checkout.EventExpired)}}))
	wantEqual(t, "timeline", f.timeline(t, s.ID), []checkout.Entry{s.Entry(), a.Entry()})
	wantEqual(t, "reason", f.timeline(t, s.ID)[1].Detail, "a computer")
}

func timelineRoundTrip(t *testing.T, f fixture) {
	a := f.attempt(t)
	full, minimal := newEntry(a, "unpaid"), checkout.Entry{SessionID: a.SessionID, At: start(), Kind: checkout.EntryCancel}
	must(t, f.Record(t.Context(), full, minimal))
	wantEqual(t, "timeline", f.timeline(t, a.SessionID)[2:], []checkout.Entry{full, minimal})
}

func timelineOrder(t *testing.T, f fixture) {
	a := f.attempt(t)
	results := []string{"c", "a", "d", "b"}
	for i, result := range results {
		e := newEntry(a, result)
		e.At = start().Add(-time.Duration(i/2) * time.Hour) // a clock that was moved back, and one that stood still
		must(t, f.Record(t.Context(), e))
	}
	wantEqual(t, "results", f.results(t, a.SessionID, checkout.EntryQuery), results)
}

func timelineOfChange(t *testing.T, f fixture) {
	a := f.attempt(t)
	c := payChange(f.readSession(t, a.SessionID), a)
	c.Entries = []checkout.Entry{newEntry(a, "unpaid"), newEntry(a, "paid")}
	c.Events = append(c.Events, newEvent(*c.Session, checkout.EventPaidLate))
	c.Events[1].Version++
	must(t, f.Apply(t.Context(), c))
	wantEqual(t, "timeline", f.timeline(t, a.SessionID)[2:],
		[]checkout.Entry{c.Entries[0], c.Entries[1], c.Events[0].Entry(), c.Events[1].Entry()})
}

func timelineOfRefusedChange(t *testing.T, f fixture) {
	a := f.attempt(t)
	c := payChange(f.readSession(t, a.SessionID), a)
	c.Entries = []checkout.Entry{newEntry(a, "paid")}
	c.Attempt.Version++
	wantError(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
	wantError(t, "a second attempt", f.createAttempt(t, newAttempt(f.readSession(t, a.SessionID), a.Wallet), start()), checkout.ErrConflict)
	wantEqual(t, "entries", len(f.timeline(t, a.SessionID)), 2)
}

func timelineOfNotifications(t *testing.T, f fixture) {
	a := f.attempt(t)
	n := newNotification(a, checkout.VerdictMismatch)
	e := newEvent(f.readSession(t, a.SessionID), checkout.EventNotificationMismatch)
	must(t, f.AddNotification(t.Context(), n, time.Time{}, &e))
	must(t, f.AddNotification(t.Context(), n, time.Time{}, &e)) // repeated
	wantEqual(t, "timeline", f.timeline(t, a.SessionID)[2:], []checkout.Entry{n.Entry(), e.Entry(), n.Entry()})
}

func timelineOfInvalidText(t *testing.T, f fixture) {
	a := f.attempt(t)
	const invalid = "a\x00b\xffc\xed\xa0\x80"
	e := newEntry(a, invalid)
	e.Detail, e.Body = invalid, invalid
	must(t, f.Record(t.Context(), e))
	n := newNotification(a, checkout.VerdictRejected)
	n.Body, n.Detail = invalid, "\xc3"
	must(t, f.AddNotification(t.Context(), n, time.Time{}, nil))
	wantEqual(t, "entries", len(f.timeline(t, a.SessionID)), 4)
}

func timelineOfUnknownSession(t *testing.T, f fixture) {
	wantEqual(t, "timeline", f.timeline(t, "cs_nobody"), []checkout.Entry(nil))
	must(t, f.Record(t.Context()))
}

func timelineAllOrNone(t *testing.T, f fixture) {
	a := f.attempt(t)
	orphan := newEntry(a, "paid")
	orphan.SessionID = "cs_nobody"
	if err := f.Record(t.Context(), newEntry(a, "paid"), orphan); err == nil {
		t.Error("an entry of an unknown session was stored")
	}
	wantEqual(t, "queries", f.results(t, a.SessionID, checkout.EntryQuery), []string(nil))
}

func timelineOfRefund(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.changeAttempt(t, a, func(a *checkout.Attempt) { a.State = checkout.AttemptPaid })
	first, second := newRefund(a, 400), newRefund(a, 600)
	must(t, f.CreateRefund(t.Context(), first, start()))
	must(t, f.Apply(t.Context(), checkout.Change{NewRefund: &second}))
	wantError(t, "a refund above the amount", f.CreateRefund(t.Context(), newRefund(a, 1), start()), checkout.ErrConflict)
	wantEqual(t, "timeline", f.timeline(t, a.SessionID)[2:], []checkout.Entry{first.Entry(), second.Entry()})
}
