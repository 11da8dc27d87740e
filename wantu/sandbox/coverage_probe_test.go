package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
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
	needs func(*testing.T, *bench)
}

func probeOf[R, A any](method func(*wantu.Client, context.Context, R) (A, error), request R, needs func(*testing.T, *bench)) probe {
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
			PayChannel: wantu.WeChat, OutTradeNo: "n1", TradeID: "n1", OutRefundNo: "r1", TotalFee: 100, RefundFee: 100, RefundFeeType: "HKD",
		}, paid),
		"query": probeOf((*wantu.Client).Query, wantu.QueryRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1", TradeID: "n1"}, paid),
		"pay-form": probeOf((*wantu.Client).PayForm, wantu.PayFormRequest{
			PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1",
			Attach: "a", NotifyURL: notifyURL, DeviceSN: "d", OpenID: openID, AppID: sandbox.DefaultWeChatAppID,
		}, nothing),
		"order-list": probeOf((*wantu.Client).OrderList, wantu.OrderListRequest{
			PayChannel: wantu.WeChat, StartDate: standing(), EndDate: standing().Add(24 * time.Hour),
		}, refunded),
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
		"cancel":   probeOf((*wantu.Client).Cancel, wantu.CancelRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1"}, placed),
		"close":    probeOf((*wantu.Client).Close, wantu.CloseRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1"}, placed),
	}
}

func standing() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// bench is a sandbox whose clock stands, and a client that reaches it without
// a network. It keeps the last request and answer.
type bench struct {
	*sandbox.Sandbox
	client       *wantu.Client
	sent, answer wantu.Message
	body         []byte // of the answer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchWith(t, shop(func(*http.Request) string { return `{"return_code":200}` }))
}

// newBenchWith sends the notifications to a merchant.
func newBenchWith(t *testing.T, merchant shop) *bench {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{
		Clock: sandbox.NewClock(standing()), Rand: sandbox.Seed(1),
		HTTPClient: &http.Client{Transport: merchant},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	b := &bench{Sandbox: s}
	b.client, err = wantu.New(wantu.Config{
		BaseURL: "http://127.0.0.1/paygate", MerchantAccount: sandbox.DefaultMerchantAccount,
		StoreAccount: sandbox.DefaultStoreAccount, Key: sandbox.DefaultKey, Now: standing, HTTPClient: &http.Client{Transport: b},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RoundTrip implements http.RoundTripper.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	body := readAll(r.Body)
	b.sent, _ = wantu.Decode(body)
	return b.post(strings.TrimPrefix(r.URL.Path, "/paygate/"), body), nil
}

func (b *bench) post(endpoint string, body []byte) *http.Response {
	recorder := httptest.NewRecorder()
	b.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "http://127.0.0.1/paygate/"+endpoint, strings.NewReader(string(body))))
	b.body = recorder.Body.Bytes()
	b.answer, _ = wantu.Decode(b.body)
	return recorder.Result()
}

// refusal posts the last request once more, changed and signed anew, and
// returns the return code and what return_desc names.
func (b *bench) refusal(t *testing.T, endpoint string, change func(map[string]any)) (code, named string) {
	t.Helper()
	members := map[string]any{}
	for name, text := range b.sent.Fields() {
		members[name] = text
	}
	change(members)
	body, err := wantu.Encode(members, sandbox.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.post(endpoint, body).Body.Close()
	if err := b.answer.Verify(sandbox.DefaultKey); err != nil {
		t.Errorf("the answer is not signed: %v", err)
	}
	return b.answer.Text("return_code"), b.answer.Text("return_desc")
}

func nothing(*testing.T, *bench) {}

func placed(t *testing.T, b *bench) {
	t.Helper()
	_, err := b.client.CreateQRCode(context.Background(), wantu.CreateQRCodeRequest{
		PayChannel: wantu.WeChat, TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "n1", NotifyURL: notifyURL, Attach: "a",
	})
	if err != nil {
		t.Fatal(err)
	}
}

func paid(t *testing.T, b *bench) {
	t.Helper()
	placed(t, b)
	if _, err := b.Pay("n1"); err != nil {
		t.Fatal(err)
	}
}

func refunded(t *testing.T, b *bench) {
	t.Helper()
	paid(t, b)
	_, err := b.client.Refund(context.Background(), wantu.RefundRequest{
		PayChannel: wantu.WeChat, OutTradeNo: "n1", OutRefundNo: "r1", TotalFee: 100, RefundFee: 100, RefundFeeType: "HKD",
	})
	if err != nil {
		t.Fatal(err)
	}
}

// ready returns a bench with what p needs, and p's request for it: a TradeID
// stands for the order's.
func (p probe) ready(t *testing.T) (*bench, any) {
	t.Helper()
	b := newBench(t)
	p.needs(t, b)
	if _, has := goField(p.request, "trade_id"); !has {
		return b, p.request
	}
	return b, with(p.request, "TradeID", b.mustOrder(t).TradeID)
}

func (b *bench) mustOrder(t *testing.T) sandbox.Order {
	t.Helper()
	o, err := b.Order("n1")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

var humps = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// goField finds the field of a struct that has the manual's name.
func goField(of any, name string) (string, bool) {
	if name == "data" { // app has it as one of two
		name = "order_string"
	}
	for f := range reflect.TypeOf(of).Fields() {
		spaced := strings.NewReplacer("QRCode", "Qrcode", "URL", "Url", "ID", "Id", "SN", "Sn").Replace(f.Name)
		if strings.ToLower(humps.ReplaceAllString(spaced, "${1}_$2")) == name {
			return f.Name, true
		}
	}
	return "", false
}

// with returns a copy of a request with another value in one field; nil is the
// zero value.
func with(request any, goName string, value any) any {
	changed := reflect.New(reflect.TypeOf(request)).Elem()
	changed.Set(reflect.ValueOf(request))
	field := changed.FieldByName(goName)
	if value == nil {
		field.SetZero()
	} else {
		field.Set(reflect.ValueOf(value).Convert(field.Type()))
	}
	return changed.Interface()
}
