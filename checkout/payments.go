package checkout

import (
	"context"
	"errors"
	"io"

	"github.com/wantukit/wantukit/checkout/flow"
)

// payments stores the payments that query reports.
type payments struct {
	store interface {
		Attempts(ctx context.Context, sessionID string) ([]Attempt, error)
	}
	clock      Clock
	random     io.Reader
	merchants  map[string]Merchant
	gateway    interface{ CanRefund(w flow.Wallet) bool }
	ledger     *ledger
	leases     leases
	background *background
	alert      func(Alert)
}

// settlePaid stores a payment. It quarantines the attempt where the payment is not
// that of the order that was placed. The lease is over when it returns.
func (p payments) settlePaid(ctx context.Context, leased leasedAttempt, status OrderStatus) (Attempt, error) {
	if problem := leased.disagreement(status); problem != "" {
		return p.quarantine(ctx, leased, problem)
	}
	now := p.clock.Now()
	// The refund is for the case that the shop's policy returns the payment.
	full, err := newRefund(p.random, leased.Attempt, now)
	if err != nil {
		return leased.Attempt, errors.Join(err, p.leases.release(ctx, leased))
	}
	var refund *Refund
	if p.gateway.CanRefund(leased.Wallet) {
		refund = &full
	}
	a, err := p.ledger.update(ctx, leased, func(session *Session, a *Attempt) outcome {
		if a.settled() {
			return outcome{}
		}
		paid := a.pay(status.TradeID, now)
		return p.merchants[a.Merchant].receive(session, *a, refund, now).and(paid)
	})
	if errors.Is(err, ErrPaymentTaken) {
		return p.quarantine(ctx, leased, "a payment of another order")
	}
	if err == nil && a.State == AttemptPaid {
		p.closeOthers(ctx, a)
	}
	return a, err
}

// quarantine quarantines an attempt for which query reports another order or
// another order's payment: it is never paid, and an operator looks at it.
func (p payments) quarantine(ctx context.Context, leased leasedAttempt, problem string) (Attempt, error) {
	p.alert(Alert{Problem: "quarantined: " + problem, SessionID: leased.SessionID, AttemptID: leased.ID, Alarm: true})
	*leased.answer = OrderStatus{} // it is about another order
	return p.ledger.update(ctx, leased, func(session *Session, a *Attempt) outcome {
		if a.settled() {
			return outcome{}
		}
		return session.mismatch().and(a.quarantine(problem))
	})
}

// closeOthers closes the other live orders of a paid session in the background, so
// that the shopper does not pay twice. Where that fails the sweep does it.
func (p payments) closeOthers(ctx context.Context, paid Attempt) {
	attempts, err := p.store.Attempts(ctx, paid.SessionID)
	if err != nil {
		return
	}
	for _, other := range attempts {
		if other.live() && !other.Quarantined {
			p.background.query(other.ID, CauseOtherPaid)
		}
	}
}
