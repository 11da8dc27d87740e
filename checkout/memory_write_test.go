package checkout_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

func (m *memory) LeaseAttempt(ctx context.Context, id string, now, queriedBefore, until time.Time) (checkout.Attempt, bool, error) {
	leave, err := m.enter(ctx, "LeaseAttempt")
	if err != nil {
		return checkout.Attempt{}, false, err
	}
	defer leave()
	a, leased := m.lease(id, now, queriedBefore, until)
	return a, leased, nil
}

func (m *memory) lease(id string, now, queriedBefore, until time.Time) (checkout.Attempt, bool) {
	a, ok := m.attempts[id]
	if !ok || a.LeasedUntil.After(now) || !queriedBefore.IsZero() && a.QueriedAt.After(queriedBefore) {
		return checkout.Attempt{}, false
	}
	a.LeasedUntil, a.NextQueryAt, a.QueriedAt = until, until, now
	a.Queries++
	m.attempts[id] = a
	return a.Attempt, true
}

// nextQuery returns when to query after the lease ends: at the planned time, or at
// the time that a notification set during the lease.
func (a memoryAttempt) nextQuery(planned time.Time) time.Time {
	if !a.NextQueryAt.IsZero() && a.NextQueryAt.Before(a.LeasedUntil) {
		return a.NextQueryAt
	}
	return planned
}

func (m *memory) ReleaseAttempt(ctx context.Context, id string, until, next time.Time) error {
	leave, err := m.enter(ctx, "ReleaseAttempt")
	if err != nil {
		return err
	}
	defer leave()
	a := m.attempts[id]
	if a.LeasedUntil.Equal(until) {
		a.NextQueryAt, a.LeasedUntil = a.nextQuery(next), time.Time{}
		m.attempts[id] = a
	}
	return nil
}

func (m *memory) Apply(ctx context.Context, c checkout.Change) error {
	leave, err := m.enter(ctx, "Apply")
	if err != nil {
		return err
	}
	defer leave()
	if c.Session != nil && c.Session.Version != m.sessions[c.Session.ID].Version ||
		c.Attempt != nil && c.Attempt.Version != m.attempts[c.Attempt.ID].Version ||
		c.Refund != nil && c.Refund.Version != m.refunds[c.Refund.ID].Version {
		return checkout.ErrConflict
	}
	if c.Attempt != nil && c.Fenced && !m.attempts[c.Attempt.ID].LeasedUntil.Equal(c.AttemptLease) {
		return checkout.ErrLeaseLost
	}
	if m.isPaymentTaken(c) {
		return checkout.ErrPaymentTaken
	}
	if m.timelineError != nil && len(c.Entries) > 0 {
		return m.timelineError
	}
	if slices.ContainsFunc(c.Events, m.hasVersion) {
		return errors.New("the session has an event with this version")
	}
	if c.NewRefund != nil {
		a := m.attempts[c.NewRefund.AttemptID].Attempt
		if c.Attempt != nil && c.Attempt.ID == a.ID {
			a = *c.Attempt
		}
		if !m.canReserve(*c.NewRefund, a) {
			return checkout.ErrConflict
		}
		m.refunds[c.NewRefund.ID] = memoryRefund{Refund: *c.NewRefund}
	}
	if c.Refund != nil {
		r := memoryRefund{Refund: *c.Refund, leaseUntil: m.refunds[c.Refund.ID].leaseUntil}
		r.Version++
		if r.leaseUntil.Equal(c.RefundLease) {
			r.leaseUntil = time.Time{}
		}
		m.refunds[r.ID] = r
	}
	if c.Session != nil {
		s := *c.Session
		if s.Status != checkout.StatusOpen {
			s.SealedOpenID = ""
		}
		s.Version += int64(max(1, len(c.Events)))
		m.sessions[s.ID] = s
	}
	if c.Attempt != nil {
		before := m.attempts[c.Attempt.ID]
		a := leasedAttemptRow(*c.Attempt, before.LeasedUntil)
		a.keepCounts(before.Attempt)
		a.Version++
		if canBeQueried(a.Attempt) {
			a.NextQueryAt = before.nextQuery(a.NextQueryAt)
		}
		if a.LeasedUntil.Equal(c.AttemptLease) {
			a.LeasedUntil = time.Time{}
		}
		m.attempts[a.ID] = a
		if c.Payment != (checkout.Payment{}) {
			m.payments[c.Payment] = a.ID
		}
	}
	m.timeline = append(m.timeline, c.Entries...)
	for _, e := range c.Events {
		m.addEvent(e)
	}
	if c.NewRefund != nil {
		m.timeline = append(m.timeline, c.NewRefund.Entry())
	}
	return nil
}

func (m *memory) addEvent(e checkout.Event) {
	m.events, m.timeline = append(m.events, e), append(m.timeline, e.Entry())
}

