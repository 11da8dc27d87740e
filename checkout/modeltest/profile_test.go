package modeltest

import (
	"context"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// profile is one way to use the model: what a run begins with, what may happen
// in it, and what some of its runs must reach.
type profile struct {
	begin     func(*rapid.T, *world)
	actions   func(*world) map[string]func(*rapid.T)
	sometimes []milestone
}

// anything stops every call at the gate, and lets anything happen.
var anything = profile{
	begin:   func(*rapid.T, *world) {},
	actions: (*world).actions,
	sometimes: []milestone{
		{"a session is paid", 50, paidOnce},
		{"a session is paid late", 400, paidLate},
		{"a session is paid twice", 200, paidTwice},
		{"a process crashes with a call under way", 50, happened(crashedAtWork)},
		{"the outcome of a commit is lost", 100, happened(commitUnknown)},
		{"an order is placed after its sender gave up", 2000, happened(orderLate)},
		{"a process is frozen while it holds something", 200, happened(frozen)},
		{"a process is frozen before it places an order", 5000, happened(frozenBeforeOrder)},
		{"a process is frozen after a query, before a close", 5000, happened(frozenBeforeClose)},
		{"an order is paid while it is being closed", 200, happened(paidAcross)},
		{"a refund is refused", 5000, happened(refundRefused)},
		{"an order is paid that was not what was ordered", 400, quarantined},
		{"a session is refunded in part", 200, partlyRefunded},
	},
}

// refunds are about giving money back, which other runs come to late: the
// calls fail half of the time, and processes freeze with them in hand.
var refunds = profile{
	begin: func(rt *rapid.T, w *world) {
		w.givesBack, w.freezes = true, rapid.IntRange(0, 3).Draw(rt, "freezes") > 0
		w.gateway.strict = !w.freezes
		w.faults[refunding] = fault{50, verdicts[refunding]}
		w.troubled.Store(true)
	},
	actions: (*world).refundActions,
	sometimes: []milestone{
		{"a refund is refused × a process is frozen", 100, all(happened(refundRefused), happened(frozen))},
		{"a process is frozen before it sends a refund", 200, happened(frozenBeforeRefund)},
		{"a refund is made after its sender gave up × it is sent again", 100, all(happened(refundLate), sentAgain)},
		{"a refund fails × another succeeds", 200, all(refundIs(checkout.RefundFailed), refundIs(checkout.RefundSucceeded))},
		{"a refund is refused × a crash × everything goes back", 1000, all(happened(refundRefused), happened(crashedAtWork), wholeRefunded)},
		{"a commit of a refund is lost × it succeeds", 100, all(happened(commitUnknown), refundIs(checkout.RefundSucceeded))},
	},
}

// lateAndTwice are about payments that come after a session's end, or beside
// another: both wallets have an order, and the session ends with them.
var lateAndTwice = profile{
	begin: func(_ *rapid.T, w *world) {
		w.comesLate = true
		w.policyOf(checkout.LateHold, checkout.LateAccept, checkout.LateRefund)
	},
	actions: (*world).lateActions,
	sometimes: []milestone{
		{"paid late × paid twice × a crash", 100, all(paidLate, paidTwice, happened(crashedAtWork))},
		{"paid late × paid twice × the outcome of a commit is lost", 1000, all(paidLate, paidTwice, happened(commitUnknown))},
		{"paid late × a process is frozen", 400, all(paidLate, happened(frozen))},
		{"paid late × it goes back", 100, all(paidLate, refundFor(checkout.RefundPaidLate))},
		{"paid twice × it goes back × a crash", 100, all(paidTwice, refundFor(checkout.RefundPaidTwice), happened(crashedAtWork))},
		{"paid twice × it is kept", 100, all(paidTwice, kept)},
	},
}

// atOnce lets everybody through, to real concurrency. What goes wrong is drawn,
// and Go decides who goes first: such a run alone is not the same twice.
var atOnce = profile{
	begin: func(rt *rapid.T, w *world) {
		seed := rapid.Uint64().Draw(rt, "chance")
		w.gate.open = func(t *thread, k kind) verdict {
			if !w.troubled.Load() {
				return proceed
			}
			return w.faults[k].byChance(seed, t)
		}
	},
	actions: (*world).actions,
	sometimes: []milestone{
		{"a session is paid", 50, paidOnce},
		{"a process crashes", 50, happened(crashed)},
	},
}

// failingDisk is anything on a disk whose calls fail, and whose power goes.
var failingDisk = profile{
	begin: func(*rapid.T, *world) {},
	actions: func(w *world) map[string]func(*rapid.T) {
		all := w.actions()
		for _, again := range []string{"", " again"} {
			all["the disk fails"+again], all["the power goes"+again] = w.failDisk, w.cutPower
		}
		return all
	},
	sometimes: []milestone{
		{"a read fails", 50, happened(readFailed)},
		{"a write or a sync fails × a session is paid", 50, all(happened(writeFailed), paidOnce)},
		{"the power goes with a call under way × a session is paid", 50, all(happened(powerCutAtWork), paidOnce)},
		{"the power tears what was not synced × a session is refunded", 400, all(happened(torn), partlyRefunded)},
	},
}

// lateActions are what may happen in a run about late and second payments.
func (w *world) lateActions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"pay":                w.pay,
		"pay across a close": w.payAcross,
		"begin to pay":       w.beginToPay,
		"notify":             w.notify,
		"notify again":       w.notifyAgain,
		"return":             w.confirm(checkout.CauseBrowser),
		"query":              w.confirm(checkout.CauseSchedule),
		"sweep":              w.sweepSome,
		"sweep on both":      w.sweepOnBoth,
		"start":              w.start,
		"close":              w.cancel,
		"refund":             w.refund,
		"crash":              w.crash,
		"freeze":             w.freeze,
		"go on":              w.goOn,
		"go on with another": w.goOn,
		"wait":               w.wait,
		"calls arrive late":  w.arrive,
	}
}

