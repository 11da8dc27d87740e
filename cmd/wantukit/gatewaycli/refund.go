package gatewaycli

import (
	"context"

	"github.com/wantukit/wantukit/wantu"
)

// refundVerb gives money back.
type refundVerb struct {
	order
	account
	output
	RefundNo string `required:"" env:"-" help:"The refund's number. One number refunds once however often it is sent: after a failure repeat it, never another."`
	Amount   string `xor:"much" env:"-" help:"How much, in major units with all digits, such as 12.50."`
	Full     bool   `xor:"much" env:"-" help:"All of it."`
}

// Run implements kong's command.
func (v *refundVerb) Run(ctx context.Context, s Streams) error {
	if v.Amount == "" && !v.Full {
		return usage("--amount or --full is needed")
	}
	client, err := v.actor(s, nil)
	if err != nil {
		return err
	}
	o, err := v.find(ctx, client)
	if err != nil {
		return v.asked(err)
	}
	fee, err := v.fee(o)
	if err != nil {
		return err
	}
	s.tell("this goes past the checkout's books: the next reconciliation takes in a refund of one of its payments")
	answer, err := client.Refund(ctx, wantu.RefundRequest{
		PayChannel: o.channel, OutTradeNo: o.OutTradeNo, OutRefundNo: v.RefundNo,
		TotalFee: o.TotalFee, RefundFee: fee, RefundFeeType: o.FeeType,
	})
	if err != nil {
		return v.acted(err)
	}
	return done(v.write(s, record{
		{name: "out_trade_no", value: answer.OutTradeNo},
		{name: "out_refund_no", value: answer.OutRefundNo},
		{name: "refund_id", value: answer.RefundID},
		amountField("refund_fee", answer.RefundFee, o.FeeType),
		{name: "fee_type", value: o.FeeType},
	}))
}

// fee is how much to give back, in minor units.
func (v *refundVerb) fee(o found) (int64, error) {
	if v.Full {
		return o.TotalFee, nil
	}
	if _, known := wantu.MinorDigits(o.FeeType); !known {
		return 0, usage("the digits of %s are not known: only --full is possible", Printable(o.FeeType))
	}
	return parseAmount("--amount", v.Amount, o.FeeType)
}
