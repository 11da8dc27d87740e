package checkout

import (
	"context"
	"errors"
	"slices"
	"time"
)

// maxOutsideTries bounds how often storing an outside refund is tried. A refund that
// is not stored is a difference again in the next reconciliation.
const maxOutsideTries = 5

// storeOutside stores a refund that was made without the checkout, for example by
// `wantukit refund`, as the gateway's statement lists it. It reports whether it is
// stored. A row without the refund's number, or with more than what is left of the
// payment, is left to an operator.
func (f *refundSettler) storeOutside(ctx context.Context, found Finding) (bool, error) {
	if !isStorable(found) {
		return false, nil
	}
	for range maxOutsideTries {
		stored, err := f.tryStoreOutside(ctx, found)
		if !errors.Is(err, ErrConflict) {
			return stored, err
		}
	}
	return false, nil
}

// isStorable reports whether a row of the statement has what a stored refund needs.
func isStorable(found Finding) bool {
	return found.OutRefundNo != "" && CheckText("out_refund_no", found.OutRefundNo) == nil && found.There.Amount > 0
}

func (f *refundSettler) tryStoreOutside(ctx context.Context, found Finding) (bool, error) {
	session, err := f.store.Session(ctx, found.SessionID)
	if err != nil {
		return false, err
	}
	a, err := f.store.Attempt(ctx, found.AttemptID)
	if err != nil {
		return false, err
	}
	refunds, err := f.store.Refunds(ctx, found.SessionID)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(refunds, func(r Refund) bool { return r.OutRefundNo == found.OutRefundNo }) {
		return true, nil // another run was first
	}
	if a.State != AttemptPaid || found.There.Currency != a.Currency || found.There.Amount > refundable(a, refunds) {
		return false, nil
	}
	r, err := f.outsideRefund(a, found)
	if err != nil {
		return false, err
	}
	session.refunded(r)
	e, err := f.ledger.newRefundEvent(EventRefundSucceeded, session, r)
	if err != nil {
		return false, err
	}
	err = f.ledger.write(ctx, Change{Session: &session, NewRefund: &r, Events: []Event{e}}, session.ID)
	return err == nil, err
}

// outsideRefund returns the refund that a row of the statement lists.
func (f *refundSettler) outsideRefund(a Attempt, found Finding) (Refund, error) {
	now := f.clock.Now()
	r, err := newRefund(f.random, a, now)
	if err != nil {
		return r, err
	}
	r.Reason, r.OutRefundNo, r.Amount = RefundOutside, found.OutRefundNo, found.There.Amount
	if found.There.At != nil {
		r.CreatedAt = found.There.At.Truncate(time.Millisecond)
	}
	r.succeed(found.GatewayRefundID, now)
	return r, nil
}
