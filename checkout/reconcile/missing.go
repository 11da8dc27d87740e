package reconcile

import (
	"context"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// missing has the payments and refunds that were confirmed here in the window and
// that the statement does not list.
type missing struct {
	payments map[string]checkout.Attempt // by OutTradeNo
	refunds  map[string]checkout.Refund  // by OutRefundNo
	// since is when the oldest of them was created.
	since time.Time
}

func (m *missing) empty() bool { return len(m.payments) == 0 && len(m.refunds) == 0 }

// noteCreated moves since back to the creation of a payment or refund.
func (m *missing) noteCreated(at time.Time) {
	if m.since.IsZero() || at.Before(m.since) {
		m.since = at
	}
}

// readMissing reads what was confirmed here in the window and was not listed so far.
func (c *comparison) readMissing(ctx context.Context) (*missing, error) {
	m := &missing{payments: map[string]checkout.Attempt{}, refunds: map[string]checkout.Refund{}}
	stored, r := c.config.Records, c.report
	err := readPages(r.From, func(after time.Time, id string) ([]checkout.Attempt, error) {
		return stored.PaidAttempts(ctx, r.Merchant, after, r.To, id, batchSize)
	}, func(a checkout.Attempt) (time.Time, string) {
		if _, listed := c.paid[a.ID]; !listed {
			m.payments[a.OutTradeNo] = a
			m.noteCreated(a.CreatedAt)
		}
		return a.PaidAt, a.ID
	})
	if err != nil {
		return nil, err
	}
	return m, readPages(r.From, func(after time.Time, id string) ([]checkout.Refund, error) {
		return stored.SucceededRefunds(ctx, r.Merchant, after, r.To, id, batchSize)
	}, func(f checkout.Refund) (time.Time, string) {
		if !c.refunded[f.ID] {
			m.refunds[f.OutRefundNo] = f
			m.noteCreated(f.CreatedAt)
		}
		return f.SettledAt, f.ID
	})
}

// readPages reads a list page by page. handle handles an item and returns where the
// page after it begins.
func readPages[T any](from time.Time, read func(after time.Time, id string) ([]T, error), handle func(T) (time.Time, string)) error {
	after, id := from, ""
	for {
		page, err := read(after, id)
		if err != nil {
			return err
		}
		for _, item := range page {
			after, id = handle(item)
		}
		if len(page) < batchSize {
			return nil
		}
	}
}

// searchEarlier searches the statement before the window for what is missing. The
// gateway's time is between the creation and the confirmation here, which may be days
// apart.
func (c *comparison) searchEarlier(ctx context.Context, m *missing) error {
	from, to := m.since.Add(-checkout.StatementMargin), c.report.From.Add(-checkout.StatementMargin)
	if !from.Before(to) {
		return nil
	}
	return c.readStatement(ctx, from, to, func(_ context.Context, trades []checkout.Trade) error {
		for _, t := range trades {
			m.remove(t)
		}
		return nil
	})
}

// remove removes what a row of the statement lists.
func (m *missing) remove(t checkout.Trade) {
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

// handleMissing handles what the statement does not list as differences.
func (c *comparison) handleMissing(ctx context.Context, m *missing) error {
	for _, a := range m.payments {
		d := checkout.Difference{Kind: checkout.DifferencePaidHere, OutTradeNo: a.OutTradeNo, TradeID: a.TradeID, Here: a.Booked()}
		if err := c.handle(ctx, checkout.Finding{Difference: d, SessionID: a.SessionID, AttemptID: a.ID}); err != nil {
			return err
		}
	}
	for _, r := range m.refunds {
		a, err := c.config.Records.Attempt(ctx, r.AttemptID)
		if err != nil {
			return err
		}
		d := checkout.Difference{
			Kind: checkout.DifferenceRefundHere, OutTradeNo: a.OutTradeNo, TradeID: a.TradeID,
			OutRefundNo: r.OutRefundNo, GatewayRefundID: r.GatewayID, Here: r.Booked(),
		}
		if err := c.handle(ctx, checkout.Finding{Difference: d, SessionID: a.SessionID, AttemptID: a.ID}); err != nil {
			return err
		}
	}
	return nil
}
