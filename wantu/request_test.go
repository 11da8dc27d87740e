package wantu_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// fixedTime returns 2018-02-08 10:58:41 in the gateway's time zone, but as a time of
// another zone.
func fixedTime() time.Time {
	return time.Date(2018, 2, 7, 18, 58, 41, 999, time.FixedZone("", -8*60*60))
}

// sentFields returns the fields of the only request that use makes.
func sentFields(t *testing.T, endpoint, answer string, use func(*wantu.Client) error) wantu.Fields {
	t.Helper()
	var fields wantu.Fields
	client := newClient(t, wantu.Config{
		Now: fixedTime,
		BaseURL: gateway(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			message, err := wantu.Decode(body)
			if err != nil || message.Verify(canary) != nil {
				t.Errorf("sent %s: %v", body, err)
			}
			if r.Method != http.MethodPost || r.URL.Path != "/paygate/"+endpoint {
				t.Errorf("sent %s %s", r.Method, r.URL.Path)
			}
			fields = message.Fields()
			signed, _ := wantu.Encode(object(t, answer), canary)
			_, _ = w.Write(signed)
		}),
	})
	if err := use(client); err != nil {
		t.Fatal(err)
	}
	return fields
}

// object returns a successful answer with the members from name=value lines.
func object(t *testing.T, lines string) map[string]any {
	t.Helper()
	members := map[string]any{"return_code": 200, "return_msg": "SUCCESS"}
	for line := range strings.Lines(lines) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), "=")
		members[name] = text
	}
	return members
}

func withCommonFields(channel string, more wantu.Fields) wantu.Fields {
	fields := wantu.Fields{
		"merchant_account": "HKG0000000001", "store_account": "HKG0000000101", "version": "1.0",
		"send_time": "2018-02-08 10:58:41", "pay_channel": channel,
	}
	maps.Copy(fields, more)
	return fields
}

func equalFields(t *testing.T, got, want wantu.Fields) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("sent\n%v, want\n%v", got, want)
	}
}

func qrRequest() wantu.CreateQRCodeRequest {
	return wantu.CreateQRCodeRequest{
		PayChannel: wantu.WeChat, TotalFee: 2000, FeeType: "HKD", Subject: "演唱会票", ProductID: "123",
		OutTradeNo: "mall_5322", Attach: "a=b", NotifyURL: "https://shop.example/n?a=1&b=2", DeviceSN: "sn",
	}
}

func webRequest() wantu.WebRequest {
	return wantu.WebRequest{
		TotalFee: 102, FeeType: "HKD", Subject: "票", OutTradeNo: "mall1", NotifyURL: "https://shop.example/n",
		ReturnURL: "https://shop.example/r", TimeExpire: fixedTime().Add(24 * time.Hour),
	}
}

func wapRequest() wantu.WAPRequest {
	return wantu.WAPRequest{
		TotalFee: 102, Subject: "票", OutTradeNo: "mall1", NotifyURL: "https://shop.example/n",
		ReturnURL: "https://shop.example/r", TimeExpire: fixedTime().Add(24 * time.Hour),
	}
}

func payFormRequest() wantu.PayFormRequest {
	return wantu.PayFormRequest{
		TotalFee: 100, FeeType: "HKD", Subject: "票", ProductID: "1", OutTradeNo: "mall1",
		NotifyURL: "https://shop.example/n", OpenID: "oMHUm0xbCkwshwylEe6keVhGE7Mg", AppID: "wx2421b1c1370e243b",
	}
}

