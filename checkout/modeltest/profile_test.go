package modeltest

import (
	"context"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// profile is a kind of run: how it begins, which actions it has, and which milestones
// some of its runs must reach.
type profile struct {
	setUp      func(*rapid.T, *world)
	actions    func(*world) map[string]func(*rapid.T)
	milestones []milestone
}

// anythingProfile has all actions and stops every call at the gate.
var anythingProfile = profile{
	setUp:   func(*rapid.T, *world) {},
	actions: (*world).actions,
	milestones: []milestone{
		{"a session is paid", 50, paidOnce},
		{"a session is paid late", 400, paidLate},
		{"a session is paid twice", 200, paidTwice},
		{"a process crashes during a call", 50, reached(crashedDuringCall)},
		{"the outcome of a commit is lost", 100, reached(commitUnknown)},
		{"an order is placed after its sender gave up", 2000, reached(orderPlacedLate)},
		{"a process is frozen during a lease", 200, reached(frozen)},
		{"a process is frozen before it places an order", 5000, reached(frozenBeforeOrder)},
		{"a process is frozen after a query, before a close", 5000, reached(frozenBeforeClose)},
		{"an order is paid while it is being closed", 200, reached(paidDuringClose)},
		{"a refund is refused", 5000, reached(refundRefused)},
		{"an order is paid with another amount", 400, quarantined},
		{"a session is refunded in part", 200, partlyRefunded},
	},
}

// refundsProfile is about refunds, which other runs reach late. Half of the refund calls
// fail, and processes freeze during them.
var refundsProfile = profile{
	setUp: func(rt *rapid.T, w *world) {
		w.isRefundRun, w.mayFreeze = true, rapid.IntRange(0, 3).Draw(rt, "freezes") > 0
		w.gateway.oneCallAtATime = !w.mayFreeze
		w.faults[refunding] = fault{50, outcomes[refunding]}
		w.faultsOn.Store(true)
	},
	actions: (*world).refundActions,
	milestones: []milestone{
		{"a refund is refused × a process is frozen", 100, allOf(reached(refundRefused), reached(frozen))},
		{"a process is frozen before it sends a refund", 200, reached(frozenBeforeRefund)},
		{"a refund is made after its sender gave up × it is sent again", 100, allOf(reached(refundMadeLate), refundRetried)},
		{"a refund fails × another succeeds", 200, allOf(refundInState(checkout.RefundFailed), refundInState(checkout.RefundSucceeded))},
		{"a refund is refused × a crash × everything is refunded", 1000, allOf(reached(refundRefused), reached(crashedDuringCall), wholeRefunded)},
		{"the outcome of a commit is lost × a refund succeeds", 100, allOf(reached(commitUnknown), refundInState(checkout.RefundSucceeded))},
	},
}

// lateProfile is about late and second payments. Both wallets have an order, and the
// session ends before they are paid.
var lateProfile = profile{
	setUp: func(_ *rapid.T, w *world) {
		w.isLateRun = true
		w.limitPolicy(checkout.LateHold, checkout.LateAccept, checkout.LateRefund)
	},
	actions: (*world).lateActions,
	milestones: []milestone{
		{"paid late × paid twice × a crash", 100, allOf(paidLate, paidTwice, reached(crashedDuringCall))},
		{"paid late × paid twice × the outcome of a commit is lost", 1000, allOf(paidLate, paidTwice, reached(commitUnknown))},
		{"paid late × a process is frozen", 400, allOf(paidLate, reached(frozen))},
		{"paid late × it is refunded", 100, allOf(paidLate, refundFor(checkout.RefundPaidLate))},
		{"paid twice × it is refunded × a crash", 100, allOf(paidTwice, refundFor(checkout.RefundPaidTwice), reached(crashedDuringCall))},
		{"paid twice × it is kept", 100, allOf(paidTwice, secondPaymentKept)},
	},
}

// concurrentProfile stops no call at the gate, so that goroutines run concurrently. The
// outcomes of calls come from a drawn seed, but Go decides the order of goroutines: only
// these runs are not reproducible.
var concurrentProfile = profile{
	setUp: func(rt *rapid.T, w *world) {
		seed := rapid.Uint64().Draw(rt, "seed")
		w.gate.decide = func(t *thread, k callKind) outcome {
			if !w.faultsOn.Load() {
				return proceed
			}
			return w.faults[k].fromSeed(seed, t)
		}
	},
	actions: (*world).actions,
	milestones: []milestone{
		{"a session is paid", 50, paidOnce},
		{"a process crashes", 50, reached(crashed)},
	},
}

// failingDiskProfile is anythingProfile on a disk whose calls fail and whose power is
// cut.
var failingDiskProfile = profile{
	setUp: func(*rapid.T, *world) {},
	actions: func(w *world) map[string]func(*rapid.T) {
		all := w.actions()
		for _, again := range []string{"", " again"} {
			all["fail disk"+again], all["cut power"+again] = w.failDisk, w.cutPower
		}
		return all
	},
	milestones: []milestone{
		{"a read fails", 50, reached(readFailed)},
		{"a write or a sync fails × a session is paid", 50, allOf(reached(writeFailed), paidOnce)},
		{"the power is cut during a call × a session is paid", 50, allOf(reached(powerCutDuringCall), paidOnce)},
		{"a power cut loses unsynced sectors × a session is refunded", 400, allOf(reached(sectorLost), partlyRefunded)},
	},
}

// lateActions returns the actions of a run about late and second payments.
func (w *world) lateActions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"pay":                w.pay,
		"pay across a close": w.payDuringClosing,
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
		"calls arrive late":  w.deliverDelayed,
	}
}

