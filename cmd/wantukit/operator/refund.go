package operator

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
	Amount   string `xor:"much" required:"" env:"-" help:"How much, in major units with all digits, such as 12.50."`
	Full     bool   `xor:"much" required:"" env:"-" help:"All of it."`
}

// Run implements kong's command.
func (v *refundVerb) Run(ctx context.Context, s Streams) error {
	client, err := v.client()
	if err != nil {
		return err
	}
	o, err := v.find(ctx, client)
	if err != nil {
		return v.asked(err)
	}
	fee := o.TotalFee
	if !v.Full {
		if fee, err = parseAmount("--amount", v.Amount, o.FeeType); err != nil {
			return err
		}
	}
	answer, err := client.Refund(ctx, wantu.RefundRequest{
		PayChannel: o.channel, OutTradeNo: v.OutTradeNo, OutRefundNo: v.RefundNo,
		TotalFee: o.TotalFee, RefundFee: fee, RefundFeeType: o.FeeType,
	})
	if err != nil {
		return v.acted(err)
	}
	return v.write(s, record{
		{name: "out_trade_no", value: answer.OutTradeNo},
		{name: "out_refund_no", value: answer.OutRefundNo},
		{name: "refund_id", value: answer.RefundID},
		amountField("refund_fee", answer.RefundFee, o.FeeType),
		{name: "fee_type", value: o.FeeType},
	})
}
