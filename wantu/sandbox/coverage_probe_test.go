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

// probe is one endpoint's method of the client, with a request in which every
// field has a value.
type probe struct {
	request any
	call    func(*wantu.Client, any) (any, error)
	// needs brings about what the request is about.
	needs func(*testing.T, *bench, errand)
}

func probeOf[R, A any](method func(*wantu.Client, context.Context, R) (A, error), request R, needs func(*testing.T, *bench, errand)) probe {
	return probe{request, func(c *wantu.Client, request any) (any, error) {
		r, ok := request.(R)
		if !ok {
			return nil, fmt.Errorf("%T is no request of this endpoint", request)
		}
		return method(c, context.Background(), r)
	}, needs}
}

const (
	openID    = "o0123456789abcdefghijklmnopq"
	notifyURL = "https://shop.example/notify"
	theirs    = "the_trade_id_of_the_order" // stands for it until there is an order
)

func probes() map[string]probe {
	expires := standing().Add(time.Hour)
	return map[string]probe{
		"create-qrcode": probeOf((*wantu.Client).CreateQRCode, wantu.CreateQRCodeRequest{
			PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1",
			Attach: "a", NotifyURL: notifyURL, DeviceSN: "d",
		}, nothing),
		"pospay": probeOf((*wantu.Client).PosPay, wantu.PosPayRequest{
			PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1",
			Attach: "a", AuthCode: "134674074004982976", NotifyURL: notifyURL, DeviceSN: "d",
		}, nothing),
		"refund": probeOf((*wantu.Client).Refund, wantu.RefundRequest{
			PayChannel: wantu.WeChat, OutTradeNo: "n1", TradeID: theirs, OutRefundNo: "r1", TotalFee: 100, RefundFee: 100, RefundFeeType: "HKD",
		}, payFirst),
		"query": probeOf((*wantu.Client).Query, wantu.QueryRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1", TradeID: theirs}, payFirst),
		"pay-form": probeOf((*wantu.Client).PayForm, wantu.PayFormRequest{
			PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1",
			Attach: "a", NotifyURL: notifyURL, DeviceSN: "d", OpenID: openID, AppID: sandbox.DefaultWeChatAppID,
		}, nothing),
		"order-list": probeOf((*wantu.Client).OrderList, wantu.OrderListRequest{
			PayChannel: wantu.WeChat, StartDate: standing(), EndDate: standing().Add(24 * time.Hour),
		}, refundFirst),
		"web": probeOf((*wantu.Client).Web, wantu.WebRequest{
			PayChannel: wantu.Alipay, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1", Attach: "a",
			NotifyURL: notifyURL, ReturnURL: notifyURL, TimeExpire: expires, DeviceSN: "d", PaymentInst: wantu.AlipayHK, QRCodeWidth: 200,
		}, nothing),
		"app": probeOf((*wantu.Client).App, wantu.AppRequest{
			PayChannel: wantu.Alipay, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1", Attach: "a",
			NotifyURL: notifyURL, DeviceSN: "d", PaymentInst: wantu.AlipayHK,
		}, nothing),
		"wap": probeOf((*wantu.Client).WAP, wantu.WAPRequest{
			PayChannel: wantu.Alipay, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1", Attach: "a",
			NotifyURL: notifyURL, ReturnURL: notifyURL, TimeExpire: expires, DeviceSN: "d", PaymentInst: wantu.AlipayHK,
		}, nothing),
		"merchant-qrcode": probeOf((*wantu.Client).MerchantQRCode, wantu.MerchantQRCodeRequest{
			PayChannel: wantu.WeChat, NotifyURL: notifyURL,
		}, nothing),
		"currency": probeOf((*wantu.Client).Currency, wantu.CurrencyRequest{PayChannel: wantu.WeChat, FeeType: "HKD"}, nothing),
		"cancel":   probeOf((*wantu.Client).Cancel, wantu.CancelRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1"}, placeFirst),
		"close":    probeOf((*wantu.Client).Close, wantu.CloseRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1"}, placeFirst),
	}
}

// with returns p with another value in one field of its request; nil is the
// zero value.
func (p probe) with(goName string, value any) probe {
	p.request = with(p.request, goName, value)
	return p
}

// ready returns a bench with what p needs, and p's request for it.
func (p probe) ready(t *testing.T, settings ...setting) (*bench, any) {
	t.Helper()
	b := newBench(t, append(settings, serving(p.request))...)
	of := errandOf(p.request)
	p.needs(t, b, of)
	b.calls = 0
	if of.tradeID != theirs {
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

// accepted demands that the call succeeds.
func (p probe) accepted(t *testing.T, settings ...setting) *bench {
	t.Helper()
	b, _, err := p.run(t, settings...)
	if err != nil {
		t.Errorf("%v", err)
	}
	return b
}

// refused demands that the client names the field and sends nothing.
func (p probe) refused(t *testing.T, field string) {
	t.Helper()
	road := &replay{}
	if _, err := p.call(road.client(t), p.request); !named(err, field) || road.calls != 0 {
		t.Errorf("%v after %d calls, want %s to be named and nothing to be sent", err, road.calls, field)
	}
}

func named(err error, field string) bool {
	var wrong *wantu.FieldError
	return errors.As(err, &wrong) && wrong.Field == field
}
