package sandbox

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// The reasons why an order cannot be opened.
var (
	errNumberUsed  = errors.New("sandbox: the out_trade_no is used")
	errTokenUsed   = errors.New("sandbox: the token is used")
	errTradeIDUsed = errors.New("sandbox: the trade_id is used")
	errNoFreeName  = errors.New("sandbox: every random name that was made is used")
)

// orderStore remembers the newest orders.
type orderStore struct {
	limit int
	now   func() time.Time

	mu        sync.Mutex
	byNumber  map[string]*order
	byTradeID map[string]*order
	byToken   map[string]*order
	byRefund  map[string]*order // by out_refund_no
	queue     []*order          // oldest first
}

func newOrderStore(limit int, now func() time.Time) *orderStore {
	return &orderStore{
		limit: limit, now: now,
		byNumber: map[string]*order{}, byTradeID: map[string]*order{},
		byToken: map[string]*order{}, byRefund: map[string]*order{},
	}
}

// add adds an order. It returns an error if another order has one of its names.
func (s *orderStore) add(o *order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.byNumber[o.OutTradeNo] != nil:
		return errNumberUsed
	case s.byToken[o.token] != nil:
		return errTokenUsed
	case s.byTradeID[o.TradeID] != nil:
		return errTradeIDUsed
	}
	s.byNumber[o.OutTradeNo], s.byTradeID[o.TradeID], s.byToken[o.token] = o, o, o
	s.queue = append(s.queue, o)
	if len(s.queue) > s.limit {
		s.forget(s.queue[0])
		s.queue = slices.Delete(s.queue, 0, 1)
	}
	return nil
}

func (s *orderStore) forget(o *order) {
	delete(s.byNumber, o.OutTradeNo)
	delete(s.byTradeID, o.TradeID)
	delete(s.byToken, o.token)
	for _, refund := range o.Refunds {
		delete(s.byRefund, refund.OutRefundNo)
	}
	if o.stop != nil {
		o.stop()
	}
}

// change calls f with an order, and returns a copy of the order after that. The lock is
// held, and the order is marked as expired if it is. f may be nil.
func (s *orderStore) change(number string, f func(*order) error) (order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run(s.byNumber[number], f)
}

// page returns a copy of the order that has a page of this surface with this token.
func (s *orderStore) page(on surface, token string) (order, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byToken[token]
	if o == nil || o.surface != on && (on != surfaceWallet || o.ScanURL == "") {
		return order{}, ErrUnknownOrder
	}
	return s.run(o, nil)
}

func (s *orderStore) run(o *order, f func(*order) error) (order, error) {
	if o == nil {
		return order{}, ErrUnknownOrder
	}
	o.expireIfDue(s.now())
	if f != nil {
		if err := f(o); err != nil {
			return o.copied(), err
		}
	}
	return o.copied(), nil
}

// numberOf returns the out_trade_no of the order with a trade_id, or "" if there is none.
func (s *orderStore) numberOf(tradeID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.byTradeID[tradeID]; o != nil {
		return o.OutTradeNo
	}
	return ""
}

// list returns all orders, newest first.
func (s *orderStore) list() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	orders := make([]Order, 0, len(s.queue))
	for _, o := range slices.Backward(s.queue) {
		o.expireIfDue(s.now())
		orders = append(orders, o.copied().Order)
	}
	return orders
}

// search returns the newest orders that have all words, limit at most, newest first. It
// also returns how many orders have the words, and how many orders there are.
func (s *orderStore) search(words []string, limit int) (newest []Order, matches, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, o := range slices.Backward(s.queue) {
		if !o.hasWords(words) {
			continue
		}
		if matches++; matches <= limit {
			o.expireIfDue(now)
			newest = append(newest, o.copied().Order)
		}
	}
	return newest, matches, len(s.queue)
}

func (s *orderStore) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}
