package checkout

import (
	"context"
	"errors"
	"time"
)

// refundDecision changes a refund as it is stored, and returns the event that
// tells of it; "" where there is nothing to change.
type refundDecision func(r *Refund) EventType

// refundMade decides that the gateway made the refund. That holds whoever asked
// and whatever the books said before.
func refundMade(gatewayID string, now time.Time) refundDecision {
	return func(r *Refund) EventType {
		if r.State == RefundSucceeded {
			return ""
		}
		r.succeed(gatewayID, now)
		return EventRefundSucceeded
	}
}

// refused decides that the gateway refused the refund. Another who has held it or
// settled it since has asked later: that answer counts.
func (h heldRefund) refused(word string, now time.Time) refundDecision {
	return func(r *Refund) EventType {
		if r.Version != h.Version {
			return ""
		}
		r.fail(word, now)
		return EventRefundFailed
	}
}

// delayed decides that the shop is told that there is no outcome yet. The refund
// is sent again at next.
func (h heldRefund) delayed(now, next time.Time) refundDecision {
	return func(r *Refund) EventType {
		if r.Version != h.Version {
			return ""
		}
		r.DelayedAt, r.NextTryAt = now, next
		return EventRefundDelayed
	}
}

// settleRefund changes a refund as decide says, with the event that tells of it,
// against what is stored: it decides again whenever that has changed meanwhile.
// It ends the hold, if there is one.
func (s *Service) settleRefund(ctx context.Context, h heldRefund, decide refundDecision) (Refund, error) {
	for range updateTries {
		r, err := s.trySettleRefund(ctx, h, decide)
		if errors.Is(err, ErrConflict) || err != nil && h.said.split() {
			continue
		}
		if err == nil {
			s.flush(ctx, h.said)
		}
		return r, err
	}
	return h.Refund, errors.New("giving up on a refund that keeps changing")
}

func (s *Service) trySettleRefund(ctx context.Context, h heldRefund, decide refundDecision) (Refund, error) {
	r, err := s.store.Refund(ctx, h.ID)
	if err != nil {
		return r, err
	}
	session, err := s.store.Session(ctx, r.SessionID)
	if err != nil {
		return r, err
	}
	before, moneyBefore := r.State, session.PaymentStatus
	event := decide(&r)
	if event == "" {
		return r, nil
	}
	if r.State == RefundSucceeded {
		session.refunded(r)
	}
	if err := errors.Join(checkMove(before, r.State), checkMove(moneyBefore, session.PaymentStatus)); err != nil {
		return r, err
	}
	e, err := s.refundEvent(event, session, r)
	if err != nil {
		return r, err
	}
	// The session is compared even where its money stays as it is: the event
	// carries a snapshot of it, which must be the newest.
	err = s.store.Apply(ctx, Change{
		Session: &session, Refund: &r, RefundLease: h.until, Events: []Event{e}, Entries: h.said.forChange(),
	})
	if err != nil {
		return r, err
	}
	h.said.written()
	s.watchers.changed(session.ID)
	if before == RefundFailed {
		s.reportRefund(h, "a refund was made that the books said had failed", true, nil)
	}
	return r, nil
}

func (s *Service) refundEvent(t EventType, session Session, r Refund) (Event, error) {
	session.Version++
	e, err := s.event(t, session, nil)
	public := r.Public()
	e.AttemptID, e.Refund = r.AttemptID, &public
	return e, err
}
