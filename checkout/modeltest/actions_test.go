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

// maxSessions bounds the sessions of one run: more would interfere less.
const maxSessions = 2

const (
	alipay = flow.WalletAlipayCN
	wechat = flow.WalletWeChat
)

var desktop = flow.Device{
	Kind: flow.DeviceDesktop, Container: flow.ContainerNone, Reason: "the model's",
}

// actions are everything that may happen to a shop.
func (w *world) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"create":              w.create,
		"start":               w.start,
		"start again":         w.start,
		"start once more":     w.start,
		"pay":                 w.pay,
		"pay another":         w.pay,
		"pay across a close":  w.payAcross,
		"begin to pay":        w.beginToPay,
		"fail":                w.fail,
		"report another sum":  w.skew,
		"notify":              w.notify,
		"notify again":        w.notifyAgain,
		"forged notification": w.forge,
		"return":              w.confirm(checkout.CauseBrowser),
		"query":               w.confirm(checkout.CauseSchedule),
		"sweep":               w.sweepSome,
		"expire":              w.expire,
		"close":               w.cancel,
		"refund":              w.refund,
		"refund again":        w.refund,
		"refund on both":      w.refundOnBoth,
		"start on both":       w.startOnBoth,
		"sweep on both":       w.sweepOnBoth,
		"crash":               w.crash,
		"freeze":              w.freeze,
		"go on":               w.goOn,
		"go on with another":  w.goOn,
		"wait":                w.wait,
		"calls arrive late":   w.arrive,
		"deliver a webhook":   w.deliver,
	}
}

// refundActions are what may happen in a run that is about refunds.
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
		"calls arrive late": w.arrive,
	}
}

func (w *world) create(rt *rapid.T) {
	if len(w.sessions()) >= maxSessions {
		rt.Skip("enough sessions")
	}
	w.act(rt, "create", func(ctx context.Context, s *checkout.Service) {
		_, _ = s.Create(ctx, ticket())
	})
}

func ticket() checkout.NewSession {
	return checkout.NewSession{
		Merchant: shop, Amount: amount, Currency: "HKD", Subject: "Ticket", SuccessURL: "https://shop.example/thanks",
	}
}

// session draws one of the sessions.
func (w *world) session(rt *rapid.T) string {
	ids := w.sessions()
	if len(ids) == 0 {
		rt.Skip("no session")
	}
	return rapid.SampledFrom(ids).Draw(rt, "session")
}

// start picks a wallet, and perhaps a flow: a click, a second one, another tab
// and a change of channel.
func (w *world) start(rt *rapid.T) { w.act(rt, "start", w.starting(rt)) }

func (w *world) startOnBoth(rt *rapid.T) { w.actOnBoth(rt, "start", w.starting(rt)) }

func (w *world) starting(rt *rapid.T) func(context.Context, *checkout.Service) {
	request := checkout.StartRequest{
		SessionID: w.session(rt), Device: desktop,
		Wallet: rapid.SampledFrom([]flow.Wallet{alipay, wechat}).Draw(rt, "wallet"),
	}
	if request.Wallet == alipay {
		request.Flow = rapid.SampledFrom([]flow.Flow{"", flow.Iframe}).Draw(rt, "flow")
	}
	return func(ctx context.Context, s *checkout.Service) { _, _ = s.Start(ctx, request) }
}

// order draws an order of which is holds.
func (w *world) order(rt *rapid.T, is func(*order) bool) *order {
	found := w.gateway.having(is)
	if len(found) == 0 {
		rt.Skip("no such order")
	}
	o := rapid.SampledFrom(found).Draw(rt, "order")
	w.trace("  order %s", o.OutTradeNo)
	return o
}

func (w *world) pay(rt *rapid.T) { w.order(rt, (*order).payable).pay() }

// payAcross pays an order that is closed: the wallet's payment was under way.
func (w *world) payAcross(rt *rapid.T) {
	o := w.order(rt, func(o *order) bool { return o.closed && o.inTime() })
	w.saw(paidAcross)
	o.pay()
}

func (w *world) beginToPay(rt *rapid.T) { w.order(rt, (*order).payable).paying = true }

