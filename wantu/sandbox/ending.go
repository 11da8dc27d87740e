package sandbox

import (
	"github.com/wantukit/wantukit/wantu"
)

// closeOrder ends an order that is not paid. Manual 2.15.
func (s *Sandbox) closeOrder(c call) reply {
	o, err := s.orders.change(c.Text("out_trade_no"), func(o *order) error {
		if !c.names(o) {
			return ErrUnknownOrder
		}
		o.Closes++
		o.move(StatusClosed) // what has ended stays as it is
		return nil
	})
	switch {
	case err != nil:
		return refuse(wantu.CodeOrderInvalid, "")
	case o.Status == StatusSuccess:
		return refuse(wantu.CodeOrderPaid, "")
	}
	return succeed(reply{})
}

// cancel ends an order whatever its state, and gives back what was paid. A
// canceled order is NOT_PAY to query, so that nobody hands over the goods.
// Manual 2.14.
func (s *Sandbox) cancel(c call) reply {
	_, err := s.orders.change(c.Text("out_trade_no"), func(o *order) error {
		if !c.names(o) {
			return ErrUnknownOrder
		}
		o.Cancels++
		if left := o.TotalFee - o.Refunded(); o.Status == StatusSuccess && left > 0 {
			o.giveBack("", left, s.config.Now())
		}
		o.move(StatusCanceled) // or is canceled already
		if o.stop != nil {
			o.stop() // there is no payment left to tell of
		}
		return nil
	})
	if err != nil {
		return refuse(wantu.CodeOrderInvalid, "")
	}
	return succeed(reply{})
}
