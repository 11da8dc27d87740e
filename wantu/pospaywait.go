package wantu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	cancelTimeout  = 30 * time.Second // how long PosPayAndWait tries to cancel
	cancelInterval = 3 * time.Second  // the longest pause between two attempts to cancel
	bookingTime    = 15 * time.Second // by then a pospay has reached the gateway, or never will; Config.Timeout may be longer
)

// PosPayWait says how long [Client.PosPayAndWait] waits and how often it queries. A
// negative value is a [*FieldError].
type PosPayWait struct {
	Patience time.Duration // from the start until it cancels; defaults to 45 seconds
	Interval time.Duration // between two queries; defaults to 3 seconds
}

// PosPayAndWait charges the shopper by a scanned code and waits until the order is
// decided. While the shopper enters a password, or when the answer was lost, it
// queries the same order every Interval; it never opens a second order. A nil error
// means that the order is paid, with the amount and the currency of the request.
//
// When Patience is over or ctx is done, it cancels the order. The cancellation takes
// at most 30 seconds more, even after ctx is canceled. When the first call decides,
// PosPayAndWait returns the errors of [Client.PosPay]. Otherwise it returns
//
//   - [ErrCanceled]: the order is canceled, and the shopper owes nothing. If the
//     shopper paid in the last moment, the gateway gives the money back. If ctx was
//     done, errors.Is also finds [context.Canceled] or [context.DeadlineExceeded];
//   - [ErrTrade]: the payment failed, and the order has ended;
//   - [ErrOrderInvalid]: the order never reached the gateway, and nothing was paid.
//     PosPayAndWait returns it only after it tried to cancel. Until 15 seconds after
//     the start, or Config.Timeout if that is longer, the order may still arrive at
//     the gateway. So until then it repeats the cancellation;
//   - [ErrMismatch]: paid, but with another amount or currency. The order is not
//     canceled; a person must check it;
//   - another error for which [OutcomeUnknown] is true: the order could not be
//     canceled and may be paid, or it is paid but an earlier cancellation may have
//     given the money back. Query and cancel the order until the result is clear.
//
// Manual 2.3, 2.5, 2.14.
func (c *Client) PosPayAndWait(ctx context.Context, r PosPayRequest, w PosPayWait) (PosPayResponse, error) {
	f := &form{}
	if w.Patience < 0 {
		f.fail("Patience", "must not be negative")
	}
	if w.Interval < 0 {
		f.fail("Interval", "must not be negative")
	}
	if f.err != nil {
		return PosPayResponse{}, f.err
	}
	w = PosPayWait{cmp.Or(w.Patience, 45*time.Second), cmp.Or(w.Interval, 3*time.Second)}
	start := time.Now()
	response, err := c.PosPay(ctx, r)
	if err == nil || !OutcomeUnknown(err) {
		return response, err
	}
	p := &posWait{
		client: c, request: r, interval: w.Interval,
		cancelAt: start.Add(w.Patience), bookedBy: start.Add(max(bookingTime, c.timeout)),
	}
	if response, err = p.run(ctx); err != nil {
		return PosPayResponse{}, &callError{endpoint: "pospay", cause: err}
	}
	return response, nil
}

// posWait waits for an order that is not decided yet.
type posWait struct {
	client        *Client
	request       PosPayRequest
	interval      time.Duration
	cancelAt      time.Time // when to cancel
	bookedBy      time.Time // after this time an order that the gateway does not know is no longer on its way
	unknownCancel error     // the error of the last cancellation that may have been carried out
}

// run queries until the order is decided, and otherwise cancels it.
func (p *posWait) run(ctx context.Context) (PosPayResponse, error) {
	for left := time.Until(p.cancelAt); left > 0; left = time.Until(p.cancelAt) {
		if !sleep(ctx, min(p.interval, left)) {
			break
		}
		response, decided, err := p.query(ctx)
		switch {
		case decided && errors.Is(err, ErrTrade):
			return p.cancelOrder(ctx, err)
		case decided:
			return response, err
		}
	}
	if err := ctx.Err(); err != nil {
		return p.cancelOrder(ctx, fmt.Errorf("%w: %w", ErrCanceled, err))
	}
	return p.cancelOrder(ctx, ErrCanceled)
}

