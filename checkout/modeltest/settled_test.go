package modeltest

import (
	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
)

// checkSettled holds what is true in the end: nothing is open or unknown, and
// all the money that the gateway took or gave back is on the books.
func (w *world) checkSettled(rt *rapid.T) {
	rt.Helper()
	recorded := map[string]bool{}
	for _, id := range w.sessions() {
		b := w.books(id)
		if b.session.Status == checkout.StatusOpen {
			rt.Fatalf("%s is still open", id)
		}
		if b.session.PaymentStatus == checkout.PaymentProcessing {
			rt.Fatalf("%s is still being confirmed", id)
		}
		for _, a := range b.attempts {
			recorded[a.OutTradeNo] = a.State == checkout.AttemptPaid || a.Quarantined
			if a.State.Open() && !a.Quarantined {
				rt.Fatalf("%s is still %s", a.ID, a.State)
			}
		}
		back := map[string]int64{}
		for _, r := range b.refunds {
			if r.State == checkout.RefundPending {
				rt.Fatalf("%s is still pending", r.ID)
			}
			if r.State == checkout.RefundSucceeded {
				back[r.AttemptID] += r.Amount
			}
		}
		for _, a := range b.attempts {
			if o := w.gateway.orders[a.OutTradeNo]; o != nil && o.refunded() != back[a.ID] {
				rt.Fatalf("of %s %d went back, and %d by the books", a.OutTradeNo, o.refunded(), back[a.ID])
			}
		}
	}
	for _, o := range w.gateway.having(func(o *order) bool { return o.took > 0 }) {
		if !recorded[o.OutTradeNo] {
			rt.Fatalf("%d was paid for %s, and is on no books", o.took, o.OutTradeNo)
		}
	}
	for _, id := range w.jobs() {
		if w.shop.received[id] == 0 {
			rt.Fatalf("the shop was never told of %s", id)
		}
	}
}
