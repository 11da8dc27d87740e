package checkout_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// stuckRefund returns a pending refund that is over a day old. Its first call had no
// answer, and made the refund if made is true. The gateway refuses all later calls for
// a reason that says nothing about the first one.
func (f *fixture) stuckRefund(a checkout.Attempt, made bool) checkout.Refund {
	f.t.Helper()
	refused := &checkout.RefusedError{Word: "402 ORDER_INVALID"}
	f.gateway.script(func() {
		f.gateway.beforeRefund = func(s sentRefund) error {
			switch {
			case s.tries > 1:
				return refused
			case !made:
				return errTimeout
			}
			return nil
		}
		f.gateway.afterRefund = firstTry(noAnswer)
	})
	r := f.refund(a, half, checkout.RefundPending)
	f.sweepHours(26)
	return f.readRefund(r)
}

// sweepHours sweeps every 5 minutes for n hours.
func (f *fixture) sweepHours(n int) {
	f.t.Helper()
	for range n * 12 {
		time.Sleep(5 * time.Minute)
		wantError(f.t, f.Sweep(f.t.Context()), nil)
	}
}

// The shop is told once that a refund has no outcome for a day. The refund is sent
// again and again.
func TestDelayedRefund(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paid()
		f.gateway.beforeRefund = noAnswer
		r := f.refund(a, half, checkout.RefundPending)
		f.sweepHours(23)
		f.checkEvents(a.SessionID, checkout.EventPaid)
		f.sweepHours(3)
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundDelayed)
		events, err := f.store.Events(t.Context(), a.SessionID)
		wantError(t, err, nil)
		same(t, "refund in the event", events[1].Refund.ID, r.ID)
		same(t, "its status", events[1].Refund.Status, checkout.RefundPending)
		f.sweepHours(3)
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundDelayed)
		f.checkTooMuch(a, half+1, half) // the amount stays reserved
		if tries := f.gateway.timesSent(r); tries < 30 {
			t.Errorf("%d tries in 29 hours, want 30 at least", tries)
		}
		f.gateway.script(func() { f.gateway.beforeRefund = nil })
		f.sweepHours(2)
		f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundDelayed, checkout.EventRefundSucceeded)
		f.checkEventVersions(a.SessionID)
	})
}

func TestReconcileSettlesARefundThatHasNoAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paid()
		r := f.stuckRefund(a, true)
		f.gateway.addToStatement(paymentRow(a, time.Now()), refundRow(a, r, time.Now()))
		sleepUntilReconcilable()
		got := f.reconcile()
		same(t, "found", kinds(got), []string{string(checkout.DifferenceRefundPending)})
		same(t, "settled", got.Healed, 1)
		f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		same(t, "the gateway's number", f.readRefund(r).GatewayID, "R"+r.OutRefundNo)
		f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundDelayed, checkout.EventDifference, checkout.EventRefundSucceeded)
		same(t, "settlements", f.settlements(a), []string{"succeeded: by the gateway's statement"})
		f.checkEventVersions(a.SessionID)
	})
}

// settlements returns the timeline entries of refunds that were settled without an
// answer of the gateway.
func (f *fixture) settlements(a checkout.Attempt) (all []string) {
	f.t.Helper()
	timeline, err := f.store.Timeline(f.t.Context(), a.SessionID)
	wantError(f.t, err, nil)
	for _, e := range timeline {
		if e.Kind == checkout.EntryRefundSettled {
			all = append(all, e.Result+": "+e.Detail)
		}
	}
	return all
}

