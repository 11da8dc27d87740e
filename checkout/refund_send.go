package checkout

import (
	"context"
	"errors"
)

// sendDue sends a refund that is due, unless it has a lease. Where the store fails,
// the refund is due again when the lease ends.
func (f *refunder) sendDue(ctx context.Context, id string) {
	ctx = context.WithoutCancel(ctx)
	if leased, ok, err := f.leases.leaseRefund(ctx, id); err == nil && ok {
		f.send(ctx, leased)
	}
}

// send sends a leased refund to the gateway, stores what follows from the answer,
// and ends the lease. It returns the refund as it then is. A failure raises an
// alert, and the sweep sends the refund again.
func (f *refunder) send(ctx context.Context, leased leasedRefund) Refund {
	result, err := f.call(ctx, leased)
	now := f.clock.Now()
	word, refused := leased.refusal(err)
	delayed := leased.delayed(now)
	switch {
	case errors.Is(err, errLeaseOver):
		f.ledger.alertRefund(leased.Refund, "a refund was not sent: its lease was over", false, err)
		return f.stored(ctx, leased)
	case err == nil && !result.Pending:
		return f.settle(ctx, leased, refundSucceeded(result.GatewayID, now))
	case refused:
		f.ledger.alertRefund(leased.Refund, "refund refused", leased.Reason != RefundRequested, err)
		return f.settle(ctx, leased, leased.failed(word, now))
	}
	switch {
	case err != nil:
		f.ledger.alertRefund(leased.Refund, "refund of unknown outcome", delayed, err)
	case delayed:
		f.ledger.alertRefund(leased.Refund, "refund is still pending at the gateway", leased.DelayedAt.IsZero(), nil)
	}
	if delayed && leased.DelayedAt.IsZero() {
		return f.settle(ctx, leased, leased.stillPending(now, f.schedule.nextRefundTry(leased.Refund, now)))
	}
	return f.release(ctx, leased)
}

// call reads the payment of a leased refund and calls the gateway.
func (f *refunder) call(ctx context.Context, leased leasedRefund) (RefundResult, error) {
	a, err := f.store.Attempt(ctx, leased.AttemptID)
	if err != nil {
		return RefundResult{}, err
	}
	return f.calls.refund(ctx, leased, a)
}

// refusal returns the gateway's word where the gateway surely has not made the
// refund. After a try whose outcome is unknown, the refusal of one later call, for
// example for its signature, says nothing about that earlier try.
func (r Refund) refusal(err error) (word string, refused bool) {
	var refusal *RefusedError
	switch {
	case errors.As(err, &refusal):
		return refusal.Word, refusal.Settled || r.Tries <= 1
	case errors.Is(err, ErrRefused):
		return "refused by the gateway", r.Tries <= 1
	default:
		return "", false
	}
}

// settle changes a leased refund as decide says and ends the lease. Where that
// cannot be stored, the refund is sent again with its number.
func (f *refunder) settle(ctx context.Context, leased leasedRefund, decide refundDecision) Refund {
	r, err := f.ledger.updateRefund(ctx, leased, decide)
	if err != nil {
		f.ledger.alertRefund(leased.Refund, "a refund's outcome was not stored", true, err)
		return f.release(ctx, leased)
	}
	return r
}

// release ends the lease of a refund and schedules the next try. Where that fails
// the lease ends by its time.
func (f *refunder) release(ctx context.Context, leased leasedRefund) Refund {
	r, err := f.leases.releaseRefund(ctx, leased)
	if err != nil {
		f.ledger.alertRefund(leased.Refund, "a refund's next try was not stored", false, err)
	}
	return r
}

// stored returns a leased refund as it is stored now: another node may have settled
// it.
func (f *refunder) stored(ctx context.Context, leased leasedRefund) Refund {
	if r, err := f.store.Refund(ctx, leased.ID); err == nil {
		return r
	}
	return leased.Refund
}
