package reconcile

import (
	"context"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// comparison is one run. It keeps the numbers that the statement lists for its
// window, and nothing else about each order.
type comparison struct {
	config Config
	report checkout.Reconciliation
	// paid has, by attempt ID, the TradeID of each payment that the statement lists.
	paid map[string]string
	// refunded has, by refund ID, the refunds that the statement lists.
	refunded map[string]bool
	// handled has the keys of the differences that were found.
	handled map[string]bool
}

func newComparison(c Config, report checkout.Reconciliation) *comparison {
	return &comparison{c, report, map[string]string{}, map[string]bool{}, map[string]bool{}}
}

// run compares in both directions. It looks up each row of the statement in the
// records, whatever the time of the record. Then it looks up each payment and refund
// of the window in the statement, whatever the time of the row. So nothing is missed
// between two windows.
func (c *comparison) run(ctx context.Context) error {
	err := c.readStatement(ctx, c.report.From.Add(-checkout.StatementMargin), c.report.To.Add(checkout.StatementMargin), c.compareBatch)
	if err != nil {
		return err
	}
	missing, err := c.readMissing(ctx)
	if err != nil || missing.empty() {
		return err
	}
	if err := c.searchEarlier(ctx, missing); err != nil {
		return err
	}
	return c.handleMissing(ctx, missing)
}

// readStatement calls do with the rows of a span of time, in batches.
func (c *comparison) readStatement(ctx context.Context, from, to time.Time, do func(context.Context, []checkout.Trade) error) error {
	batch := make([]checkout.Trade, 0, batchSize)
	for trade, err := range c.config.Gateway.Statement(ctx, c.report.Merchant, from, to) {
		if err != nil {
			return err
		}
		if batch = append(batch, trade); len(batch) < batchSize {
			continue
		}
		if err := do(ctx, batch); err != nil {
			return err
		}
		batch = batch[:0]
	}
	if len(batch) == 0 {
		return nil
	}
	return do(ctx, batch)
}

// records are the stored attempts and refunds of a batch of rows.
type records struct {
	attempts map[string]checkout.Attempt  // by OutTradeNo
	refunds  map[string][]checkout.Refund // by attempt ID
}

func (c *comparison) readRecords(ctx context.Context, trades []checkout.Trade) (records, error) {
	found := records{map[string]checkout.Attempt{}, map[string][]checkout.Refund{}}
	numbers := make([]string, len(trades))
	for i, t := range trades {
		numbers[i] = t.OutTradeNo
	}
	attempts, err := c.config.Records.AttemptsByNumber(ctx, numbers)
	if err != nil {
		return found, err
	}
	for _, a := range attempts {
		found.attempts[a.OutTradeNo] = a
	}
	var ids []string
	for _, t := range trades {
		if a, known := found.attempts[t.OutTradeNo]; known && t.Refund {
			ids = append(ids, a.ID)
		}
	}
	if len(ids) == 0 {
		return found, nil
	}
	refunds, err := c.config.Records.RefundsOfAttempts(ctx, ids)
	for _, r := range refunds {
		found.refunds[r.AttemptID] = append(found.refunds[r.AttemptID], r)
	}
	return found, err
}

// refund returns the refund of a row: the one with the row's OutRefundNo or, where
// the row has none, with its GatewayRefundID.
func (r records) refund(t checkout.Trade, a checkout.Attempt) (checkout.Refund, bool) {
	for _, refund := range r.refunds[a.ID] {
		if t.OutRefundNo != "" && refund.OutRefundNo == t.OutRefundNo ||
			t.OutRefundNo == "" && refund.GatewayID != "" && refund.GatewayID == t.GatewayRefundID {
			return refund, true
		}
	}
	return checkout.Refund{}, false
}

// compareBatch compares rows of the statement with the records, and handles the
// differences in the window.
func (c *comparison) compareBatch(ctx context.Context, trades []checkout.Trade) error {
	stored, err := c.readRecords(ctx, trades)
	if err != nil {
		return err
	}
	for _, t := range trades {
		f := c.compare(t, stored)
		if f == nil || !c.inWindow(t.At) {
			continue
		}
		if err := c.handle(ctx, *f); err != nil {
			return err
		}
	}
	return nil
}

// inWindow reports whether a row belongs to the window and not to its margin. A row
// without a time belongs to the window.
func (c *comparison) inWindow(at time.Time) bool {
	return at.IsZero() || !at.Before(c.report.From) && at.Before(c.report.To)
}

// count increments a counter for a row in the window.
func (c *comparison) count(t checkout.Trade, counter *int) {
	if c.inWindow(t.At) {
		*counter++
	}
}

// compare returns how a row differs from the records, nil where it does not.
func (c *comparison) compare(t checkout.Trade, stored records) *checkout.Finding {
	a, known := stored.attempts[t.OutTradeNo]
	switch {
	case known && a.Merchant != c.report.Merchant: // two shops share the account
		c.count(t, &c.report.Elsewhere)
		return nil
	case !known:
		c.count(t, &c.report.Elsewhere)
		return c.compareUnknown(t)
	case t.Refund:
		c.count(t, &c.report.Refunds)
		return c.compareRefund(t, a, stored)
	default:
		c.count(t, &c.report.Payments)
		return c.comparePayment(t, a)
	}
}

func (c *comparison) compareUnknown(t checkout.Trade) *checkout.Finding {
	kind := checkout.DifferenceUnknownPayment
	switch {
	case c.config.Merchants[c.report.Merchant].SharedAccount:
		return nil
	case t.Refund:
		kind = checkout.DifferenceUnknownRefund
	}
	return newDifference(kind, t, checkout.Attempt{}, nil)
}

func (c *comparison) comparePayment(t checkout.Trade, a checkout.Attempt) *checkout.Finding {
	first, listed := c.paid[a.ID]
	if !listed {
		c.paid[a.ID] = t.TradeID
	}
	switch {
	case listed && first != t.TradeID:
		return newDifference(checkout.DifferencePaidTwice, t, a, a.Booked())
	case a.State != checkout.AttemptPaid:
		return newDifference(checkout.DifferencePaidThere, t, a, a.Booked())
	case t.Amount != a.Amount || t.Currency != a.Currency:
		return newDifference(checkout.DifferencePayment, t, a, a.Booked())
	default:
		return nil
	}
}

func (c *comparison) compareRefund(t checkout.Trade, a checkout.Attempt, stored records) *checkout.Finding {
	r, known := stored.refund(t, a)
	if !known {
		return newDifference(checkout.DifferenceRefundThere, t, a, nil)
	}
	c.refunded[r.ID] = true
	switch {
	case r.State == checkout.RefundFailed:
		return withRefund(newDifference(checkout.DifferenceRefundThere, t, a, r.Booked()), r)
	case t.Amount != r.Amount || t.Currency != r.Currency:
		return newDifference(checkout.DifferenceRefund, t, a, r.Booked())
	case r.State == checkout.RefundPending:
		return withRefund(newDifference(checkout.DifferenceRefundPending, t, a, r.Booked()), r)
	default:
		return nil
	}
}

// newDifference returns a difference between a row of the statement and an attempt,
// which is zero where the row's order is unknown. here is the checkout's side.
func newDifference(kind checkout.DifferenceKind, t checkout.Trade, a checkout.Attempt, here *checkout.Booked) *checkout.Finding {
	return &checkout.Finding{
		Difference: checkout.Difference{
			Kind: kind, OutTradeNo: t.OutTradeNo, TradeID: t.TradeID, OutRefundNo: t.OutRefundNo,
			GatewayRefundID: t.GatewayRefundID, Here: here, There: t.Booked(),
		},
		SessionID: a.SessionID, AttemptID: a.ID,
	}
}

// withRefund says which stored refund a difference is about.
func withRefund(f *checkout.Finding, r checkout.Refund) *checkout.Finding {
	f.RefundID = r.ID
	return f
}
