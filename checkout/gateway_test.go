package checkout_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// gateway is a fake checkout.Gateway with scripts. A script runs before or after
// the effect of a call. If the script fails, the call fails with the same error.
type gateway struct {
	t *testing.T
	// omitsTradeID leaves trade_id out of the answers to orders.
	omitsTradeID bool
	// accountSuffix is added to the name of each merchant's account.
	accountSuffix string
	// latency is how long a call takes, and slowMerchants how much longer a query of
	// a merchant takes.
	latency       time.Duration
	slowMerchants map[string]time.Duration

	// mu guards the orders too. Two gateways that share orders share mu.
	mu     *sync.Mutex
	orders map[string]*order
	// numbers has the out_trade_no of each order, in the order of placing.
	numbers []string
	// inFlight has how many calls are in flight for each order and refund.
	inFlight map[string]int
	// sends has how often each out_refund_no was sent.
	sends map[string]int
	// statements has the rows by merchant. A statement fails after its rows with
	// statementError, if it is set.
	statements     map[string][]checkout.Trade
	statementError error

	beforeCreate, afterCreate, beforeQuery, afterQuery, beforeClose, afterClose func(*order) error
	beforeRefund, afterRefund                                                   func(sentRefund) error
}

// order is an order as the gateway knows it. Scripts may change it.
type order struct {
	checkout.Order
	checkout.OrderStatus
	closed                  bool
	refunds                 map[string]int64
	creates, queries, close int
}

func newGateway(t *testing.T) *gateway {
	return &gateway{t: t, latency: 50 * time.Millisecond, mu: &sync.Mutex{}, orders: map[string]*order{}, inFlight: map[string]int{}, sends: map[string]int{},
		statements: map[string][]checkout.Trade{}}
}

// run runs a script if there is one.
func run(script func(*order) error, o *order) error {
	if script == nil {
		return nil
	}
	return script(o)
}

func (g *gateway) wait(ctx context.Context) error {
	select {
	case <-time.After(g.latency):
		return nil
	case <-ctx.Done():
		return errors.Join(checkout.ErrOutcomeUnknown, ctx.Err())
	}
}

