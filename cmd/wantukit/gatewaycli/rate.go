package gatewaycli

import (
	"context"

	"github.com/wantukit/wantukit/wantu"
)

// rateVerb shows the exchange rate of a currency.
type rateVerb struct {
	Currency string `arg:"" default:"HKD" help:"Currency (ISO 4217)."`
	Channel  string `enum:"wechat,alipay" default:"wechat" env:"-" help:"Channel whose rate is shown: wechat or alipay."`
	account
	output
}

// Run implements kong's command.
func (v *rateVerb) Run(ctx context.Context, s Streams) error {
	client, err := v.client()
	if err != nil {
		return err
	}
	answer, err := client.Currency(ctx, wantu.CurrencyRequest{PayChannel: channelNamed(v.Channel), FeeType: v.Currency})
	if err != nil {
		return v.explain(err)
	}
	return v.write(s, record{
		{name: "fee_type", value: v.Currency},
		{name: "currency", value: answer.Currency.String(), text: answer.Currency.String() + " CNY for 1 " + v.Currency},
	})
}
