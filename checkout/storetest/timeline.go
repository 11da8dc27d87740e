package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// newEntry is what the gateway answered about an attempt.
func newEntry(a checkout.Attempt, result string) checkout.Entry {
	return checkout.Entry{
		SessionID: a.SessionID, AttemptID: a.ID, Ref: newID("re_"), At: start(), Kind: checkout.EntryQuery,
		Cause: checkout.CauseSchedule, Result: result, Detail: "NOT_PAY", Body: "{}",
	}
}

func (f fixture) timeline(t *testing.T, sessionID string) []checkout.Entry {
	t.Helper()
	entries, err := f.Timeline(t.Context(), sessionID)
	must(t, err)
	return entries
}

// kinds returns the results of a timeline's entries of one kind.
func (f fixture) kinds(t *testing.T, sessionID string, kind checkout.EntryKind) []string {
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
	must(t, f.create(t, a, start().Add(someHold)))
	must(t, f.Apply(t.Context(), checkout.Change{Events: []checkout.Event{newEvent(other, checkout.EventExpired)}}))
	same(t, "timeline", f.timeline(t, s.ID), []checkout.Entry{s.Entry(), a.Entry()})
	same(t, "reason", f.timeline(t, s.ID)[1].Detail, "a computer")
}

func timelineRoundTrip(t *testing.T, f fixture) {
	a := f.attempt(t)
	full, plain := newEntry(a, "unpaid"), checkout.Entry{SessionID: a.SessionID, At: start(), Kind: checkout.EntryCancel}
	must(t, f.Record(t.Context(), full, plain))
	same(t, "timeline", f.timeline(t, a.SessionID)[2:], []checkout.Entry{full, plain})
}

func timelineOrder(t *testing.T, f fixture) {
	a := f.attempt(t)
	results := []string{"c", "a", "d", "b"}
	for i, result := range results {
		e := newEntry(a, result)
		e.At = start().Add(-time.Duration(i/2) * time.Hour) // a clock that was moved back, and one that stood still
		must(t, f.Record(t.Context(), e))
	}
	same(t, "results", f.kinds(t, a.SessionID, checkout.EntryQuery), results)
}

func timelineOfChange(t *testing.T, f fixture) {
	a := f.attempt(t)
	c := payment(f.readSession(t, a.SessionID), a)
	c.Entries = []checkout.Entry{newEntry(a, "unpaid"), newEntry(a, "paid")}
	c.Events = append(c.Events, newEvent(*c.Session, checkout.EventPaidLate))
	c.Events[1].Version++
	must(t, f.Apply(t.Context(), c))
	same(t, "timeline", f.timeline(t, a.SessionID)[2:],
		[]checkout.Entry{c.Entries[0], c.Entries[1], c.Events[0].Entry(), c.Events[1].Entry()})
}

func timelineOfRefused(t *testing.T, f fixture) {
	a := f.attempt(t)
	c := payment(f.readSession(t, a.SessionID), a)
	c.Entries = []checkout.Entry{newEntry(a, "paid")}
	c.Attempt.Version++
	matches(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
	matches(t, "a second attempt", f.create(t, newAttempt(f.readSession(t, a.SessionID), a.Wallet), start()), checkout.ErrConflict)
	same(t, "entries", len(f.timeline(t, a.SessionID)), 2)
}

func timelineOfNotifications(t *testing.T, f fixture) {
	a := f.attempt(t)
	n := newNotification(a, checkout.VerdictMismatch)
	e := newEvent(f.readSession(t, a.SessionID), checkout.EventNotificationMismatch)
	must(t, f.AddNotification(t.Context(), n, time.Time{}, &e))
	must(t, f.AddNotification(t.Context(), n, time.Time{}, &e)) // repeated
	same(t, "timeline", f.timeline(t, a.SessionID)[2:], []checkout.Entry{n.Entry(), e.Entry(), n.Entry()})
}

func timelineOfBytes(t *testing.T, f fixture) {
	a := f.attempt(t)
	const bytes = "a\x00b\xffc\xed\xa0\x80"
	e := newEntry(a, bytes)
	e.Detail, e.Body = bytes, bytes
	must(t, f.Record(t.Context(), e))
	n := newNotification(a, checkout.VerdictRejected)
	n.Body, n.Detail = bytes, "\xc3"
	must(t, f.AddNotification(t.Context(), n, time.Time{}, nil))
	same(t, "entries", len(f.timeline(t, a.SessionID)), 4)
}

func timelineOfNothing(t *testing.T, f fixture) {
	same(t, "timeline", f.timeline(t, "cs_nobody"), []checkout.Entry(nil))
	must(t, f.Record(t.Context()))
}

func timelineAllOrNone(t *testing.T, f fixture) {
	a := f.attempt(t)
	odd := newEntry(a, "paid")
	odd.SessionID = "cs_nobody"
	if err := f.Record(t.Context(), newEntry(a, "paid"), odd); err == nil {
		t.Error("an entry of no session was stored")
	}
	same(t, "queries", f.kinds(t, a.SessionID, checkout.EntryQuery), []string(nil))
}

func timelineOfRefund(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.change(t, a, func(a *checkout.Attempt) { a.State = checkout.AttemptPaid })
	first, second := newRefund(a, 400), newRefund(a, 600)
	must(t, f.CreateRefund(t.Context(), first, start()))
	must(t, f.Apply(t.Context(), checkout.Change{NewRefund: &second}))
	matches(t, "one too many", f.CreateRefund(t.Context(), newRefund(a, 1), start()), checkout.ErrConflict)
	same(t, "timeline", f.timeline(t, a.SessionID)[2:], []checkout.Entry{first.Entry(), second.Entry()})
}
