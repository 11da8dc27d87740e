package checkout_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

type memoryRefund struct {
	checkout.Refund
	leaseUntil time.Time
}

func (m *memory) CreateRefund(ctx context.Context, r checkout.Refund, leaseUntil time.Time) error {
	leave, err := m.enter(ctx, "CreateRefund")
	if err != nil {
		return err
	}
	defer leave()
	if !m.canReserve(r, m.attempts[r.AttemptID].Attempt) {
		return checkout.ErrConflict
	}
	s := m.sessions[r.SessionID]
	s.Version++
	m.sessions[s.ID] = s
	m.refunds[r.ID], m.timeline = memoryRefund{r, leaseUntil}, append(m.timeline, r.Entry())
	return nil
}

// canReserve reports whether a new refund of an attempt can be stored: the attempt is
// paid, enough money is left, and no other refund has the same keys.
func (m *memory) canReserve(r checkout.Refund, a checkout.Attempt) bool {
	left := a.Amount
	for _, other := range m.refunds {
		switch {
		case other.SessionID == r.SessionID && r.ClientReferenceID != "" && other.ClientReferenceID == r.ClientReferenceID:
			return false
		case other.SessionID == r.SessionID && r.IdempotencyKey != "" && other.IdempotencyKey == r.IdempotencyKey:
			return false
		case other.OutRefundNo == r.OutRefundNo || other.ID == r.ID:
			return false
		case other.AttemptID != r.AttemptID:
		case other.Reason.Automatic() && r.Reason.Automatic():
			return false
		case other.State != checkout.RefundFailed:
			left -= other.Amount
		}
	}
	return a.State == checkout.AttemptPaid && a.SessionID == r.SessionID && r.Amount <= left
}

func (m *memory) Refund(ctx context.Context, id string) (checkout.Refund, error) {
	leave, err := m.enter(ctx, "Refund")
	if err != nil {
		return checkout.Refund{}, err
	}
	defer leave()
	r, ok := m.refunds[id]
	if !ok {
		return checkout.Refund{}, checkout.ErrNotFound
	}
	return m.withPaymentNumbers(r.Refund), nil
}

// withPaymentNumbers returns a refund with the numbers of its payment and the mode of its
// session.
func (m *memory) withPaymentNumbers(r checkout.Refund) checkout.Refund {
	a := m.attempts[r.AttemptID]
	r.OutTradeNo, r.TradeID, r.TestMode = a.OutTradeNo, a.TradeID, m.sessions[r.SessionID].TestMode
	return r
}

func (m *memory) Refunds(ctx context.Context, sessionID string) ([]checkout.Refund, error) {
	leave, err := m.enter(ctx, "Refunds")
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []checkout.Refund
	for _, r := range m.refunds {
		if r.SessionID == sessionID {
			found = append(found, m.withPaymentNumbers(r.Refund))
		}
	}
	slices.SortFunc(found, func(a, b checkout.Refund) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func (m *memory) DueRefunds(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Refund, error) {
	leave, err := m.enter(ctx, "DueRefunds")
	if err != nil {
		return nil, err
	}
	defer leave()
	var free []checkout.Refund
	for _, r := range m.refunds {
		if r.State == checkout.RefundPending && !r.leaseUntil.After(now) {
			free = append(free, m.withPaymentNumbers(r.Refund))
		}
	}
	return dueItems(free, func(r checkout.Refund) (string, time.Time) { return r.Merchant, r.NextTryAt }, merchant, now, limit), nil
}

func (m *memory) LeaseRefund(ctx context.Context, id string, now, until time.Time) (bool, error) {
	leave, err := m.enter(ctx, "LeaseRefund")
	if err != nil {
		return false, err
	}
	defer leave()
	r, ok := m.refunds[id]
	if !ok || r.State != checkout.RefundPending || r.leaseUntil.After(now) {
		return false, nil
	}
	r.leaseUntil, r.NextTryAt, r.TriedAt = until, until, now
	r.Tries++
	r.Version++
	m.refunds[id] = r
	return true, nil
}

func (m *memory) ReleaseRefund(ctx context.Context, id string, until, next time.Time) error {
	leave, err := m.enter(ctx, "ReleaseRefund")
	if err != nil {
		return err
	}
	defer leave()
	r := m.refunds[id]
	if r.State == checkout.RefundPending && r.leaseUntil.Equal(until) {
		r.NextTryAt, r.leaseUntil = next, time.Time{}
		m.refunds[id] = r
	}
	return nil
}
