package sandbox

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// Why an order cannot be opened.
var (
	errNumberUsed  = errors.New("sandbox: the out_trade_no is used")
	errTokenUsed   = errors.New("sandbox: the token is used")
	errTradeIDUsed = errors.New("sandbox: the trade_id is used")
	errNoFreeName  = errors.New("sandbox: whatever is drawn is used")
)

// ledger remembers the newest orders.
type ledger struct {
	limit int
	now   func() time.Time

	mu        sync.Mutex
	byNumber  map[string]*order
	byTradeID map[string]*order
	byToken   map[string]*order
	byRefund  map[string]*order // by out_refund_no
	queue     []*order          // oldest first
}

func newLedger(limit int, now func() time.Time) *ledger {
	return &ledger{
		limit: limit, now: now,
		byNumber: map[string]*order{}, byTradeID: map[string]*order{},
		byToken: map[string]*order{}, byRefund: map[string]*order{},
	}
}

// add opens an order, or says which of its names another order has.
func (l *ledger) add(o *order) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.byNumber[o.OutTradeNo] != nil:
		return errNumberUsed
	case l.byToken[o.token] != nil:
		return errTokenUsed
	case l.byTradeID[o.TradeID] != nil:
		return errTradeIDUsed
	}
	l.byNumber[o.OutTradeNo], l.byTradeID[o.TradeID], l.byToken[o.token] = o, o, o
	l.queue = append(l.queue, o)
	if len(l.queue) > l.limit {
		l.drop(l.queue[0])
		l.queue = slices.Delete(l.queue, 0, 1)
	}
	return nil
}

func (l *ledger) drop(o *order) {
	delete(l.byNumber, o.OutTradeNo)
	delete(l.byTradeID, o.TradeID)
	delete(l.byToken, o.token)
	for _, refund := range o.Refunds {
		delete(l.byRefund, refund.OutRefundNo)
	}
	if o.stop != nil {
		o.stop()
	}
}

// change runs f on an order under the lock, with its status up to date, and
// returns a copy of what f left. f may be nil.
func (l *ledger) change(number string, f func(*order) error) (order, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.run(l.byNumber[number], f)
}

// page returns a copy of the order whose page on surface has this token.
func (l *ledger) page(on surface, token string) (order, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.byToken[token]
	if o == nil || o.surface != on && (on != surfaceWallet || o.ScanURL == "") {
		return order{}, ErrUnknownOrder
	}
	return l.run(o, nil)
}

func (l *ledger) run(o *order, f func(*order) error) (order, error) {
	if o == nil {
		return order{}, ErrUnknownOrder
	}
	o.settle(l.now())
	if f != nil {
		if err := f(o); err != nil {
			return o.copied(), err
		}
	}
	return o.copied(), nil
}

// numberOf returns the out_trade_no of a trade_id, "" when there is none.
func (l *ledger) numberOf(tradeID string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o := l.byTradeID[tradeID]; o != nil {
		return o.OutTradeNo
	}
	return ""
}

// list returns all orders, newest first.
func (l *ledger) list() []Order {
	l.mu.Lock()
	defer l.mu.Unlock()
	orders := make([]Order, 0, len(l.queue))
	for _, o := range slices.Backward(l.queue) {
		o.settle(l.now())
		orders = append(orders, o.copied().Order)
	}
	return orders
}

func (l *ledger) locked(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}
