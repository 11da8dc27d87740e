package checkout_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

func (m *memory) AttemptsByNumber(ctx context.Context, numbers []string) ([]checkout.Attempt, error) {
	leave, err := m.enter(ctx, "AttemptsByNumber")
	if err != nil {
		return nil, err
	}
	defer leave()
	wanted := map[string]bool{}
	for _, number := range numbers {
		wanted[number] = true
	}
	var found []checkout.Attempt
	for _, a := range m.attempts {
		if wanted[a.OutTradeNo] {
			found = append(found, a.Attempt)
		}
	}
	return found, nil
}

func (m *memory) RefundsOfAttempts(ctx context.Context, attemptIDs []string) ([]checkout.Refund, error) {
	leave, err := m.enter(ctx, "RefundsOfAttempts")
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []checkout.Refund
	for _, r := range m.refunds {
		if slices.Contains(attemptIDs, r.AttemptID) {
			found = append(found, m.withPaymentNumbers(r.Refund))
		}
	}
	return found, nil
}

// pageOfItems returns up to limit items with times from from until before to, by
// time and id. The items at from with ids up to afterID are left out.
func pageOfItems[T any](items []T, at func(T) time.Time, id func(T) string, from, to time.Time, afterID string, limit int) []T {
	items = slices.DeleteFunc(items, func(item T) bool {
		t := at(item)
		return t.Before(from) || !t.Before(to) || t.Equal(from) && id(item) <= afterID
	})
	slices.SortFunc(items, func(a, b T) int { return cmp.Or(at(a).Compare(at(b)), cmp.Compare(id(a), id(b))) })
	return items[:min(limit, len(items))]
}

func (m *memory) PaidAttempts(ctx context.Context, merchant string, from, to time.Time, afterID string, limit int) ([]checkout.Attempt, error) {
	leave, err := m.enter(ctx, "PaidAttempts")
	if err != nil {
		return nil, err
	}
	defer leave()
	var paid []checkout.Attempt
	for _, a := range m.attempts {
		if a.Merchant == merchant && !a.PaidAt.IsZero() {
			paid = append(paid, a.Attempt)
		}
	}
	return pageOfItems(paid, func(a checkout.Attempt) time.Time { return a.PaidAt }, func(a checkout.Attempt) string { return a.ID }, from, to, afterID, limit), nil
}

func (m *memory) SucceededRefunds(ctx context.Context, merchant string, from, to time.Time, afterID string, limit int) ([]checkout.Refund, error) {
	leave, err := m.enter(ctx, "SucceededRefunds")
	if err != nil {
		return nil, err
	}
	defer leave()
	var succeeded []checkout.Refund
	for _, r := range m.refunds {
		if r.Merchant == merchant && r.State == checkout.RefundSucceeded {
			succeeded = append(succeeded, m.withPaymentNumbers(r.Refund))
		}
	}
	return pageOfItems(succeeded, func(r checkout.Refund) time.Time { return r.SettledAt }, func(r checkout.Refund) string { return r.ID }, from, to, afterID, limit), nil
}

func (m *memory) AddDifference(ctx context.Context, e checkout.Event) (bool, error) {
	leave, err := m.enter(ctx, "AddDifference")
	if err != nil {
		return false, err
	}
	defer leave()
	key := e.Merchant + " " + e.Difference.Key()
	if m.differenceKeys[key] {
		return false, nil
	}
	if e.SessionID != "" && !m.bumpVersion(e) {
		return false, checkout.ErrConflict
	}
	m.differenceKeys[key] = true
	m.events = append(m.events, e)
	return true, nil
}

func (m *memory) SaveReconciliation(ctx context.Context, r checkout.Reconciliation) error {
	leave, err := m.enter(ctx, "SaveReconciliation")
	if err != nil {
		return err
	}
	defer leave()
	m.reconciliations = slices.DeleteFunc(m.reconciliations, func(old checkout.Reconciliation) bool { return old.ID == r.ID })
	m.reconciliations = append(m.reconciliations, r)
	return nil
}

func (m *memory) Reconciliation(ctx context.Context, id string) (checkout.Reconciliation, error) {
	leave, err := m.enter(ctx, "Reconciliation")
	if err != nil {
		return checkout.Reconciliation{}, err
	}
	defer leave()
	for _, r := range m.reconciliations {
		if r.ID == id {
			return r, nil
		}
	}
	return checkout.Reconciliation{}, checkout.ErrNotFound
}

func (m *memory) Reconciliations(ctx context.Context, merchant string, limit int) ([]checkout.Reconciliation, error) {
	leave, err := m.enter(ctx, "Reconciliations")
	if err != nil {
		return nil, err
	}
	defer leave()
	var found []checkout.Reconciliation
	for _, r := range m.reconciliations {
		if merchant == "" || r.Merchant == merchant {
			r.Found = nil
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b checkout.Reconciliation) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.ID, a.ID))
	})
	return found[:min(limit, len(found))], nil
}
