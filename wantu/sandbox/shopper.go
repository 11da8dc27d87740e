package sandbox

import "context"

// Orders returns what the sandbox remembers, newest first.
func (s *Sandbox) Orders() []Order { return s.orders.list() }

// Order returns one order, or [ErrUnknownOrder].
func (s *Sandbox) Order(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, nil)
	return o.Order, err
}

// Pay pays an order as the shopper would, and starts its notifications. It
// returns [ErrUnknownOrder], or [ErrOrderEnded] when the order is paid, closed
// or expired.
func (s *Sandbox) Pay(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, func(o *order) error {
		if !o.payable() {
			return ErrOrderEnded
		}
		s.take(o)
		return nil
	})
	return o.Order, err
}

// Fail lets a payment fail. Errors are those of [Sandbox.Pay].
func (s *Sandbox) Fail(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, func(o *order) error {
		if !o.payable() {
			return ErrOrderEnded
		}
		o.Status = StatusPayError
		return nil
	})
	return o.Order, err
}

// Notifications turns the notifications off and on. A try that falls due while
// they are off is skipped, and the schedule goes on. They start on.
func (s *Sandbox) Notifications(on bool) { s.muted.Store(!on) }

// Notify sends the notification of a paid order once more, now, also when
// notifications are off. It returns [ErrUnknownOrder], [ErrNotPaid] or
// [ErrNotAcknowledged].
func (s *Sandbox) Notify(ctx context.Context, outTradeNo string) error {
	o, err := s.orders.change(outTradeNo, nil)
	if err != nil {
		return err
	}
	if o.Status != StatusSuccess {
		return ErrNotPaid
	}
	if !s.notify(ctx, outTradeNo) {
		return ErrNotAcknowledged
	}
	return nil
}
