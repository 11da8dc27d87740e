package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// payment is a change that pays an attempt and its session.
func payment(s checkout.Session, a checkout.Attempt) checkout.Change {
	s.Status, s.PaymentStatus, s.PaidAt = checkout.StatusComplete, checkout.PaymentPaid, start()
	a.State, a.PaidAt, a.NextQueryAt, a.TradeID = checkout.AttemptPaid, start(), time.Time{}, "1000"
	e := newEvent(s, checkout.EventPaid)
	e.AttemptID = a.ID
	return checkout.Change{Session: &s, Attempt: &a, Events: []checkout.Event{e}}
}

func applyWrites(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	c := payment(s, a)
	c.Session.PaidLate, c.Session.PaidTwice, c.Session.AmountMismatch = true, true, true
	c.Attempt.Placed = checkout.Placed{Code: "c", URL: "u", JSAPI: "j"}
	c.Attempt.Failure, c.Attempt.Quarantined = "why", true
	c.Events = append(c.Events, newEvent(s, checkout.EventPaidLate))
	c.Events[1].Version++
	must(t, f.Apply(t.Context(), c))

	c.Session.Version += 2
	c.Attempt.Version++
	same(t, "session", f.readSession(t, s.ID), *c.Session)
	same(t, "attempt", f.readAttempt(t, a.ID), *c.Attempt)
	events, err := f.Events(t.Context(), s.ID)
	must(t, err)
	same(t, "events", events, c.Events)
	first, err := f.Event(t.Context(), c.Events[0].ID)
	must(t, err)
	same(t, "event", first, c.Events[0])
}

func applyForgets(t *testing.T, f fixture) {
	s := newSession()
	s.SealedOpenID = "sealed"
	must(t, f.CreateSession(t.Context(), s))
	s.PaymentStatus = checkout.PaymentProcessing
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s}))
	same(t, "while it is open", f.readSession(t, s.ID).SealedOpenID, "sealed")
	s.Version++
	s.Status = checkout.StatusExpired
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s}))
	same(t, "after its end", f.readSession(t, s.ID).SealedOpenID, "")
}

func applyCountsEvents(t *testing.T, f fixture) {
	s := f.session(t)
	for _, c := range []struct{ events, counted int }{{0, 1}, {1, 1}, {2, 2}, {3, 3}} {
		change := checkout.Change{Session: &s}
		for i := range c.events {
			e := newEvent(s, checkout.EventAttemptFailed)
			e.Version += int64(i)
			change.Events = append(change.Events, e)
		}
		must(t, f.Apply(t.Context(), change))
		s.Version += int64(c.counted)
		same(t, "session", f.readSession(t, s.ID), s)
	}
}

// A writer that does not compare the session's version is found by its event.
func applyEventTwice(t *testing.T, f fixture) {
	s := f.session(t)
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s, Events: []checkout.Event{newEvent(s, checkout.EventExpired)}}))
	if err := f.Apply(t.Context(), checkout.Change{Events: []checkout.Event{newEvent(s, checkout.EventPaid)}}); err == nil {
		t.Error("two events of one version were stored")
	}
	same(t, "events", f.events(t, s.ID), []checkout.EventType{checkout.EventExpired})
}

// unchanged checks that a refused change left nothing behind.
func (f fixture) unchanged(t *testing.T, s checkout.Session, a checkout.Attempt) {
	t.Helper()
	same(t, "session", f.readSession(t, s.ID), s)
	same(t, "attempt", f.readAttempt(t, a.ID), a)
	same(t, "events", f.events(t, s.ID), []checkout.EventType(nil))
}

