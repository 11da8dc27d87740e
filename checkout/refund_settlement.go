package checkout

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Settlement is how an operator settles a refund for which the gateway gives no
// answer.
type Settlement struct {
	// Outcome is RefundSucceeded or RefundFailed. Where it is "" the gateway's
	// statement decides.
	Outcome RefundState
	// GatewayID is the gateway's number of a refund that succeeded, or "".
	GatewayID string
	// Why is the operator's reason. It goes into the timeline, and to the shop as
	// the Failure of a refund that failed.
	Why string
}

func (by Settlement) check() error {
	if by.Outcome != "" && !RefundPending.CanMove(by.Outcome) {
		return &FieldError{Field: "outcome", Problem: "must be succeeded or failed"}
	}
	return errors.Join(CheckText("why", by.Why), CheckText("refund_id", by.GatewayID))
}

// The errors of [Service.SettleRefund].
var (
	// ErrRefundSettled says that there is nothing to settle. Either the refund has
	// succeeded, or it has failed and neither the operator nor the statement says that it
	// succeeded.
	ErrRefundSettled = errors.New("the refund is settled already")
	// ErrRefundBusy says that another call has the refund's lease, or has sent or settled
	// the refund since SettleRefund read it. Try again when the lease has ended: that takes
	// at most three times Config.CallTimeout and 5 s. If the statement decides, ErrRefundBusy
	// also says that the refund is pending at the gateway.
	ErrRefundBusy = errors.New("the refund is being sent to the gateway, or is pending there")
	// ErrNotListed says that the statement does not list the refund, and that the last
	// try was less than an hour ago. The statement may still list it later.
	ErrNotListed = errors.New("the gateway's statement does not list the refund, and it was sent less than an hour ago")
	// ErrListedOtherwise says that the statement lists the refund with another
	// amount or currency.
	ErrListedOtherwise = errors.New("the gateway's statement lists the refund with another amount or currency")
)

// notListedAfter is how long after its last try a refund that the statement does
// not list was not made.
const notListedAfter = time.Hour

// notListed is the Failure of a refund that the statement does not list.
const notListed = "not in the gateway's statement"

// byStatement says in the timeline who settled a refund.
const byStatement = "by the gateway's statement"

// refundSettler settles refunds without the gateway's answer: by its statement, or
// as an operator says.
type refundSettler struct {
	store   Reader
	gateway interface {
		Statement(ctx context.Context, merchant string, from, to time.Time) iter.Seq2[Trade, error]
	}
	clock  Clock
	random io.Reader
	ledger *ledger
	leases leases
	calls  calls
}

// settle is [Service.SettleRefund].
func (f *refundSettler) settle(ctx context.Context, id string, by Settlement) (Refund, error) {
	if !validID(id, RefundPrefix) {
		return Refund{}, ErrNotFound
	}
	if err := by.check(); err != nil {
		return Refund{}, err
	}
	r, err := f.store.Refund(ctx, id)
	switch {
	case err != nil:
		return r, err
	case r.State == RefundSucceeded, r.State == by.Outcome:
		return r, ErrRefundSettled
	}
	how := "by hand: " + by.Why
	if by.Outcome == "" {
		how = byStatement
		if by, err = f.readStatement(ctx, r); err != nil {
			return r, err
		}
	}
	return f.settleAs(context.WithoutCancel(ctx), r, by, how)
}

// settleAs settles a refund that was read as r. It returns ErrRefundBusy where the
// refund was sent since.
func (f *refundSettler) settleAs(ctx context.Context, r Refund, by Settlement, how string) (Refund, error) {
	leased := unleased(r)
	if r.State == RefundPending {
		var ok bool
		var err error
		if leased, ok, err = f.leases.leaseRefund(ctx, r.ID); err != nil {
			return r, err
		}
		if !ok || leased.Version != r.Version+1 {
			return r, ErrRefundBusy // where the lease is ours, it ends by its time
		}
	}
	now := f.clock.Now()
	decide := refundSucceeded(by.GatewayID, now)
	if by.Outcome == RefundFailed {
		decide = leased.failed(by.Why, now)
	}
	leased.entries.add(r.entry(EntryRefundSettled, now).withResult(string(by.Outcome), how, nil))
	return f.ledger.updateRefund(ctx, leased, decide)
}

// unleased returns a refund without a lease, whose outcome is known without a call
// of the gateway.
func unleased(r Refund) leasedRefund {
	return leasedRefund{Refund: r, lease: lease{entries: &pendingEntries{}}}
}

// readStatement returns what the gateway's statement says of a refund.
func (f *refundSettler) readStatement(ctx context.Context, r Refund) (Settlement, error) {
	now := f.clock.Now()
	for t, err := range f.gateway.Statement(ctx, r.Merchant, r.CreatedAt.Add(-StatementMargin), now) {
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
	case now.Sub(r.TriedAt) < notListedAfter:
		return Settlement{}, ErrNotListed
	}
	return f.settleUnlisted(ctx, r)
}

// settleUnlisted returns the settlement of a refund that the statement does not list. A
// gateway whose refunds settle later may have accepted it all the same, so it is queried
// first.
func (f *refundSettler) settleUnlisted(ctx context.Context, r Refund) (Settlement, error) {
	a, err := f.store.Attempt(ctx, r.AttemptID)
	if err != nil {
		return Settlement{}, err
	}
	result, err := f.calls.queryRefund(ctx, r, a)
	switch {
	case errors.Is(err, ErrNoRefund):
		return Settlement{Outcome: RefundFailed, Why: notListed}, nil
	case err != nil:
		return Settlement{}, err
	case result.Pending:
		return Settlement{}, ErrRefundBusy
	default:
		return Settlement{Outcome: RefundSucceeded, GatewayID: result.GatewayID}, nil
	}
}

// settleListed records that the statement lists a refund, and reports whether the
// refund is stored as succeeded.
func (f *refundSettler) settleListed(ctx context.Context, found Finding) (bool, error) {
	r, err := f.store.Refund(ctx, found.RefundID)
	switch {
	case err != nil || r.State == RefundSucceeded:
		return err == nil, err
	case found.There.Amount != r.Amount || found.There.Currency != r.Currency:
		return false, nil
	}
	now := f.clock.Now()
	leased := unleased(r)
	leased.entries.add(r.entry(EntryRefundSettled, now).withResult(string(RefundSucceeded), byStatement, nil))
	r, err = f.ledger.updateRefund(ctx, leased, refundSucceeded(found.GatewayRefundID, now))
	return r.State == RefundSucceeded, err
}
