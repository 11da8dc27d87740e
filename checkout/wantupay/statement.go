package wantupay

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
)

// Statement implements [checkout.Gateway]. It reads both channels of the merchant's
// account and of its earlier accounts, and lists each trade once. It leaves out a channel
// that the store has no privilege for, unless it has none for both. The gateway's times
// are whole seconds, so it lists all trades in the seconds of from and to. Its error is
// ErrRefused, for example a [NotConfiguredError], or ErrOutcomeUnknown.
func (g *Gateway) Statement(ctx context.Context, merchant string, from, to time.Time) iter.Seq2[checkout.Trade, error] {
	return func(yield func(checkout.Trade, error) bool) {
		current, err := g.account(merchant)
		if err != nil {
			yield(checkout.Trade{}, err)
			return
		}
		for _, account := range current.all() {
			for trade, err := range account.statement(ctx, from, to) {
				if !yield(trade, err) || err != nil {
					return
				}
			}
		}
	}
}

// statement returns the statement of one account: the trades of each channel,
// without duplicates. It leaves out a channel that the store has no privilege for.
// If the store has no privilege for any channel, it yields that error.
func (a Account) statement(ctx context.Context, from, to time.Time) iter.Seq2[checkout.Trade, error] {
	return func(yield func(checkout.Trade, error) bool) {
		r := statementReader{account: a, from: from, to: to, duplicates: wantu.NewDuplicates()}
		first, err := r.channel(ctx, wantu.Alipay, yield)
		if err == nil && !first.stopped || errors.Is(err, wantu.ErrNoPrivilege) {
			_, err = r.channel(ctx, wantu.WeChat, yield)
			if first.complete && errors.Is(err, wantu.ErrNoPrivilege) {
				err = nil
			}
		}
		if err != nil {
			yield(checkout.Trade{}, translate(err))
		}
	}
}

// statementReader reads the statements of the channels, one after the other.
type statementReader struct {
	account    Account
	from, to   time.Time
	duplicates *wantu.Duplicates
}

// channelResult tells how the statement of a channel ended.
type channelResult struct {
	complete bool // it was read to the end
	stopped  bool // the caller wants no more trades
}

// channel yields the trades of a channel, except duplicates.
func (r statementReader) channel(ctx context.Context, of wantu.PayChannel, yield func(checkout.Trade, error) bool) (channelResult, error) {
	isDuplicate := r.duplicates.NextStatement()
	for trade, err := range r.account.Client.Statement(ctx, wantu.OrderListRequest{PayChannel: of, StartDate: r.from, EndDate: r.to}) {
		if err != nil {
			return channelResult{}, err
		}
		if !isDuplicate(trade) && !yield(translateTrade(trade), nil) {
			return channelResult{stopped: true}, nil
		}
	}
	return channelResult{complete: true}, nil
}

// translateTrade puts a row into the domain's words. An amount that is finer
// than its currency, or of a currency that is not known, is -1.
func translateTrade(t wantu.Trade) checkout.Trade {
	fee, err := t.Fee()
	switch {
	case err != nil || fee < 0 && t.Type != wantu.TypeRefund:
		fee = -1
	case fee < 0: // a refund may be written as what leaves
		fee = -fee
	}
	return checkout.Trade{
		Refund: t.Type == wantu.TypeRefund, OutTradeNo: t.OutTradeNo, TradeID: t.TradeID,
		OutRefundNo: t.OutRefundNo, GatewayRefundID: t.RefundID, Amount: fee, Currency: t.FeeType, At: t.DateAdded.UTC(),
	}
}
