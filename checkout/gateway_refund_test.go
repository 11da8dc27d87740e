package checkout_test

import (
	"context"

	"github.com/wantukit/wantukit/checkout"
)

// sentRefund is a refund that is sent to the gateway, as scripts get it.
type sentRefund struct {
	checkout.RefundOrder
	// tries is how often its number was sent, including this time.
	tries int
}

// Refund refunds as the manual says: a number that is sent again makes no second
// refund.
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
	if before, exists := o.refunds[r.OutRefundNo]; !exists {
		if r.Paid != o.OrderStatus.Amount || r.Currency != o.OrderStatus.Currency || o.State != checkout.OrderPaid || r.Amount > r.Paid-o.refunded() {
			return checkout.RefundResult{}, &checkout.RefusedError{Word: "508 REFUND_ERROR", Settled: true}
		}
		o.refunds[r.OutRefundNo] = r.Amount
	} else if before != r.Amount {
		g.t.Errorf("refund %s is sent with amount %d, and was sent with %d before", r.OutRefundNo, r.Amount, before)
	}
	if g.afterRefund != nil {
		if err := g.afterRefund(s); err != nil {
			return checkout.RefundResult{}, err
		}
	}
	return checkout.RefundResult{GatewayID: "R" + r.OutRefundNo}, nil
}

// countRefundInFlight adds by to the number of calls in flight for a refund. It
// fails the test if there are two.
func (g *gateway) countRefundInFlight(number string, by int) { g.countInFlight("refund "+number, by) }

// refunded returns the sum of an order's refunds.
func (o *order) refunded() (sum int64) {
	for _, amount := range o.refunds {
		sum += amount
	}
	return sum
}

// refunds returns the number and the sum of an order's refunds.
func (g *gateway) refunds(number string) (n int, sum int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.orders[number].refunds), g.orders[number].refunded()
}

// noAnswer is a script for a refund whose outcome stays unknown.
func noAnswer(sentRefund) error { return errTimeout }

// firstTry returns a script that runs another one at the first try of each refund
// only.
func firstTry(script func(sentRefund) error) func(sentRefund) error {
	return func(s sentRefund) error {
		if s.tries > 1 {
			return nil
		}
		return script(s)
	}
}
