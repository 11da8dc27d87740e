package wantu_test

import (
	"context"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

func refundRequest() wantu.RefundRequest {
	return wantu.RefundRequest{
		PayChannel: wantu.Alipay, OutTradeNo: "mall1", OutRefundNo: "mall1_0", TotalFee: 100, RefundFee: 40, RefundFeeType: "HKD",
	}
}

const refunded = "out_trade_no=mall1\ntrade_id=1000\nout_refund_no=mall1_0\nrefund_id=1000_0\nrefund_fee=40\n"

func TestRefund(t *testing.T) {
	t.Parallel()
	answer := refunded + "total_fee=100\nfee_type=HKD\nrefund_fee_type=HKD"
	want := wantu.RefundResponse{
		OutTradeNo: "mall1", TradeID: "1000", OutRefundNo: "mall1_0", RefundID: "1000_0", TotalFee: 100, FeeType: "HKD",
		RefundFee: 40, RefundFeeType: "HKD",
	}
	for name, c := range map[string]struct {
		change func(*wantu.RefundRequest)
		order  wantu.Fields
	}{
		"by our number":    {func(*wantu.RefundRequest) {}, wantu.Fields{"out_trade_no": "mall1"}},
		"by the gateway's": {func(r *wantu.RefundRequest) { r.OutTradeNo, r.TradeID = "", "1000" }, wantu.Fields{"trade_id": "1000"}},
		"by both":          {func(r *wantu.RefundRequest) { r.TradeID = "1000" }, wantu.Fields{"out_trade_no": "mall1", "trade_id": "1000"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := sentFields(t, "refund", answer, func(client *wantu.Client) error {
				request := refundRequest()
				c.change(&request)
				got, err := client.Refund(context.Background(), request)
				if got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				return err
			})
			c.order["out_refund_no"], c.order["total_fee"], c.order["refund_fee"], c.order["refund_fee_type"] = "mall1_0", "100", "40", "HKD"
			equalFields(t, fields, withCommonFields("2", c.order))
		})
	}
}

func TestRefundChecksItsFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*wantu.RefundRequest)
		field  string
	}{
		"no channel":           {func(r *wantu.RefundRequest) { r.PayChannel = 0 }, "pay_channel"},
		"no order":             {func(r *wantu.RefundRequest) { r.OutTradeNo = "" }, "out_trade_no"},
		"number of 33":         {func(r *wantu.RefundRequest) { r.OutTradeNo = strings.Repeat("1", 33) }, "out_trade_no"},
		"trade_id of 33":       {func(r *wantu.RefundRequest) { r.TradeID = strings.Repeat("1", 33) }, "trade_id"},
		"no refund number":     {func(r *wantu.RefundRequest) { r.OutRefundNo = "" }, "out_refund_no"},
		"refund number of 33":  {func(r *wantu.RefundRequest) { r.OutRefundNo = strings.Repeat("1", 33) }, "out_refund_no"},
		"refund number with &": {func(r *wantu.RefundRequest) { r.OutRefundNo = "1&refund_fee=100" }, "out_refund_no"},
		"no amount":            {func(r *wantu.RefundRequest) { r.TotalFee = 0 }, "total_fee"},
		"amount of 12 digits":  {func(r *wantu.RefundRequest) { r.TotalFee = wantu.MaxTotalFee + 1 }, "total_fee"},
		"nothing to give back": {func(r *wantu.RefundRequest) { r.RefundFee = 0 }, "refund_fee"},
		"negative":             {func(r *wantu.RefundRequest) { r.RefundFee = -40 }, "refund_fee"},
		"more than was paid":   {func(r *wantu.RefundRequest) { r.RefundFee = 101 }, "refund_fee"},
		"no currency":          {func(r *wantu.RefundRequest) { r.RefundFeeType = "" }, "refund_fee_type"},
		"currency in letters":  {func(r *wantu.RefundRequest) { r.RefundFeeType = "dollars" }, "refund_fee_type"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := refundRequest()
			c.change(&request)
			_, err := offlineClient(t).Refund(context.Background(), request)
			wantFieldError(t, err, c.field)
		})
	}
}

func TestRefundRefusesAnswers(t *testing.T) {
	t.Parallel()
	checkAnswers(t, func(c *wantu.Client) error {
		_, err := c.Refund(context.Background(), refundRequest())
		return err
	}, map[string]answerCase{
		"as short as the example": {refunded, nil},
		"the sum of two refunds":  {strings.Replace(refunded, "=40", "=80", 1), nil},
		"no refund_id":            {strings.Replace(refunded, "refund_id", "x", 1), nil},
		"no trade_id":             {strings.Replace(refunded, "trade_id", "x", 1), nil},
		"no amount":               {strings.Replace(refunded, "refund_fee", "x", 1), wantu.ErrMalformed},
		"total_fee unreadable":    {refunded + "total_fee=1.00", wantu.ErrMismatch},
		"less than was asked for": {strings.Replace(refunded, "=40", "=39", 1), wantu.ErrMismatch},
		"more than was paid":      {strings.Replace(refunded, "=40", "=101", 1), wantu.ErrMismatch},
		"another refund":          {strings.Replace(refunded, "mall1_0", "mall1_1", 1), wantu.ErrMismatch},
		"another order":           {strings.Replace(refunded, "mall1\n", "mall2\n", 1), wantu.ErrMismatch},
		"another currency":        {refunded + "refund_fee_type=CNY", wantu.ErrMismatch},
	})
}
