package checkout

import (
	"context"
	"errors"
	"time"
)

// refundDecision changes a refund and returns the event that tells the shop, or ""
// where it changed nothing.
type refundDecision func(r *Refund) EventType

// refundSucceeded decides that the gateway made the refund. That is valid whoever
// called the gateway, and whatever is stored.
func refundSucceeded(gatewayID string, now time.Time) refundDecision {
	return func(r *Refund) EventType {
		if r.State == RefundSucceeded {
			return ""
		}
		r.succeed(gatewayID, now)
		return EventRefundSucceeded
	}
}

// failed decides that the gateway refused the refund. It changes nothing where the
// refund was leased or settled since: that answer is newer.
func (leased leasedRefund) failed(word string, now time.Time) refundDecision {
	return func(r *Refund) EventType {
		if r.Version != leased.Version {
			return ""
		}
		r.fail(word, now)
		return EventRefundFailed
	}
}

// stillPending decides that the shop is told that the refund is delayed. The
// refund is sent again at next.
func (leased leasedRefund) stillPending(now, next time.Time) refundDecision {
	return func(r *Refund) EventType {
		if r.Version != leased.Version {
			return ""
		}
		r.DelayedAt, r.NextTryAt = now, next
		return EventRefundDelayed
	}
}

// updateRefund changes a refund and its session as decide says, with the event
// that tells the shop. It decides on what is stored, and decides again after a
// concurrent update. The refund's lease, if it has one, is over when it returns
// nil.
func (l *ledger) updateRefund(ctx context.Context, leased leasedRefund, decide refundDecision) (Refund, error) {
	for range maxUpdates {
		r, err := l.tryUpdateRefund(ctx, leased, decide)
		if errors.Is(err, ErrConflict) || err != nil && leased.entries.separateFromChange() {
			continue
		}
		if err == nil {
			l.timeline.flush(ctx, leased.entries)
		}
		return r, err
	}
	return leased.Refund, tooManyUpdates("refund " + leased.ID)
}

func (l *ledger) tryUpdateRefund(ctx context.Context, leased leasedRefund, decide refundDecision) (Refund, error) {
	r, err := l.store.Refund(ctx, leased.ID)
	if err != nil {
		return r, err
	}
	session, err := l.store.Session(ctx, r.SessionID)
	if err != nil {
		return r, err
	}
	stateBefore, moneyBefore := r.State, session.PaymentStatus
	event := decide(&r)
	if event == "" {
		return r, nil
	}
	if stateBefore == RefundPending && r.State != RefundPending {
		session.settleRefund(r)
	}
	if r.State == RefundSucceeded {
		session.refunded(r)
	}
	if err := errors.Join(checkMove(stateBefore, r.State), checkMove(moneyBefore, session.PaymentStatus)); err != nil {
		return r, err
	}
	told := r
	told.Version++ // as it is stored with the event
	e, err := l.newRefundEvent(event, session, told)
	if err != nil {
		return r, err
	}
	// The version of an unchanged session is compared too: the event has a copy of
	// the session, which must be the newest.
	err = l.write(ctx, Change{
		Session: &session, Refund: &r, RefundLease: leased.until, Events: []Event{e}, Entries: leased.entries.forChange(),
	}, session.ID)
	if err != nil {
		return r, err
	}
	leased.entries.changeStored()
	if stateBefore == RefundFailed {
		l.alertRefund(r, "a refund was made that the books said had failed", true, nil)
	}
	return told, nil
}

// newRefundEvent returns an event about a refund, which has the version that it has after
// the event. session has the version that is stored.
func (l *ledger) newRefundEvent(t EventType, session Session, r Refund) (Event, error) {
	session.Version++
	e, err := l.newEvent(t, session, nil)
	r.TestMode = session.TestMode
	public := r.Public()
	e.AttemptID, e.Refund = r.AttemptID, &public
	return e, err
}

func (l *ledger) alertRefund(r Refund, problem string, alarm bool, err error) {
	l.alert(Alert{
		Problem: problem, SessionID: r.SessionID, AttemptID: r.AttemptID, RefundID: r.ID, Alarm: alarm, Err: err,
	})
}
