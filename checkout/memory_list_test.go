package checkout_test

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/wantukit/wantukit/checkout"
)

// listed returns the items of a span, the newest first.
func listed[T any](items []T, in checkout.ListPart, place func(T) (merchant string, at checkout.Position), is func(T) bool) []T {
	compare := func(a, b checkout.Position) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}
	found := slices.DeleteFunc(slices.Clone(items), func(item T) bool {
		merchant, at := place(item)
		isAfter := in.After == checkout.Position{} || compare(at, in.After) < 0
		isBefore := in.Before == checkout.Position{} || compare(at, in.Before) > 0
		isIn := !at.CreatedAt.Before(in.From) && (in.To.IsZero() || at.CreatedAt.Before(in.To))
		return merchant != in.Merchant || !isAfter || !isBefore || !isIn || !is(item)
	})
	slices.SortFunc(found, func(a, b T) int {
		_, one := place(a)
		_, other := place(b)
		return compare(other, one)
	})
	limit := min(in.Limit, len(found))
	if (in.Before != checkout.Position{}) {
		return found[len(found)-limit:]
	}
	return found[:limit]
}

func (m *memory) ListSessions(ctx context.Context, in checkout.ListPart, by checkout.SessionFilter) ([]checkout.Session, error) {
	leave, err := m.enter(ctx, "ListSessions")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []checkout.Session
	for _, s := range m.sessions {
		all = append(all, m.withPayment(s))
	}
	place := func(s checkout.Session) (string, checkout.Position) {
		return s.Merchant, checkout.Position{CreatedAt: s.CreatedAt, ID: s.ID}
	}
	return listed(all, in, place, func(s checkout.Session) bool {
		for name, value := range by.Metadata {
			if got, has := s.Metadata[name]; !has || got != value {
				return false
			}
		}
		return isAnyOr(by.Status, s.Status) && isAnyOr(by.PaymentStatus, s.PaymentStatus) &&
			isAnyOr(by.ClientReferenceID, s.ClientReferenceID) && isAnyOr(by.Amount, s.Amount)
	}), nil
}

// isAnyOr reports whether a filter is zero or the value.
func isAnyOr[T comparable](filter, value T) bool {
	var zero T
	return filter == zero || filter == value
}

func (m *memory) ListRefunds(ctx context.Context, in checkout.ListPart, by checkout.RefundFilter) ([]checkout.Refund, error) {
	leave, err := m.enter(ctx, "ListRefunds")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []checkout.Refund
	for r := range maps.Values(m.refunds) {
		all = append(all, m.withPaymentNumbers(r.Refund))
	}
	place := func(r checkout.Refund) (string, checkout.Position) {
		return r.Merchant, checkout.Position{CreatedAt: r.CreatedAt, ID: r.ID}
	}
	return listed(all, in, place, func(r checkout.Refund) bool {
		return isAnyOr(by.State, r.State) && isAnyOr(by.SessionID, r.SessionID)
	}), nil
}

func (m *memory) ListEvents(ctx context.Context, in checkout.ListPart, by checkout.EventFilter) ([]checkout.Event, error) {
	leave, err := m.enter(ctx, "ListEvents")
	if err != nil {
		return nil, err
	}
	defer leave()
	place := func(e checkout.Event) (string, checkout.Position) {
		return e.Merchant, checkout.Position{CreatedAt: e.CreatedAt, ID: e.ID}
	}
	return listed(m.events, in, place, func(e checkout.Event) bool {
		return isAnyOr(by.Type, e.Type) && isAnyOr(by.SessionID, e.SessionID)
	}), nil
}
