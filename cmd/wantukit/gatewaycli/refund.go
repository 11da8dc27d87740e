package gatewaycli

import (
	"context"

	"github.com/wantukit/wantukit/wantu"
)

// refundVerb refunds an order.
type refundVerb struct {
	order
	account
	output
	RefundNo string `required:"" env:"-" help:"Number of the refund. A number refunds once, however often it is sent: after a failure, send the same number again, never another."`
	Amount   string `xor:"much" env:"-" help:"Amount in major units with all digits, such as 12.50."`
	Full     bool   `xor:"much" env:"-" help:"Refund the whole order."`
}

// Run implements kong's command.
func (v *refundVerb) Run(ctx context.Context, s Streams) error {
	if v.Amount == "" && !v.Full {
		return usage("--amount or --full is needed")
	}
	client, err := v.clientForChange(s, nil)
	if err != nil {
		return err
	}
	o, err := v.find(ctx, client)
	if err != nil {
		return v.explain(err)
	}
	fee, err := v.fee(o)
	if err != nil {
		return err
	}
	s.inform("the checkout does not know of this refund; if it made the payment, the next reconciliation records the refund")
	answer, err := client.Refund(ctx, wantu.RefundRequest{
		PayChannel: o.channel, OutTradeNo: o.OutTradeNo, OutRefundNo: v.RefundNo,
		TotalFee: o.TotalFee, RefundFee: fee, RefundFeeType: o.FeeType,
	})
	if err != nil {
		return v.explainChange(err)
	}
	return Unreported(v.write(s, record{
		{name: "out_trade_no", value: answer.OutTradeNo},
		{name: "out_refund_no", value: answer.OutRefundNo},
		{name: "refund_id", value: answer.RefundID},
		amountField("refund_fee", answer.RefundFee, o.FeeType),
		{name: "fee_type", value: o.FeeType},
	}))
}

// fee returns the amount of the refund in minor units.
func (v *refundVerb) fee(o foundOrder) (int64, error) {
	if v.Full {
		return o.TotalFee, nil
	}
	if _, known := wantu.MinorDigits(o.FeeType); !known {
		return 0, usage("the number of digits of %s is not known: use --full", Printable(o.FeeType))
	}
	return parseAmount("--amount", v.Amount, o.FeeType)
}
