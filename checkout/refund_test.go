package checkout_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// paid returns a paid attempt of 88000 in a new session.
func (f *fixture) paid() checkout.Attempt {
	f.t.Helper()
	a := f.pending()
	f.gateway.pay(a.OutTradeNo)
	return f.confirm(a)
}

func newRefund(amount int64, reference string) checkout.NewRefund {
	return checkout.NewRefund{Amount: amount, ClientReferenceID: reference}
}

// refund requests a refund, and checks its state.
func (f *fixture) refund(a checkout.Attempt, amount int64, state checkout.RefundState) checkout.Refund {
	f.t.Helper()
	r, err := f.Refund(f.t.Context(), a.SessionID, newRefund(amount, ""))
	wantError(f.t, err, nil)
	same(f.t, "state", r.State, state)
	return r
}

func (f *fixture) readRefund(r checkout.Refund) checkout.Refund {
	f.t.Helper()
	r, err := f.store.Refund(f.t.Context(), r.ID)
	wantError(f.t, err, nil)
	return r
}

// checkMoney checks the payment status and the refunded amount of a session, and the
// refunds of an attempt at the gateway.
func (f *fixture) checkMoney(a checkout.Attempt, status checkout.PaymentStatus, refunded int64, refunds int) {
	f.t.Helper()
	s := f.readSession(a.SessionID)
	same(f.t, "payment status", s.PaymentStatus, status)
	same(f.t, "amount refunded", s.AmountRefunded, refunded)
	n, sum := f.gateway.refunds(a.OutTradeNo)
	same(f.t, "amount refunded by the gateway", sum, refunded)
	same(f.t, "refunds at the gateway", n, refunds)
}

// checkTooMuch checks that a refund of amount is refused, with an error that says how
// much is left.
func (f *fixture) checkTooMuch(a checkout.Attempt, amount, left int64) {
	f.t.Helper()
	_, err := f.Refund(f.t.Context(), a.SessionID, newRefund(amount, ""))
	var field *checkout.FieldError
	if !errors.As(err, &field) || field.Field != "amount" {
		f.t.Fatalf("a refund of %d: error %v, want a FieldError of amount", amount, err)
	}
	same(f.t, "problem", field.Problem, "is more than what is left to refund: "+strconv.FormatInt(left, 10))
}

// half is half of the amount of a session.
const half = 44000

