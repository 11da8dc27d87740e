package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// probe is the client's method for an endpoint, with a request that has a value in every
// field.
type probe struct {
	request any
	call    func(*wantu.Client, any) (any, error)
	// prepare opens, pays or refunds the order that the request names.
	prepare func(*testing.T, *bench, orderSpec)
}

func probeOf[R, A any](method func(*wantu.Client, context.Context, R) (A, error), request R, needs func(*testing.T, *bench, orderSpec)) probe {
	return probe{request, func(c *wantu.Client, request any) (any, error) {
		r, ok := request.(R)
		if !ok {
			return nil, fmt.Errorf("%T is not a request of this endpoint", request)
		}
		return method(c, context.Background(), r)
	}, needs}
}

const (
	openID            = "o0123456789abcdefghijklmnopq"
	notifyURL         = "https://shop.example/notify"
	tradeIDOfTheOrder = "the_trade_id_of_the_order" // a placeholder until the order is open
)

func probes() map[string]probe {
	expires := fixedTime().Add(time.Hour)
	return map[string]probe{
		"create-qrcode": probeOf((*wantu.Client).CreateQRCode, wantu.CreateQRCodeRequest{
			PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1",
			Attach: "a", NotifyURL: notifyURL, DeviceSN: "d",
		}, prepareNothing),
		"pospay": probeOf((*wantu.Client).PosPay, wantu.PosPayRequest{
			PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1",
			Attach: "a", AuthCode: "134674074004982976", NotifyURL: notifyURL, DeviceSN: "d",
		}, prepareNothing),
		"refund": probeOf((*wantu.Client).Refund, wantu.RefundRequest{
			PayChannel: wantu.WeChat, OutTradeNo: "n1", TradeID: tradeIDOfTheOrder, OutRefundNo: "r1", TotalFee: 100, RefundFee: 100, RefundFeeType: "HKD",
		}, preparePaidOrder),
		"query": probeOf((*wantu.Client).Query, wantu.QueryRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1", TradeID: tradeIDOfTheOrder}, preparePaidOrder),
		"pay-form": probeOf((*wantu.Client).PayForm, wantu.PayFormRequest{
			PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1",
			Attach: "a", NotifyURL: notifyURL, DeviceSN: "d", OpenID: openID, AppID: sandbox.DefaultWeChatAppID,
		}, prepareNothing),
		"order-list": probeOf((*wantu.Client).OrderList, wantu.OrderListRequest{
			PayChannel: wantu.WeChat, StartDate: fixedTime(), EndDate: fixedTime().Add(24 * time.Hour),
		}, prepareRefund),
		"web": probeOf((*wantu.Client).Web, wantu.WebRequest{
			PayChannel: wantu.Alipay, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1", Attach: "a",
			NotifyURL: notifyURL, ReturnURL: notifyURL, TimeExpire: expires, DeviceSN: "d", PaymentInst: wantu.AlipayHK, QRCodeWidth: 200,
		}, prepareNothing),
		"app": probeOf((*wantu.Client).App, wantu.AppRequest{
			PayChannel: wantu.Alipay, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1", Attach: "a",
			NotifyURL: notifyURL, DeviceSN: "d", PaymentInst: wantu.AlipayHK,
		}, prepareNothing),
		"wap": probeOf((*wantu.Client).WAP, wantu.WAPRequest{
			PayChannel: wantu.Alipay, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1", Attach: "a",
			NotifyURL: notifyURL, ReturnURL: notifyURL, TimeExpire: expires, DeviceSN: "d", PaymentInst: wantu.AlipayHK,
		}, prepareNothing),
		"merchant-qrcode": probeOf((*wantu.Client).MerchantQRCode, wantu.MerchantQRCodeRequest{
			PayChannel: wantu.WeChat, NotifyURL: notifyURL,
		}, prepareNothing),
		"currency": probeOf((*wantu.Client).Currency, wantu.CurrencyRequest{PayChannel: wantu.WeChat, FeeType: "HKD"}, prepareNothing),
		"cancel":   probeOf((*wantu.Client).Cancel, wantu.CancelRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1"}, prepareOrder),
		"close":    probeOf((*wantu.Client).Close, wantu.CloseRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1"}, prepareOrder),
	}
}

// with returns p with another value in one field of its request; nil means the zero value.
func (p probe) with(goName string, value any) probe {
	p.request = with(p.request, goName, value)
	return p
}

// ready returns a bench that is prepared for p, and the request of p.
func (p probe) ready(t *testing.T, settings ...setting) (*bench, any) {
	t.Helper()
	b := newBench(t, append(settings, servingAppOf(p.request))...)
	of := orderSpecOf(p.request)
	p.prepare(t, b, of)
	b.calls = 0
	if of.tradeID != tradeIDOfTheOrder {
		return b, p.request
	}
	return b, with(p.request, "TradeID", b.mustOrder(t, of.number).TradeID)
}

// run makes the call.
func (p probe) run(t *testing.T, settings ...setting) (*bench, any, error) {
	t.Helper()
	b, request := p.ready(t, settings...)
	response, err := p.call(b.client, request)
	return b, response, err
}

// accepted checks that the call succeeds.
func (p probe) accepted(t *testing.T, settings ...setting) *bench {
	t.Helper()
	b, _, err := p.run(t, settings...)
	if err != nil {
		t.Errorf("%v", err)
	}
	return b
}

// refused checks that the client returns a FieldError for the field and sends nothing.
func (p probe) refused(t *testing.T, field string) {
	t.Helper()
	gateway := &replay{}
	if _, err := p.call(gateway.client(t), p.request); !namesField(err, field) || gateway.calls != 0 {
		t.Errorf("%v after %d calls, want a FieldError for %s and no call", err, gateway.calls, field)
	}
}

func namesField(err error, field string) bool {
	var wrong *wantu.FieldError
	return errors.As(err, &wrong) && wrong.Field == field
}
