package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// payChange returns a change that pays an attempt and its session.
func payChange(s checkout.Session, a checkout.Attempt) checkout.Change {
	s.Status, s.PaymentStatus, s.PaidAt = checkout.StatusComplete, checkout.PaymentPaid, start()
	a.State, a.PaidAt, a.NextQueryAt, a.TradeID = checkout.AttemptPaid, start(), time.Time{}, "1000"
	e := newEvent(s, checkout.EventPaid)
	e.AttemptID = a.ID
	return checkout.Change{Session: &s, Attempt: &a, Events: []checkout.Event{e}}
}

func applyWrites(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	c := payChange(s, a)
	c.Session.PaidLate, c.Session.PaidTwice, c.Session.AmountMismatch = true, true, true
	c.Attempt.Placed = checkout.Placed{Code: "c", URL: "u", JSAPI: "j"}
	c.Attempt.Failure, c.Attempt.Quarantined = "why", true
	c.Events = append(c.Events, newEvent(s, checkout.EventPaidLate))
	c.Events[1].Version++
	must(t, f.Apply(t.Context(), c))

	c.Session.Version += 2
	c.Attempt.Version++
	wantEqual(t, "session", f.readSession(t, s.ID), *c.Session)
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), *c.Attempt)
	events, err := f.Events(t.Context(), s.ID)
	must(t, err)
	wantEqual(t, "events", events, c.Events)
	first, err := f.Event(t.Context(), c.Events[0].ID)
	must(t, err)
	wantEqual(t, "event", first, c.Events[0])
}

func applyRemovesOpenID(t *testing.T, f fixture) {
	s := newSession()
	s.SealedOpenID = "sealed"
	must(t, f.CreateSession(t.Context(), s))
	s.PaymentStatus = checkout.PaymentProcessing
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s}))
	wantEqual(t, "SealedOpenID while the session is open", f.readSession(t, s.ID).SealedOpenID, "sealed")
	s.Version++
	s.Status = checkout.StatusExpired
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s}))
	wantEqual(t, "SealedOpenID after the end", f.readSession(t, s.ID).SealedOpenID, "")
}

func applyRaisesVersion(t *testing.T, f fixture) {
	s := f.session(t)
	for _, c := range []struct{ events, raise int }{{0, 1}, {1, 1}, {2, 2}, {3, 3}} {
		change := checkout.Change{Session: &s}
		for i := range c.events {
			e := newEvent(s, checkout.EventAttemptFailed)
			e.Version += int64(i)
			change.Events = append(change.Events, e)
		}
		must(t, f.Apply(t.Context(), change))
		s.Version += int64(c.raise)
		wantEqual(t, "session", f.readSession(t, s.ID), s)
	}
}

// applySameEventVersion checks that a change without a session cannot store a second
// event of one version.
func applySameEventVersion(t *testing.T, f fixture) {
	s := f.session(t)
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s, Events: []checkout.Event{newEvent(s, checkout.EventExpired)}}))
	if err := f.Apply(t.Context(), checkout.Change{Events: []checkout.Event{newEvent(s, checkout.EventPaid)}}); err == nil {
		t.Error("two events of one version were stored")
	}
	wantEqual(t, "events", f.events(t, s.ID), []checkout.EventType{checkout.EventExpired})
}

// wantUnchanged checks that a refused change stored nothing.
func (f fixture) wantUnchanged(t *testing.T, s checkout.Session, a checkout.Attempt) {
	t.Helper()
	wantEqual(t, "session", f.readSession(t, s.ID), s)
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), a)
	wantEqual(t, "events", f.events(t, s.ID), []checkout.EventType(nil))
}

func applyStaleSession(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	for _, version := range []int64{s.Version - 1, s.Version + 1} {
		c := payChange(s, a)
		c.Session.Version = version
		wantError(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
		f.wantUnchanged(t, s, a)
	}
}

func applyStaleAttempt(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	for _, version := range []int64{a.Version - 1, a.Version + 1} {
		c := payChange(s, a)
		c.Attempt.Version = version
		wantError(t, "apply", f.Apply(t.Context(), c), checkout.ErrConflict)
		f.wantUnchanged(t, s, a)
	}
}

func applyConcurrently(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	applied := countSuccesses(t, checkout.ErrConflict, func() error { return f.Apply(t.Context(), payChange(s, a)) })
	wantEqual(t, "changes applied", applied, int64(1))
	wantEqual(t, "events", f.events(t, s.ID), []checkout.EventType{checkout.EventPaid})
}

func applyEndsLease(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	a.State, a.NextQueryAt = checkout.AttemptPending, start().Add(time.Minute)
	must(t, f.Apply(t.Context(), checkout.Change{Attempt: &a, AttemptLease: start().Add(leaseTime), Fenced: true}))
	wantEqual(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, start().Add(time.Minute))
	if !f.lease(t, a.ID, start().Add(time.Second)) {
		t.Error("still leased after the change")
	}
}

// applyKeepsOtherLease checks that a change under an expired lease does not end the
// next lease.
func applyKeepsOtherLease(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	f.lease(t, a.ID, start().Add(leaseTime)) // a second lease, after the first has expired
	a.State, a.NextQueryAt = checkout.AttemptPaid, time.Time{}
	must(t, f.Apply(t.Context(), checkout.Change{Attempt: &a, AttemptLease: start().Add(leaseTime)}))
	wantEqual(t, "state", f.readAttempt(t, a.ID).State, checkout.AttemptPaid)
	if f.lease(t, a.ID, start().Add(leaseTime+time.Second)) {
		t.Error("the change under the first lease ended the second lease")
	}
}

func applyFenced(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	f.lease(t, a.ID, start().Add(leaseTime))
	before := f.readAttempt(t, a.ID)
	a.State = checkout.AttemptFailed
	change := checkout.Change{Attempt: &a, AttemptLease: start().Add(leaseTime), Fenced: true, Entries: []checkout.Entry{newEntry(a, "failed")}}
	err := f.Apply(t.Context(), change)
	wantError(t, "apply", err, checkout.ErrLeaseLost)
	wantError(t, "apply", err, checkout.ErrConflict)
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), before)
	change.AttemptLease = start().Add(2 * leaseTime)
	must(t, f.Apply(t.Context(), change))
}