// query queries the order once. When decided is false, err is nil if the order is
// still open, and otherwise the reason why its state is not known.
func (p *posWait) query(ctx context.Context) (response PosPayResponse, decided bool, err error) {
	q, err := p.client.Query(ctx, QueryRequest{PayChannel: p.request.PayChannel, OutTradeNo: p.request.OutTradeNo})
	switch {
	case err != nil:
		return response, false, err
	case q.TradeStatus == PayError:
		return response, true, fmt.Errorf("%w: trade_status PAY_ERROR", ErrTrade)
	case q.TradeStatus != Success:
		// Only a paid order is compared with the request. An open one is queried
		// again, and canceled in the end.
		return response, false, nil
	case q.TotalFee != p.request.TotalFee:
		return response, true, mismatch("total_fee")
	case q.FeeType != p.request.FeeType:
		return response, true, mismatch("fee_type")
	}
	return PosPayResponse{
		OutTradeNo: q.OutTradeNo, TradeID: q.TradeID, TotalFee: q.TotalFee, FeeType: q.FeeType,
		TradeTime: q.TradeTime, TradeTimeText: q.TradeTimeText, StoreAccount: q.StoreAccount, DeviceSN: q.DeviceSN,
	}, true, nil
}

// cancelOrder cancels the order and then returns the error why. If the gateway
// refuses, it returns the result of the order instead.
func (p *posWait) cancelOrder(ctx context.Context, why error) (PosPayResponse, error) {
	// The order must be canceled even if the caller no longer waits.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
	defer stop()
	for {
		// If the order may still be on its way, cancel again after the query.
		onItsWay := time.Now().Before(p.bookedBy)
		refusal := p.cancel(ctx)
		switch {
		case refusal == nil:
			return PosPayResponse{}, why
		case !isRefusal(refusal):
			return PosPayResponse{}, &unsettledError{refusal}
		}
		// This pause does not depend on Interval: the gateway needs time to book
		// the order.
		sleep(ctx, cancelInterval)
		response, decided, err := p.query(ctx)
		switch {
		case decided:
			return p.resultUncanceled(response, err)
		case !onItsWay:
			return PosPayResponse{}, cancelRefusedError(refusal, err)
		}
	}
}

// cancel retries until the gateway cancels or refuses, or ctx is done. It keeps the
// error of an attempt that the gateway may have carried out.
func (p *posWait) cancel(ctx context.Context) error {
	for {
		_, err := p.client.Cancel(ctx, CancelRequest{PayChannel: p.request.PayChannel, OutTradeNo: p.request.OutTradeNo})
		if OutcomeUnknown(err) {
			p.unknownCancel = err
		}
		if !Retryable(err) || !sleep(ctx, min(p.interval, cancelInterval)) {
			return err
		}
	}
}

// isRefusal reports whether err is the gateway's answer that it did not cancel.
func isRefusal(err error) bool {
	var api *APIError
	return errors.As(err, &api) && !OutcomeUnknown(err)
}

// resultUncanceled returns the result of an order that the gateway refused to
// cancel. If an earlier attempt may have canceled it, a payment may have been given
// back, so the result is unknown.
func (p *posWait) resultUncanceled(response PosPayResponse, err error) (PosPayResponse, error) {
	if p.unknownCancel != nil && !errors.Is(err, ErrTrade) {
		return PosPayResponse{}, &unsettledError{p.unknownCancel}
	}
	return response, err
}

// cancelRefusedError returns the error for an order that the gateway neither
// cancels nor shows as decided. Either the gateway does not know the order, or a
// person must check it.
func cancelRefusedError(refusal, query error) error {
	if errors.Is(refusal, ErrOrderInvalid) && errors.Is(query, ErrOrderInvalid) {
		return ErrOrderInvalid
	}
	return &unsettledError{refusal}
}

// sleep waits for d. It returns false when ctx was done first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
