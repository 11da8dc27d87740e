package checkout

import (
	"context"
	"errors"
	"time"
)

// Notify takes what was posted to an attempt's notify_url (manual 2.6). It is
// stored before Notify returns; only VerdictAccepted may be acknowledged. A
// notification decides nothing: it causes a query, in the background.
// ErrNotFound means that no order has this token.
func (s *Service) Notify(ctx context.Context, token string, body []byte) (Verdict, error) {
	return s.notify(ctx, token, body, true)
}

// NotifySigned is Notify for a sender who has sent too much that the gateway did
// not sign: more of that leaves no trace.
func (s *Service) NotifySigned(ctx context.Context, token string, body []byte) (Verdict, error) {
	return s.notify(ctx, token, body, false)
}

func (s *Service) notify(ctx context.Context, token string, body []byte, keepJunk bool) (Verdict, error) {
	if !validID(token, "") {
		return VerdictRejected, ErrNotFound
	}
	a, err := s.store.AttemptByNotifyToken(ctx, token)
	if err != nil {
		return VerdictRejected, err
	}
	n, status, err := s.judge(a, body)
	if err != nil {
		return n.Verdict, err
	}
	asks := n.Verdict == VerdictAccepted && status.State != OrderUnpaid && !a.settled()
	flood := a.flooded(n)
	if n.Verdict == VerdictRejected && !keepJunk || flood && !asks {
		return n.Verdict, nil
	}
	s.reportRefused(a, n)
	var askAt time.Time
	if asks {
		askAt = n.ReceivedAt
	}
	if err := s.keepNotification(ctx, a, n, askAt); err != nil {
		return n.Verdict, err
	}
	if asks && !flood { // the sweep asks for a flood
		cause := CauseNotification
		if status.State != OrderPaid {
			cause = CauseDenial
		}
		s.kick(a.ID, cause)
	}
	return n.Verdict, nil
}

// keepNotification stores a notification, with an event where it is the first
// mismatch of its attempt. It tries again while the session changes.
func (s *Service) keepNotification(ctx context.Context, a Attempt, n Notification, askAt time.Time) error {
	for range updateTries {
		var mismatch *Event
		if n.Verdict == VerdictMismatch {
			var err error
			if mismatch, err = s.mismatchEvent(ctx, a); err != nil {
				return err
			}
		}
		if err := s.store.AddNotification(ctx, n, askAt, mismatch); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return errors.New("storing a notification: its session keeps changing")
}

// judge verifies a notification and compares it with its order.
func (s *Service) judge(a Attempt, body []byte) (Notification, OrderStatus, error) {
	id, err := newID(s.random, "nt_")
	n := Notification{ID: id, SessionID: a.SessionID, AttemptID: a.ID, ReceivedAt: s.clock.Now(), Verdict: VerdictRejected}
	if err != nil {
		return n, OrderStatus{}, err
	}
	status, text, err := s.gateway.ReadNotification(a.ref(), body)
	n.Body = text
	switch problem := a.disagreement(status); {
	case errors.Is(err, ErrOtherAccount):
		n.Verdict, n.Detail = VerdictMismatch, err.Error()
	case err != nil:
		n.Detail = err.Error()
	case problem != "":
		n.Verdict, n.Detail = VerdictMismatch, problem
	default:
		n.Verdict, n.TradeID, n.Paid = VerdictAccepted, status.TradeID, status.State == OrderPaid
	}
	return n, status, nil
}

// flooded reports whether the attempt has had enough notifications like this one,
// and the last a moment ago: then it is not even counted.
func (a Attempt) flooded(n Notification) bool {
	since := n.ReceivedAt.Sub(a.NotificationAt)
	return a.Notifications.Of(n.Verdict) >= KeptNotifications && since >= 0 && since < junkInterval
}

// reportRefused reports a notification that is not accepted, while the timeline
// keeps those like it.
func (s *Service) reportRefused(a Attempt, n Notification) {
	earlier := a.Notifications.Of(n.Verdict)
	if n.Verdict == VerdictAccepted || earlier >= KeptNotifications {
		return
	}
	why := n.Detail
	if earlier == KeptNotifications-1 {
		why += "; more like it are counted and not reported"
	}
	s.alert(Alert{
		Problem: "notification not accepted", SessionID: a.SessionID, AttemptID: a.ID,
		Alarm: n.Verdict == VerdictMismatch, Err: errors.New(why),
	})
}

// mismatchEvent tells the shop of the first signed notification that is not
// about the order that was placed. The session goes on: query decides.
func (s *Service) mismatchEvent(ctx context.Context, a Attempt) (*Event, error) {
	session, err := s.store.Session(ctx, a.SessionID)
	if err != nil {
		return nil, err
	}
	session.Version++
	e, err := s.event(EventNotificationMismatch, session, &a)
	return &e, err
}