func (w *world) fail(rt *rapid.T) {
	o := w.order(rt, (*order).payable)
	o.state, o.paying = checkout.OrderFailed, false
}

func (w *world) skew(rt *rapid.T) {
	if !w.skews {
		rt.Skip("this gateway reports what was ordered")
	}
	w.order(rt, (*order).payable).Amount = amount + 1
}

func every(*order) bool { return true }

// notify sends what the gateway would say of an order now.
func (w *world) notify(rt *rapid.T) {
	o := w.order(rt, every)
	n := sentNote{tokenOf(o), note{o.status(), shop, "signed"}.body()}
	w.notes = append(w.notes, n)
	w.tell(rt, n)
}

// notifyAgain sends an earlier notification again, be it out of date.
func (w *world) notifyAgain(rt *rapid.T) {
	if len(w.notes) == 0 {
		rt.Skip("none was sent")
	}
	w.tell(rt, w.notes[rapid.IntRange(0, len(w.notes)-1).Draw(rt, "notification")])
}

func (w *world) tell(rt *rapid.T, n sentNote) {
	w.act(rt, "notify", func(ctx context.Context, s *checkout.Service) { _, _ = s.Notify(ctx, n.token, message(n.body)) })
}

// tokenOf returns the token of an order's notify_url.
func tokenOf(o *order) string {
	_, token, _ := strings.Cut(o.NotifyURL, "/n/")
	return token
}

// forge posts what the gateway did not say, and holds that nothing changes by
// it, and nobody is asked.
func (w *world) forge(rt *rapid.T) {
	if w.gate.open != nil {
		rt.Skip("others would change things meanwhile")
	}
	o := w.order(rt, every)
	forged := note{o.status(), shop, "signed"}
	forged.State = checkout.OrderPaid
	kind := rapid.SampledFrom([]string{"unsigned", "malformed", "another shop's", "another amount", "another order", "another URL"}).Draw(rt, "kind")
	token, told := tokenOf(o), 0
	switch kind {
	case "unsigned", "malformed":
		forged.Sign = "forged"
	case "another shop's":
		forged.Merchant, told = "other", 1
	case "another amount":
		forged.Amount, told = amount/2, 1
	case "another order":
		forged.OutTradeNo, told = strings.Repeat("x", 26), 1
	case "another URL":
		token = strings.Repeat("x", 26)
	}
	body := forged.body()
	if kind == "malformed" {
		body = body[:len(body)/2]
	}
	before, kicks := w.snapshot(), w.kicks()
	task := w.begin(rapid.IntRange(0, nodes-1).Draw(rt, "node"), "forged notification", func(ctx context.Context, s *checkout.Service) {
		verdict, err := s.Notify(ctx, token, message(body))
		if err == nil && verdict == checkout.VerdictAccepted {
			w.gateway.saw("a notification was believed that is " + kind)
		}
	})
	w.run(rt, task, 100)
	w.unchanged(before, told)
	if now := w.kicks(); now > kicks {
		rt.Errorf("a notification that is %s had %d queries begin", kind, now-kicks)
	}
}

// kicks counts the background queries that wait at the gate.
func (w *world) kicks() (n int) {
	for _, c := range w.gate.waiting() {
		if c.thread.task == kickTask {
			n++
		}
	}
	return n
}

// confirm asks the gateway about an attempt: its shopper is back, or it is due.
func (w *world) confirm(cause checkout.Cause) func(*rapid.T) {
	return func(rt *rapid.T) {
		attempts, err := w.store.Attempts(rt.Context(), w.session(rt))
		w.must(err)
		if len(attempts) == 0 {
			rt.Skip("no attempt")
		}
		id := attempts[rapid.IntRange(0, len(attempts)-1).Draw(rt, "attempt")].ID
		w.act(rt, "confirm by "+string(cause), func(ctx context.Context, s *checkout.Service) { _, _ = s.Confirm(ctx, id, cause) })
	}
}

func sweeping(ctx context.Context, s *checkout.Service) { _ = s.Sweep(ctx) }

