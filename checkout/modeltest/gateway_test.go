package modeltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// gateway is the model of the gateway: its orders and their money. Shoppers change it
// directly, and processes through a gatedGateway.
type gateway struct {
	mu     sync.Mutex
	orders map[string]*order
	// numbers are the orders' numbers, the oldest first.
	numbers []string
	// delayed are the calls that have not arrived yet.
	delayed []delayedCall
	// underWay counts the running calls about each order or refund, by its number.
	underWay map[string]int
	// oneCallAtATime makes a second running call about the same number a problem. It
	// is set if no process freezes for longer than its lease.
	oneCallAtATime bool
	problems       []string
}

// delayedCall is a call that its sender has given up, and that may still arrive.
type delayedCall struct {
	until time.Time
	do    func()
}

// maxDelay is how late a delayed call can arrive. The checkout gives an order up after
// two minutes.
const maxDelay = time.Minute

// order is one order at the gateway.
type order struct {
	checkout.Order
	state checkout.OrderState
	// paidAmount is what the shopper paid, in minor units.
	paidAmount int64
	// paying means that a wallet is taking the money: the order cannot be closed.
	paying, closed bool
	// placedLate means that the request arrived after its sender had given up.
	placedLate bool
	// closeRefusals counts the refusals to close the order.
	closeRefusals int
	// refunds are the amounts of the refunds that were made, by number.
	// refusedForGood are the numbers of refunds that never will be.
	refunds        map[string]int64
	refusedForGood map[string]bool
}

func newGateway(oneCallAtATime bool) *gateway {
	return &gateway{orders: map[string]*order{}, underWay: map[string]int{}, oneCallAtATime: oneCallAtATime}
}

// addProblem adds a problem. The lock must be held.
func (g *gateway) addProblem(format string, args ...any) {
	g.problems = append(g.problems, fmt.Sprintf(format, args...))
}

// reportProblem adds a problem.
func (g *gateway) reportProblem(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.addProblem("%s", text)
}

// payable reports whether a shopper can pay the order.
func (o *order) payable() bool { return !o.closed && o.canStillBePaid() }

// canStillBePaid reports whether the order is unpaid and not too old. The checkout
// queries an order until a day after it expires. The model's gateway stops accepting
// money 16 hours after.
func (o *order) canStillBePaid() bool {
	return o.state != checkout.OrderPaid && time.Now().Before(o.ExpiresAt.Add(16*time.Hour))
}

func (o *order) pay() { o.state, o.paidAmount, o.paying = checkout.OrderPaid, o.Amount, false }

// refunded returns the sum of the refunds that were made.
func (o *order) refunded() (sum int64) {
	for _, amount := range o.refunds {
		sum += amount
	}
	return sum
}

func (o *order) status() checkout.OrderStatus {
	return checkout.OrderStatus{
		OutTradeNo: o.OutTradeNo, TradeID: "T" + o.OutTradeNo, Amount: o.Amount, Currency: o.Currency,
		State: o.state, Detail: "detail",
	}
}

func (g *gateway) create(placed checkout.Order, late bool) (checkout.Created, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o := g.orders[placed.OutTradeNo]; o != nil {
		if o.OrderRef != placed.OrderRef || o.Wallet != placed.Wallet || o.Flow != placed.Flow || o.NotifyURL != placed.NotifyURL {
			g.addProblem("%s was placed again with other fields: %+v", placed.OutTradeNo, placed)
		}
		return checkout.Created{}, checkout.ErrNumberUsed
	}
	g.numbers = append(g.numbers, placed.OutTradeNo)
	g.orders[placed.OutTradeNo] = &order{
		Order: placed, state: checkout.OrderUnpaid, placedLate: late, refunds: map[string]int64{}, refusedForGood: map[string]bool{},
	}
	return checkout.Created{TradeID: "T" + placed.OutTradeNo, Placed: checkout.Placed{URL: "https://cashier.example/" + placed.OutTradeNo}}, nil
}

func (g *gateway) query(r checkout.OrderRef) (checkout.OrderStatus, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.orders[r.OutTradeNo]
	if o == nil {
		return checkout.OrderStatus{}, checkout.ErrNoOrder
	}
	if o.OrderRef != r {
		g.addProblem("query of %+v, which was placed as %+v", r, o.OrderRef)
	}
	return o.status(), nil
}

