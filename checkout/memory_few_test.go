package checkout_test

import (
	"context"
	"errors"

	"github.com/wantukit/wantukit/checkout"
)

// keepCounts keeps what is counted apart from changes.
func (a *memoryAttempt) keepCounts(stored checkout.Attempt) {
	a.Notifications, a.NotificationAt = stored.Notifications, stored.NotificationAt
	a.Returns, a.ReturnedAt = stored.Returns, stored.ReturnedAt
	a.BridgeAnswers, a.BridgeFailed = stored.BridgeAnswers, stored.BridgeFailed
}

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
	room, err := m.countFew(e)
	if room {
		m.timeline = append(m.timeline, e)
	}
	return room, err
}

// countFew counts an entry, and reports whether there was room for it.
func (m *memory) countFew(e checkout.Entry) (room bool, err error) {
	a, there := m.attempts[e.AttemptID]
	switch e.Kind {
	case checkout.EntryReturn:
		room = there && a.Returns < checkout.MaxReturns && !e.At.Before(a.ReturnedAt.Add(checkout.ReturnInterval))
		if room {
			a.Returns, a.ReturnedAt = a.Returns+1, e.At
		}
	case checkout.EntryBridge:
		room = there && a.BridgeAnswers < checkout.MaxBridgeAnswers
		if room {
			a.BridgeAnswers++
		}
		a.BridgeFailed = a.BridgeFailed || e.Result == checkout.BridgeFail
	case checkout.EntryCancel:
		s := m.sessions[e.SessionID]
		room = s.Status == checkout.StatusOpen && m.cancelRequests[s.ID] < checkout.MaxCancelWishes
		if room {
			m.cancelRequests[s.ID]++
		}
		return room, nil
	default:
		return false, errors.New("an entry that is not one of few")
	}
	if there {
		m.attempts[a.ID] = a
	}
	return room, nil
}