func (w *world) sweepSome(rt *rapid.T) { w.act(rt, "sweep", sweeping) }

func (w *world) sweepOnBoth(rt *rapid.T) { w.actOnBoth(rt, "sweep", sweeping) }

// expire lets the time of every session pass.
func (w *world) expire(rt *rapid.T) {
	w.advance(rt, w.policy.Lifetime)
	w.sweepSome(rt)
}

func (w *world) cancel(rt *rapid.T) {
	id := w.session(rt)
	w.act(rt, "cancel", func(ctx context.Context, s *checkout.Service) { _, _ = s.Cancel(ctx, id) })
}

func (w *world) refund(rt *rapid.T) { w.act(rt, "refund", w.refunding(rt)) }

func (w *world) refundOnBoth(rt *rapid.T) { w.actOnBoth(rt, "refund", w.refunding(rt)) }

func (w *world) refunding(rt *rapid.T) func(context.Context, *checkout.Service) {
	id := w.session(rt)
	n := checkout.NewRefund{
		Amount:            rapid.SampledFrom([]int64{amount, amount / 2, 1, amount + 1}).Draw(rt, "amount"),
		ClientReferenceID: rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(rt, "reference"),
	}
	return func(ctx context.Context, s *checkout.Service) { _, _ = s.Refund(ctx, id, n) }
}

// freeze has a process stop with an answer in hand, for longer than it holds
// what it asked about, while another goes on: before the order is placed,
// closed or refunded, or before the outcome is written down.
func (w *world) freeze(rt *rapid.T) {
	if !w.freezes {
		rt.Skip("no process freezes")
	}
	frozen := rapid.IntRange(0, nodes-1).Draw(rt, "node")
	task := w.begin(frozen, "freezing", w.freezing(rt))
	for range rapid.IntRange(0, 9).Draw(rt, "steps") {
		if c := w.parked(task); c != nil {
			w.let(rt, c)
		}
	}
	if c := w.parked(task); c != nil && c.kind != stalled {
		w.become(c, stall)
	}
	w.advance(rt, time.Minute)
	w.run(rt, w.begin((frozen+1)%nodes, "sweep", sweeping), 100)
}

// freezing draws what a process is about that freezes.
func (w *world) freezing(rt *rapid.T) func(context.Context, *checkout.Service) {
	if !w.givesBack && rapid.Bool().Draw(rt, "an order") {
		if rapid.Bool().Draw(rt, "starts") {
			return w.starting(rt)
		}
		return sweeping
	}
	id := w.session(rt)
	if !w.givesBack && rapid.Bool().Draw(rt, "cancels") {
		return func(ctx context.Context, s *checkout.Service) { _, _ = s.Cancel(ctx, id) }
	}
	return func(ctx context.Context, s *checkout.Service) {
		_, _ = s.Refund(ctx, id, checkout.NewRefund{Amount: 1}) // so little is left for long
	}
}

func (w *world) crash(rt *rapid.T) {
	w.saw(crashed)
	if w.node(rapid.IntRange(0, nodes-1).Draw(rt, "node")).life.crash() > 0 {
		w.saw(crashedAtWork)
	}
	synctest.Wait()
}

// goOn lets something go on that waits at the gate.
func (w *world) goOn(rt *rapid.T) {
	waiting := w.gate.waiting()
	if len(waiting) == 0 {
		rt.Skip("nothing waits")
	}
	c := waiting[rapid.IntRange(0, len(waiting)-1).Draw(rt, "call")]
	points := rapid.IntRange(0, 8).Draw(rt, "points")
	w.let(rt, c)
	w.run(rt, c.thread.task, points)
}

func (w *world) wait(rt *rapid.T) {
	w.advance(rt, rapid.SampledFrom([]time.Duration{
		tick, time.Second, 4 * time.Second, 4 * time.Second, 40 * time.Second, 3 * time.Minute, 20 * time.Minute, 2 * time.Hour,
	}).Draw(rt, "time"))
}

func (w *world) arrive(rt *rapid.T) {
	if len(w.gateway.later) == 0 {
		rt.Skip("nothing is on its way")
	}
	w.gateway.arrive()
}