func (g *gateway) close(r checkout.OrderRef) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch o := g.orders[r.OutTradeNo]; {
	case o == nil:
		return checkout.ErrNoOrder
	case o.state == checkout.OrderPaid:
		return checkout.ErrAlreadyPaid
	case o.paying:
		o.closeRefusals++
		return checkout.ErrNoOrder
	default:
		o.closed = true
		return nil
	}
}

func (g *gateway) refund(r checkout.RefundOrder) (checkout.RefundResult, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.orders[r.OutTradeNo]
	if o == nil || o.state != checkout.OrderPaid {
		g.addProblem("refund %s of %s, which is not paid", r.OutRefundNo, r.OutTradeNo)
		return checkout.RefundResult{}, &checkout.RefusedError{Word: "not paid", Settled: true}
	}
	before, done := o.refunds[r.OutRefundNo]
	switch {
	case done && before != r.Amount:
		g.addProblem("refund %s was sent for %d and for %d", r.OutRefundNo, before, r.Amount)
	case done:
	case o.refusedForGood[r.OutRefundNo]:
		return checkout.RefundResult{}, &checkout.RefusedError{Word: "508 REFUND_ERROR", Settled: true}
	case o.refunded()+r.Amount > o.paidAmount:
		g.addProblem("refund %s of %d exceeds what was paid for %s", r.OutRefundNo, r.Amount, r.OutTradeNo)
		return checkout.RefundResult{}, &checkout.RefusedError{Word: "too much", Settled: true}
	default:
		o.refunds[r.OutRefundNo] = r.Amount
	}
	return checkout.RefundResult{GatewayID: "R" + r.OutRefundNo}, nil
}

// update calls do with an order, if it exists.
func (g *gateway) update(do func(*order), number string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o := g.orders[number]; o != nil {
		do(o)
	}
}

// beginCall notes that a call about an order or refund begins, and returns the function
// that ends it. It adds a problem if the calling goroutine has no lease, or if another
// call about the same number is running.
func (w gatedGateway) beginCall(ctx context.Context, call, number string) func() {
	until := w.process.gate.threads.leaseEnd(ctx, call+" "+number, number)
	g := w.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case until.IsZero():
		g.addProblem("%s of %s is called without a lease", call, number)
	case !time.Now().Before(until):
		g.addProblem("%s of %s is called after the lease has expired", call, number)
	}
	g.underWay[number]++
	if g.oneCallAtATime && g.underWay[number] > 1 {
		g.addProblem("%d calls about %s at once", g.underWay[number], number)
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.underWay[number]--
	}
}

// delay adds a delayed call.
func (g *gateway) delay(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.delayed = append(g.delayed, delayedCall{time.Now().Add(maxDelay), do})
}

// deliverDelayed does the delayed calls that are not too late.
func (g *gateway) deliverDelayed() {
	g.mu.Lock()
	all := g.delayed
	g.delayed = nil
	g.mu.Unlock()
	for _, d := range all {
		if time.Now().Before(d.until) {
			d.do()
		}
	}
}

// ordersWhere returns the orders for which match returns true, the oldest first.
func (g *gateway) ordersWhere(match func(*order) bool) []*order {
	var list []*order
	for _, number := range g.numbers {
		if o := g.orders[number]; match(o) {
			list = append(list, o)
		}
	}
	return list
}

// sortedProblems returns the problems. Their order does not depend on which came first.
func (g *gateway) sortedProblems() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(slices.Values(g.problems))
}

// gatewayNotification is a notification. A valid one has the Sign "signed".
type gatewayNotification struct {
	checkout.OrderStatus
	Merchant string
	Sign     string
}

func (n gatewayNotification) body() []byte {
	text, _ := json.Marshal(n) // plain fields always marshal
	return text
}

// gatedGateway is the gateway as a process uses it. Each call stops at the gate.
type gatedGateway struct {
	checkout.Gateway
	process *process
	gateway *gateway
}

// callError returns the error of a call with an outcome, or nil.
func callError(v outcome) error {
	switch v {
	case failBefore, failAfter, late:
		return errors.Join(checkout.ErrOutcomeUnknown, context.DeadlineExceeded)
	case refuse, refuseForGood:
		return &checkout.RefusedError{Word: "501 SIGN_ERROR"}
	default:
		return nil
	}
}

