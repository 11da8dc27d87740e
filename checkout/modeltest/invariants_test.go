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

// books are what is recorded of one session.
type books struct {
	session  checkout.Session
	attempts []checkout.Attempt
	refunds  []checkout.Refund
	events   []checkout.Event
}

func (w *world) books(id string) (b books) {
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

// told counts the events of a type, about one attempt ("" for any).
func (b books) told(t checkout.EventType, attemptID string) (n int) {
	for _, e := range b.events {
		if e.Type == t && (attemptID == "" || e.AttemptID == attemptID) {
			n++
		}
	}
	return n
}

// toldOf counts the events of a type about one refund.
func (b books) toldOf(r checkout.Refund, t checkout.EventType) (n int) {
	for _, e := range b.events {
		n += oneIf(e.Type == t && e.Refund != nil && e.Refund.ID == r.ID)
	}
	return n
}

func (b books) paid() []checkout.Attempt {
	return slices.DeleteFunc(slices.Clone(b.attempts), func(a checkout.Attempt) bool { return a.State != checkout.AttemptPaid })
}

// rule is what must hold of a session's books at any time.
type rule struct {
	says  string
	holds func(w *world, b books) string
}

var rules = []rule{
	{"what is told is what happened, once", toldOnce},
	{"paid here is paid there, and says so everywhere", paidThere},
	{"one order of a wallet can be paid", oneLiveOrder},
	{"a session ends after its orders", endsAfterItsOrders},
	{"refunds agree, and never pass what was paid", refundsAgree},
	{"money that came late or twice goes where the shop wishes", policyHolds},
	{"paid absorbs, and ends are final", absorbs},
	{"what is open is asked about again", askedAgain},
	{"events are in order, and the newest tells how the session stands", newestTells},
}

// crowd is how many tasks begin at once where nobody stops at the gate.
const crowd = 4

// check holds the rules after a step.
func (w *world) check(rt *rapid.T) {
	rt.Helper()
	if w.gate.open != nil { // they hold between transactions, and reading takes several
		if len(w.queue) < crowd {
			return
		}
		w.drain(rt)
	}
	for _, id := range w.sessions() {
		b := w.books(id)
		for _, r := range rules {
			if problem := r.holds(w, b); problem != "" {
				rt.Fatalf("%s: %s", r.says, problem)
			}
		}
		w.before[id] = b
	}
	w.checkJobs(rt)
	for _, id := range w.gate.threads.heldTwice() {
		// Where nobody stops, a hold ends in the database before the model knows.
		if w.gate.open == nil {
			rt.Fatalf("two processes held %s at once", id)
		}
	}
	if problems := w.gateway.troubles(); len(problems) > 0 {
		rt.Fatal("the gateway saw: ", strings.Join(problems, "; "))
	}
}

// checkJobs holds that each event has one job, and each job its event.
func (w *world) checkJobs(rt *rapid.T) {
	rt.Helper()
	events, jobs := w.column("SELECT id FROM events ORDER BY id"), slices.Sorted(slices.Values(w.jobs()))
	if !slices.Equal(events, jobs) {
		rt.Fatalf("events %v have the jobs %v", events, jobs)
	}
}

// differs compares counts, by name.
func differs(what string, got, want int) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%s: %d, want %d", what, got, want)
}

func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}

// first returns the first problem, or "".
func first(problems ...string) string {
	for _, p := range problems {
		if p != "" {
			return p
		}
	}
	return ""
}