// A refund that was made outside the checkout is recorded once.
func TestReconcileRecordsARefundFromOutside(t *testing.T) {
	outside := func(a checkout.Attempt, amount int64) checkout.Trade {
		return refundRow(a, checkout.Refund{OutRefundNo: "HN1001_1", Amount: amount, Currency: hkd}, time.Now())
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"of the session's payment": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.refund(a, 1000, checkout.RefundSucceeded)
			all, err := f.Refunds(t.Context(), a.SessionID)
			wantError(t, err, nil)
			f.gateway.addToStatement(paymentRow(a, time.Now()), refundRow(a, all[0], time.Now()), outside(a, half))
			sleepUntilReconcilable()
			same(t, "settled", f.reconcile().Healed, 1)
			same(t, "found again", kinds(f.reconcile()), []string{})
			s := f.readSession(a.SessionID)
			same(t, "refunded", s.AmountRefunded, int64(half+1000))
			f.checkTooMuch(a, half, half-1000)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded, checkout.EventDifference, checkout.EventRefundSucceeded)
			f.checkEventVersions(a.SessionID)
			all, err = f.Refunds(t.Context(), a.SessionID)
			wantError(t, err, nil)
			same(t, "refunds", len(all), 2)
			r := all[1]
			if r.Reason != checkout.RefundOutside {
				r = all[0]
			}
			same(t, "reason", r.Reason, checkout.RefundOutside)
			same(t, "payment", []string{r.OutTradeNo, r.TradeID}, []string{a.OutTradeNo, f.readAttempt(a).TradeID})
			same(t, "how often it was sent", f.gateway.timesSent(r), 0)
		},
		"of more than what is left": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.refund(a, half+1, checkout.RefundSucceeded)
			all, err := f.Refunds(t.Context(), a.SessionID)
			wantError(t, err, nil)
			f.gateway.addToStatement(paymentRow(a, time.Now()), refundRow(a, all[0], time.Now()), outside(a, half))
			sleepUntilReconcilable()
			same(t, "settled", f.reconcile().Healed, 0)
			same(t, "refunded", f.readSession(a.SessionID).AmountRefunded, int64(half+1))
		},
		"with an impossible number, amount or currency": func(t *testing.T, f *fixture) {
			a := f.paid()
			var rows []checkout.Trade
			for i, do := range []func(*checkout.Trade){
				func(t *checkout.Trade) { t.OutRefundNo = "" },
				func(t *checkout.Trade) { t.OutRefundNo = "a\nb" },
				func(t *checkout.Trade) { t.Amount = -1 },
				func(t *checkout.Trade) { t.Amount = 0 },
				func(t *checkout.Trade) { t.Currency = "USD" },
			} {
				row := outside(a, 1)
				row.OutRefundNo += string(rune('a' + i))
				do(&row)
				rows = append(rows, row)
			}
			f.gateway.addToStatement(append(rows, paymentRow(a, time.Now()))...)
			sleepUntilReconcilable()
			got := f.reconcile()
			same(t, "differences and settled", []int{got.Differences, got.Healed}, []int{5, 0})
			same(t, "refunded", f.readSession(a.SessionID).AmountRefunded, int64(0))
		},
		"whose number another refund has": func(t *testing.T, f *fixture) {
			a, b := f.paid(), f.paid()
			f.refund(b, 1, checkout.RefundSucceeded)
			all, err := f.Refunds(t.Context(), b.SessionID)
			wantError(t, err, nil)
			row := outside(a, 1)
			row.OutRefundNo = all[0].OutRefundNo
			f.gateway.addToStatement(paymentRow(a, time.Now()), paymentRow(b, time.Now()), refundRow(b, all[0], time.Now()), row)
			sleepUntilReconcilable()
			same(t, "settled", f.reconcile().Healed, 0)
			same(t, "refunded", f.readSession(a.SessionID).AmountRefunded, int64(0))
		},
	})
}