// isPaymentTaken reports whether the payment of a change belongs to another attempt.
func (m *memory) isPaymentTaken(c checkout.Change) bool {
	if c.Attempt == nil || c.Payment == (checkout.Payment{}) {
		return false
	}
	for _, other := range m.attempts {
		if other.ID != c.Attempt.ID && other.TradeID == c.Payment.TradeID && other.Account == c.Attempt.Account {
			return true
		}
	}
	owner, exists := m.payments[c.Payment]
	return exists && owner != c.Attempt.ID
}

// hasVersion reports whether an event of the same session and version is stored.
func (m *memory) hasVersion(e checkout.Event) bool {
	return e.Version > 0 && slices.ContainsFunc(m.events, func(stored checkout.Event) bool {
		return stored.SessionID == e.SessionID && stored.Version == e.Version
	})
}

// bumpVersion sets the version of a session to that of an event. It reports false if
// the session did not have the version before.
func (m *memory) bumpVersion(e checkout.Event) bool {
	s := m.sessions[e.SessionID]
	if s.Version != e.Version-1 {
		return false
	}
	s.Version = e.Version
	m.sessions[s.ID] = s
	return true
}

func (m *memory) AddNotification(ctx context.Context, n checkout.Notification, queryAt time.Time, first *checkout.Event) error {
	leave, err := m.enter(ctx, "AddNotification")
	if err != nil {
		return err
	}
	defer leave()
	return m.addNotification(n, queryAt, first)
}

func (m *memory) AddNotificationAndLease(ctx context.Context, n checkout.Notification, until time.Time) (checkout.Attempt, bool, error) {
	leave, err := m.enter(ctx, "AddNotificationAndLease")
	if err != nil {
		return checkout.Attempt{}, false, err
	}
	defer leave()
	if err := m.addNotification(n, n.ReceivedAt, nil); err != nil {
		return checkout.Attempt{}, false, err
	}
	a, leased := m.lease(n.AttemptID, n.ReceivedAt, time.Time{}, until)
	return a, leased, nil
}

func (m *memory) addNotification(n checkout.Notification, queryAt time.Time, first *checkout.Event) error {
	a, ok := m.attempts[n.AttemptID]
	if !ok {
		return checkout.ErrNotFound
	}
	addsEvent := first != nil && a.Notifications.Of(n.Verdict) == 0
	if addsEvent && !m.bumpVersion(*first) {
		return checkout.ErrConflict
	}
	a.countNotification(n)
	if a.Notifications.Of(n.Verdict) <= checkout.KeptNotifications {
		m.timeline = append(m.timeline, n.Entry())
	}
	if addsEvent {
		m.addEvent(*first)
	}
	if !queryAt.IsZero() && canBeQueried(a.Attempt) && (a.NextQueryAt.IsZero() || queryAt.Before(a.NextQueryAt)) {
		a.NextQueryAt = queryAt
	}
	if n.Paid && canBeQueried(a.Attempt) && (a.ReportedAt.IsZero() || !a.DeniedAt.IsZero()) {
		a.Version++
	}
	if n.Paid && canBeQueried(a.Attempt) && a.ReportedAt.IsZero() {
		a.ReportedAt = n.ReceivedAt
	}
	if canBeQueried(a.Attempt) {
		a.NotifiedTradeID = cmp.Or(a.NotifiedTradeID, n.TradeID)
	}
	m.attempts[a.ID] = a
	return nil
}

func (m *memory) Record(ctx context.Context, entries ...checkout.Entry) error {
	leave, err := m.enter(ctx, "Record")
	if err != nil {
		return err
	}
	defer leave()
	if m.timelineError != nil {
		return m.timelineError
	}
	for _, e := range entries {
		if _, ok := m.sessions[e.SessionID]; !ok {
			return errors.New("the entry is of an unknown session")
		}
	}
	m.timeline = append(m.timeline, entries...)
	return nil
}

func (m *memory) Timeline(ctx context.Context, sessionID string) ([]checkout.Entry, error) {
	leave, err := m.enter(ctx, "Timeline")
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []checkout.Entry
	for _, e := range m.timeline {
		if e.SessionID == sessionID {
			found = append(found, e)
		}
	}
	return found, nil
}

func (m *memory) Events(ctx context.Context, sessionID string) ([]checkout.Event, error) {
	leave, err := m.enter(ctx, "Events")
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []checkout.Event
	for _, e := range m.events {
		if e.SessionID == sessionID {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b checkout.Event) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), a.CreatedAt.Compare(b.CreatedAt))
	})
	return found, nil
}

func (m *memory) Event(ctx context.Context, id string) (checkout.Event, error) {
	leave, err := m.enter(ctx, "Event")
	if err != nil {
		return checkout.Event{}, err
	}
	defer leave()
	for _, e := range m.events {
		if e.ID == id {
			return e, nil
		}
	}
	return checkout.Event{}, checkout.ErrNotFound
}
