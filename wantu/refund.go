package wantu

import "context"

// RefundRequest asks to give back all of an order's money or a part. It names the
// order by OutTradeNo, TradeID or both. Manual 2.4.
type RefundRequest struct {
	PayChannel    PayChannel // the channel that the order was paid on
	OutTradeNo    string     // the order number: at most 32 of A-Z a-z 0-9 _
	TradeID       string     // the gateway's number of the order, at most 32 characters
	OutRefundNo   string     // the number of the refund: 1 to 32 of A-Z a-z 0-9 _
	TotalFee      int64      // the amount of the order, in minor units
	RefundFee     int64      // the amount to give back, in minor units: 1 to TotalFee
	RefundFeeType string     // the currency of the order: three capital letters
}

// RefundResponse is a refund that the gateway has accepted.
type RefundResponse struct {
	OutTradeNo    string
	TradeID       string // "" when the gateway sent none
	OutRefundNo   string
	RefundID      string // the gateway's number of the refund; "" when it sent none
	TotalFee      int64  // minor units; 0 when the gateway sent none, as in the manual's example
	FeeType       string // "" when the gateway sent none
	RefundFee     int64  // minor units: of this refund or of all refunds of the order; the manual does not say
	RefundFeeType string // "" when the gateway sent none
}

// Refund gives money back. The gateway refunds an OutRefundNo only once, even if the
// request is sent several times. So after a [Retryable] error send the same request
// again, and never one with another number. An order may have several refunds. When
// they exceed what was paid, Refund returns [ErrRefund]. Manual 2.4.
func (c *Client) Refund(ctx context.Context, r RefundRequest) (RefundResponse, error) {
	f := newForm(r.PayChannel)
	f.orderNumbers(r.OutTradeNo, r.TradeID)
	f.required("out_refund_no", r.OutRefundNo, 32, lettersDigitsOr("_"))
	f.amount("total_fee", r.TotalFee)
	f.amount("refund_fee", r.RefundFee)
	if r.RefundFee > r.TotalFee {
		f.fail("refund_fee", "is more than total_fee")
	}
	f.required("refund_fee_type", r.RefundFeeType, 3, currency)
	var response RefundResponse
	err := c.call(ctx, "refund", f, func(a *answer) {
		response = RefundResponse{
			OutTradeNo:    a.required("out_trade_no"),
			TradeID:       a.Text("trade_id"),
			OutRefundNo:   a.required("out_refund_no"),
			RefundID:      a.Text("refund_id"),
			FeeType:       a.Text("fee_type"),
			RefundFee:     a.fee("refund_fee"),
			RefundFeeType: a.firstText("refund_fee_type", "refund_fee=type"),
		}
		if a.Text("total_fee") != "" {
			response.TotalFee = a.fee("total_fee")
		}
		// refund_fee is the amount of this refund or of all refunds. So it is at
		// least this refund's amount, and at most what was paid.
		if a.err == nil && (response.RefundFee < r.RefundFee || response.RefundFee > r.TotalFee) {
			a.err = mismatch("refund_fee")
		}
		if a.err == nil && response.RefundFeeType != "" && response.RefundFeeType != r.RefundFeeType {
			a.err = mismatch("refund_fee_type")
		}
	})
	if err != nil {
		return RefundResponse{}, err
	}
	return response, nil
}
