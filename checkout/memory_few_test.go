package checkout_test

import (
	"context"
	"errors"

	"github.com/wantukit/wantukit/checkout"
)

// keepCounts copies the counts of the stored attempt, because Apply does not change
// them.
func (a *memoryAttempt) keepCounts(stored checkout.Attempt) {
	a.Notifications, a.NotificationAt = stored.Notifications, stored.NotificationAt
	a.Returns, a.ReturnedAt = stored.Returns, stored.ReturnedAt
	a.BridgeAnswers, a.BridgeFailed = stored.BridgeAnswers, stored.BridgeFailed
}

// countNotification adds a notification to the counts of its attempt.
func (a *memoryAttempt) countNotification(n checkout.Notification) {
	a.NotificationAt = n.ReceivedAt
	switch n.Verdict {
	case checkout.VerdictAccepted:
		a.Notifications.Accepted++
	case checkout.VerdictMismatch:
		a.Notifications.Mismatched++
	default:
		a.Notifications.Rejected++
	}
}

func (m *memory) RecordFew(ctx context.Context, e checkout.Entry) (bool, error) {
	leave, err := m.enter(ctx, "RecordFew")
	if err != nil {
		return false, err
	}
	defer leave()
	if m.timelineError != nil {
		return false, m.timelineError
	}
	allowed, err := m.countFew(e)
	if allowed {
		m.timeline = append(m.timeline, e)
	}
	return allowed, err
}

// countFew counts an entry, and reports whether the limit of its kind allows it. It
// fails for a kind that has no limit.
func (m *memory) countFew(e checkout.Entry) (allowed bool, err error) {
	a, exists := m.attempts[e.AttemptID]
	switch e.Kind {
	case checkout.EntryReturn:
		allowed = exists && a.Returns < checkout.MaxReturns && !e.At.Before(a.ReturnedAt.Add(checkout.ReturnInterval))
		if allowed {
			a.Returns, a.ReturnedAt = a.Returns+1, e.At
		}
	case checkout.EntryBridge:
		allowed = exists && a.BridgeAnswers < checkout.MaxBridgeAnswers
		if allowed {
			a.BridgeAnswers++
		}
		a.BridgeFailed = a.BridgeFailed || e.Result == checkout.BridgeFail
	case checkout.EntryCancel:
		s := m.sessions[e.SessionID]
		allowed = s.Status == checkout.StatusOpen && m.cancelRequests[s.ID] < checkout.MaxCancelRequests
		if allowed {
			m.cancelRequests[s.ID]++
		}
		return allowed, nil
	default:
		return false, errors.New("entries of this kind have no limit")
	}
	if exists {
		m.attempts[a.ID] = a
	}
	return allowed, nil
}
