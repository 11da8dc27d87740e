package modeltest

import (
	"context"
	"strings"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// maxSessions is the limit of sessions in one run. With more, actions would interfere
// less.
const maxSessions = 2

const (
	alipay = flow.WalletAlipayCN
	wechat = flow.WalletWeChat
)

var desktop = flow.Device{
	Kind: flow.DeviceDesktop, Container: flow.ContainerNone, Reason: "the model's",
}

// actions returns all actions.
func (w *world) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"create":                w.create,
		"start":                 w.start,
		"start again":           w.start,
		"start once more":       w.start,
		"pay":                   w.pay,
		"pay another":           w.pay,
		"pay across a close":    w.payDuringClosing,
		"begin to pay":          w.beginToPay,
		"fail":                  w.fail,
		"report another amount": w.reportOtherAmount,
		"notify":                w.notify,
		"notify again":          w.notifyAgain,
		"forged notification":   w.forge,
		"return":                w.confirm(checkout.CauseBrowser),
		"query":                 w.confirm(checkout.CauseSchedule),
		"sweep":                 w.sweepSome,
		"expire":                w.expire,
		"close":                 w.cancel,
		"refund":                w.refund,
		"refund again":          w.refund,
		"refund on both":        w.refundOnBoth,
		"start on both":         w.startOnBoth,
		"sweep on both":         w.sweepOnBoth,
		"crash":                 w.crash,
		"freeze":                w.freeze,
		"go on":                 w.goOn,
		"go on with another":    w.goOn,
		"wait":                  w.wait,
		"calls arrive late":     w.deliverDelayed,
		"deliver a webhook":     w.deliver,
	}
}

// refundActions returns the actions of a run about refunds.
func (w *world) refundActions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"refund":            w.refund,
		"refund again":      w.refund,
		"refund on both":    w.refundOnBoth,
		"sweep":             w.sweepSome,
		"sweep again":       w.sweepSome,
		"sweep on both":     w.sweepOnBoth,
		"crash":             w.crash,
		"freeze":            w.freeze,
		"go on":             w.goOn,
		"wait":              w.wait,
		"wait again":        w.wait,
		"calls arrive late": w.deliverDelayed,
	}
}

func (w *world) create(rt *rapid.T) {
	if len(w.sessions()) >= maxSessions {
		rt.Skip("enough sessions")
	}
	ticket := newTicket()
	if rapid.Bool().Draw(rt, "with its order") {
		ticket.Channels, ticket.Shopper = []string{string(wechat)}, &desktop
	}
	w.act(rt, "create", func(ctx context.Context, s *checkout.Service) { _, _ = s.Create(ctx, ticket) })
}

// newTicket returns the session that the shop creates.
func newTicket() checkout.NewSession {
	return checkout.NewSession{
		Merchant: shop, Amount: amount, Currency: "HKD", Subject: "Ticket", SuccessURL: "https://shop.example/thanks",
	}
}

// drawSession draws the id of a session.
func (w *world) drawSession(rt *rapid.T) string {
	ids := w.sessions()
	if len(ids) == 0 {
		rt.Skip("no session")
	}
	return rapid.SampledFrom(ids).Draw(rt, "session")
}

// start starts a payment with a drawn wallet, and for Alipay with a drawn flow.
func (w *world) start(rt *rapid.T) { w.act(rt, "start", w.startTask(rt)) }

func (w *world) startOnBoth(rt *rapid.T) { w.actOnBoth(rt, "start", w.startTask(rt)) }

// startTask draws a call of Start.
func (w *world) startTask(rt *rapid.T) func(context.Context, *checkout.Service) {
	request := checkout.StartRequest{
		SessionID: w.drawSession(rt), Device: desktop,
		Wallet: rapid.SampledFrom([]flow.Wallet{alipay, wechat}).Draw(rt, "wallet"),
	}
	if request.Wallet == alipay {
		request.Flow = rapid.SampledFrom([]flow.Flow{"", flow.Iframe}).Draw(rt, "flow")
	}
	return func(ctx context.Context, s *checkout.Service) { _, _ = s.Start(ctx, request) }
}

// drawOrder draws one of the orders for which match returns true.
func (w *world) drawOrder(rt *rapid.T, match func(*order) bool) *order {
	orders := w.gateway.ordersWhere(match)
	if len(orders) == 0 {
		rt.Skip("no such order")
	}
	o := rapid.SampledFrom(orders).Draw(rt, "order")
	w.trace("  order %s", o.OutTradeNo)
	return o
}

