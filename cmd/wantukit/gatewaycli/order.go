package gatewaycli

import (
	"context"
	"errors"

	"github.com/wantukit/wantukit/wantu"
)

// order is the flags that name an existing order.
type order struct {
	OutTradeNo string `arg:"" optional:"" help:"Number of the order."`
	TradeID    string `env:"-" help:"The gateway's number of the order, as on the shopper's receipt, if the order's own number is not known."`
	Channel    string `enum:"wechat,alipay," default:"" env:"-" help:"wechat or alipay. Defaults to both."`
}

func channelNamed(name string) wantu.PayChannel {
	if name == "wechat" {
		return wantu.WeChat
	}
	return wantu.Alipay
}

func channelName(channel wantu.PayChannel) string {
	if channel == wantu.WeChat {
		return "wechat"
	}
	return "alipay"
}

// channels returns the channel of that name, or both for "".
func channels(name string) []wantu.PayChannel {
	if name != "" {
		return []wantu.PayChannel{channelNamed(name)}
	}
	return []wantu.PayChannel{wantu.Alipay, wantu.WeChat}
}

// foundOrder is an order and its channel.
type foundOrder struct {
	wantu.QueryResponse
	channel wantu.PayChannel
}

// find queries the order on its channel, or on both. A channel without the order
// answers ErrOrderInvalid, and a channel that the store does not have answers
// ErrNoPrivilege.
func (o order) find(ctx context.Context, client *wantu.Client) (foundOrder, error) {
	if o.OutTradeNo == "" && o.TradeID == "" {
		return foundOrder{}, usage("the number of the order or --trade-id is needed")
	}
	var refusal error
	for _, channel := range channels(o.Channel) {
		answer, err := client.Query(ctx, wantu.QueryRequest{PayChannel: channel, OutTradeNo: o.OutTradeNo, TradeID: o.TradeID})
		switch {
		case errors.Is(err, wantu.ErrOrderInvalid), refusal == nil && errors.Is(err, wantu.ErrNoPrivilege):
			refusal = err
		case !errors.Is(err, wantu.ErrNoPrivilege):
			return foundOrder{answer, channel}, err
		}
	}
	return foundOrder{}, refusal
}

// queryVerb queries an order.
type queryVerb struct {
	order
	account
	output
	Paid bool `env:"-" help:"Exit with 5 unless the order is paid."`
}

// Run implements kong's command.
func (v *queryVerb) Run(ctx context.Context, s Streams) error {
	client, err := v.client()
	if err != nil {
		return err
	}
	o, err := v.find(ctx, client)
	if err != nil {
		return v.explain(err)
	}
	if err := v.write(s, o.record()); err != nil {
		return err
	}
	if v.Paid && o.TradeStatus != wantu.Success {
		return &noError{"the order is not paid"}
	}
	return nil
}

// record returns the answer of query.
func (o foundOrder) record() record {
	return record{
		{name: "out_trade_no", value: o.OutTradeNo},
		{name: "trade_status", value: string(o.TradeStatus)},
		amountField("total_fee", o.TotalFee, o.FeeType),
		{name: "fee_type", value: o.FeeType},
		{name: "channel", value: channelName(o.channel)},
		{name: "trade_id", value: o.TradeID},
		timeField("trade_time", o.TradeTime),
		{name: "attach", value: o.Attach},
	}
}

// closeVerb closes an order that is not paid.
type closeVerb struct {
	order
	account
}

// Run implements kong's command.
func (v *closeVerb) Run(ctx context.Context, s Streams) error {
	return v.end(ctx, s, v.order, "closed", func(client *wantu.Client, channel wantu.PayChannel, number string) error {
		_, err := client.Close(ctx, wantu.CloseRequest{PayChannel: channel, OutTradeNo: number})
		return err
	})
}

// cancelVerb cancels an order in any state.
type cancelVerb struct {
	order
	account
}

// Run implements kong's command.
func (v *cancelVerb) Run(ctx context.Context, s Streams) error {
	return v.end(ctx, s, v.order, "canceled", func(client *wantu.Client, channel wantu.PayChannel, number string) error {
		_, err := client.Cancel(ctx, wantu.CancelRequest{PayChannel: channel, OutTradeNo: number})
		return err
	})
}

// end closes or cancels an order, and prints outcome. It queries the order first if
// its channel or number was not given.
func (a account) end(ctx context.Context, s Streams, o order, outcome string, call func(*wantu.Client, wantu.PayChannel, string) error) error {
	client, err := a.clientForChange(s, nil)
	if err != nil {
		return err
	}
	number, channel := o.OutTradeNo, channelNamed(o.Channel)
	if o.Channel == "" || o.TradeID != "" {
		found, err := o.find(ctx, client)
		if err != nil {
			return a.explain(err)
		}
		number, channel = found.OutTradeNo, found.channel
	}
	if err := call(client, channel, number); err != nil {
		return a.explainChange(err)
	}
	return Unreported(s.print("%s %s", outcome, Printable(number)))
}
