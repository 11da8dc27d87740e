package checkout_test

import (
	"context"

	"github.com/wantukit/wantukit/checkout"
)

// sentRefund is a refund on its way to the gateway, for its scripts.
type sentRefund struct {
	checkout.RefundOrder
	// tries counts how often its number was sent, this time included.
	tries int
}

// Refund gives money back as the manual has it: one number refunds once.
func (g *gateway) Refund(ctx context.Context, r checkout.RefundOrder) (checkout.RefundResult, error) {
	g.countRefundInFlight(r.OutRefundNo, 1)
	defer g.countRefundInFlight(r.OutRefundNo, -1)
	if err := g.wait(ctx); err != nil {
		return checkout.RefundResult{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sends[r.OutRefundNo]++
	s := sentRefund{r, g.sends[r.OutRefundNo]}
	o, err := g.find(r.OrderRef)
	if err != nil {
		return checkout.RefundResult{}, &checkout.RefusedError{Word: "402 ORDER_INVALID"}
	}
	if g.beforeRefund != nil {
		if err := g.beforeRefund(s); err != nil {
			return checkout.RefundResult{}, err
		}
	}
	if before, made := o.refunds[r.OutRefundNo]; !made {
		if r.Paid != o.OrderStatus.Amount || r.Currency != o.OrderStatus.Currency || o.State != checkout.OrderPaid || r.Amount > r.Paid-o.refunded() {
			return checkout.RefundResult{}, &checkout.RefusedError{Word: "508 REFUND_ERROR", Settled: true}
		}
		o.refunds[r.OutRefundNo] = r.Amount
	} else if before != r.Amount {
		g.t.Errorf("refund %s was of %d and is of %d", r.OutRefundNo, before, r.Amount)
	}
	if g.afterRefund != nil {
		if err := g.afterRefund(s); err != nil {
			return checkout.RefundResult{}, err
		}
	}
	return checkout.RefundResult{GatewayID: "R" + r.OutRefundNo}, nil
}

// countRefundInFlight counts a refund in flight: there must be one at most.
func (g *gateway) countRefundInFlight(number string, by int) { g.countInFlight("refund "+number, by) }

// refunded is what went back of an order.
func (o *order) refunded() (sum int64) {
	for _, amount := range o.refunds {
		sum += amount
	}
	return sum
}

// refunds returns how many refunds of an order were made, and of how much.
func (g *gateway) refunds(number string) (n int, sum int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.orders[number].refunds), g.orders[number].refunded()
}

// noAnswer is a script.
func noAnswer(sentRefund) error { return errTimeout }

// firstTry runs a script at the first try of each refund.
func firstTry(script func(sentRefund) error) func(sentRefund) error {
	return func(s sentRefund) error {
		if s.tries > 1 {
			return nil
		}
		return script(s)
	}
}