// An operator can settle a refund that the gateway does not answer for.
func TestSettleRefund(t *testing.T) {
	settle := func(f *fixture, r checkout.Refund, by checkout.Settlement, want error) checkout.Refund {
		f.t.Helper()
		got, err := f.SettleRefund(f.t.Context(), r.ID, by)
		wantError(f.t, err, want)
		return got
	}
	statement := checkout.Settlement{}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"by a statement that lists it": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := f.stuckRefund(a, true)
			f.gateway.addToStatement(refundRow(a, r, r.CreatedAt))
			same(t, "state", settle(f, r, statement, nil).State, checkout.RefundSucceeded)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			settle(f, r, statement, checkout.ErrRefundSettled)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundDelayed, checkout.EventRefundSucceeded)
			same(t, "settlements", f.settlements(a), []string{"succeeded: by the gateway's statement"})
		},
		"by a statement that does not list it, an hour after its last try": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := f.stuckRefund(a, false)
			time.Sleep(time.Hour)
			got := settle(f, r, statement, nil)
			same(t, "state", got.State, checkout.RefundFailed)
			same(t, "failure", got.Failure, "not in the gateway's statement")
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundDelayed, checkout.EventRefundFailed)
			f.gateway.script(func() { f.gateway.beforeRefund, f.gateway.afterRefund = nil, nil })
			f.refund(a, 2*half, checkout.RefundSucceeded) // the amount is not reserved any more
			f.sweepHours(2)
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 1)
		},
		"by a statement that does not list it yet": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := f.stuckRefund(a, false)
			for time.Since(f.readRefund(r).TriedAt) >= time.Hour {
				f.sweepHours(1)
			}
			settle(f, r, statement, checkout.ErrNotListed)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
		},
		"by a statement that does not list it, while it is sent again and again": func(t *testing.T, f *fixture) {
			r := f.stuckRefund(f.paid(), false)
			err := checkout.ErrNotListed
			for range 3 { // one of these hours has a try
				if f.sweepHours(1); errors.Is(err, checkout.ErrNotListed) {
					_, err = f.SettleRefund(t.Context(), r.ID, statement)
				}
			}
			wantError(t, err, nil)
		},
		"by a statement of another amount": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := f.stuckRefund(a, true)
			row := refundRow(a, r, r.CreatedAt)
			row.Amount++
			f.gateway.addToStatement(row)
			settle(f, r, statement, checkout.ErrListedOtherwise)
		},
		"by a statement that cannot be read": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := f.stuckRefund(a, false)
			time.Sleep(2 * time.Hour)
			f.gateway.script(func() { f.gateway.statementError = errTimeout })
			settle(f, r, statement, errTimeout)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
		},
		"by hand": func(t *testing.T, f *fixture) {
			a, b := f.paid(), f.paid()
			made, notMade := f.stuckRefund(a, true), f.stuckRefund(b, false)
			settle(f, made, checkout.Settlement{Outcome: checkout.RefundSucceeded, GatewayID: "g-1", Why: "the gateway's desk says so"}, nil)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			same(t, "the gateway's number", f.readRefund(made).GatewayID, "g-1")
			same(t, "settlements", f.settlements(a), []string{"succeeded: by hand: the gateway's desk says so"})
			got := settle(f, notMade, checkout.Settlement{Outcome: checkout.RefundFailed, Why: "paid in cash"}, nil)
			same(t, "failure", got.Failure, "paid in cash")
			f.checkEventVersions(a.SessionID)
			f.checkEventVersions(b.SessionID)
			settle(f, notMade, checkout.Settlement{Outcome: checkout.RefundFailed, Why: "again"}, checkout.ErrRefundSettled)
			settle(f, made, checkout.Settlement{Outcome: checkout.RefundFailed, Why: "no"}, checkout.ErrRefundSettled)
		},
		"that failed here and is listed": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = refuses.script
			r := f.refund(a, half, checkout.RefundFailed)
			settle(f, r, statement, checkout.ErrRefundSettled) // the statement does not list it
			f.gateway.addToStatement(refundRow(a, r, time.Now()))
			got := settle(f, r, statement, nil)
			same(t, "state", got.State, checkout.RefundSucceeded)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundFailed, checkout.EventRefundSucceeded)
			same(t, "refunded", f.readSession(a.SessionID).AmountRefunded, int64(half))
		},
		"while it is being sent": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := f.stuckRefund(a, true)
			leased, err := f.store.LeaseRefund(t.Context(), r.ID, time.Now(), time.Now().Add(time.Minute))
			if !leased || err != nil {
				t.Fatalf("leased %v, error %v", leased, err)
			}
			settle(f, r, checkout.Settlement{Outcome: checkout.RefundFailed, Why: "no"}, checkout.ErrRefundBusy)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
		},
		"that was sent while the statement was read": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := f.stuckRefund(a, false)
			time.Sleep(2 * time.Hour)
			f.gateway.latency = 5 * time.Second
			time.AfterFunc(time.Second, func() { // another node leases the refund meanwhile
				leased, err := f.store.LeaseRefund(t.Context(), r.ID, time.Now(), time.Now().Add(time.Second))
				same(t, "leased", leased, true)
				wantError(t, err, nil)
			})
			settle(f, r, statement, checkout.ErrRefundBusy)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
		},
		"that is unknown, with wrong fields, or with a store that fails": func(t *testing.T, f *fixture) {
			settle(f, checkout.Refund{ID: "x"}, statement, checkout.ErrNotFound)
			settle(f, checkout.Refund{ID: checkout.RefundPrefix + "aaaaaaaaaaaaaaaaaaaaaaaaaa"}, statement, checkout.ErrNotFound)
			broken := errors.New("the disk is full")
			r := f.stuckRefund(f.paid(), true)
			for field, by := range map[string]checkout.Settlement{
				"outcome": {Outcome: checkout.RefundPending}, "why": {Outcome: checkout.RefundFailed, Why: "a\nb"},
				"refund_id": {Outcome: checkout.RefundSucceeded, GatewayID: "a\x00"},
			} {
				var wrong *checkout.FieldError
				if _, err := f.SettleRefund(t.Context(), r.ID, by); !errors.As(err, &wrong) || wrong.Field != field {
					t.Errorf("error %v, want a FieldError of %s", err, field)
				}
			}
			f.memory.broken = func(called string) error {
				if called == "LeaseRefund" {
					return broken
				}
				return nil
			}
			settle(f, r, checkout.Settlement{Outcome: checkout.RefundFailed, Why: "no"}, broken)
		},
	})
}
