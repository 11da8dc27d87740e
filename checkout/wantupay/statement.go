package wantupay

import (
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
)

// Statement implements [checkout.Gateway]. It reads the statements of the
// merchant's account and of those from before.
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

// statement is the statement of one account. It reads that of each channel, and leaves out one that the store has no privilege for, unless it is
// the last that is left. A gateway that answers for all channels at once tells
// each trade to both: what the channel before told is left out.
func (a Account) statement(ctx context.Context, from, to time.Time) iter.Seq2[checkout.Trade, error] {
	return func(yield func(checkout.Trade, error) bool) {
		r := reading{account: a, from: from, to: to, told: map[uint64]int{}, seed: maphash.MakeSeed()}
		first, err := r.channel(ctx, wantu.Alipay, yield)
		if err == nil && !first.stopped || errors.Is(err, wantu.ErrNoPrivilege) {
			r.told = first.told
			_, err = r.channel(ctx, wantu.WeChat, yield)
			if first.listed && errors.Is(err, wantu.ErrNoPrivilege) {
				err = nil
			}
		}
		if err != nil {
			yield(checkout.Trade{}, translate(err))
		}
	}
}

// reading is a statement of one channel after the other.
type reading struct {
	account  Account
	from, to time.Time
	seed     maphash.Seed
	// told counts the trades that the channel before told, by their hash: a
	// statement may be too long to keep.
	told map[uint64]int
}

// channelRead is what became of the statement of a channel.
type channelRead struct {
	// listed says that the gateway has one, and stopped that nobody wants more.
	listed, stopped bool
	told            map[uint64]int
}

// channel gives a channel's trades to yield, but those that were told.
func (r reading) channel(ctx context.Context, of wantu.PayChannel, yield func(checkout.Trade, error) bool) (channelRead, error) {
	read := channelRead{told: map[uint64]int{}}
	for trade, err := range r.account.Client.Statement(ctx, wantu.OrderListRequest{PayChannel: of, StartDate: r.from, EndDate: r.to}) {
		if err != nil {
			return read, err
		}
		trade.DateAdded = trade.DateAdded.UTC() // two of one moment are equal
		key := maphash.Comparable(r.seed, trade)
		read.told[key]++
		if r.told[key] > 0 {
			r.told[key]--
			continue
		}
		if !yield(translateTrade(trade), nil) {
			read.stopped = true
			return read, nil
		}
	}
	read.listed = true
	return read, nil
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
		OutRefundNo: t.OutRefundNo, GatewayRefundID: t.RefundID, Amount: fee, Currency: t.FeeType, At: t.DateAdded,
	}
}
