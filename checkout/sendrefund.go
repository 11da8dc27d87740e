package checkout

import (
	"context"
	"errors"
	"time"
)

// refundPatience is the age at which a refund without an outcome is a person's
// business too.
const refundPatience = 24 * time.Hour

// refundWaits is how long after its first, second… try a refund is sent again;
// the last goes on.
var refundWaits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}

// refundWait is how long to wait after this many tries. Jitter is in [0, 1)
// and spreads refunds over a tenth of the wait.
func refundWait(tries int, jitter float64) time.Duration {
	wait := refundWaits[min(max(tries, 1), len(refundWaits))-1]
	return wait - time.Duration(jitter*float64(wait)/10)
}

// heldRefund is a refund that this Service alone may talk to the gateway about.
type heldRefund struct {
	Refund
	until time.Time
	said  *journal
}

// sendDueRefund sends a refund whose time has come, unless another does. Where
// the store fails it is due again when the hold is over.
func (s *Service) sendDueRefund(ctx context.Context, id string) {
	ctx = context.WithoutCancel(ctx)
	now := s.clock.Now()
	h := heldRefund{until: now.Add(s.holdFor()), said: &journal{}}
	ok, err := s.store.HoldRefund(ctx, id, now, h.until)
	if err != nil || !ok {
		return
	}
	if h.Refund, err = s.store.Refund(ctx, id); err == nil {
		s.sendRefund(ctx, h)
	}
}

// sendRefund asks the gateway for a held refund, settles what it answers and
// ends the hold. It returns the refund as it then stands: what goes wrong is
// reported, and mended by the sweep.
func (s *Service) sendRefund(ctx context.Context, h heldRefund) Refund {
	made, err := s.callRefund(ctx, h)
	now := s.clock.Now()
	word, refused := h.refusal(err)
	switch {
	case err == nil:
		return s.settleRefund(ctx, h, func(r *Refund) { r.succeed(made.GatewayID, now) })
	case refused:
		s.reportRefund(h, "refund refused", h.Reason != RefundRequested, err)
		return s.settleRefund(ctx, h, func(r *Refund) {
			if _, still := r.refusal(err); still {
				r.fail(word, now)
			}
		})
	default:
		s.reportRefund(h, "refund of unknown outcome", now.Sub(h.CreatedAt) >= refundPatience, err)
		return s.releaseRefund(ctx, h)
	}
}

func (s *Service) callRefund(ctx context.Context, h heldRefund) (RefundResult, error) {
	a, err := s.store.Attempt(ctx, h.AttemptID)
	if err != nil {
		return RefundResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	made, err := s.gateway.Refund(ctx, RefundOrder{
		OrderRef: a.ref(), OutRefundNo: h.OutRefundNo, Paid: a.Amount, Amount: h.Amount, Currency: h.Currency,
	})
	call := Entry{SessionID: h.SessionID, AttemptID: h.AttemptID, Ref: h.ID, At: s.clock.Now(), Kind: EntryRefundCall}
	h.said.add(call.answered("succeeded", "", err))
	return made, err
}

// refusal returns the gateway's word where it surely has not made the refund.
// After a try whose outcome nobody knows, a refusal of the call alone, such as
// one for its signature, says nothing of that earlier try, nor of one that
// another has made since.
func (r Refund) refusal(err error) (word string, refused bool) {
	var said *RefusedError
	switch {
	case errors.As(err, &said):
		return said.Word, said.Settled || r.Tries <= 1
	case errors.Is(err, ErrRefused):
		return "refused by the gateway", r.Tries <= 1
	default:
		return "", false
	}
}

// settleRefund records an outcome with its event, against what is stored: it
// decides again whenever that has changed meanwhile. Where it cannot be stored
// the refund is sent again, under its number.
func (s *Service) settleRefund(ctx context.Context, h heldRefund, decide func(*Refund)) Refund {
	for range updateTries {
		r, err := s.trySettleRefund(ctx, h, decide)
		if err == nil {
			s.flush(ctx, h.said)
			return r
		}
		if !errors.Is(err, ErrConflict) && !h.said.split() {
			s.reportRefund(h, "a refund's outcome was not stored", true, err)
			break
		}
	}
	return s.releaseRefund(ctx, h)
}

func (s *Service) trySettleRefund(ctx context.Context, h heldRefund, decide func(*Refund)) (Refund, error) {
	r, err := s.store.Refund(ctx, h.ID)
	if err != nil || r.State != RefundPending { // another's answer was first
		return r, err
	}
	session, err := s.store.Session(ctx, r.SessionID)
	if err != nil {
		return r, err
	}
	before, moneyBefore := r.State, session.PaymentStatus
	decide(&r)
	if r.State == before { // another has sent it again: its answer counts
		return r, nil
	}
	// The session is compared even where its money stays as it is: the event
	// carries a snapshot of it, which must be the newest.
	change, event := Change{Session: &session, Refund: &r, Entries: h.said.forChange()}, EventRefundFailed
	if r.State == RefundSucceeded {
		event = EventRefundSucceeded
		session.refunded(r)
	}
	if err := errors.Join(checkMove(before, r.State), checkMove(moneyBefore, session.PaymentStatus)); err != nil {
		return r, err
	}
	e, err := s.refundEvent(event, session, r)
	if err != nil {
		return r, err
	}
	change.Events = []Event{e}
	if err := s.store.Apply(ctx, change); err != nil {
		return r, err
	}
	h.said.written()
	s.watchers.changed(session.ID)
	return r, nil
}

func (s *Service) refundEvent(t EventType, session Session, r Refund) (Event, error) {
	session.Version++
	e, err := s.event(t, session, nil)
	public := r.Public()
	e.AttemptID, e.Refund = r.AttemptID, &public
	return e, err
}

// releaseRefund ends a hold and schedules the next try. Where that fails the
// hold ends by itself.
func (s *Service) releaseRefund(ctx context.Context, h heldRefund) Refund {
	s.flush(ctx, h.said)
	h.NextTryAt = s.clock.Now().Add(refundWait(h.Tries, s.jitter()))
	if err := s.store.ReleaseRefund(ctx, h.ID, h.until, h.NextTryAt); err != nil {
		s.reportRefund(h, "a refund's next try was not stored", false, err)
	}
	return h.Refund
}

func (s *Service) reportRefund(h heldRefund, problem string, alarm bool, err error) {
	s.report(Report{
		Problem: problem, SessionID: h.SessionID, AttemptID: h.AttemptID, RefundID: h.ID, Alarm: alarm, Err: err,
	})
}
