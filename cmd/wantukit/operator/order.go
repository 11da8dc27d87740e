package operator

import (
	"context"
	"errors"

	"github.com/wantukit/wantukit/wantu"
)

// order names an order that exists.
type order struct {
	OutTradeNo string `arg:"" help:"The order's number."`
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

// found is an order and the channel that knows it.
type found struct {
	wantu.QueryResponse
	channel wantu.PayChannel
}

// find queries the order on its channel, or on both: the one that does not know
// it says ErrOrderInvalid.
func (o order) find(ctx context.Context, client *wantu.Client) (found, error) {
	channels := []wantu.PayChannel{wantu.Alipay, wantu.WeChat}
	if o.Channel != "" {
		channels = []wantu.PayChannel{channelNamed(o.Channel)}
	}
	var err error
	for _, channel := range channels {
		var answer wantu.QueryResponse
		answer, err = client.Query(ctx, wantu.QueryRequest{PayChannel: channel, OutTradeNo: o.OutTradeNo})
		if !errors.Is(err, wantu.ErrOrderInvalid) {
			return found{answer, channel}, err
		}
	}
	return found{}, err
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
	return v.end(ctx, s, v.order, "closed", func(client *wantu.Client, channel wantu.PayChannel) error {
		_, err := client.Close(ctx, wantu.CloseRequest{PayChannel: channel, OutTradeNo: v.OutTradeNo})
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
	return v.end(ctx, s, v.order, "canceled", func(client *wantu.Client, channel wantu.PayChannel) error {
		_, err := client.Cancel(ctx, wantu.CancelRequest{PayChannel: channel, OutTradeNo: v.OutTradeNo})
		return err
	})
}

// end finds the order's channel, unless it was given, and ends the order there.
func (a account) end(ctx context.Context, s Streams, o order, done string, call func(*wantu.Client, wantu.PayChannel) error) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	channel := channelNamed(o.Channel)
	if o.Channel == "" {
		at, err := o.find(ctx, client)
		if err != nil {
			return a.asked(err)
		}
		channel = at.channel
	}
	if err := call(client, channel); err != nil {
		return a.acted(err)
	}
	return line(s.Out, "%s %s", done, o.OutTradeNo)
}
