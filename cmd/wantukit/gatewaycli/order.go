package gatewaycli

import (
	"context"
	"errors"

	"github.com/wantukit/wantukit/wantu"
)

// order names an order that exists.
type order struct {
	OutTradeNo string `arg:"" optional:"" help:"The order's number."`
	TradeID    string `env:"-" help:"The gateway's number of the order, as on the shopper's receipt, where its own is not known."`
	Channel    string `enum:"wechat,alipay," default:"" env:"-" help:"wechat or alipay. Left out, both are asked."`
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

// channels returns the one that was named, or both.
func channels(name string) []wantu.PayChannel {
	if name != "" {
		return []wantu.PayChannel{channelNamed(name)}
	}
	return []wantu.PayChannel{wantu.Alipay, wantu.WeChat}
}

// found is an order and the channel that knows it.
type found struct {
	wantu.QueryResponse
	channel wantu.PayChannel
}

// find queries the order on its channel, or on both: one that does not know it
// says ErrOrderInvalid, and one that the store does not have ErrNoPrivilege.
func (o order) find(ctx context.Context, client *wantu.Client) (found, error) {
	if o.OutTradeNo == "" && o.TradeID == "" {
		return found{}, usage("the order's number or --trade-id is needed")
	}
	var refusal error
	for _, channel := range channels(o.Channel) {
		answer, err := client.Query(ctx, wantu.QueryRequest{PayChannel: channel, OutTradeNo: o.OutTradeNo, TradeID: o.TradeID})
		switch {
		case errors.Is(err, wantu.ErrOrderInvalid), refusal == nil && errors.Is(err, wantu.ErrNoPrivilege):
			refusal = err
		case !errors.Is(err, wantu.ErrNoPrivilege):
			return found{answer, channel}, err
		}
	}
	return found{}, refusal
}

// queryVerb asks what became of an order.
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
		return v.asked(err)
	}
	if err := v.write(s, o.record()); err != nil {
		return err
	}
	if v.Paid && o.TradeStatus != wantu.Success {
		return &noError{"the order is not paid"}
	}
	return nil
}

func (o found) record() record {
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

// closeVerb ends an order that is not paid.
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

// cancelVerb ends an order whatever its state.
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

// end finds the order, unless channel and number were given, and ends it.
func (a account) end(ctx context.Context, s Streams, o order, ended string, call func(*wantu.Client, wantu.PayChannel, string) error) error {
	client, err := a.actor(s, nil)
	if err != nil {
		return err
	}
	number, channel := o.OutTradeNo, channelNamed(o.Channel)
	if o.Channel == "" || o.TradeID != "" {
		at, err := o.find(ctx, client)
		if err != nil {
			return a.asked(err)
		}
		number, channel = at.OutTradeNo, at.channel
	}
	if err := call(client, channel, number); err != nil {
		return a.acted(err)
	}
	return done(s.say("%s %s", ended, Printable(number)))
}
