package checkout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// lostAnswers is a store that loses its first answers to CreateRefund.
type lostAnswers struct {
	checkout.Store
	// notStored is how many more calls fail without storing the refund, and stored
	// how many fail after storing it.
	notStored, stored int
}

var errLost = errors.New("committing: broken pipe")

func (s *lostAnswers) CreateRefund(ctx context.Context, r checkout.Refund, until time.Time) error {
	if s.notStored > 0 {
		s.notStored--
		return errLost
	}
	err := s.Store.CreateRefund(ctx, r, until)
	if s.stored > 0 {
		s.stored--
		return errLost
	}
	return err
}

// If a commit has no answer, the checkout reads what was stored. So one request makes
// one refund.
func TestRefundWhoseCommitHasNoAnswer(t *testing.T) {
	const always = 1000
	key := checkout.NewRefund{Amount: half, Key: "k-1"}
	refund := func(f *fixture, store checkout.Store, a checkout.Attempt, n checkout.NewRefund) (checkout.Refund, error) {
		return f.node(func(c *checkout.Config) { c.Store = store }).Refund(f.t.Context(), a.SessionID, n)
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"was made": func(t *testing.T, f *fixture) {
			a := f.paid()
			r, err := refund(f, &lostAnswers{Store: f.store, stored: 1}, a, newRefund(half, ""))
			wantError(t, err, nil)
			same(t, "state", r.State, checkout.RefundSucceeded)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"was not made": func(t *testing.T, f *fixture) {
			a := f.paid()
			r, err := refund(f, &lostAnswers{Store: f.store, notStored: 2}, a, newRefund(half, ""))
			wantError(t, err, nil)
			same(t, "state", r.State, checkout.RefundSucceeded)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"was made, and no later call has an answer": func(t *testing.T, f *fixture) {
			a := f.paid()
			_, err := refund(f, &lostAnswers{Store: f.store, stored: always}, a, key)
			wantError(t, err, nil) // the checkout finds the stored refund
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"was not made, and the store keeps failing": func(t *testing.T, f *fixture) {
			a := f.paid()
			_, err := refund(f, &lostAnswers{Store: f.store, notStored: always}, a, key)
			wantError(t, err, errLost)
			f.checkMoney(a, checkout.PaymentPaid, 0, 0)
			r, err := f.Refund(t.Context(), a.SessionID, key)
			wantError(t, err, nil)
			same(t, "repeated", r.Repeated, false)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"was made, and the client has gone": func(t *testing.T, f *fixture) {
			a := f.paid()
			ctx, leave := context.WithCancel(t.Context())
			f.memory.broken = func(called string) error {
				if called == "CreateRefund" {
					leave()
				}
				return nil
			}
			_, err := f.Refund(ctx, a.SessionID, key)
			wantError(t, err, nil)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
	})
}

func TestRefundIdempotencyKey(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"sent again": func(t *testing.T, f *fixture) {
			a := f.paid()
			n := checkout.NewRefund{Amount: half, Key: "k-1"}
			first, err := f.Refund(t.Context(), a.SessionID, n)
			wantError(t, err, nil)
			again, err := f.Refund(t.Context(), a.SessionID, n)
			wantError(t, err, nil)
			same(t, "refund", again.ID, first.ID)
			same(t, "repeated", []bool{first.Repeated, again.Repeated}, []bool{false, true})
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"sent again after an answer of the gateway was lost": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.afterRefund = firstTry(noAnswer)
			for range 2 {
				r, err := f.Refund(t.Context(), a.SessionID, checkout.NewRefund{Amount: half, Key: "k-1"})
				wantError(t, err, nil)
				same(t, "state", r.State, checkout.RefundPending)
			}
			f.sweepFor(8 * time.Second)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"sent twenty times at once": func(t *testing.T, f *fixture) {
			a := f.paid()
			made := f.twentyTimes(func() (checkout.Refund, error) {
				return f.Refund(t.Context(), a.SessionID, checkout.NewRefund{Amount: half, Key: "k-1"})
			})
			same(t, "answers", len(made), 20)
			f.waitUntilIdle()
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"sent for another refund": func(t *testing.T, f *fixture) {
			f = f.withPolicy("", true)
			a, _ := f.paidTwice()
			first, err := f.Refund(t.Context(), a.SessionID, checkout.NewRefund{Amount: half, Key: "k-1", ClientReferenceID: "R-1"})
			wantError(t, err, nil)
			for name, n := range map[string]checkout.NewRefund{
				"of another amount":    {Amount: 1, Key: "k-1", ClientReferenceID: "R-1"},
				"of another payment":   {Amount: half, Key: "k-1", ClientReferenceID: "R-1", Second: true},
				"of another reference": {Amount: half, Key: "k-1", ClientReferenceID: "R-2"},
				"of no reference":      {Amount: half, Key: "k-1"},
			} {
				_, err := f.Refund(t.Context(), a.SessionID, n)
				checkUsed(t, name, err, "Idempotency-Key", first.ID)
			}
			var field *checkout.FieldError
			if _, err := f.Refund(t.Context(), a.SessionID, checkout.NewRefund{Amount: half, Key: "k\n1"}); !errors.As(err, &field) || field.Field != "Idempotency-Key" {
				t.Errorf("of two lines: error %v, want a FieldError of the key", err)
			}
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"changed while the reference stays": func(t *testing.T, f *fixture) {
			a := f.paid()
			for _, key := range []string{"k-1", "k-2", ""} {
				_, err := f.Refund(t.Context(), a.SessionID, checkout.NewRefund{Amount: half, Key: key, ClientReferenceID: "R-1"})
				wantError(t, err, nil)
			}
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
	})
}
