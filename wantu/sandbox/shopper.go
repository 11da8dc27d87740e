package sandbox

// Orders returns what the sandbox remembers, newest first.
func (s *Sandbox) Orders() []Order { return s.orders.list() }

// Order returns one order, or [ErrUnknownOrder].
func (s *Sandbox) Order(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, nil)
	return o.Order, err
}

// Pay pays an order as the shopper would, and starts its notifications. It
// returns [ErrUnknownOrder], or [ErrOrderEnded] when the order is paid, closed,
// expired or canceled. With a [Clock] the first try is over when it returns.
func (s *Sandbox) Pay(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, func(o *order) error {
		if !s.take(o) {
			return ErrOrderEnded
		}
		return nil
	})
	s.settle()
	return o.Order, err
}

// Fail lets a payment fail. Errors are those of [Sandbox.Pay].
func (s *Sandbox) Fail(outTradeNo string) (Order, error) {
	o, err := s.orders.change(outTradeNo, func(o *order) error {
		if !o.move(StatusPayError) {
			return ErrOrderEnded
		}
		return nil
	})
	return o.Order, err
}
