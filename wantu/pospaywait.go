package wantu

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	cancelPatience = 30 * time.Second // how long PosPayAndWait tries to cancel
	maxPause       = 3 * time.Second  // between two tries of it
)

// PosPayWait says how long and how often [Client.PosPayAndWait] asks.
type PosPayWait struct {
	Patience time.Duration // from the start until it cancels; defaults to 45 seconds
	Interval time.Duration // between two queries; defaults to 3 seconds
}

// PosPayAndWait takes a payment by a scanned code and stays until it is decided.
// While the shopper enters a password, or when the answer was lost, it queries
// the same order every Interval; it never places a second one. A nil error means
// paid, with the amount and the currency that were asked for.
//
// When Patience is over or ctx is done it cancels, which takes up to 30 seconds
// of its own, also after ctx is canceled. The errors are those of
// [Client.PosPay] where that decided at once, and
//
//   - [ErrCanceled]: canceled; nothing is owed, and what was paid in the last
//     moment is given back. [context.Canceled] or [context.DeadlineExceeded]
//     are found beside it when ctx was done;
//   - [ErrTrade]: the payment failed, and the order is ended;
//   - [ErrOrderInvalid]: the gateway never had the order, nothing was paid;
//   - [ErrMismatch]: paid, but another amount or currency than was asked for. It
//     is not canceled: a person has to look;
//   - any other of which [OutcomeUnknown] is true: the order could not be
//     canceled, and may be paid. Query and cancel until it is settled.
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
	end := time.Now().Add(w.Patience)
	response, err := c.PosPay(ctx, r)
	if err == nil || !OutcomeUnknown(err) {
		return response, err
	}
	p := &posWait{client: c, request: r, interval: w.Interval, end: end}
	if response, err = p.decide(ctx); err != nil {
		return PosPayResponse{}, &callError{endpoint: "pospay", cause: err}
	}
	return response, nil
}

// posWait is a payment by code that is not decided yet.
type posWait struct {
	client   *Client
	request  PosPayRequest
	interval time.Duration
	end      time.Time
}

// decide asks until the order is decided, and cancels it when it does not get
// there.
func (p *posWait) decide(ctx context.Context) (PosPayResponse, error) {
	for left := time.Until(p.end); left > 0; left = time.Until(p.end) {
		if !sleep(ctx, min(p.interval, left)) {
			break
		}
		response, decided, err := p.ask(ctx)
		switch {
		case decided && errors.Is(err, ErrTrade):
			return p.giveUp(ctx, err)
		case decided:
			return response, err
		}
	}
	if err := ctx.Err(); err != nil {
		return p.giveUp(ctx, fmt.Errorf("%w: %w", ErrCanceled, err))
	}
	return p.giveUp(ctx, ErrCanceled)
}

// ask queries once. Unless the order is decided, err is why it is not known.
func (p *posWait) ask(ctx context.Context) (response PosPayResponse, decided bool, err error) {
	q, err := p.client.Query(ctx, QueryRequest{PayChannel: p.request.PayChannel, OutTradeNo: p.request.OutTradeNo})
	switch {
	case err != nil:
		return response, false, err
	case q.TotalFee != p.request.TotalFee:
		return response, true, mismatch("total_fee")
	case q.FeeType != p.request.FeeType:
		return response, true, mismatch("fee_type")
	case q.TradeStatus == PayError:
		return response, true, fmt.Errorf("%w: trade_status PAY_ERROR", ErrTrade)
	}
	return PosPayResponse{
		OutTradeNo: q.OutTradeNo, TradeID: q.TradeID, TotalFee: q.TotalFee, FeeType: q.FeeType,
		TradeTime: q.TradeTime, StoreAccount: q.StoreAccount, DeviceSN: q.DeviceSN,
	}, q.TradeStatus == Success, nil
}

// giveUp cancels the order and returns why, unless the gateway refuses.
func (p *posWait) giveUp(ctx context.Context, why error) (PosPayResponse, error) {
	// The shopper's money does not depend on whether the caller still listens.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
	defer stop()
	err := p.cancel(ctx)
	switch {
	case err == nil:
		return PosPayResponse{}, why
	case OutcomeUnknown(err) || Retryable(err):
		return PosPayResponse{}, &unsettledError{err}
	default:
		return p.refused(ctx, err)
	}
}

// cancel tries until the gateway has decided or ctx is done.
func (p *posWait) cancel(ctx context.Context) error {
	for {
		_, err := p.client.Cancel(ctx, CancelRequest{PayChannel: p.request.PayChannel, OutTradeNo: p.request.OutTradeNo})
		if !Retryable(err) || !sleep(ctx, min(p.interval, maxPause)) {
			return err
		}
	}
}

// refused finds out what became of an order that the gateway does not cancel:
// it has none, or one that is past canceling.
func (p *posWait) refused(ctx context.Context, refusal error) (PosPayResponse, error) {
	// The order itself may still be on its way to the gateway.
	sleep(ctx, min(p.interval, maxPause))
	response, decided, err := p.ask(ctx)
	switch {
	case decided:
		return response, err
	case errors.Is(refusal, ErrOrderInvalid) && errors.Is(err, ErrOrderInvalid):
		return PosPayResponse{}, ErrOrderInvalid
	default:
		return PosPayResponse{}, &unsettledError{refusal}
	}
}

// sleep waits, and reports whether it was left to sleep.
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