// Create implements checkout.Gateway.
func (w gatedGateway) Create(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	defer w.beginCall(ctx, "create", o.OutTradeNo)()
	v := w.process.enter(ctx, creating, "Create "+o.OutTradeNo)
	switch v {
	case late:
		w.gateway.delay(func() { _, _ = w.gateway.create(o, true) })
		return checkout.Created{}, callError(v)
	case failBefore, refuse:
		return checkout.Created{}, callError(v)
	default:
	}
	created, err := w.gateway.create(o, false)
	w.process.leave(ctx, v, "Create "+o.OutTradeNo)
	if v != proceed && v != stall {
		return checkout.Created{}, callError(v)
	}
	return created, err
}

// Query implements checkout.Gateway.
func (w gatedGateway) Query(ctx context.Context, r checkout.OrderRef) (checkout.OrderStatus, error) {
	defer w.beginCall(ctx, "query", r.OutTradeNo)()
	v := w.process.enter(ctx, querying, "Query "+r.OutTradeNo)
	status, err := w.gateway.query(r)
	w.process.leave(ctx, v, "Query "+r.OutTradeNo)
	if v != proceed && v != stall {
		return checkout.OrderStatus{}, callError(v)
	}
	return status, err
}

// Close implements checkout.Gateway.
func (w gatedGateway) Close(ctx context.Context, r checkout.OrderRef) error {
	defer w.beginCall(ctx, "close", r.OutTradeNo)()
	v := w.process.enter(ctx, closing, "Close "+r.OutTradeNo)
	switch v {
	case refuse:
		w.gateway.update(func(o *order) { o.closeRefusals++ }, r.OutTradeNo)
		return callError(v)
	case failBefore:
		return callError(v)
	default:
	}
	err := w.gateway.close(r)
	w.process.leave(ctx, v, "Close "+r.OutTradeNo)
	if v != proceed && v != stall {
		return callError(v)
	}
	return err
}

// Refund implements checkout.Gateway.
func (w gatedGateway) Refund(ctx context.Context, r checkout.RefundOrder) (checkout.RefundResult, error) {
	defer w.beginCall(ctx, "refund", r.OutRefundNo)()
	v := w.process.enter(ctx, refunding, "Refund "+r.OutRefundNo)
	switch v {
	case late:
		w.gateway.delay(func() { _, _ = w.gateway.refund(r) })
		return checkout.RefundResult{}, callError(v)
	case refuseForGood:
		w.gateway.update(func(o *order) { o.refusedForGood[r.OutRefundNo] = true }, r.OutTradeNo)
	case failBefore, refuse:
		return checkout.RefundResult{}, callError(v)
	default:
	}
	result, err := w.gateway.refund(r)
	w.process.leave(ctx, v, "Refund "+r.OutRefundNo)
	if v == failAfter {
		return checkout.RefundResult{}, callError(v)
	}
	return result, err
}

// ReadNotification implements checkout.Gateway.
func (w gatedGateway) ReadNotification(r checkout.OrderRef, m checkout.NotificationMessage) (checkout.OrderStatus, string, error) {
	w.process.exitIfDead()
	var n gatewayNotification
	switch err := json.Unmarshal(m.Body, &n); {
	case err != nil:
		return checkout.OrderStatus{}, "malformed", err
	case n.Sign != "signed":
		return checkout.OrderStatus{}, "unsigned", errors.New("the signature is wrong")
	case n.Merchant != r.Merchant:
		return checkout.OrderStatus{}, "another account", checkout.ErrOtherAccount
	}
	return n.OrderStatus, "kept", nil
}

// Account implements checkout.Gateway.
func (w gatedGateway) Account(merchant string) string { return "account of " + merchant }

// Acknowledgement implements checkout.Gateway.
func (w gatedGateway) Acknowledgement(bool) checkout.Acknowledgement {
	return checkout.Acknowledgement{}
}

// CanRefund implements checkout.Gateway.
func (w gatedGateway) CanRefund(flow.Wallet) bool { return true }

// message is a notification as it arrived, without headers.
func message(body []byte) checkout.NotificationMessage {
	return checkout.NotificationMessage{Header: func(string) string { return "" }, Body: body}
}