func (w *world) pay(rt *rapid.T) { w.drawOrder(rt, (*order).payable).pay() }

// payDuringClosing pays a closed order: the wallet's payment was under way.
func (w *world) payDuringClosing(rt *rapid.T) {
	o := w.drawOrder(rt, func(o *order) bool { return o.closed && o.canStillBePaid() })
	w.reach(paidDuringClose)
	o.pay()
}

func (w *world) beginToPay(rt *rapid.T) { w.drawOrder(rt, (*order).payable).paying = true }

func (w *world) fail(rt *rapid.T) {
	o := w.drawOrder(rt, (*order).payable)
	o.state, o.paying = checkout.OrderFailed, false
}

func (w *world) reportOtherAmount(rt *rapid.T) {
	if !w.reportsOtherAmounts {
		rt.Skip("this gateway reports the right amounts")
	}
	w.drawOrder(rt, (*order).payable).Amount = amount + 1
}

// anyOrder is true for every order.
func anyOrder(*order) bool { return true }

// notify sends a notification with the current status of an order.
func (w *world) notify(rt *rapid.T) {
	o := w.drawOrder(rt, anyOrder)
	n := sentNotification{tokenOf(o), gatewayNotification{o.status(), shop, "signed"}.body()}
	w.notifications = append(w.notifications, n)
	w.sendNotification(rt, n)
}

// notifyAgain sends an earlier notification again. It may be out of date.
func (w *world) notifyAgain(rt *rapid.T) {
	if len(w.notifications) == 0 {
		rt.Skip("no notification was sent")
	}
	w.sendNotification(rt, w.notifications[rapid.IntRange(0, len(w.notifications)-1).Draw(rt, "notification")])
}

func (w *world) sendNotification(rt *rapid.T, n sentNotification) {
	w.act(rt, "notify", func(ctx context.Context, s *checkout.Service) { _, _ = s.Notify(ctx, n.token, message(n.body)) })
}

// tokenOf returns the token in an order's notify URL.
func tokenOf(o *order) string {
	_, token, _ := strings.Cut(o.NotifyURL, "/n/")
	return token
}

// forge posts a notification that is not the gateway's. It checks that the notification
// changes nothing and causes no query.
func (w *world) forge(rt *rapid.T) {
	if w.gate.decide != nil {
		rt.Skip("concurrent tasks would change the rows")
	}
	o := w.drawOrder(rt, anyOrder)
	forged := gatewayNotification{o.status(), shop, "signed"}
	forged.State = checkout.OrderPaid
	kind := rapid.SampledFrom([]string{"unsigned", "malformed", "another shop's", "another amount", "another order", "another URL"}).Draw(rt, "kind")
	token, events := tokenOf(o), 0
	switch kind {
	case "unsigned", "malformed":
		forged.Sign = "forged"
	case "another shop's":
		forged.Merchant, events = "other", 1
	case "another amount":
		forged.Amount, events = amount/2, 1
	case "another order":
		forged.OutTradeNo, events = strings.Repeat("x", 26), 1
	case "another URL":
		token = strings.Repeat("x", 26)
	}
	body := forged.body()
	if kind == "malformed" {
		body = body[:len(body)/2]
	}
	before, queries := w.snapshot(), w.backgroundQueries()
	task := w.begin(rapid.IntRange(0, nodes-1).Draw(rt, "node"), "forged notification", func(ctx context.Context, s *checkout.Service) {
		verdict, err := s.Notify(ctx, token, message(body))
		if err == nil && verdict == checkout.VerdictAccepted {
			w.gateway.reportProblem("the checkout accepted a notification of kind: " + kind)
		}
	})
	w.run(rt, task, 100)
	w.wantUnchanged(before, events)
	if now := w.backgroundQueries(); now > queries {
		rt.Errorf("a notification (%s) started %d queries", kind, now-queries)
	}
}

// backgroundQueries counts the background queries that wait at the gate.
func (w *world) backgroundQueries() (n int) {
	for _, c := range w.gate.waiting() {
		if c.thread.task == backgroundTask {
			n++
		}
	}
	return n
}

// confirm returns the action that confirms an attempt for a cause.
func (w *world) confirm(cause checkout.Cause) func(*rapid.T) {
	return func(rt *rapid.T) {
		attempts, err := w.store.Attempts(rt.Context(), w.drawSession(rt))
		w.must(err)
		if len(attempts) == 0 {
			rt.Skip("no attempt")
		}
		id := attempts[rapid.IntRange(0, len(attempts)-1).Draw(rt, "attempt")].ID
		w.act(rt, "confirm by "+string(cause), func(ctx context.Context, s *checkout.Service) { _, _ = s.Confirm(ctx, id, cause) })
	}
}

