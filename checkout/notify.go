package checkout

import (
	"context"
	"errors"
	"io"
	"time"
)

// notifier takes the gateway's notifications.
type notifier struct {
	store interface {
		Reader
		Changer
	}
	gateway    Gateway
	clock      Clock
	random     io.Reader
	ledger     *ledger
	leases     leases
	confirmer  *confirmer
	background *background
	alert      func(Alert)
}

// notify is [Service.Notify]. Without keepUnsigned a notification that is not signed
// is dropped: it leaves no trace.
func (n *notifier) notify(ctx context.Context, token string, m NotificationMessage, keepUnsigned bool) (Verdict, error) {
	if !validID(token, "") {
		return VerdictRejected, ErrNotFound
	}
	a, err := n.store.AttemptByNotifyToken(ctx, token)
	if err != nil {
		return VerdictRejected, err
	}
	got, status, err := n.judge(a, m)
	if err != nil {
		return got.Verdict, err
	}
	needsQuery := got.Verdict == VerdictAccepted && status.State != OrderUnpaid && !a.settled()
	flood := a.isFlood(got)
	if got.Verdict == VerdictRejected && !keepUnsigned || flood && !needsQuery {
		return got.Verdict, nil
	}
	n.alertNotAccepted(a, got)
	if !needsQuery || flood { // in a flood the sweep queries
		return got.Verdict, n.keep(ctx, a, got, needsQuery)
	}
	cause := CauseNotification
	if status.State != OrderPaid {
		cause = CauseDenial
	}
	return got.Verdict, n.keepAndQuery(ctx, a, got, cause)
}

// keepAndQuery stores a notification and queries the gateway in the background. Where
// the attempt has a lease, the query waits for its end.
func (n *notifier) keepAndQuery(ctx context.Context, a Attempt, got Notification, cause Cause) error {
	leased, ok, err := n.leases.leaseNotified(ctx, a, got, cause)
	if err != nil {
		return err
	}
	if !ok {
		n.background.query(a.ID, cause)
		return nil
	}
	// The context of the request ends with it. An error raises an alert where it arises.
	if n.background.run(func() { _ = n.confirmer.queryUnlessSettled(context.Background(), leased) }) {
		return nil
	}
	// The process is about to end: the sweep of the next one queries at once.
	return n.leases.releaseUntil(context.WithoutCancel(ctx), leased, n.clock.Now())
}

// keep stores a notification, with an event where it is the attempt's first
// mismatch. It tries again after a concurrent update.
func (n *notifier) keep(ctx context.Context, a Attempt, got Notification, needsQuery bool) error {
	var queryAt time.Time // zero: no query
	if needsQuery {
		queryAt = got.ReceivedAt
	}
	for range maxUpdates {
		var mismatch *Event
		if got.Verdict == VerdictMismatch {
			var err error
			if mismatch, err = n.mismatchEvent(ctx, a); err != nil {
				return err
			}
		}
		if err := n.store.AddNotification(ctx, got, queryAt, mismatch); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return tooManyUpdates("a notification of session " + a.SessionID)
}

// judge verifies a notification and compares it with the order that was placed.
func (n *notifier) judge(a Attempt, m NotificationMessage) (Notification, OrderStatus, error) {
	id, err := NewID(n.random, "nt_")
	got := Notification{ID: id, SessionID: a.SessionID, AttemptID: a.ID, ReceivedAt: n.clock.Now(), Verdict: VerdictRejected}
	if err != nil {
		return got, OrderStatus{}, err
	}
	status, text, err := n.gateway.ReadNotification(a.ref(), m)
	got.Body = text
	switch problem := a.disagreement(status); {
	case errors.Is(err, ErrOtherAccount):
		got.Verdict, got.Detail = VerdictMismatch, err.Error()
	case err != nil:
		got.Detail = err.Error()
	case problem != "":
		got.Verdict, got.Detail = VerdictMismatch, problem
	default:
		got.Verdict, got.TradeID, got.Paid = VerdictAccepted, status.TradeID, status.State == OrderPaid
	}
	return got, status, nil
}

// isFlood reports whether the attempt has had enough notifications with this
// verdict, and the last one a moment ago. Such a notification is not even counted.
func (a Attempt) isFlood(n Notification) bool {
	since := n.ReceivedAt.Sub(a.NotificationAt)
	return a.Notifications.Of(n.Verdict) >= KeptNotifications && since >= 0 && since < floodInterval
}

// alertNotAccepted raises an alert for a notification that is not accepted, as long
// as the timeline keeps those with its verdict.
func (n *notifier) alertNotAccepted(a Attempt, got Notification) {
	earlier := a.Notifications.Of(got.Verdict)
	if got.Verdict == VerdictAccepted || earlier >= KeptNotifications {
		return
	}
	why := got.Detail
	if earlier == KeptNotifications-1 {
		why += "; more like it are counted and not reported"
	}
	n.alert(Alert{
		Problem: "notification not accepted", SessionID: a.SessionID, AttemptID: a.ID,
		Alarm: got.Verdict == VerdictMismatch, Err: errors.New(why),
	})
}

// mismatchEvent returns the event for the attempt's first signed notification that is
// not about the order that was placed. The session goes on: query decides.
func (n *notifier) mismatchEvent(ctx context.Context, a Attempt) (*Event, error) {
	session, err := n.store.Session(ctx, a.SessionID)
	if err != nil {
		return nil, err
	}
	session.Version++
	e, err := n.ledger.newEvent(EventNotificationMismatch, session, &a)
	return &e, err
}
