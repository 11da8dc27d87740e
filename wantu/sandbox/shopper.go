package sandbox

// Orders returns all orders that the sandbox remembers, newest first.
func (s *Sandbox) Orders() []Order { return s.orders.list() }

// Order returns one order. It returns [ErrUnknownOrder] if there is none.
func (s *Sandbox) Order(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, nil)
	return o.Order, err
}

// Pay pays an order as the shopper would, and starts its notifications. It returns
// [ErrUnknownOrder], or [ErrOrderEnded] if the order is paid, closed, expired or
// canceled. With a [Clock] the first attempt to notify has ended when Pay returns.
func (s *Sandbox) Pay(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, func(o *order) error {
		if !s.markPaid(o) {
			return ErrOrderEnded
		}
		return nil
	})
	s.runDue()
	return o.Order, err
}

// Fail makes the payment of an order fail. It returns the same errors as [Sandbox.Pay].
func (s *Sandbox) Fail(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, func(o *order) error {
		if !o.changeStatus(StatusPayError) {
			return ErrOrderEnded
		}
		return nil
	})
	return o.Order, err
}