func applyOldSession(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	for _, version := range []int64{s.Version - 1, s.Version + 1} {
		c := payment(s, a)
		c.Session.Version = version
		matches(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
		f.unchanged(t, s, a)
	}
}

func applyOldAttempt(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	for _, version := range []int64{a.Version - 1, a.Version + 1} {
		c := payment(s, a)
		c.Attempt.Version = version
		matches(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
		f.unchanged(t, s, a)
	}
}

func applyAtOnce(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	won := winners(t, checkout.ErrConflict, func() error { return f.Apply(t.Context(), payment(s, a)) })
	same(t, "changes that won", won, int64(1))
	same(t, "events", f.events(t, s.ID), []checkout.EventType{checkout.EventPaid})
}

func applyEndsHold(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	a.State, a.NextQueryAt = checkout.AttemptPending, start().Add(time.Minute)
	must(t, f.Apply(t.Context(), checkout.Change{Attempt: &a, AttemptLease: start().Add(someHold), Fenced: true}))
	same(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, start().Add(time.Minute))
	if !f.hold(t, a.ID, start().Add(time.Second)) {
		t.Error("still held after the change")
	}
}

// Who wakes up after its lease may not end the lease of who came after it.
func applyLeavesLease(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	f.hold(t, a.ID, start().Add(someHold)) // another, after the first was over
	a.State, a.NextQueryAt = checkout.AttemptPaid, time.Time{}
	must(t, f.Apply(t.Context(), checkout.Change{Attempt: &a, AttemptLease: start().Add(someHold)}))
	same(t, "state", f.readAttempt(t, a.ID).State, checkout.AttemptPaid)
	if f.hold(t, a.ID, start().Add(someHold+time.Second)) {
		t.Error("the first holder's change ended the second one's hold")
	}
}

func applyFenced(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	f.hold(t, a.ID, start().Add(someHold))
	before := f.readAttempt(t, a.ID)
	a.State = checkout.AttemptFailed
	change := checkout.Change{Attempt: &a, AttemptLease: start().Add(someHold), Fenced: true, Entries: []checkout.Entry{newEntry(a, "failed")}}
	err := f.Apply(t.Context(), change)
	matches(t, "apply", err, checkout.ErrLeaseLost)
	matches(t, "apply", err, checkout.ErrConflict)
	same(t, "attempt", f.readAttempt(t, a.ID), before)
	change.AttemptLease = start().Add(2 * someHold)
	must(t, f.Apply(t.Context(), change))
}

func eventsInOrder(t *testing.T, f fixture) {
	s := f.session(t)
	kinds := []checkout.EventType{checkout.EventPaid, checkout.EventAttemptFailed, checkout.EventExpired}
	for i, kind := range kinds { // on nodes whose clocks are apart
		e := newEvent(f.readSession(t, s.ID), kind)
		e.CreatedAt = start().Add(-time.Duration(i) * time.Second)
		stored := f.readSession(t, s.ID)
		must(t, f.Apply(t.Context(), checkout.Change{Session: &stored, Events: []checkout.Event{e}}))
	}
	same(t, "events", f.events(t, s.ID), kinds)
}

func notificationEvent(t *testing.T, f fixture) {
	a, other := f.attempt(t), f.attempt(t)
	for _, c := range []struct {
		of      checkout.Attempt
		verdict checkout.Verdict
		told    int
	}{
		{a, checkout.VerdictAccepted, 1},
		{a, checkout.VerdictAccepted, 1},
		{a, checkout.VerdictMismatch, 2},
		{other, checkout.VerdictAccepted, 1},
		{a, checkout.VerdictAccepted, 2},
	} {
		e := newEvent(f.readSession(t, c.of.SessionID), checkout.EventNotificationMismatch)
		must(t, f.AddNotification(t.Context(), newNotification(c.of, c.verdict), time.Time{}, &e))
		same(t, "events", len(f.events(t, c.of.SessionID)), c.told)
	}
	a.Notifications, a.NotificationAt = checkout.NotificationCounts{Accepted: 3, Mismatched: 1}, start()
	same(t, "attempt", f.readAttempt(t, a.ID), a)
}

// An event whose snapshot is older than what is stored is made anew.
func notificationEventOfOldSession(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	e := newEvent(s, checkout.EventNotificationMismatch)
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s}))
	n := newNotification(a, checkout.VerdictMismatch)
	matches(t, "add", f.AddNotification(t.Context(), n, time.Time{}, &e), checkout.ErrConflict)
	same(t, "events", f.events(t, s.ID), []checkout.EventType(nil))
	same(t, "notifications", f.kinds(t, s.ID, checkout.EntryNotification), []string(nil))
	e = newEvent(f.readSession(t, s.ID), checkout.EventNotificationMismatch)
	must(t, f.AddNotification(t.Context(), n, time.Time{}, &e))
	same(t, "version", f.readSession(t, s.ID).Version, e.Version)
}

func notificationEventAtOnce(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	stored := winners(t, nil, func() error {
		e := newEvent(s, checkout.EventNotificationMismatch) // all but the first store none
		return f.AddNotification(t.Context(), newNotification(a, checkout.VerdictMismatch), time.Time{}, &e)
	})
	same(t, "events", f.events(t, s.ID), []checkout.EventType{checkout.EventNotificationMismatch})
	same(t, "notifications", int64(f.readAttempt(t, a.ID).Notifications.Mismatched), stored)
	same(t, "notifications that are kept", len(f.kinds(t, s.ID, checkout.EntryNotification)), min(int(stored), checkout.KeptNotifications))
}

func notificationOfNothing(t *testing.T, f fixture) {
	n := newNotification(checkout.Attempt{ID: newID("at_"), SessionID: f.session(t).ID}, checkout.VerdictRejected)
	if err := f.AddNotification(t.Context(), n, time.Time{}, nil); err == nil {
		t.Error("it was stored")
	}
	same(t, "notifications", f.kinds(t, n.SessionID, checkout.EntryNotification), []string(nil))
}

func notificationAsks(t *testing.T, f fixture) {
	a := f.attempt(t) // due in 3 s
	f.notify(t, a, a.NextQueryAt.Add(time.Second))
	same(t, "asked for later", f.readAttempt(t, a.ID).NextQueryAt, a.NextQueryAt)
	f.notify(t, a, start())
	same(t, "asked for sooner", f.readAttempt(t, a.ID).NextQueryAt, start())
	f.change(t, f.readAttempt(t, a.ID), func(a *checkout.Attempt) { a.State, a.NextQueryAt = checkout.AttemptClosed, time.Time{} })
	f.notify(t, a, start())
	same(t, "asked for after the end", f.readAttempt(t, a.ID).NextQueryAt, start())
}

func notificationOfSettled(t *testing.T, f fixture) {
	paid, odd := f.attempt(t), f.attempt(t)
	f.change(t, paid, func(a *checkout.Attempt) { a.State, a.NextQueryAt = checkout.AttemptPaid, time.Time{} })
	f.change(t, odd, func(a *checkout.Attempt) { a.Quarantined, a.NextQueryAt = true, time.Time{} })
	for _, a := range []checkout.Attempt{paid, odd} {
		f.notify(t, a, start())
		same(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, time.Time{})
	}
}
