package checkout

import (
	"context"
	"errors"
	"time"
)

// calls calls the gateway under a lease, and adds each answer to the entries of the
// lease.
type calls struct {
	gateway Gateway
	clock   Clock
	timeout time.Duration
	rates   *callRates
	alert   func(Alert)
}

// create places the order of a leased attempt.
func (c calls) create(ctx context.Context, leased leasedAttempt, o Order) (Created, error) {
	call, cancel, err := leased.callContext(ctx, c.timeout)
	if err != nil {
		return Created{}, err
	}
	defer cancel()
	created, err := c.gateway.Create(call, o)
	leased.entries.add(leased.entry(EntryOrder, c.clock.Now()).withResult("placed", "", err))
	return created, err
}

// query asks the gateway for the status of a leased attempt's order, and raises an
// alert for an answer that contradicts what is stored.
func (c calls) query(ctx context.Context, leased leasedAttempt) (OrderStatus, error) {
	status, err := c.callQuery(ctx, leased)
	detail := status.Detail
	problem := leased.disagreement(status)
	if err == nil && problem != "" {
		detail += ": " + problem
		if status.State != OrderPaid { // a payment raises an alert of its own
			alertContradiction(c.alert, leased, "query is about another order than was placed", problem)
		}
	}
	leased.entries.add(leased.entry(EntryQuery, c.clock.Now()).withResult(string(status.State), detail, err))
	if err == nil && problem == "" {
		*leased.answer = status // an answer about another order teaches nothing
	}
	if errors.Is(err, ErrNoOrder) && leased.live() && leased.State != AttemptCreating {
		c.alert(Alert{Problem: "the gateway does not know an order that it took", SessionID: leased.SessionID, AttemptID: leased.ID, Alarm: true})
	}
	c.alertUnconfirmed(leased, status, err)
	return status, err
}

// callQuery sends the query. An answer that does not name its order, or its
// payment, is an ErrOutcomeUnknown.
func (c calls) callQuery(ctx context.Context, leased leasedAttempt) (OrderStatus, error) {
	ctx, cancel, err := leased.callContext(ctx, c.timeout)
	if err != nil {
		return OrderStatus{}, err
	}
	defer cancel()
	if !leased.cause.waits() {
		c.rates.of(leased.Merchant).calls.count()
	}
	status, err := c.gateway.Query(ctx, leased.ref())
	switch {
	case err != nil:
		return OrderStatus{}, err
	case status.OutTradeNo == "" || status.Currency == "":
		return OrderStatus{}, errors.Join(ErrOutcomeUnknown, errors.New("the answer leaves out which order it is about"))
	case status.State == OrderPaid && status.TradeID == "":
		return OrderStatus{}, errors.Join(ErrOutcomeUnknown, errors.New("the answer leaves out which payment it is about"))
	case status.State == OrderUnknown:
		c.alert(Alert{
			Problem: "query reports a status that the kit does not know", SessionID: leased.SessionID, AttemptID: leased.ID,
			Alarm: true, Err: errors.New(quote(status.Detail)),
		})
	}
	return status, nil
}

// close closes a leased attempt's order at the gateway. queried is what query
// answered just before. Where query does not know the order either, there is
// nothing to close. Where it does, ErrNoOrder means that the order cannot be closed
// now, for example while the shopper is paying it.
func (c calls) close(ctx context.Context, leased leasedAttempt, queried OrderStatus) error {
	call, cancel, err := leased.callContext(ctx, c.timeout)
	if err != nil {
		return err
	}
	defer cancel()
	if leased.cause != CauseExpiry { // it waited for the query and the close
		c.rates.of(leased.Merchant).calls.count()
	}
	err = c.gateway.Close(call, leased.ref())
	leased.entries.add(leased.entry(EntryClose, c.clock.Now()).withResult("closed", "", err))
	if errors.Is(err, ErrNoOrder) && queried.OutTradeNo == "" {
		return nil
	}
	return err
}

// refund sends a leased refund of attempt a. A refund that was sent before is queried
// first, where the gateway's refunds settle later.
func (c calls) refund(ctx context.Context, leased leasedRefund, a Attempt) (RefundResult, error) {
	result, err := RefundResult{}, ErrNoRefund
	if leased.Tries > 1 {
		result, err = c.queryRefund(ctx, leased.Refund, a)
	}
	if errors.Is(err, ErrNoRefund) {
		result, err = c.sendRefund(ctx, leased, a)
	}
	word := "succeeded"
	if result.Pending {
		word = "pending"
	}
	leased.entries.add(leased.entry(EntryRefundCall, c.clock.Now()).withResult(word, "", err))
	return result, err
}

// sendRefund sends a leased refund.
func (c calls) sendRefund(ctx context.Context, leased leasedRefund, a Attempt) (RefundResult, error) {
	ctx, cancel, err := leased.callContext(ctx, c.timeout)
	if err != nil {
		return RefundResult{}, err
	}
	defer cancel()
	return c.gateway.Refund(ctx, leased.order(a))
}

// queryRefund returns what the gateway knows of a refund. It returns ErrNoRefund where the
// gateway does not know it, or where its refunds do not settle later. It needs no lease,
// because it changes nothing.
func (c calls) queryRefund(ctx context.Context, r Refund, a Attempt) (RefundResult, error) {
	querier, ok := c.gateway.(RefundQuerier)
	if !ok {
		return RefundResult{}, ErrNoRefund
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return querier.QueryRefund(ctx, r.order(a))
}

// order returns the refund as the gateway needs it. a is its attempt.
func (r Refund) order(a Attempt) RefundOrder {
	return RefundOrder{OrderRef: a.ref(), OutRefundNo: r.OutRefundNo, Paid: a.Amount, Amount: r.Amount, Currency: r.Currency}
}

// ref names the attempt's order at the gateway.
func (a Attempt) ref() OrderRef {
	return OrderRef{Merchant: a.Merchant, Account: a.Account, Channel: a.Wallet.Channel(), OutTradeNo: a.OutTradeNo}
}

// disagreement says how a reported order differs from the order that was placed.
// It returns "" where nothing differs. A text that the report leaves out does not
// differ.
func (a Attempt) disagreement(o OrderStatus) string {
	switch {
	case o.OutTradeNo != "" && o.OutTradeNo != a.OutTradeNo:
		return "another out_trade_no"
	case o.TradeID != "" && a.TradeID != "" && o.TradeID != a.TradeID:
		return "another trade_id"
	case o.TradeID != "" && a.NotifiedTradeID != "" && o.TradeID != a.NotifiedTradeID:
		return "another trade_id than a notification named"
	case o.Amount != a.Amount:
		return "another amount"
	case o.Currency != "" && o.Currency != a.Currency:
		return "another currency"
	default:
		return ""
	}
}
