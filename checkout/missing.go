package checkout

import (
	"context"
	"time"
)

// missing is what was confirmed here in the window, and is not listed.
type missing struct {
	payments map[string]Attempt // by their number
	refunds  map[string]Refund  // by their number
	// since is when the oldest of them began.
	since time.Time
}

func (m *missing) empty() bool { return len(m.payments) == 0 && len(m.refunds) == 0 }

func (m *missing) began(at time.Time) {
	if m.since.IsZero() || at.Before(m.since) {
		m.since = at
	}
}

// missing reads what was paid and refunded here in the window.
func (c *comparison) missing(ctx context.Context) (*missing, error) {
	m := &missing{payments: map[string]Attempt{}, refunds: map[string]Refund{}}
	store, r := c.service.store, c.report
	err := pages(r.From, func(after time.Time, id string) ([]Attempt, error) {
		return store.PaidAttempts(ctx, r.Merchant, after, r.To, id, reconcileBatch)
	}, func(a Attempt) (time.Time, string) {
		if _, listed := c.paid[a.ID]; !listed {
			m.payments[a.OutTradeNo] = a
			m.began(a.CreatedAt)
		}
		return a.PaidAt, a.ID
	})
	if err != nil {
		return nil, err
	}
	return m, pages(r.From, func(after time.Time, id string) ([]Refund, error) {
		return store.SucceededRefunds(ctx, r.Merchant, after, r.To, id, reconcileBatch)
	}, func(f Refund) (time.Time, string) {
		if !c.refunded[f.ID] {
			m.refunds[f.OutRefundNo] = f
			m.began(f.CreatedAt)
		}
		return f.SettledAt, f.ID
	})
}

// pages reads a list page by page. seen takes an item and returns where the
// page after it begins.
func pages[T any](from time.Time, read func(after time.Time, id string) ([]T, error), seen func(T) (time.Time, string)) error {
	after, id := from, ""
	for {
		page, err := read(after, id)
		if err != nil {
			return err
		}
		for _, item := range page {
			after, id = seen(item)
		}
		if len(page) < reconcileBatch {
			return nil
		}
	}
}

// lookFurther looks for what is missing in the statement before the window: the
// gateway had it between its beginning and its confirmation here, which may
// have taken days.
func (c *comparison) lookFurther(ctx context.Context, m *missing) error {
	from, to := m.since.Add(-statementMargin), c.report.From.Add(-statementMargin)
	if !from.Before(to) {
		return nil
	}
	return c.statement(ctx, from, to, func(_ context.Context, trades []Trade) error {
		for _, t := range trades {
			m.listed(t)
		}
		return nil
	})
}

// listed strikes out what a row lists.
func (m *missing) listed(t Trade) {
	if !t.Refund {
		delete(m.payments, t.OutTradeNo)
		return
	}
	delete(m.refunds, t.OutRefundNo)
	if t.OutRefundNo != "" {
		return
	}
	for number, r := range m.refunds {
		if r.GatewayID == t.GatewayRefundID {
			delete(m.refunds, number)
		}
	}
}

// tellMissing tells of what the statement lists nowhere.
func (c *comparison) tellMissing(ctx context.Context, m *missing) error {
	for _, a := range m.payments {
		d := Difference{Kind: DifferencePaidHere, OutTradeNo: a.OutTradeNo, TradeID: a.TradeID, Here: a.booked()}
		if err := c.found(ctx, *d.about(a)); err != nil {
			return err
		}
	}
	for _, r := range m.refunds {
		a, err := c.service.store.Attempt(ctx, r.AttemptID)
		if err != nil {
			return err
		}
		d := Difference{
			Kind: DifferenceRefundHere, OutTradeNo: a.OutTradeNo, TradeID: a.TradeID,
			OutRefundNo: r.OutRefundNo, GatewayRefundID: r.GatewayID, Here: r.booked(),
		}
		if err := c.found(ctx, *d.about(a)); err != nil {
			return err
		}
	}
	return nil
}
