package checkout

import (
	"context"
	"errors"
	"time"
)

// Settlement is how an operator settles a refund that the gateway does not
// answer for.
type Settlement struct {
	// Outcome is RefundSucceeded or RefundFailed. Where it is "" the gateway's
	// statement decides.
	Outcome RefundState
	// GatewayID is the gateway's number of a refund that succeeded, or "".
	GatewayID string
	// Why is the operator's reason: the timeline has it, and the shop as the
	// Failure of a refund that failed.
	Why string
}

func (by Settlement) check() error {
	if by.Outcome != "" && !RefundPending.CanMove(by.Outcome) {
		return &FieldError{"outcome", "must be succeeded or failed"}
	}
	return errors.Join(CheckText("why", by.Why), CheckText("refund_id", by.GatewayID))
}

// The errors of [Service.SettleRefund].
var (
	// ErrRefundSettled says that the refund has this outcome already.
	ErrRefundSettled = errors.New("the refund is settled already")
	// ErrRefundBusy says that the gateway is, or was just now, being asked for it.
	ErrRefundBusy = errors.New("the refund is being sent to the gateway")
	// ErrNotListed says that the statement does not list it, which proves
	// nothing within an hour of its last try.
	ErrNotListed = errors.New("the gateway's statement does not list the refund, and it was sent less than an hour ago")
	// ErrListedOtherwise says that the statement lists it with another amount.
	ErrListedOtherwise = errors.New("the gateway's statement lists the refund with another amount or currency")
)

// listedAfter is how long after a refund was sent a statement that does not list
// it shows that it was not made.
const listedAfter = time.Hour

// notListed is the Failure of a refund that the statement does not list.
const notListed = "not in the gateway's statement"

// SettleRefund settles a refund as an operator says, or as the gateway's
// statement does, and tells the shop. A failed refund may be found to have been
// made. Errors are ErrNotFound, *FieldError, those above, the gateway's and the
// store's.
func (s *Service) SettleRefund(ctx context.Context, id string, by Settlement) (Refund, error) {
	if !validID(id, RefundPrefix) {
		return Refund{}, ErrNotFound
	}
	if err := by.check(); err != nil {
		return Refund{}, err
	}
	r, err := s.store.Refund(ctx, id)
	switch {
	case err != nil:
		return r, err
	case r.State == RefundSucceeded, r.State == by.Outcome:
		return r, ErrRefundSettled
	}
	how := "by hand: " + by.Why
	if by.Outcome == "" {
		how = "by the gateway's statement"
		if by, err = s.statementOf(ctx, r); err != nil {
			return r, err
		}
	}
	return s.settleBy(context.WithoutCancel(ctx), r, by, how)
}

// settleBy settles a refund that was read as r, unless it was sent since.
func (s *Service) settleBy(ctx context.Context, r Refund, by Settlement, how string) (Refund, error) {
	h := heldRefund{Refund: r, said: &journal{}}
	if r.State == RefundPending {
		var held bool
		var err error
		if h, held, err = s.holdRefund(ctx, r.ID); err != nil {
			return r, err
		}
		if !held || h.Version != r.Version+1 {
			return r, ErrRefundBusy // a hold of ours ends by itself
		}
	}
	now := s.clock.Now()
	decide := refundMade(by.GatewayID, now)
	if by.Outcome == RefundFailed {
		decide = h.refused(by.Why, now)
	}
	h.said.add(r.entry(EntryRefundSettled, now).answered(string(by.Outcome), how, nil))
	return s.settleRefund(ctx, h, decide)
}

// statementOf is what the gateway's statement says of a refund.
func (s *Service) statementOf(ctx context.Context, r Refund) (Settlement, error) {
	now := s.clock.Now()
	for t, err := range s.gateway.Statement(ctx, r.Merchant, r.CreatedAt.Add(-statementMargin), now) {
		switch {
		case err != nil:
			return Settlement{}, err
		case !t.Refund || t.OutRefundNo != r.OutRefundNo || t.OutTradeNo != r.OutTradeNo:
		case t.Amount != r.Amount || t.Currency != r.Currency:
			return Settlement{}, ErrListedOtherwise
		default:
			return Settlement{Outcome: RefundSucceeded, GatewayID: t.GatewayRefundID}, nil
		}
	}
	switch {
	case r.State == RefundFailed:
		return Settlement{}, ErrRefundSettled
	case now.Sub(r.TriedAt) < listedAfter:
		return Settlement{}, ErrNotListed
	default:
		return Settlement{Outcome: RefundFailed, Why: notListed}, nil
	}
}

// settleListed records that a refund is listed by the statement that a
// reconciliation reads. It reports whether the books say so now.
func (s *Service) settleListed(ctx context.Context, d Difference) (bool, error) {
	r, err := s.store.Refund(ctx, d.refundID)
	switch {
	case err != nil || r.State == RefundSucceeded:
		return err == nil, err
	case d.There.Amount != r.Amount || d.There.Currency != r.Currency:
		return false, nil
	}
	now := s.clock.Now()
	h := heldRefund{Refund: r, said: &journal{}}
	h.said.add(r.entry(EntryRefundSettled, now).answered(string(RefundSucceeded), "by the gateway's statement", nil))
	r, err = s.settleRefund(ctx, h, refundMade(d.GatewayRefundID, now))
	return r.State == RefundSucceeded, err
}