func toldOnce(w *world, b books) string {
	s, paid := b.session, len(b.paid())
	quarantined := 0
	for _, a := range b.attempts {
		quarantined += oneIf(a.Quarantined)
		if p := first(
			differs("failures of "+a.ID, b.told(checkout.EventAttemptFailed, a.ID), oneIf(a.State == checkout.AttemptFailed || b.told(checkout.EventAttemptFailed, a.ID) > 0)),
			differs("more than one mismatch of "+a.ID, oneIf(b.told(checkout.EventNotificationMismatch, a.ID) > 1), 0),
		); p != "" {
			return p
		}
	}
	for _, r := range b.refunds {
		if p := first(
			differs("successes of "+r.ID, b.toldOf(r, checkout.EventRefundSucceeded), oneIf(r.State == checkout.RefundSucceeded)),
			differs("failures of "+r.ID, b.toldOf(r, checkout.EventRefundFailed), oneIf(r.Failure != "")),
			differs("delays of "+r.ID, b.toldOf(r, checkout.EventRefundDelayed), oneIf(!r.DelayedAt.IsZero())),
		); p != "" {
			return p
		}
	}
	return first(
		differs("fulfilments", b.told(checkout.EventPaid, ""), oneIf(paid > 0 && (!s.PaidLate || w.policy.PaidLate == checkout.LateAccept))),
		differs("paid_late", b.told(checkout.EventPaidLate, ""), oneIf(s.PaidLate)),
		differs("paid_twice", b.told(checkout.EventPaidTwice, ""), max(paid-1, 0)),
		differs("amount_mismatch", b.told(checkout.EventAmountMismatch, ""), quarantined),
		differs("a mismatch of the session", oneIf(s.AmountMismatch), min(quarantined, 1)),
		differs("canceled", b.told(checkout.EventCanceled, ""), oneIf(s.Status == checkout.StatusCanceled && !endedMismatched(b))),
		differs("expired", b.told(checkout.EventExpired, ""), oneIf(s.Status == checkout.StatusExpired && !endedMismatched(b))),
	)
}

// endedMismatched reports whether a session had ended without a word because a
// person must look at it. A mismatch may also come after the end.
func endedMismatched(b books) bool {
	return b.session.AmountMismatch && b.told(checkout.EventExpired, "")+b.told(checkout.EventCanceled, "") == 0
}

func paidThere(w *world, b books) string {
	s, paid := b.session, b.paid()
	by := 0
	for _, a := range paid {
		o := w.gateway.orders[a.OutTradeNo]
		if o == nil || o.state != checkout.OrderPaid || o.took != a.Amount || a.Quarantined {
			return a.OutTradeNo + " is paid here, and not there"
		}
		by += oneIf(a.ID == s.PaidBy)
	}
	for _, a := range b.attempts {
		if o := w.gateway.orders[a.OutTradeNo]; a.Quarantined && (o == nil || o.Amount == a.Amount) {
			return a.OutTradeNo + " is in quarantine for nothing"
		}
	}
	return first(
		differs("the session is paid", oneIf(s.PaymentStatus.Settled()), oneIf(len(paid) > 0)),
		differs("attempts that paid it", by, oneIf(len(paid) > 0)),
		differs("paid_twice", oneIf(s.PaidTwice), oneIf(len(paid) > 1)),
		differs("complete", oneIf(s.Status == checkout.StatusComplete), oneIf(len(paid) > 0 && !s.PaidLate)),
	)
}

func oneLiveOrder(w *world, b books) string {
	open, live := map[flow.Wallet]int{}, map[flow.Wallet]int{}
	for _, a := range b.attempts {
		open[a.Wallet] += oneIf(a.State.Open())
		if o := w.gateway.orders[a.OutTradeNo]; o != nil && o.payable() && !o.late && !w.freezes && !endedByForce(o) {
			live[a.Wallet]++
		}
		if open[a.Wallet] > 1 || live[a.Wallet] > 1 {
			return fmt.Sprintf("%s has %d open attempts and %d orders that can be paid", a.Wallet, open[a.Wallet], live[a.Wallet])
		}
	}
	return ""
}

// endedByForce reports whether the checkout may have given up an order that the
// gateway refuses to close: an hour after its time.
func endedByForce(o *order) bool {
	return o.denied > 0 && !time.Now().Before(o.ExpiresAt.Add(time.Hour))
}

func endsAfterItsOrders(w *world, b books) string {
	if b.session.Status != checkout.StatusExpired && b.session.Status != checkout.StatusCanceled {
		return ""
	}
	for _, a := range b.attempts {
		if a.State.Open() && !a.Quarantined {
			return "it ended before " + a.ID
		}
		o := w.gateway.orders[a.OutTradeNo]
		if o == nil || a.Quarantined || o.late || w.freezes || endedByForce(o) {
			continue
		}
		if o.payable() || o.state == checkout.OrderPaid && !o.closed && a.State != checkout.AttemptPaid {
			return "it ended, and " + a.OutTradeNo + " can be paid, or is"
		}
	}
	return ""
}