func TestRefund(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"in two parts": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := f.refund(a, half, checkout.RefundSucceeded)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			f.refund(a, 1, checkout.RefundSucceeded)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half+1, 2)
			f.checkTooMuch(a, half, half-1)
			f.refund(a, half-1, checkout.RefundSucceeded)
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 3)
			f.checkTooMuch(a, 1, 0)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentRefunded,
				checkout.EventPaid, checkout.EventRefundSucceeded, checkout.EventRefundSucceeded, checkout.EventRefundSucceeded)
			r = f.readRefund(r)
			same(t, "the gateway's number", r.GatewayID, "R"+r.OutRefundNo)
			same(t, "next try", r.NextTryAt, time.Time{})
			if r.SettledAt.IsZero() {
				t.Error("the refund has no time of its success")
			}
		},
		"has an event with the refund and the session": func(t *testing.T, f *fixture) {
			a := f.paid()
			_, err := f.Refund(t.Context(), a.SessionID, newRefund(half, "R-1"))
			wantError(t, err, nil)
			events, err := f.store.Events(t.Context(), a.SessionID)
			wantError(t, err, nil)
			e := events[1]
			all, err := f.Refunds(t.Context(), a.SessionID)
			wantError(t, err, nil)
			want := all[0].Public()
			same(t, "refund in the event", e.Refund, &want)
			same(t, "its reference", *e.Refund.ClientReferenceID, "R-1")
			same(t, "its status", e.Refund.Status, checkout.RefundSucceeded)
			same(t, "attempt of the event", e.AttemptID, a.ID)
			same(t, "session in the event", e.Session.AmountRefunded, int64(half))
			same(t, "its payment status", e.Session.PaymentStatus, checkout.PaymentPartiallyRefunded)
			same(t, "a refund in the event of the payment", events[0].Refund, (*checkout.PublicRefund)(nil))
		},
		"of a session that is not paid": func(t *testing.T, f *fixture) {
			a := f.pending()
			_, err := f.Refund(t.Context(), a.SessionID, newRefund(1, ""))
			wantError(t, err, checkout.ErrNotRefundable)
			for _, id := range []string{"", "x", checkout.SessionPrefix + "aaaaaaaaaaaaaaaaaaaaaaaaaa"} {
				_, err := f.Refund(t.Context(), id, newRefund(1, ""))
				wantError(t, err, checkout.ErrNotFound)
			}
			_, err = f.Refunds(t.Context(), "x")
			wantError(t, err, checkout.ErrNotFound)
		},
		"of an amount that is not allowed": func(t *testing.T, f *fixture) {
			a := f.paid()
			for _, amount := range []int64{-1, checkout.MaxAmount + 1} {
				var field *checkout.FieldError
				if _, err := f.Refund(t.Context(), a.SessionID, newRefund(amount, "")); !errors.As(err, &field) || field.Field != "amount" {
					t.Errorf("%d: error %v, want a FieldError of amount", amount, err)
				}
			}
			f.checkTooMuch(a, 2*half+1, 2*half)
			f.checkMoney(a, checkout.PaymentPaid, 0, 0)
		},
		"with a reference that is not allowed": func(t *testing.T, f *fixture) {
			var field *checkout.FieldError
			_, err := f.Refund(t.Context(), f.paid().SessionID, newRefund(1, "a\nb"))
			if !errors.As(err, &field) || field.Field != "client_reference_id" {
				t.Errorf("error %v, want a FieldError of client_reference_id", err)
			}
		},
		"requested again": func(t *testing.T, f *fixture) {
			a := f.paid()
			first, err := f.Refund(t.Context(), a.SessionID, newRefund(2*half, "R-1"))
			wantError(t, err, nil)
			again, err := f.Refund(t.Context(), a.SessionID, newRefund(2*half, "R-1")) // nothing is left to refund
			wantError(t, err, nil)
			same(t, "refund", again.ID, first.ID)
			same(t, "repeated", []bool{first.Repeated, again.Repeated}, []bool{false, true})
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 1)
			_, err = f.Refund(t.Context(), a.SessionID, newRefund(1, "R-1"))
			checkUsed(t, "another amount", err, "client_reference_id", first.ID)
			other, err := f.Refund(t.Context(), f.paid().SessionID, newRefund(1, "R-1"))
			if err != nil || other.Repeated {
				t.Errorf("in another session: refund %+v, error %v, want a new refund", other, err)
			}
		},
		"of all that is left": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.refund(a, half/2, checkout.RefundSucceeded)
			f.gateway.afterRefund = firstTry(noAnswer)
			f.refund(a, half/2, checkout.RefundPending) // its money is reserved
			first, err := f.Refund(t.Context(), a.SessionID, newRefund(0, "R-1"))
			wantError(t, err, nil)
			same(t, "amount", first.Amount, int64(half))
			for _, amount := range []int64{0, half} { // no amount asks for that of the refund
				again, err := f.Refund(t.Context(), a.SessionID, newRefund(amount, "R-1"))
				wantError(t, err, nil)
				same(t, "refund", again.ID, first.ID)
			}
			f.checkTooMuch(a, 0, 0)
			f.sweepFor(8 * time.Second)
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 3)
		},
		"requested twenty times at once, with one reference": func(t *testing.T, f *fixture) {
			a := f.paid()
			made := f.twentyTimes(func() (checkout.Refund, error) { return f.Refund(t.Context(), a.SessionID, newRefund(half, "R-1")) })
			for _, r := range made {
				same(t, "refund", r.ID, made[0].ID)
			}
			same(t, "answers", len(made), 20)
			f.waitUntilIdle()
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"requested twenty times at once": func(t *testing.T, f *fixture) {
			a := f.paid()
			made := f.twentyTimes(func() (checkout.Refund, error) { return f.Refund(t.Context(), a.SessionID, newRefund(half/2, "")) })
			same(t, "refunds", len(made), 4)
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 4)
		},
		"refused": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = func(sentRefund) error { return &checkout.RefusedError{Word: "508 REFUND_ERROR"} }
			r := f.refund(a, 2*half, checkout.RefundFailed)
			same(t, "the gateway's word", f.readRefund(r).Failure, "508 REFUND_ERROR")
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid, checkout.EventRefundFailed)
			f.gateway.beforeRefund = func(sentRefund) error { return checkout.ErrRefused }
			r = f.refund(a, 2*half, checkout.RefundFailed)
			same(t, "failure without a word", r.Failure, "refused by the gateway")
			f.gateway.beforeRefund = nil
			f.sweepFor(2 * time.Hour)
			f.checkMoney(a, checkout.PaymentPaid, 0, 0)
			f.refund(a, 2*half, checkout.RefundSucceeded) // the amount is not reserved any more
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 1)
		},
		"whose answer is lost": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.afterRefund = firstTry(noAnswer)
			r := f.refund(a, half, checkout.RefundPending)
			same(t, "session", f.readSession(a.SessionID).PaymentStatus, checkout.PaymentPaid)
			f.checkTooMuch(a, half+1, half) // the amount stays reserved
			f.sweepFor(8 * time.Second)
			same(t, "state", f.readRefund(r).State, checkout.RefundSucceeded)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded)
		},
		"whose call is lost": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = firstTry(noAnswer)
			f.refund(a, half, checkout.RefundPending)
			f.sweepFor(8 * time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"whose client leaves": func(t *testing.T, f *fixture) {
			a := f.paid()
			ctx, leave := context.WithCancel(t.Context())
			time.AfterFunc(f.gateway.latency/2, leave)
			r, err := f.Refund(ctx, a.SessionID, newRefund(half, ""))
			wantError(t, err, nil)
			same(t, "state", r.State, checkout.RefundSucceeded)
		},
	})
}

// checkUsed checks that err says that a field names the refund with an ID.
func checkUsed(t *testing.T, what string, err error, field, id string) {
	t.Helper()
	var used *checkout.UsedError
	if !errors.As(err, &used) || used.Field != field || used.ID != id {
		t.Errorf("%s: error %v, want that %s names %s", what, err, field, id)
	}
}

// twentyTimes calls do twenty times at once, and returns the refunds. do may fail only
// with a FieldError of amount.
func (f *fixture) twentyTimes(do func() (checkout.Refund, error)) (made []checkout.Refund) {
	f.t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			r, err := do()
			mu.Lock()
			defer mu.Unlock()
			var field *checkout.FieldError
			if err == nil {
				made = append(made, r)
			} else if !errors.As(err, &field) || field.Field != "amount" {
				f.t.Errorf("error %v, want a FieldError of amount", err)
			}
		})
	}
	wg.Wait()
	return made
}
