package modeltest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// sessionState is everything that is stored about one session, but its timeline.
type sessionState struct {
	session  checkout.Session
	attempts []checkout.Attempt
	refunds  []checkout.Refund
	events   []checkout.Event
}

// state reads the state of a session.
func (w *world) state(id string) (b sessionState) {
	ctx := context.Background()
	var err error
	b.session, err = w.store.Session(ctx, id)
	w.must(err)
	b.attempts, err = w.store.Attempts(ctx, id)
	w.must(err)
	b.refunds, err = w.store.Refunds(ctx, id)
	w.must(err)
	b.events, err = w.store.Events(ctx, id)
	w.must(err)
	return b
}

// countEvents counts the events of a type about one attempt, or about any for "".
func (b sessionState) countEvents(t checkout.EventType, attemptID string) (n int) {
	for _, e := range b.events {
		if e.Type == t && (attemptID == "" || e.AttemptID == attemptID) {
			n++
		}
	}
	return n
}

// countRefundEvents counts the events of a type about one refund.
func (b sessionState) countRefundEvents(r checkout.Refund, t checkout.EventType) (n int) {
	for _, e := range b.events {
		n += oneIf(e.Type == t && e.Refund != nil && e.Refund.ID == r.ID)
	}
	return n
}

func (b sessionState) paidAttempts() []checkout.Attempt {
	return slices.DeleteFunc(slices.Clone(b.attempts), func(a checkout.Attempt) bool { return a.State != checkout.AttemptPaid })
}

// rule is an invariant of a session. check returns "" or what is wrong.
type rule struct {
	name  string
	check func(w *world, b sessionState) string
}

var rules = []rule{
	{"each change has its event, once", eventsMatch},
	{"an attempt is paid if its order is paid at the gateway", paidAtGateway},
	{"a wallet has at most one payable order", onePayableOrder},
	{"a session ends after its orders", endsAfterOrders},
	{"refunds match the gateway and never exceed what was paid", refundsMatch},
	{"late and second payments follow the policy", refundsFollowPolicy},
	{"final states do not change", finalStatesStay},
	{"open attempts and pending refunds are scheduled", openOnesAreScheduled},
	{"events have unique versions, and the newest matches the session", newestEventMatches},
}

// batchSize is how many tasks begin at once if calls do not stop at the gate.
const batchSize = 4

// check checks the rules after a step.
func (w *world) check(rt *rapid.T) {
	rt.Helper()
	if w.gate.decide != nil { // reading a state takes several transactions, so no task may run
		if len(w.queue) < batchSize {
			return
		}
		w.drain(rt)
	}
	for _, id := range w.sessions() {
		b := w.state(id)
		for _, r := range rules {
			if problem := r.check(w, b); problem != "" {
				rt.Fatalf("%s: %s", r.name, problem)
			}
		}
		w.before[id] = b
	}
	w.checkWebhooks(rt)
	for _, id := range w.gate.threads.leasedTwice() {
		// If calls do not stop, a lease ends in the database before the model knows.
		if w.gate.decide == nil {
			rt.Fatalf("two threads leased %s at once", id)
		}
	}
	if problems := w.gateway.sortedProblems(); len(problems) > 0 {
		rt.Fatal("problems: ", strings.Join(problems, "; "))
	}
}

// checkWebhooks checks that each event has one webhook, and each webhook its event. What
// was told to the queue must be stored, and is told once.
func (w *world) checkWebhooks(rt *rapid.T) {
	rt.Helper()
	events, webhooks := w.column("SELECT id FROM events ORDER BY id"), slices.Sorted(slices.Values(w.webhooks()))
	if !slices.Equal(events, webhooks) {
		rt.Fatalf("events %v have the webhooks %v", events, webhooks)
	}
	for id, n := range w.receiver.toldAsCommitted() {
		if n > 1 || !slices.Contains(events, id) {
			rt.Fatalf("event %s was told %d times as committed; stored are %v", id, n, events)
		}
	}
}

// compareCounts returns a problem if two counts differ.
func compareCounts(name string, got, want int) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%s: %d, want %d", name, got, want)
}

// oneIf returns 1 for true and 0 for false.
func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}

// firstProblem returns the first problem that is not "".
func firstProblem(problems ...string) string {
	for _, p := range problems {
		if p != "" {
			return p
		}
	}
	return ""
}

