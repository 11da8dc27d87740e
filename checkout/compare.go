package checkout

import (
	"context"
	"time"
)

// comparison is one run of a reconciliation. It keeps the numbers that the
// statement lists of its window, and nothing else for each order.
type comparison struct {
	service *Service
	report  Reconciliation
	// paid has the gateway's number of each attempt that is listed as paid, and
	// refunded the refunds that are listed.
	paid     map[string]string
	refunded map[string]bool
	// keys are those of the differences that were found.
	keys map[string]bool
}

func newComparison(s *Service, r Reconciliation) *comparison {
	return &comparison{s, r, map[string]string{}, map[string]bool{}, map[string]bool{}}
}

// run looks up every row of the statement, whenever it was confirmed here, and
// then looks for what was confirmed here in the statement, however long before
// the gateway has it: so nothing falls between two windows.
func (c *comparison) run(ctx context.Context) error {
	err := c.statement(ctx, c.report.From.Add(-statementMargin), c.report.To.Add(statementMargin), c.lookUp)
	if err != nil {
		return err
	}
	missing, err := c.missing(ctx)
	if err != nil || missing.empty() {
		return err
	}
	if err := c.lookFurther(ctx, missing); err != nil {
		return err
	}
	return c.tellMissing(ctx, missing)
}

// statement gives the rows of a span to do, in batches.
func (c *comparison) statement(ctx context.Context, from, to time.Time, do func(context.Context, []Trade) error) error {
	batch := make([]Trade, 0, reconcileBatch)
	for trade, err := range c.service.gateway.Statement(ctx, c.report.Merchant, from, to) {
		if err != nil {
			return err
		}
		if batch = append(batch, trade); len(batch) < reconcileBatch {
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

// books are what the store has of some rows.
type books struct {
	attempts map[string]Attempt  // by their number
	refunds  map[string][]Refund // by their attempt's id
}

func (c *comparison) books(ctx context.Context, trades []Trade) (books, error) {
	b := books{map[string]Attempt{}, map[string][]Refund{}}
	numbers := make([]string, len(trades))
	for i, t := range trades {
		numbers[i] = t.OutTradeNo
	}
	attempts, err := c.service.store.AttemptsByNumber(ctx, numbers)
	if err != nil {
		return b, err
	}
	for _, a := range attempts {
		b.attempts[a.OutTradeNo] = a
	}
	var ids []string
	for _, t := range trades {
		if a, known := b.attempts[t.OutTradeNo]; known && t.Refund {
			ids = append(ids, a.ID)
		}
	}
	if len(ids) == 0 {
		return b, nil
	}
	refunds, err := c.service.store.RefundsOfAttempts(ctx, ids)
	for _, r := range refunds {
		b.refunds[r.AttemptID] = append(b.refunds[r.AttemptID], r)
	}
	return b, err
}

// refund finds the refund that a row lists: by our number, or else by the
// gateway's.
func (b books) refund(t Trade, a Attempt) (Refund, bool) {
	for _, r := range b.refunds[a.ID] {
		if t.OutRefundNo != "" && r.OutRefundNo == t.OutRefundNo ||
			t.OutRefundNo == "" && r.GatewayID != "" && r.GatewayID == t.GatewayRefundID {
			return r, true
		}
	}
	return Refund{}, false
}

// lookUp finds the rows of a batch in the books.
func (c *comparison) lookUp(ctx context.Context, trades []Trade) error {
	b, err := c.books(ctx, trades)
	if err != nil {
		return err
	}
	for _, t := range trades {
		d := c.compare(t, b)
		if d == nil || !c.within(t.At) {
			continue
		}
		if err := c.found(ctx, *d); err != nil {
			return err
		}
	}
	return nil
}

// within reports whether a row is of the window, and not of its margin. What
// has no time is.
func (c *comparison) within(at time.Time) bool {
	return at.IsZero() || !at.Before(c.report.From) && at.Before(c.report.To)
}

// count counts a row of the window.
func (c *comparison) count(t Trade, of *int) {
	if c.within(t.At) {
		*of++
	}
}

// compare says in what a row differs from the books, if it does.
func (c *comparison) compare(t Trade, b books) *Difference {
	a, known := b.attempts[t.OutTradeNo]
	switch {
	case known && a.Merchant != c.report.Merchant: // two shops share the account
		c.count(t, &c.report.Elsewhere)
		return nil
	case !known:
		c.count(t, &c.report.Elsewhere)
		return c.compareUnknown(t)
	case t.Refund:
		c.count(t, &c.report.Refunds)
		return c.compareRefund(t, a, b)
	default:
		c.count(t, &c.report.Payments)
		return c.comparePayment(t, a)
	}
}

func (c *comparison) compareUnknown(t Trade) *Difference {
	kind := DifferenceUnknownPayment
	switch {
	case c.service.shops[c.report.Merchant].SharedAccount:
		return nil
	case t.Refund:
		kind = DifferenceUnknownRefund
	}
	d := t.of(kind, nil)
	return &d
}

func (c *comparison) comparePayment(t Trade, a Attempt) *Difference {
	first, before := c.paid[a.ID]
	if !before {
		c.paid[a.ID] = t.TradeID
	}
	switch {
	case before && first != t.TradeID:
		return t.of(DifferencePaidTwice, a.booked()).about(a)
	case a.State != AttemptPaid:
		return t.of(DifferencePaidThere, a.booked()).about(a)
	case t.Amount != a.Amount || t.Currency != a.Currency:
		return t.of(DifferencePayment, a.booked()).about(a)
	default:
		return nil
	}
}

func (c *comparison) compareRefund(t Trade, a Attempt, b books) *Difference {
	r, known := b.refund(t, a)
	if !known {
		return t.of(DifferenceRefundThere, nil).about(a)
	}
	c.refunded[r.ID] = true
	switch {
	case r.State == RefundFailed:
		return t.of(DifferenceRefundThere, r.booked()).about(a).of(r)
	case t.Amount != r.Amount || t.Currency != r.Currency:
		return t.of(DifferenceRefund, r.booked()).about(a)
	case r.State == RefundPending:
		return t.of(DifferenceRefundPending, r.booked()).about(a).of(r)
	default:
		return nil
	}
}
