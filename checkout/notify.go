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
	var askAt time.Time
	if asks {
		askAt = n.ReceivedAt
	}
	if err := s.keepNotification(ctx, a, n, askAt); err != nil {
		return n.Verdict, err
	}
	if asks {
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
	if n.Verdict != VerdictAccepted {
		s.report(Report{
			Problem: "notification not accepted", SessionID: a.SessionID, AttemptID: a.ID,
			Alarm: n.Verdict == VerdictMismatch, Err: errors.New(n.Detail),
		})
	}
	return n, status, nil
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