// eventsMatch checks that the numbers of events match the session, its attempts and its
// refunds.
func eventsMatch(w *world, b sessionState) string {
	s, paid := b.session, len(b.paidAttempts())
	quarantined := 0
	for _, a := range b.attempts {
		quarantined += oneIf(a.Quarantined)
		if p := firstProblem(
			compareCounts("failures of "+a.ID, b.countEvents(checkout.EventAttemptFailed, a.ID), oneIf(a.State == checkout.AttemptFailed || b.countEvents(checkout.EventAttemptFailed, a.ID) > 0)),
			compareCounts("more than one mismatch of "+a.ID, oneIf(b.countEvents(checkout.EventNotificationMismatch, a.ID) > 1), 0),
		); p != "" {
			return p
		}
	}
	for _, r := range b.refunds {
		if p := firstProblem(
			compareCounts("successes of "+r.ID, b.countRefundEvents(r, checkout.EventRefundSucceeded), oneIf(r.State == checkout.RefundSucceeded)),
			compareCounts("failures of "+r.ID, b.countRefundEvents(r, checkout.EventRefundFailed), oneIf(r.Failure != "")),
			compareCounts("delays of "+r.ID, b.countRefundEvents(r, checkout.EventRefundDelayed), oneIf(!r.DelayedAt.IsZero())),
		); p != "" {
			return p
		}
	}
	return firstProblem(
		compareCounts("fulfilments", b.countEvents(checkout.EventPaid, ""), oneIf(paid > 0 && (!s.PaidLate || w.policy.PaidLate == checkout.LateAccept))),
		compareCounts("paid_late", b.countEvents(checkout.EventPaidLate, ""), oneIf(s.PaidLate)),
		compareCounts("paid_twice", b.countEvents(checkout.EventPaidTwice, ""), max(paid-1, 0)),
		compareCounts("amount_mismatch", b.countEvents(checkout.EventAmountMismatch, ""), quarantined),
		compareCounts("AmountMismatch of the session", oneIf(s.AmountMismatch), min(quarantined, 1)),
		compareCounts("canceled", b.countEvents(checkout.EventCanceled, ""), oneIf(s.Status == checkout.StatusCanceled && !endedWithMismatch(b))),
		compareCounts("expired", b.countEvents(checkout.EventExpired, ""), oneIf(s.Status == checkout.StatusExpired && !endedWithMismatch(b))),
	)
}

// endedWithMismatch reports whether a session ended without an event, because a person
// must handle its amount mismatch. A mismatch may also come after the end.
func endedWithMismatch(b sessionState) bool {
	return b.session.AmountMismatch && b.countEvents(checkout.EventExpired, "")+b.countEvents(checkout.EventCanceled, "") == 0
}

// paidAtGateway checks that paid attempts are paid at the gateway, and that the session
// matches them.
func paidAtGateway(w *world, b sessionState) string {
	s, paid := b.session, b.paidAttempts()
	by := 0
	for _, a := range paid {
		o := w.gateway.orders[a.OutTradeNo]
		if o == nil || o.state != checkout.OrderPaid || o.paidAmount != a.Amount || a.Quarantined {
			return a.OutTradeNo + " is paid, but not at the gateway"
		}
		by += oneIf(a.ID == s.PaidBy)
	}
	for _, a := range b.attempts {
		if o := w.gateway.orders[a.OutTradeNo]; a.Quarantined && (o == nil || o.Amount == a.Amount) {
			return a.OutTradeNo + " is quarantined although its amount is right"
		}
	}
	return firstProblem(
		compareCounts("the session is settled", oneIf(s.PaymentStatus.Settled()), oneIf(len(paid) > 0)),
		compareCounts("attempts that are PaidBy", by, oneIf(len(paid) > 0)),
		compareCounts("paid_twice", oneIf(s.PaidTwice), oneIf(len(paid) > 1)),
		compareCounts("complete", oneIf(s.Status == checkout.StatusComplete), oneIf(len(paid) > 0 && !s.PaidLate)),
	)
}

// onePayableOrder checks that a wallet has at most one open attempt and one payable
// order.
func onePayableOrder(w *world, b sessionState) string {
	open, payable := map[flow.Wallet]int{}, map[flow.Wallet]int{}
	for _, a := range b.attempts {
		open[a.Wallet] += oneIf(a.State.Open())
		if o := w.gateway.orders[a.OutTradeNo]; o != nil && o.payable() && !o.placedLate && !w.mayFreeze && !mayBeGivenUp(o) {
			payable[a.Wallet]++
		}
		if open[a.Wallet] > 1 || payable[a.Wallet] > 1 {
			return fmt.Sprintf("%s has %d open attempts and %d payable orders", a.Wallet, open[a.Wallet], payable[a.Wallet])
		}
	}
	return ""
}

// mayBeGivenUp reports whether the checkout may have given up an order because the
// gateway refuses to close it. The checkout does so an hour after the order expires.
func mayBeGivenUp(o *order) bool {
	return o.closeRefusals > 0 && !time.Now().Before(o.ExpiresAt.Add(time.Hour))
}

// endsAfterOrders checks that an ended session has no open attempt and no payable order.
func endsAfterOrders(w *world, b sessionState) string {
	if b.session.Status != checkout.StatusExpired && b.session.Status != checkout.StatusCanceled {
		return ""
	}
	for _, a := range b.attempts {
		if a.State.Open() && !a.Quarantined {
			return "the session ended before " + a.ID
		}
		o := w.gateway.orders[a.OutTradeNo]
		if o == nil || a.Quarantined || o.placedLate || w.mayFreeze || mayBeGivenUp(o) {
			continue
		}
		if o.payable() || o.state == checkout.OrderPaid && !o.closed && a.State != checkout.AttemptPaid {
			return "the session ended, and " + a.OutTradeNo + " is payable or paid"
		}
	}
	return ""
}