func TestCreateQRCode(t *testing.T) {
	t.Parallel()
	var got wantu.CreateQRCodeResponse
	fields := sentFields(t, "create-qrcode", `qrcode_url=weixin://wxpay/bizpayurl?pr=fJkMvo1
		out_trade_no=mall_5322
		trade_id=1000
		total_fee=2000
		fee_type=HKD
		store_account=HKG0000000101
		device_sn=sn`, func(c *wantu.Client) (err error) {
		got, err = c.CreateQRCode(context.Background(), qrRequest())
		return err
	})
	equalFields(t, fields, withCommonFields("1", wantu.Fields{
		"total_fee": "2000", "fee_type": "HKD", "subject": "演唱会票", "product_id": "123", "out_trade_no": "mall_5322",
		"attach": "a=b", "notify_url": "https://shop.example/n?a=1&b=2", "device_sn": "sn",
	}))
	want := wantu.CreateQRCodeResponse{
		QRCodeURL: "weixin://wxpay/bizpayurl?pr=fJkMvo1", OutTradeNo: "mall_5322", TradeID: "1000",
		StoreAccount: "HKG0000000101", DeviceSN: "sn",
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWeb(t *testing.T) {
	t.Parallel()
	order := wantu.Fields{
		"total_fee": "102", "fee_type": "HKD", "subject": "票", "out_trade_no": "mall1",
		"notify_url": "https://shop.example/n", "return_url": "https://shop.example/r", "time_expire": "2018-02-09 10:58:41",
	}
	for name, c := range map[string]struct {
		inst wantu.PaymentInst
		more wantu.Fields
	}{
		"cashier": {"", wantu.Fields{}},
		"frame":   {wantu.AlipayHK, wantu.Fields{"payment_inst": "ALIPAYHK", "qrcode_width": "200"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := sentFields(t, "web", `url=https://openapi.alipay.com/gateway.do?a=b&c=%20d`, func(client *wantu.Client) error {
				request := webRequest()
				request.PaymentInst, request.QRCodeWidth = c.inst, 200
				response, err := client.Web(context.Background(), request)
				if response.URL != "https://openapi.alipay.com/gateway.do?a=b&c=%20d" {
					t.Errorf("URL %q", response.URL)
				}
				return err
			})
			maps.Copy(c.more, order)
			equalFields(t, fields, withCommonFields("2", c.more))
		})
	}
}

func TestWAP(t *testing.T) {
	t.Parallel()
	fields := sentFields(t, "wap", "url=https://intlmapi.alipay.com/gateway.do?a=b", func(c *wantu.Client) error {
		request := wapRequest()
		request.PaymentInst = wantu.AlipayCN
		response, err := c.WAP(context.Background(), request)
		if response.URL != "https://intlmapi.alipay.com/gateway.do?a=b" {
			t.Errorf("URL %q", response.URL)
		}
		return err
	})
	equalFields(t, fields, withCommonFields("2", wantu.Fields{
		"total_fee": "102", "subject": "票", "out_trade_no": "mall1", "notify_url": "https://shop.example/n",
		"return_url": "https://shop.example/r", "time_expire": "2018-02-09 10:58:41", "payment_inst": "ALIPAYCN",
	}))
}

const jsapi = `{"appId":"wx2421b1c1370e243b","timeStamp":"1395712654","nonceStr":"e6","package":"prepay_id=u8","signType":"MD5","paySign":"70EA"}`

func TestPayForm(t *testing.T) {
	t.Parallel()
	var got wantu.PayFormResponse
	fields := sentFields(t, "pay-form", "parameters="+jsapi, func(c *wantu.Client) (err error) {
		got, err = c.PayForm(context.Background(), payFormRequest())
		return err
	})
	equalFields(t, fields, withCommonFields("1", wantu.Fields{
		"total_fee": "100", "fee_type": "HKD", "subject": "票", "product_id": "1", "out_trade_no": "mall1",
		"notify_url": "https://shop.example/n", "open_id": "oMHUm0xbCkwshwylEe6keVhGE7Mg", "app_id": "wx2421b1c1370e243b",
	}))
	want := wantu.JSAPIParameters{
		AppID: "wx2421b1c1370e243b", TimeStamp: "1395712654", NonceStr: "e6", Package: "prepay_id=u8",
		SignType: "MD5", PaySign: "70EA",
	}
	if got.Parameters != want {
		t.Errorf("got %+v, want %+v", got.Parameters, want)
	}
}

func TestQueryByEitherNumber(t *testing.T) {
	t.Parallel()
	answer := "out_trade_no=mall1\ntrade_id=1000\ntotal_fee=5\nfee_type=HKD\ntrade_status=NOT_PAY\ntrade_time="
	for name, c := range map[string]struct {
		request wantu.QueryRequest
		want    wantu.Fields
	}{
		"out_trade_no": {wantu.QueryRequest{OutTradeNo: "mall1"}, wantu.Fields{"out_trade_no": "mall1"}},
		"trade_id":     {wantu.QueryRequest{TradeID: "1000"}, wantu.Fields{"trade_id": "1000"}},
		"both": {
			wantu.QueryRequest{OutTradeNo: "mall1", TradeID: "1000"},
			wantu.Fields{"out_trade_no": "mall1", "trade_id": "1000"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fields := sentFields(t, "query", answer, func(client *wantu.Client) error {
				c.request.PayChannel = wantu.Alipay
				response, err := client.Query(context.Background(), c.request)
				if response.TradeStatus != wantu.NotPay || !response.TradeTime.IsZero() {
					t.Errorf("got %+v", response)
				}
				return err
			})
			equalFields(t, fields, withCommonFields("2", c.want))
		})
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	fields := sentFields(t, "close", "", func(c *wantu.Client) error {
		_, err := c.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "mall1"})
		return err
	})
	equalFields(t, fields, withCommonFields("2", wantu.Fields{"out_trade_no": "mall1"}))
}

// TestAnswersRefused: an answer that reports success with a good signature may still be
// refused.
func TestAnswersRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	qr := func(c *wantu.Client) error { _, err := c.CreateQRCode(ctx, qrRequest()); return err }
	web := func(c *wantu.Client) error { _, err := c.Web(ctx, webRequest()); return err }
	wap := func(c *wantu.Client) error { _, err := c.WAP(ctx, wapRequest()); return err }
	form := func(c *wantu.Client) error { _, err := c.PayForm(ctx, payFormRequest()); return err }
	closing := func(c *wantu.Client) error {
		_, err := c.Close(ctx, wantu.CloseRequest{PayChannel: wantu.WeChat, OutTradeNo: "mall1"})
		return err
	}
	byTradeID := func(c *wantu.Client) error {
		_, err := c.Query(ctx, wantu.QueryRequest{PayChannel: wantu.WeChat, TradeID: "1000"})
		return err
	}
	for name, c := range map[string]struct {
		use    func(*wantu.Client) error
		answer string
		want   error
	}{
		"code for another order":    {qr, "qrcode_url=weixin://a\nout_trade_no=other", wantu.ErrMismatch},
		"code for another amount":   {qr, "qrcode_url=weixin://a\nout_trade_no=mall_5322\ntotal_fee=1999", wantu.ErrMismatch},
		"code for another currency": {qr, "qrcode_url=weixin://a\nout_trade_no=mall_5322\nfee_type=CNY", wantu.ErrMismatch},
		"code for no order":         {qr, "qrcode_url=weixin://a", wantu.ErrMalformed},
		"no code":                   {qr, "out_trade_no=mall_5322", wantu.ErrMalformed},
		"code with a space":         {qr, "qrcode_url=a b\nout_trade_no=mall_5322", wantu.ErrMalformed},
		"page for another order":    {web, "url=https://a\nout_trade_no=other", wantu.ErrMismatch},
		"page that is a script":     {web, "url=javascript:alert(1)", wantu.ErrMalformed},
		"page without a host":       {wap, "url=//evil", wantu.ErrMalformed},
		"no page":                   {wap, "", wantu.ErrMalformed},
		"page with credentials":     {wap, "url=https://a@b", wantu.ErrMalformed},
		"no parameters":             {form, "", wantu.ErrMalformed},
		"parameters of another app": {form, "parameters=" + strings.Replace(jsapi, "wx24", "wx99", 1), wantu.ErrMismatch},
		"parameter missing":         {form, "parameters=" + strings.Replace(jsapi, "paySign", "pay", 1), wantu.ErrMalformed},
		"closed another order":      {closing, "out_trade_no=other", wantu.ErrMismatch},
		"query without trade_id": {
			byTradeID, "out_trade_no=a\ntotal_fee=5\nfee_type=HKD\ntrade_status=NOT_PAY", wantu.ErrMalformed,
		},
		"query of another trade_id": {byTradeID, "trade_id=1001", wantu.ErrMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := wantu.Encode(object(t, c.answer), canary)
			if err != nil {
				t.Fatal(err)
			}
			err = c.use(newClient(t, wantu.Config{BaseURL: gateway(t, reply(200, string(body)))}))
			checkNoKey(t, err)
			if !errors.Is(err, c.want) || !wantu.OutcomeUnknown(err) {
				t.Errorf("error %v, want %v and an unknown outcome", err, c.want)
			}
		})
	}
}

