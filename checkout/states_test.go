package checkout_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout"
)

// checkMoves checks CanMove for every pair of states. moves has the pairs that are
// allowed.
func checkMoves[S interface {
	~string
	CanMove(S) bool
}](t *testing.T, states []S, moves map[S][]S) {
	t.Helper()
	for _, from := range states {
		for _, to := range states {
			want := false
			for _, listed := range moves[from] {
				want = want || listed == to
			}
			if got := from.CanMove(to); got != want {
				t.Errorf("%s to %s: CanMove is %v, want %v", from, to, got, want)
			}
		}
	}
}

func TestMovesOfAttempts(t *testing.T) {
	t.Parallel()
	const (
		creating, pending    = checkout.AttemptCreating, checkout.AttemptPending
		paid, failed, closed = checkout.AttemptPaid, checkout.AttemptFailed, checkout.AttemptClosed
	)
	checkMoves(t, []checkout.AttemptState{creating, pending, paid, failed, closed, ""}, map[checkout.AttemptState][]checkout.AttemptState{
		creating: {pending, paid, failed, closed},
		pending:  {paid, failed, closed},
		failed:   {paid, closed},
		closed:   {paid},
	})
	for state, open := range map[checkout.AttemptState]bool{creating: true, pending: true, paid: false, failed: false, closed: false} {
		if state.Open() != open {
			t.Errorf("%s: open is %v", state, state.Open())
		}
	}
}

func TestMovesOfSessions(t *testing.T) {
	t.Parallel()
	const open, complete, expired, canceled = checkout.StatusOpen, checkout.StatusComplete, checkout.StatusExpired, checkout.StatusCanceled
	checkMoves(t, []checkout.Status{open, complete, expired, canceled, ""}, map[checkout.Status][]checkout.Status{
		open: {complete, expired, canceled},
	})
}

func TestMovesOfRefunds(t *testing.T) {
	t.Parallel()
	const pending, succeeded, failed = checkout.RefundPending, checkout.RefundSucceeded, checkout.RefundFailed
	checkMoves(t, []checkout.RefundState{pending, succeeded, failed, ""}, map[checkout.RefundState][]checkout.RefundState{
		pending: {succeeded, failed},
		failed:  {succeeded},
	})
}

func TestMovesOfMoney(t *testing.T) {
	t.Parallel()
	const (
		unpaid, processing, paid = checkout.PaymentUnpaid, checkout.PaymentProcessing, checkout.PaymentPaid
		part, refunded           = checkout.PaymentPartiallyRefunded, checkout.PaymentRefunded
	)
	checkMoves(t, []checkout.PaymentStatus{unpaid, processing, paid, part, refunded, ""}, map[checkout.PaymentStatus][]checkout.PaymentStatus{
		unpaid:     {processing, paid},
		processing: {unpaid, paid},
		paid:       {part, refunded},
		part:       {part, refunded},
	})
	for status, settled := range map[checkout.PaymentStatus]bool{unpaid: false, processing: false, paid: true, part: true, refunded: true} {
		if status.Settled() != settled {
			t.Errorf("%s: settled is %v", status, status.Settled())
		}
	}
}
