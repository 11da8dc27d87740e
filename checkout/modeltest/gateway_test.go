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

// gateway keeps the truth about orders and money. Shoppers change it directly,
// and processes through their wires.
type gateway struct {
	mu     sync.Mutex
	orders map[string]*order
	// numbers are those of the orders, the oldest first.
	numbers []string
	// later are calls that are still on their way.
	later []delayed
	// asking counts the calls about an order that are under way, by its number,
	// and the tries of a refund, by its.
	asking map[string]int
	// strict demands one at most: it holds where no process freezes for longer
	// than its hold.
	strict   bool
	problems []string
}

// delayed is a call that its sender has given up, and that is still on its way.
type delayed struct {
	until time.Time
	do    func()
}

// onItsWay is for how long a call may be: the checkout gives an order up after
// two minutes.
const onItsWay = time.Minute

// order is one order at the gateway.
type order struct {
	checkout.Order
	state checkout.OrderState
	// took is what the shopper paid, in minor units.
	took int64
	// paying: a wallet is taking the money, and the order cannot be closed.
	paying, closed bool
	// late: its request arrived after whoever sent it had given up.
	late bool
	// denied counts refusals to close it.
	denied int
	// refunds are what went back, and refused what never will, by number.
	refunds map[string]int64
	refused map[string]bool
}

func newGateway(strict bool) *gateway {
	return &gateway{orders: map[string]*order{}, asking: map[string]int{}, strict: strict}
}

func (g *gateway) problem(format string, args ...any) {
	g.problems = append(g.problems, fmt.Sprintf(format, args...))
}

// saw notes what must not be.
func (g *gateway) saw(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.problem("%s", what)
}

// payable reports whether a shopper with the code can pay the order.
func (o *order) payable() bool { return !o.closed && o.inTime() }

// inTime reports whether money may still come. The checkout asks for a day
// after an order's time, and the gateway takes none that late.
func (o *order) inTime() bool {
	return o.state != checkout.OrderPaid && time.Now().Before(o.ExpiresAt.Add(16*time.Hour))
}

func (o *order) pay() { o.state, o.took, o.paying = checkout.OrderPaid, o.Amount, false }

func (o *order) refunded() (sum int64) {
	for _, amount := range o.refunds {
		sum += amount
	}
	return sum
}

func (o *order) status() checkout.OrderStatus {
	return checkout.OrderStatus{
		OutTradeNo: o.OutTradeNo, TradeID: "T" + o.OutTradeNo, Amount: o.Amount, Currency: o.Currency,
		State: o.state, Detail: "as the gateway says",
	}
}

func (g *gateway) create(placed checkout.Order, late bool) (checkout.Created, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o := g.orders[placed.OutTradeNo]; o != nil {
		if o.OrderRef != placed.OrderRef || o.Wallet != placed.Wallet || o.Flow != placed.Flow || o.NotifyURL != placed.NotifyURL {
			g.problem("%s was placed again as another order: %+v", placed.OutTradeNo, placed)
		}
		return checkout.Created{}, checkout.ErrNumberUsed
	}
	g.numbers = append(g.numbers, placed.OutTradeNo)
	g.orders[placed.OutTradeNo] = &order{
		Order: placed, state: checkout.OrderUnpaid, late: late, refunds: map[string]int64{}, refused: map[string]bool{},
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
		g.problem("asked about %+v, which was placed as %+v", r, o.OrderRef)
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
		o.denied++
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
		g.problem("refund %s of %s, which is not paid", r.OutRefundNo, r.OutTradeNo)
		return checkout.RefundResult{}, &checkout.RefusedError{Word: "not paid", Settled: true}
	}
	before, done := o.refunds[r.OutRefundNo]
	switch {
	case done && before != r.Amount:
		g.problem("refund %s was sent for %d and for %d", r.OutRefundNo, before, r.Amount)
	case done:
	case o.refused[r.OutRefundNo]:
		return checkout.RefundResult{}, &checkout.RefusedError{Word: "508 REFUND_ERROR", Settled: true}
	case o.refunded()+r.Amount > o.took:
		g.problem("refund %s of %d passes what was paid for %s", r.OutRefundNo, r.Amount, r.OutTradeNo)
		return checkout.RefundResult{}, &checkout.RefusedError{Word: "too much", Settled: true}
	default:
		o.refunds[r.OutRefundNo] = r.Amount
	}
	return checkout.RefundResult{GatewayID: "R" + r.OutRefundNo}, nil
}

// deny notes at an order that something of it was refused.
func (g *gateway) deny(do func(*order), number string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o := g.orders[number]; o != nil {
		do(o)
	}
}

// talk is one call about an order or a refund, under way. Whoever makes it holds
// what it is about, and is the only one. It returns what ends it.
func (w wire) talk(what, number string) func() {
	until := w.life.gate.threads.holds(number)
	g := w.gateway
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case until.IsZero():
		g.problem("%s of %s is called by one who does not hold it", what, number)
	case !time.Now().Before(until):
		g.problem("%s of %s is called after the hold has ended", what, number)
	}
	g.asking[number]++
	if g.strict && g.asking[number] > 1 {
		g.problem("%d calls about %s at once", g.asking[number], number)
	}
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.asking[number]--
	}
}