// TestHTTPPageOfAnHTTPSGateway: if the gateway is reached over https, the page for the
// shopper must be https too. The sandbox on this machine uses http for both.
func TestHTTPPageOfAnHTTPSGateway(t *testing.T) {
	t.Parallel()
	body, err := wantu.Encode(object(t, "url=HTTP://cashier.example/pay\nout_trade_no=mall1"), canary)
	if err != nil {
		t.Fatal(err)
	}
	withTLS := httptest.NewTLSServer(reply(200, string(body)))
	t.Cleanup(withTLS.Close)
	for name, c := range map[string]struct {
		config wantu.Config
		want   error
	}{
		"with TLS":    {wantu.Config{BaseURL: withTLS.URL + "/paygate", HTTPClient: withTLS.Client()}, wantu.ErrMalformed},
		"without TLS": {wantu.Config{BaseURL: gateway(t, reply(200, string(body)))}, nil},
	} {
		client := newClient(t, c.config)
		if _, err := client.Web(context.Background(), webRequest()); !errors.Is(err, c.want) {
			t.Errorf("web, %s: error %v, want %v", name, err, c.want)
		}
		if _, err := client.WAP(context.Background(), wapRequest()); !errors.Is(err, c.want) {
			t.Errorf("wap, %s: error %v, want %v", name, err, c.want)
		}
	}
}

// TestAPIErrorHidesTheOpenID: if the gateway quotes the request, the error contains
// neither the key nor the shopper's open_id.
func TestAPIErrorHidesTheOpenID(t *testing.T) {
	t.Parallel()
	const openID = "oCanary-of-the-shopper-1b7e"
	r := payFormRequest()
	r.OpenID = openID
	for name, key := range map[string]string{"signed": canary, "signed with another key": "another-key"} {
		body, err := wantu.Encode(map[string]any{
			"return_code": 304, "return_msg": "no user " + openID, "return_desc": "open_id=" + openID + " key=" + canary,
		}, key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = newClient(t, wantu.Config{BaseURL: gateway(t, reply(200, string(body)))}).PayForm(context.Background(), r)
		checkNoKey(t, err)
		var api *wantu.APIError
		if !errors.As(err, &api) || strings.Contains(api.Msg+api.Desc+err.Error(), openID) {
			t.Errorf("%s: the shopper's open_id is in the error: %v", name, err)
		}
		if api != nil && api.Desc != "open_id=[open_id] key=[key]" {
			t.Errorf("%s: the description is %q", name, api.Desc)
		}
	}
}
