package sandbox_test

import (
	"cmp"
	"context"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// orderSpec describes the order that a request names, so that the order can be opened
// first.
type orderSpec struct {
	number, tradeID string
	channel         wantu.PayChannel
	fee             int64
}

func orderSpecOf(request any) orderSpec {
	of := orderSpec{number: "n1", channel: wantu.WeChat, fee: 100}
	if number, ok := goValue(request, "out_trade_no").(string); ok {
		of.number = cmp.Or(number, of.number)
	}
	if channel, ok := goValue(request, "pay_channel").(wantu.PayChannel); ok {
		of.channel = cmp.Or(channel, of.channel)
	}
	if fee, ok := goValue(request, "total_fee").(int64); ok {
		of.fee = cmp.Or(fee, of.fee)
	}
	of.tradeID, _ = goValue(request, "trade_id").(string)
	return of
}

// servingAppOf makes the sandbox accept the WeChat app that a request names.
func servingAppOf(request any) setting {
	return func(s *sandbox.Config, _ *wantu.Config) {
		if appID, ok := goValue(request, "app_id").(string); ok {
			s.WeChatAppID = appID
		}
	}
}

func prepareNothing(*testing.T, *bench, orderSpec) {}

func prepareOrder(t *testing.T, b *bench, of orderSpec) {
	t.Helper()
	_, err := b.client.CreateQRCode(context.Background(), wantu.CreateQRCodeRequest{
		PayChannel: of.channel, TotalFee: of.fee, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: of.number,
		NotifyURL: notifyURL, Attach: "a", DeviceSN: "d",
	})
	if err != nil {
		t.Fatal(err)
	}
}

func preparePaidOrder(t *testing.T, b *bench, of orderSpec) {
	t.Helper()
	prepareOrder(t, b, of)
	if _, err := b.Pay(of.number); err != nil {
		t.Fatal(err)
	}
}

func prepareRefund(t *testing.T, b *bench, of orderSpec) {
	t.Helper()
	preparePaidOrder(t, b, of)
	_, err := b.client.Refund(context.Background(), wantu.RefundRequest{
		PayChannel: of.channel, OutTradeNo: of.number, OutRefundNo: "r1", TotalFee: of.fee, RefundFee: of.fee, RefundFeeType: "HKD",
	})
	if err != nil {
		t.Fatal(err)
	}
}

func paid(t *testing.T, b *bench) {
	t.Helper()
	preparePaidOrder(t, b, orderSpecOf(nil))
}

func refunded(t *testing.T, b *bench) {
	t.Helper()
	prepareRefund(t, b, orderSpecOf(nil))
}
