package modeltest

import (
	"pgregory.net/rapid"

	"github.com/wantukit/wantukit/checkout"
)

// checkSettled checks the end of a run: nothing is open or unknown, all payments and
// refunds at the gateway are stored, and the shop has received every event.
func (w *world) checkSettled(rt *rapid.T) {
	rt.Helper()
	recorded := map[string]bool{}
	for _, id := range w.sessions() {
		b := w.state(id)
		if b.session.Status == checkout.StatusOpen {
			rt.Fatalf("%s is still open", id)
		}
		if b.session.PaymentStatus == checkout.PaymentProcessing {
			rt.Fatalf("%s is still processing", id)
		}
		for _, a := range b.attempts {
			recorded[a.OutTradeNo] = a.State == checkout.AttemptPaid || a.Quarantined
			if a.State.Open() && !a.Quarantined {
				rt.Fatalf("%s is still %s", a.ID, a.State)
			}
		}
		refunded := map[string]int64{}
		for _, r := range b.refunds {
			if r.State == checkout.RefundPending {
				rt.Fatalf("%s is still pending", r.ID)
			}
			if r.State == checkout.RefundSucceeded {
				refunded[r.AttemptID] += r.Amount
			}
		}
		for _, a := range b.attempts {
			if o := w.gateway.orders[a.OutTradeNo]; o != nil && o.refunded() != refunded[a.ID] {
				rt.Fatalf("%s: %d is refunded at the gateway, and %d in the store", a.OutTradeNo, o.refunded(), refunded[a.ID])
			}
		}
	}
	for _, o := range w.gateway.ordersWhere(func(o *order) bool { return o.paidAmount > 0 }) {
		if !recorded[o.OutTradeNo] {
			rt.Fatalf("%d was paid for %s, and is not stored", o.paidAmount, o.OutTradeNo)
		}
	}
	for _, id := range w.webhooks() {
		if w.receiver.received[id] == 0 {
			rt.Fatalf("the shop never received %s", id)
		}
	}
}
