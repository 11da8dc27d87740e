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
	cancelPause    = 3 * time.Second  // between two tries of it, at the most
	arrival        = 15 * time.Second // until a pospay is in the gateway's books or never will be, at the least
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
//   - [ErrOrderInvalid]: the gateway never had the order, nothing was paid. It is
//     believed 15 seconds after the order was sent, or Config.Timeout where that
//     is longer: until then the order may be on its way;
//   - [ErrMismatch]: paid, but another amount or currency than was asked for. It
//     is not canceled: a person has to look;
//   - any other of which [OutcomeUnknown] is true: the order could not be
//     canceled and may be paid, or it shows as paid after a cancellation that may
//     have given the money back. Query and cancel until it is settled.
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
		end: start.Add(w.Patience), arrived: start.Add(max(arrival, c.timeout)),
	}
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
	end      time.Time // when to cancel
	arrived  time.Time // from when on an order that the gateway does not know will not come
	doubt    error     // of the last cancellation that may have acted
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

// ask queries once. Unless the order is decided, err is why it is not known,
// and nil where it is not decided yet.
func (p *posWait) ask(ctx context.Context) (response PosPayResponse, decided bool, err error) {
	q, err := p.client.Query(ctx, QueryRequest{PayChannel: p.request.PayChannel, OutTradeNo: p.request.OutTradeNo})
	switch {
	case err != nil:
		return response, false, err
	case q.TradeStatus == PayError:
		return response, true, fmt.Errorf("%w: trade_status PAY_ERROR", ErrTrade)
	case q.TradeStatus != Success:
		// Whatever the amount: it is asked about again, and canceled in the end.
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

// giveUp ends the order and returns why, or what became of it where the gateway
// does not cancel it.
func (p *posWait) giveUp(ctx context.Context, why error) (PosPayResponse, error) {
	// The shopper's money does not depend on whether the caller still listens.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelPatience)
	defer stop()
	for {
		// An order that was still on its way is found by the next try.
		onItsWay := time.Now().Before(p.arrived)
		refusal := p.cancel(ctx)
		switch {
		case refusal == nil:
			return PosPayResponse{}, why
		case !refuses(refusal):
			return PosPayResponse{}, &unsettledError{refusal}
		}
		// However short Interval is, the gateway gets time to book the order.
		sleep(ctx, cancelPause)
		response, decided, err := p.ask(ctx)
		switch {
		case decided:
			return p.uncanceled(response, err)
		case !onItsWay:
			return PosPayResponse{}, unexplained(refusal, err)
		}
	}
}

// cancel tries until the gateway has decided or ctx is done. It remembers a try
// that may have acted.
func (p *posWait) cancel(ctx context.Context) error {
	for {
		_, err := p.client.Cancel(ctx, CancelRequest{PayChannel: p.request.PayChannel, OutTradeNo: p.request.OutTradeNo})
		if OutcomeUnknown(err) {
			p.doubt = err
		}
		if !Retryable(err) || !sleep(ctx, min(p.interval, cancelPause)) {
			return err
		}
	}
}

// refuses reports whether err is the gateway's own word that it did not act.
func refuses(err error) bool {
	var api *APIError
	return errors.As(err, &api) && !OutcomeUnknown(err)
}

// uncanceled is what became of an order that the gateway did not cancel. Where
// an earlier try may have acted, money that was paid may be on its way back.
func (p *posWait) uncanceled(response PosPayResponse, err error) (PosPayResponse, error) {
	if p.doubt != nil && !errors.Is(err, ErrTrade) {
		return PosPayResponse{}, &unsettledError{p.doubt}
	}
	return response, err
}

// unexplained is how it ends when the gateway neither cancels an order nor says
// what became of it: it has none, or a person has to look.
func unexplained(refusal, query error) error {
	if errors.Is(refusal, ErrOrderInvalid) && errors.Is(query, ErrOrderInvalid) {
		return ErrOrderInvalid
	}
	return &unsettledError{refusal}
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