// prepare creates a session with drawn orders and may pay them, without faults. Most
// actions need that.
func (w *world) prepare(rt *rapid.T) {
	faultsOn := w.faultsOn.Swap(false)
	wallets := rapid.SampledFrom([][]flow.Wallet{{alipay}, {}, {alipay, wechat}}).Draw(rt, "orders")
	switch {
	case w.isLateRun:
		wallets = []flow.Wallet{alipay, wechat}
	case w.isRefundRun && len(wallets) == 0:
		wallets = []flow.Wallet{alipay}
	}
	w.begin(0, "create", func(ctx context.Context, s *checkout.Service) {
		session, err := s.Create(ctx, newTicket())
		for _, wallet := range wallets {
			if err == nil {
				_, err = s.Start(ctx, checkout.StartRequest{SessionID: session.ID, Device: desktop, Wallet: wallet})
			}
		}
	})
	w.drain(rt)
	if w.isLateRun {
		w.endSession(rt)
	} else if rapid.Bool().Draw(rt, "paid") || w.isRefundRun {
		for _, o := range w.gateway.ordersWhere(anyOrder) {
			o.pay()
		}
	}
	if !w.isLateRun && rapid.Bool().Draw(rt, "known") {
		w.advance(rt, 4*time.Second)
		w.sweep(rt, 0)
	}
	w.faultsOn.Store(faultsOn)
}

// endSession cancels or expires the session, if drawn. Then some orders are paid,
// because the wallet had begun before.
func (w *world) endSession(rt *rapid.T) {
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
	orders := w.gateway.ordersWhere(func(o *order) bool { return o.canStillBePaid() })
	paid := rapid.IntRange(0, len(orders)).Draw(rt, "paid after the end")
	for _, o := range orders[:paid] {
		o.pay()
	}
}

// limitPolicy changes the drawn policy for late payments to the first allowed one if it
// is not allowed.
func (w *world) limitPolicy(allowed ...checkout.LatePolicy) {
	if !slices.Contains(allowed, w.policy.PaidLate) {
		w.policy.PaidLate = allowed[0]
	}
}
