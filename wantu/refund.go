package wantu

import "context"

// RefundRequest asks to give money back, all of it or a part. Manual 2.4.
type RefundRequest struct {
	PayChannel    PayChannel // the channel that the order was paid on
	OutTradeNo    string     // the order, by this number or by TradeID: at most 32 of A-Z a-z 0-9 _
	TradeID       string     // the gateway's number, at most 32 characters
	OutRefundNo   string     // the refund's number: 1 to 32 of A-Z a-z 0-9 _
	TotalFee      int64      // what the order was for, in minor units
	RefundFee     int64      // what to give back, in minor units: 1 to TotalFee
	RefundFeeType string     // three capital letters: the order's currency
}

// RefundResponse is a refund that the gateway has taken.
type RefundResponse struct {
	OutTradeNo    string
	TradeID       string // "" when the gateway sent none
	OutRefundNo   string
	RefundID      string // the gateway's number of the refund; "" when it sent none
	TotalFee      int64  // minor units; 0 when the gateway sent none, as in the manual's example
	FeeType       string // "" when the gateway sent none
	RefundFee     int64  // minor units: this refund, or all of the order's; the manual does not say
	RefundFeeType string // "" when the gateway sent none
}

// Refund gives money back. One OutRefundNo refunds once however often it is
// sent: after an error that is [Retryable] send the same request again, never one
// with another number. Several refunds may add up to what was
// paid; beyond it the gateway answers [ErrRefund]. Manual 2.4.
func (c *Client) Refund(ctx context.Context, r RefundRequest) (RefundResponse, error) {
	f := newForm(r.PayChannel)
	f.orderBy(r.OutTradeNo, r.TradeID)
	f.required("out_refund_no", r.OutRefundNo, 32, only("_"))
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
			RefundFeeType: a.either("refund_fee_type", "refund_fee=type"),
		}
		if a.Text("total_fee") != "" {
			response.TotalFee = a.fee("total_fee")
		}
		// It may be this refund, or the sum of all: never less, never more than
		// was paid.
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
