package sandbox

import (
	"github.com/wantukit/wantukit/wantu"
)

// closeOrder ends an order that is not paid. Manual 2.15.
func (s *Sandbox) closeOrder(c call) reply {
	o, err := s.orders.change(c.Text("out_trade_no"), func(o *order) error {
		if !c.matches(o) {
			return ErrUnknownOrder
		}
		o.Closes++
		o.changeStatus(StatusClosed) // an order that has ended does not change
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

// cancel ends an order in any state and gives back what was paid. query then shows the
// order as NOT_PAY, so that the shop does not deliver the goods. Manual 2.14.
func (s *Sandbox) cancel(c call) reply {
	_, err := s.orders.change(c.Text("out_trade_no"), func(o *order) error {
		if !c.matches(o) {
			return ErrUnknownOrder
		}
		o.Cancels++
		if left := o.TotalFee - o.Refunded(); o.Status == StatusSuccess && left > 0 {
			o.addRefund("", left, s.config.Now())
		}
		o.changeStatus(StatusCanceled) // no change if it is already canceled
		if o.stop != nil {
			o.stop() // no more notifications of a payment that was given back
		}
		return nil
	})
	if err != nil {
		return refuse(wantu.CodeOrderInvalid, "")
	}
	return succeed(reply{})
}