func (g *gateway) postpone(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.later = append(g.later, delayed{time.Now().Add(onItsWay), do})
}

// arrive lets everything arrive that was on its way, and not for too long.
func (g *gateway) arrive() {
	g.mu.Lock()
	all := g.later
	g.later = nil
	g.mu.Unlock()
	for _, d := range all {
		if time.Now().Before(d.until) {
			d.do()
		}
	}
}

// having returns the orders of which is holds, the oldest first.
func (g *gateway) having(is func(*order) bool) []*order {
	var found []*order
	for _, number := range g.numbers {
		if o := g.orders[number]; is(o) {
			found = append(found, o)
		}
	}
	return found
}

// troubles returns what processes did that they must not, in an order that
// does not depend on which came first.
func (g *gateway) troubles() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(slices.Values(g.problems))
}

// note is a notification; its signature is a word.
type note struct {
	checkout.OrderStatus
	Merchant string
	Sign     string
}

func (n note) body() []byte {
	text, _ := json.Marshal(n) // plain fields always marshal
	return text
}

// wire is a process's way to the gateway, with the gate before each call.
type wire struct {
	checkout.Gateway
	life    *life
	gateway *gateway
}

// lost is what is known of a call without an answer.
func lost(v verdict) error {
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
func (w wire) Create(ctx context.Context, o checkout.Order) (checkout.Created, error) {
	defer w.talk("create", o.OutTradeNo)()
	v := w.life.pass(ctx, creating, "Create "+o.OutTradeNo)
	switch v {
	case late:
		w.gateway.postpone(func() { _, _ = w.gateway.create(o, true) })
		return checkout.Created{}, lost(v)
	case failBefore, refuse:
		return checkout.Created{}, lost(v)
	default:
	}
	created, err := w.gateway.create(o, false)
	w.life.passed(ctx, v, "Create "+o.OutTradeNo)
	if v != proceed && v != stall {
		return checkout.Created{}, lost(v)
	}
	return created, err
}

// Query implements checkout.Gateway.
func (w wire) Query(ctx context.Context, r checkout.OrderRef) (checkout.OrderStatus, error) {
	defer w.talk("query", r.OutTradeNo)()
	v := w.life.pass(ctx, asking, "Query "+r.OutTradeNo)
	status, err := w.gateway.query(r)
	w.life.passed(ctx, v, "Query "+r.OutTradeNo)
	if v != proceed && v != stall {
		return checkout.OrderStatus{}, lost(v)
	}
	return status, err
}

// Close implements checkout.Gateway.
func (w wire) Close(ctx context.Context, r checkout.OrderRef) error {
	defer w.talk("close", r.OutTradeNo)()
	v := w.life.pass(ctx, closing, "Close "+r.OutTradeNo)
	switch v {
	case refuse:
		w.gateway.deny(func(o *order) { o.denied++ }, r.OutTradeNo)
		return lost(v)
	case failBefore:
		return lost(v)
	default:
	}
	err := w.gateway.close(r)
	w.life.passed(ctx, v, "Close "+r.OutTradeNo)
	if v != proceed && v != stall {
		return lost(v)
	}
	return err
}

// Refund implements checkout.Gateway.
func (w wire) Refund(ctx context.Context, r checkout.RefundOrder) (checkout.RefundResult, error) {
	defer w.talk("refund", r.OutRefundNo)()
	v := w.life.pass(ctx, refunding, "Refund "+r.OutRefundNo)
	switch v {
	case late:
		w.gateway.postpone(func() { _, _ = w.gateway.refund(r) })
		return checkout.RefundResult{}, lost(v)
	case refuseForGood:
		w.gateway.deny(func(o *order) { o.refused[r.OutRefundNo] = true }, r.OutTradeNo)
	case failBefore, refuse:
		return checkout.RefundResult{}, lost(v)
	default:
	}
	result, err := w.gateway.refund(r)
	w.life.passed(ctx, v, "Refund "+r.OutRefundNo)
	if v == failAfter {
		return checkout.RefundResult{}, lost(v)
	}
	return result, err
}

// ReadNotification implements checkout.Gateway.
func (w wire) ReadNotification(r checkout.OrderRef, m checkout.NotificationMessage) (checkout.OrderStatus, string, error) {
	w.life.check()
	var n note
	switch err := json.Unmarshal(m.Body, &n); {
	case err != nil:
		return checkout.OrderStatus{}, "malformed", err
	case n.Sign != "signed":
		return checkout.OrderStatus{}, "unsigned", errors.New("the signature is wrong")
	case n.Merchant != r.Merchant:
		return checkout.OrderStatus{}, "another's", checkout.ErrOtherAccount
	}
	return n.OrderStatus, "kept", nil
}

// Account implements checkout.Gateway.
func (w wire) Account(merchant string) string { return "account of " + merchant }

// Acknowledgement implements checkout.Gateway.
func (w wire) Acknowledgement(bool) checkout.Acknowledgement { return checkout.Acknowledgement{} }

// CanRefund implements checkout.Gateway.
func (w wire) CanRefund(flow.Wallet) bool { return true }

// message is a notification as it arrived, without headers.
func message(body []byte) checkout.NotificationMessage {
	return checkout.NotificationMessage{Header: func(string) string { return "" }, Body: body}
}