func eventsInOrder(t *testing.T, f fixture) {
	s := f.session(t)
	kinds := []checkout.EventType{checkout.EventPaid, checkout.EventAttemptFailed, checkout.EventExpired}
	for i, kind := range kinds { // on nodes whose clocks differ
		e := newEvent(f.readSession(t, s.ID), kind)
		e.CreatedAt = start().Add(-time.Duration(i) * time.Second)
		stored := f.readSession(t, s.ID)
		must(t, f.Apply(t.Context(), checkout.Change{Session: &stored, Events: []checkout.Event{e}}))
	}
	wantEqual(t, "events", f.events(t, s.ID), kinds)
}

func notificationEvent(t *testing.T, f fixture) {
	a, other := f.attempt(t), f.attempt(t)
	for _, c := range []struct {
		of      checkout.Attempt
		verdict checkout.Verdict
		added   int
	}{
		{a, checkout.VerdictAccepted, 1},
		{a, checkout.VerdictAccepted, 1},
		{a, checkout.VerdictMismatch, 2},
		{other, checkout.VerdictAccepted, 1},
		{a, checkout.VerdictAccepted, 2},
	} {
		e := newEvent(f.readSession(t, c.of.SessionID), checkout.EventNotificationMismatch)
		must(t, f.AddNotification(t.Context(), newNotification(c.of, c.verdict), time.Time{}, &e))
		wantEqual(t, "events", len(f.events(t, c.of.SessionID)), c.added)
	}
	a.Notifications, a.NotificationAt = checkout.NotificationCounts{Accepted: 3, Mismatched: 1}, start()
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), a)
}

// notificationEventOfStaleSession checks that an event of a stale session is refused,
// and stored when it is made from the current one.
func notificationEventOfStaleSession(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	e := newEvent(s, checkout.EventNotificationMismatch)
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s}))
	n := newNotification(a, checkout.VerdictMismatch)
	wantError(t, "add", f.AddNotification(t.Context(), n, time.Time{}, &e), checkout.ErrConflict)
	wantEqual(t, "events", f.events(t, s.ID), []checkout.EventType(nil))
	wantEqual(t, "notifications", f.results(t, s.ID, checkout.EntryNotification), []string(nil))
	e = newEvent(f.readSession(t, s.ID), checkout.EventNotificationMismatch)
	must(t, f.AddNotification(t.Context(), n, time.Time{}, &e))
	wantEqual(t, "version", f.readSession(t, s.ID).Version, e.Version)
}

func notificationEventAtOnce(t *testing.T, f fixture) {
	a := f.attempt(t)
	s := f.readSession(t, a.SessionID)
	stored := countSuccesses(t, nil, func() error {
		e := newEvent(s, checkout.EventNotificationMismatch) // only the first call stores it
		return f.AddNotification(t.Context(), newNotification(a, checkout.VerdictMismatch), time.Time{}, &e)
	})
	wantEqual(t, "events", f.events(t, s.ID), []checkout.EventType{checkout.EventNotificationMismatch})
	wantEqual(t, "notifications", int64(f.readAttempt(t, a.ID).Notifications.Mismatched), stored)
	wantEqual(t, "notification entries", len(f.results(t, s.ID, checkout.EntryNotification)), min(int(stored), checkout.KeptNotifications))
}

func notificationOfUnknownAttempt(t *testing.T, f fixture) {
	n := newNotification(checkout.Attempt{ID: newID("at_"), SessionID: f.session(t).ID}, checkout.VerdictRejected)
	if err := f.AddNotification(t.Context(), n, time.Time{}, nil); err == nil {
		t.Error("the notification was stored")
	}
	wantEqual(t, "notifications", f.results(t, n.SessionID, checkout.EntryNotification), []string(nil))
}

func notificationSchedules(t *testing.T, f fixture) {
	a := f.attempt(t) // due in 3 s
	f.notifyAt(t, a, a.NextQueryAt.Add(time.Second))
	wantEqual(t, "NextQueryAt after a later time", f.readAttempt(t, a.ID).NextQueryAt, a.NextQueryAt)
	f.notifyAt(t, a, start())
	wantEqual(t, "NextQueryAt after a sooner time", f.readAttempt(t, a.ID).NextQueryAt, start())
	f.changeAttempt(t, f.readAttempt(t, a.ID), func(a *checkout.Attempt) { a.State, a.NextQueryAt = checkout.AttemptClosed, time.Time{} })
	f.notifyAt(t, a, start())
	wantEqual(t, "NextQueryAt after the end", f.readAttempt(t, a.ID).NextQueryAt, start())
}

func notificationOfEndedAttempt(t *testing.T, f fixture) {
	paid, quarantined := f.attempt(t), f.attempt(t)
	f.changeAttempt(t, paid, func(a *checkout.Attempt) { a.State, a.NextQueryAt = checkout.AttemptPaid, time.Time{} })
	f.changeAttempt(t, quarantined, func(a *checkout.Attempt) { a.Quarantined, a.NextQueryAt = true, time.Time{} })
	for _, a := range []checkout.Attempt{paid, quarantined} {
		f.notifyAt(t, a, start())
		wantEqual(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, time.Time{})
	}
}
