package checkout

import (
	"context"
	"errors"
	"time"
)

// refundPatience is the age at which a refund without an outcome is a person's
// business too, and its shop is told of it.
const refundPatience = 24 * time.Hour

// refundWaits is how long after its first, second… try a refund is sent again;
// the last goes on.
var refundWaits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}

// delayedWait is how long a refund waits for its next try once it is a person's
// business: so much longer than listedAfter that a person has the time to settle
// it by the statement.
const delayedWait = 3 * listedAfter

// refundWait is how long to wait after this many tries. Jitter is in [0, 1)
// and spreads refunds over a tenth of the wait.
func refundWait(tries int, jitter float64) time.Duration {
	wait := refundWaits[min(max(tries, 1), len(refundWaits))-1]
	return wait - time.Duration(jitter*float64(wait)/10)
}

// heldRefund is a refund that this Service alone may talk to the gateway about,
// as it was when the hold began.
type heldRefund struct {
	Refund
	until time.Time
	// deadline is when the hold ends by the process's own monotonic clock.
	deadline time.Time
	said     *journal
}

// sendDueRefund sends a refund whose time has come, unless another does. Where
// the store fails it is due again when the hold is over.
func (s *Service) sendDueRefund(ctx context.Context, id string) {
	ctx = context.WithoutCancel(ctx)
	if h, ok, err := s.holdRefund(ctx, id); err == nil && ok {
		s.sendRefund(ctx, h)
	}
}

// holdRefund claims a pending refund, and reports whether it did. One that
// another settles before it is read needs no call any more.
func (s *Service) holdRefund(ctx context.Context, id string) (heldRefund, bool, error) {
	until, deadline := s.lease()
	h := heldRefund{until: until, deadline: deadline, said: &journal{}}
	ok, err := s.store.LeaseRefund(ctx, id, until.Add(-s.holdFor()), until)
	if err != nil || !ok {
		return h, false, err
	}
	h.Refund, err = s.store.Refund(ctx, id)
	return h, err == nil && h.State == RefundPending, err
}

// sendRefund asks the gateway for a held refund, settles what it answers and
// ends the hold. It returns the refund as it then stands: what goes wrong is
// reported, and mended by the sweep.
func (s *Service) sendRefund(ctx context.Context, h heldRefund) Refund {
	made, err := s.callRefund(ctx, h)
	now := s.clock.Now()
	word, refused := h.refusal(err)
	late := now.Sub(h.CreatedAt) >= refundPatience
	switch {
	case errors.Is(err, errLeaseOver):
		s.reportRefund(h, "a refund was not sent: its hold was over", false, err)
		return s.refundAsStored(ctx, h)
	case err == nil:
		return s.settleHeldRefund(ctx, h, refundMade(made.GatewayID, now))
	case refused:
		s.reportRefund(h, "refund refused", h.Reason != RefundRequested, err)
		return s.settleHeldRefund(ctx, h, h.refused(word, now))
	case late && h.DelayedAt.IsZero():
		s.reportRefund(h, "refund of unknown outcome", true, err)
		return s.settleHeldRefund(ctx, h, h.delayed(now, s.nextRefundTry(h)))
	default:
		s.reportRefund(h, "refund of unknown outcome", late, err)
		return s.releaseRefund(ctx, h)
	}
}

func (s *Service) callRefund(ctx context.Context, h heldRefund) (RefundResult, error) {
	a, err := s.store.Attempt(ctx, h.AttemptID)
	if err != nil {
		return RefundResult{}, err
	}
	ctx, cancel, err := forCall(ctx, h.deadline, s.timeout)
	if err != nil {
		return RefundResult{}, err
	}
	defer cancel()
	made, err := s.gateway.Refund(ctx, RefundOrder{
		OrderRef: a.ref(), OutRefundNo: h.OutRefundNo, Paid: a.Amount, Amount: h.Amount, Currency: h.Currency,
	})
	h.said.add(h.entry(EntryRefundCall, s.clock.Now()).answered("succeeded", "", err))
	return made, err
}

// entry begins an entry about the refund.
func (r Refund) entry(kind EntryKind, now time.Time) Entry {
	return Entry{SessionID: r.SessionID, AttemptID: r.AttemptID, Ref: r.ID, At: now, Kind: kind}
}

// refusal returns the gateway's word where it surely has not made the refund.
// After a try whose outcome nobody knows, a refusal of the call alone, such as
// one for its signature, says nothing of that earlier try.
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

// settleHeldRefund settles a held refund as decide says and ends the hold. Where
// that cannot be stored the refund is sent again, under its number.
func (s *Service) settleHeldRefund(ctx context.Context, h heldRefund, decide refundDecision) Refund {
	r, err := s.settleRefund(ctx, h, decide)
	if err != nil {
		s.reportRefund(h, "a refund's outcome was not stored", true, err)
		return s.releaseRefund(ctx, h)
	}
	return r
}

func (s *Service) nextRefundTry(h heldRefund) time.Time {
	now := s.clock.Now()
	if now.Sub(h.CreatedAt) >= refundPatience {
		return now.Add(delayedWait)
	}
	return now.Add(refundWait(h.Tries, s.jitter()))
}

// releaseRefund ends a hold and schedules the next try. Where that fails the
// hold ends by itself.
func (s *Service) releaseRefund(ctx context.Context, h heldRefund) Refund {
	s.flush(ctx, h.said)
	h.NextTryAt = s.nextRefundTry(h)
	if err := s.store.ReleaseRefund(ctx, h.ID, h.until, h.NextTryAt); err != nil {
		s.reportRefund(h, "a refund's next try was not stored", false, err)
	}
	return h.Refund
}

// refundAsStored returns a refund that another may have settled, as it stands
// now.
func (s *Service) refundAsStored(ctx context.Context, h heldRefund) Refund {
	if r, err := s.store.Refund(ctx, h.ID); err == nil {
		return r
	}
	return h.Refund
}

func (s *Service) reportRefund(h heldRefund, problem string, alarm bool, err error) {
	s.alert(Alert{
		Problem: problem, SessionID: h.SessionID, AttemptID: h.AttemptID, RefundID: h.ID, Alarm: alarm, Err: err,
	})
}