func sweepTask(ctx context.Context, s *checkout.Service) { _ = s.Sweep(ctx) }

func (w *world) sweepSome(rt *rapid.T) { w.act(rt, "sweep", sweepTask) }

func (w *world) sweepOnBoth(rt *rapid.T) { w.actOnBoth(rt, "sweep", sweepTask) }

// expire lets every session expire.
func (w *world) expire(rt *rapid.T) {
	w.advance(rt, w.policy.Lifetime)
	w.sweepSome(rt)
}

func (w *world) cancel(rt *rapid.T) {
	id := w.drawSession(rt)
	w.act(rt, "cancel", func(ctx context.Context, s *checkout.Service) { _, _ = s.Cancel(ctx, id) })
}

func (w *world) refund(rt *rapid.T) { w.act(rt, "refund", w.refundTask(rt)) }

func (w *world) refundOnBoth(rt *rapid.T) { w.actOnBoth(rt, "refund", w.refundTask(rt)) }

// refundTask draws a call of Refund.
func (w *world) refundTask(rt *rapid.T) func(context.Context, *checkout.Service) {
	id := w.drawSession(rt)
	n := checkout.NewRefund{
		Amount:            rapid.SampledFrom([]int64{amount, amount / 2, 1, amount + 1}).Draw(rt, "amount"),
		ClientReferenceID: rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(rt, "reference"),
	}
	return func(ctx context.Context, s *checkout.Service) { _, _ = s.Refund(ctx, id, n) }
}

// freeze lets a process freeze after a call for longer than its lease, while another
// process works. It may freeze before it places, closes or refunds an order, or before
// it stores the outcome.
func (w *world) freeze(rt *rapid.T) {
	if !w.mayFreeze {
		rt.Skip("no process freezes in this run")
	}
	frozen := rapid.IntRange(0, nodes-1).Draw(rt, "node")
	task := w.begin(frozen, "freeze", w.frozenTask(rt))
	for range rapid.IntRange(0, 9).Draw(rt, "steps") {
		if c := w.nextCall(task); c != nil {
			w.step(rt, c)
		}
	}
	if c := w.nextCall(task); c != nil && c.kind != stalled {
		w.release(c, stall)
	}
	w.advance(rt, time.Minute)
	w.run(rt, w.begin((frozen+1)%nodes, "sweep", sweepTask), 100)
}

// frozenTask draws the task of the process that freezes.
func (w *world) frozenTask(rt *rapid.T) func(context.Context, *checkout.Service) {
	if !w.isRefundRun && rapid.Bool().Draw(rt, "an order") {
		if rapid.Bool().Draw(rt, "starts") {
			return w.startTask(rt)
		}
		return sweepTask
	}
	id := w.drawSession(rt)
	if !w.isRefundRun && rapid.Bool().Draw(rt, "cancels") {
		return func(ctx context.Context, s *checkout.Service) { _, _ = s.Cancel(ctx, id) }
	}
	return func(ctx context.Context, s *checkout.Service) {
		_, _ = s.Refund(ctx, id, checkout.NewRefund{Amount: 1}) // a small amount, so that many refunds fit
	}
}

func (w *world) crash(rt *rapid.T) {
	w.reach(crashed)
	if w.node(rapid.IntRange(0, nodes-1).Draw(rt, "node")).process.crash() > 0 {
		w.reach(crashedDuringCall)
	}
	synctest.Wait()
}

// goOn lets a drawn call through the gate, and then its task for a drawn number of
// calls.
func (w *world) goOn(rt *rapid.T) {
	waiting := w.gate.waiting()
	if len(waiting) == 0 {
		rt.Skip("no call waits")
	}
	c := waiting[rapid.IntRange(0, len(waiting)-1).Draw(rt, "call")]
	points := rapid.IntRange(0, 8).Draw(rt, "points")
	w.step(rt, c)
	w.run(rt, c.thread.task, points)
}

func (w *world) wait(rt *rapid.T) {
	w.advance(rt, rapid.SampledFrom([]time.Duration{
		tick, time.Second, 4 * time.Second, 4 * time.Second, 40 * time.Second, 3 * time.Minute, 20 * time.Minute, 2 * time.Hour,
	}).Draw(rt, "time"))
}

func (w *world) deliverDelayed(rt *rapid.T) {
	if len(w.gateway.delayed) == 0 {
		rt.Skip("no call is delayed")
	}
	w.gateway.deliverDelayed()
}