func (g *gateway) Create(ctx context.Context, placed checkout.Order) (checkout.Created, error) {
	if err := g.wait(ctx); err != nil {
		return checkout.Created{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.orders[placed.OutTradeNo]
	if o != nil {
		o.creates++
		return checkout.Created{}, checkout.ErrNumberUsed
	}
	o = &order{Order: placed, creates: 1, refunds: map[string]int64{}, OrderStatus: checkout.OrderStatus{
		OutTradeNo: placed.OutTradeNo, TradeID: "T" + placed.OutTradeNo,
		Amount: placed.Amount, Currency: placed.Currency, State: checkout.OrderUnpaid, Detail: "NOT_PAY",
	}}
	if err := run(g.beforeCreate, o); err != nil {
		return checkout.Created{}, err
	}
	g.orders[placed.OutTradeNo], g.numbers = o, append(g.numbers, placed.OutTradeNo)
	created := checkout.Created{TradeID: o.TradeID, Placed: checkout.Placed{URL: "https://cashier.example/" + placed.OutTradeNo}}
	if g.omitsTradeID {
		created.TradeID = ""
	}
	if placed.Flow == flow.Native {
		created.Placed = checkout.Placed{Code: "weixin://" + placed.OutTradeNo}
	}
	return created, run(g.afterCreate, o)
}

// find returns the order of r, or ErrNoOrder.
func (g *gateway) find(r checkout.OrderRef) (*order, error) {
	o := g.orders[r.OutTradeNo]
	if o == nil {
		return nil, checkout.ErrNoOrder
	}
	if r != o.OrderRef {
		g.t.Errorf("called with %+v, placed with %+v", r, o.OrderRef)
	}
	return o, nil
}

// countInFlight adds by to the number of calls in flight for an order or a refund.
// It fails the test if there are two.
func (g *gateway) countInFlight(number string, by int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight[number] += by
	if g.inFlight[number] > 1 {
		g.t.Errorf("%d calls for %s at once", g.inFlight[number], number)
	}
}

func (g *gateway) Query(ctx context.Context, r checkout.OrderRef) (checkout.OrderStatus, error) {
	g.countInFlight(r.OutTradeNo, 1)
	defer g.countInFlight(r.OutTradeNo, -1)
	time.Sleep(g.slowMerchants[r.Merchant])
	if err := g.wait(ctx); err != nil {
		return checkout.OrderStatus{}, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	o, err := g.find(r)
	if err != nil {
		return checkout.OrderStatus{}, errors.Join(run(g.beforeQuery, &order{Order: checkout.Order{OrderRef: r}}), err)
	}
	o.queries++
	if err := run(g.beforeQuery, o); err != nil {
		return checkout.OrderStatus{}, err
	}
	status := o.OrderStatus
	return status, run(g.afterQuery, o)
}

func (g *gateway) Close(ctx context.Context, r checkout.OrderRef) error {
	if err := g.wait(ctx); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	o, err := g.find(r)
	if err != nil {
		return err
	}
	o.close++
	if err := run(g.beforeClose, o); err != nil {
		return err
	}
	if o.State == checkout.OrderPaid {
		return checkout.ErrAlreadyPaid
	}
	o.closed = true
	return run(g.afterClose, o)
}

// fakeNotification is the body of a notification. Its signature is right if it is
// "signed".
type fakeNotification struct {
	checkout.OrderStatus
	Merchant string
	Sign     string
}

func (g *gateway) ReadNotification(r checkout.OrderRef, m checkout.NotificationMessage) (checkout.OrderStatus, string, error) {
	var n fakeNotification
	if err := json.Unmarshal(m.Body, &n); err != nil {
		return checkout.OrderStatus{}, "malformed", errors.New("malformed")
	}
	switch {
	case n.Sign != "signed":
		return checkout.OrderStatus{}, "unsigned", errors.New("the signature is wrong")
	case n.Merchant != r.Merchant:
		return checkout.OrderStatus{}, "other", checkout.ErrOtherAccount
	}
	return n.OrderStatus, "kept", nil
}

func (g *gateway) Acknowledgement(bool) checkout.Acknowledgement { return checkout.Acknowledgement{} }

func (g *gateway) CanRefund(flow.Wallet) bool { return true }

func (g *gateway) Account(merchant string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return merchant + g.accountSuffix
}

// script changes an order or the gateway under the lock of the gateway.
func (g *gateway) script(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	do()
}

// set changes the state of an order, as if the shopper had paid or failed to pay.
func (g *gateway) set(number string, state checkout.OrderState, detail string) {
	g.script(func() { g.orders[number].State, g.orders[number].Detail = state, detail })
}

func (g *gateway) pay(number string) { g.set(number, checkout.OrderPaid, "SUCCESS") }

// order returns a copy of an order.
func (g *gateway) order(number string) order {
	g.mu.Lock()
	defer g.mu.Unlock()
	return *g.orders[number]
}

// placed returns the out_trade_no of each order, in the order of placing.
func (g *gateway) placed() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.numbers)
}

// live returns the orders that could still be paid.
func (g *gateway) live() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []string
	for _, number := range g.numbers {
		if o := g.orders[number]; !o.closed && o.State != checkout.OrderPaid {
			found = append(found, number)
		}
	}
	return found
}

var errTimeout = errors.Join(checkout.ErrOutcomeUnknown, context.DeadlineExceeded)

// timeout is a script for a call whose outcome stays unknown.
func timeout(*order) error { return errTimeout }

// once returns a script that runs another one the first time only.
func once(script func(*order) error) func(*order) error {
	done := false
	return func(o *order) error {
		if done {
			return nil
		}
		done = true
		return script(o)
	}
}