// refundsMatch checks that the stored refunds match those at the gateway, and that they
// never exceed what was paid.
func refundsMatch(w *world, b sessionState) string {
	known, sum, refunded := map[string]checkout.Refund{}, map[string]int64{}, int64(0)
	for _, r := range b.refunds {
		known[r.OutRefundNo] = r
		if r.State != checkout.RefundFailed {
			sum[r.AttemptID] += r.Amount
		}
		if r.State == checkout.RefundSucceeded && r.AttemptID == b.session.PaidBy {
			refunded += r.Amount
		}
	}
	for _, a := range b.attempts {
		o := w.gateway.orders[a.OutTradeNo]
		if sum[a.ID] > a.Amount || sum[a.ID] > 0 && a.State != checkout.AttemptPaid {
			return fmt.Sprintf("%s: %d of %d is refunded, and the attempt is %s", a.ID, sum[a.ID], a.Amount, a.State)
		}
		if o == nil {
			continue
		}
		for number, amount := range o.refunds {
			if r, ok := known[number]; !ok || r.AttemptID != a.ID || r.Amount != amount || r.State == checkout.RefundFailed {
				return fmt.Sprintf("refund %s of %d was made, and is stored as %q of %d", number, amount, r.State, r.Amount)
			}
		}
		for _, r := range b.refunds {
			if _, made := o.refunds[r.OutRefundNo]; r.AttemptID == a.ID && r.State == checkout.RefundSucceeded && !made {
				return "refund " + r.OutRefundNo + " is stored as succeeded, and was not made"
			}
		}
	}
	return compareCounts("AmountRefunded of the session", int(b.session.AmountRefunded), int(refunded))
}

// refundsFollowPolicy checks the automatic refunds of late and second payments.
func refundsFollowPolicy(w *world, b sessionState) string {
	for _, a := range b.paidAttempts() {
		var twice, late int
		for _, r := range b.refunds {
			if r.AttemptID != a.ID || r.Reason == checkout.RefundRequested {
				continue
			}
			twice += oneIf(r.Reason == checkout.RefundPaidTwice && r.Amount == a.Amount)
			late += oneIf(r.Reason == checkout.RefundPaidLate && r.Amount == a.Amount)
		}
		isFirst, refundsLate := a.ID == b.session.PaidBy, b.session.PaidLate && w.policy.PaidLate == checkout.LateRefund
		if p := firstProblem(
			compareCounts("refunds of a second payment", twice, oneIf(!isFirst && !w.policy.KeepPaidTwice)),
			compareCounts("refunds of a late payment", late, oneIf(refundsLate && (isFirst || w.policy.KeepPaidTwice))),
		); p != "" {
			return p
		}
	}
	return ""
}

// find returns the first item for which match returns true, or the zero value.
func find[T any](all []T, match func(T) bool) (found T) {
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i]
	}
	return found
}

// snapshot is everything that a forged notification must not change.
type snapshot struct {
	rows, events []string
	// versions is the sum of all sessions' versions. Each event raises it by one.
	versions int
	// mismatchEvents counts the events about a notification for another order.
	mismatchEvents int
}

func (w *world) snapshot() snapshot {
	versions := 0
	for _, id := range w.sessions() {
		versions += int(w.state(id).session.Version)
	}
	return snapshot{
		versions: versions,
		rows: slices.Concat(
			w.column("SELECT id || ' ' || status || ' ' || payment_status || ' ' || conclude_at FROM sessions ORDER BY id"),
			w.column("SELECT id || ' ' || version || ' ' || state || ' ' || next_query_at || ' ' || queries || ' ' || held_until FROM attempts ORDER BY id"),
			w.column("SELECT id || ' ' || version || ' ' || state || ' ' || tries FROM refunds ORDER BY id"),
		),
		events:         w.column("SELECT id FROM events WHERE type <> '" + string(checkout.EventNotificationMismatch) + "' ORDER BY id"),
		mismatchEvents: len(w.column("SELECT id FROM events WHERE type = '" + string(checkout.EventNotificationMismatch) + "'")),
	}
}

// wantUnchanged checks that nothing has changed since a snapshot, but for at most a
// number of mismatch events.
func (w *world) wantUnchanged(before snapshot, events int) {
	w.rt.Helper()
	after := w.snapshot()
	if !slices.Equal(before.rows, after.rows) || !slices.Equal(before.events, after.events) ||
		after.mismatchEvents > before.mismatchEvents+events || after.versions-before.versions != after.mismatchEvents-before.mismatchEvents {
		w.rt.Fatalf("a forged notification changed %+v to %+v", before, after)
	}
}