// prepare makes a session with the orders that are drawn, of which some are
// paid, without trouble: most of what can happen begins there.
func (w *world) prepare(rt *rapid.T) {
	troubled := w.troubled.Swap(false)
	wallets := rapid.SampledFrom([][]flow.Wallet{{alipay}, {}, {alipay, wechat}}).Draw(rt, "orders")
	switch {
	case w.comesLate:
		wallets = []flow.Wallet{alipay, wechat}
	case w.givesBack && len(wallets) == 0:
		wallets = []flow.Wallet{alipay}
	}
	w.begin(0, "create", func(ctx context.Context, s *checkout.Service) {
		session, err := s.Create(ctx, ticket())
		for _, wallet := range wallets {
			if err == nil {
				_, err = s.Start(ctx, checkout.StartRequest{SessionID: session.ID, Device: desktop, Wallet: wallet})
			}
		}
	})
	w.drain(rt)
	if w.comesLate {
		w.endFirst(rt)
	} else if rapid.Bool().Draw(rt, "paid") || w.givesBack {
		for _, o := range w.gateway.having(every) {
			o.pay()
		}
	}
	if !w.comesLate && rapid.Bool().Draw(rt, "known") {
		w.advance(rt, 4*time.Second)
		w.sweep(rt, 0)
	}
	w.troubled.Store(troubled)
}

// endFirst ends the session as is drawn; then some of its orders are paid all
// the same, because the wallet had begun with it.
func (w *world) endFirst(rt *rapid.T) {
	switch rapid.SampledFrom([]string{"canceled", "expired", "open"}).Draw(rt, "ends") {
	case "canceled":
		for _, id := range w.sessions() {
			w.begin(0, "cancel", func(ctx context.Context, s *checkout.Service) { _, _ = s.Cancel(ctx, id) })
		}
		w.drain(rt)
	case "expired":
		w.advance(rt, w.policy.Lifetime)
		w.sweep(rt, 0)
	}
	orders := w.gateway.having(func(o *order) bool { return o.inTime() })
	paid := rapid.IntRange(0, len(orders)).Draw(rt, "paid all the same")
	for _, o := range orders[:paid] {
		o.pay()
	}
}

// policyOf narrows what the shop does with money that comes late, where the
// draw names something else.
func (w *world) policyOf(allowed ...checkout.LatePolicy) {
	if !slices.Contains(allowed, w.policy.PaidLate) {
		w.policy.PaidLate = allowed[0]
	}
}