func refundsAgree(w *world, b books) string {
	known, sum, back := map[string]checkout.Refund{}, map[string]int64{}, int64(0)
	for _, r := range b.refunds {
		known[r.OutRefundNo] = r
		if r.State != checkout.RefundFailed {
			sum[r.AttemptID] += r.Amount
		}
		if r.State == checkout.RefundSucceeded && r.AttemptID == b.session.PaidBy {
			back += r.Amount
		}
	}
	for _, a := range b.attempts {
		o := w.gateway.orders[a.OutTradeNo]
		if sum[a.ID] > a.Amount || sum[a.ID] > 0 && a.State != checkout.AttemptPaid {
			return fmt.Sprintf("%s: %d is refunded of %d, and it is %s", a.ID, sum[a.ID], a.Amount, a.State)
		}
		if o == nil {
			continue
		}
		for number, amount := range o.refunds {
			if r, ok := known[number]; !ok || r.AttemptID != a.ID || r.Amount != amount || r.State == checkout.RefundFailed {
				return fmt.Sprintf("refund %s of %d was made, and is recorded as %q of %d", number, amount, r.State, r.Amount)
			}
		}
		for _, r := range b.refunds {
			if _, made := o.refunds[r.OutRefundNo]; r.AttemptID == a.ID && r.State == checkout.RefundSucceeded && !made {
				return "refund " + r.OutRefundNo + " is said to have succeeded, and was not made"
			}
		}
	}
	return differs("refunded of the session", int(b.session.AmountRefunded), int(back))
}

func policyHolds(w *world, b books) string {
	for _, a := range b.paid() {
		var twice, late int
		for _, r := range b.refunds {
			if r.AttemptID != a.ID || r.Reason == checkout.RefundRequested {
				continue
			}
			twice += oneIf(r.Reason == checkout.RefundPaidTwice && r.Amount == a.Amount)
			late += oneIf(r.Reason == checkout.RefundPaidLate && r.Amount == a.Amount)
		}
		of, givesBack := a.ID == b.session.PaidBy, b.session.PaidLate && w.policy.PaidLate == checkout.LateRefund
		if p := first(
			differs("refunds of what came twice", twice, oneIf(!of && !w.policy.KeepPaidTwice)),
			differs("refunds of what came late", late, oneIf(givesBack && (of || w.policy.KeepPaidTwice))),
		); p != "" {
			return p
		}
	}
	return ""
}

// find returns the one that is meant, or none.
func find[T any](all []T, is func(T) bool) (found T) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return found
}

// snapshot is everything that a forged notification must leave as it is.
type snapshot struct {
	rows, events []string
	// versions is the sum of all sessions' versions: each event has one.
	versions int
	// told counts the events that tell of a notification about another order.
	told int
}

func (w *world) snapshot() snapshot {
	versions := 0
	for _, id := range w.sessions() {
		versions += int(w.books(id).session.Version)
	}
	return snapshot{
		versions: versions,
		rows: slices.Concat(
			w.column("SELECT id || ' ' || status || ' ' || payment_status || ' ' || conclude_at FROM sessions ORDER BY id"),
			w.column("SELECT id || ' ' || version || ' ' || state || ' ' || next_query_at || ' ' || queries || ' ' || held_until FROM attempts ORDER BY id"),
			w.column("SELECT id || ' ' || version || ' ' || state || ' ' || tries FROM refunds ORDER BY id"),
		),
		events: w.column("SELECT id FROM events WHERE type <> '" + string(checkout.EventNotificationMismatch) + "' ORDER BY id"),
		told:   len(w.column("SELECT id FROM events WHERE type = '" + string(checkout.EventNotificationMismatch) + "'")),
	}
}

// unchanged holds that all is as it was, but for at most so many events that
// tell of a mismatch.
func (w *world) unchanged(before snapshot, told int) {
	w.rt.Helper()
	after := w.snapshot()
	if !slices.Equal(before.rows, after.rows) || !slices.Equal(before.events, after.events) ||
		after.told > before.told+told || after.versions-before.versions != after.told-before.told {
		w.rt.Fatalf("a forged notification changed %+v to %+v", before, after)
	}
}
