package sandbox_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func (f fixture) app(t *testing.T, number string, channel wantu.PayChannel, inst wantu.PaymentInst) wantu.AppResponse {
	t.Helper()
	response, err := f.client.App(context.Background(), wantu.AppRequest{
		PayChannel: channel, TotalFee: 88000, FeeType: "HKD", Subject: "演唱会票 concert", ProductID: "1", OutTradeNo: number,
		NotifyURL: "http://shop.invalid/notify", PaymentInst: inst,
	})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func TestAppOfAlipay(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	text := f.app(t, "n1", wantu.Alipay, wantu.AlipayHK).OrderString
	want := `_input_charset="utf-8"&body="演唱会票 concert"&currency="HKD"&forex_biz="FP"&notify_url="` + f.url + `/pay/notify"` +
		`&out_trade_no="` + f.order(t, "n1").TradeID + `"&partner="1900000001"&payment_inst="ALIPAYHK"&payment_type="1"` +
		`&product_code="NEW_WAP_OVERSEAS_SELLER"&seller_id="1900000001"&service="mobile.securitypay.pay"` +
		`&subject="演唱会票 concert"&total_fee="880"`
	signed, sign, _ := strings.Cut(text, `&sign="`)
	if signed != want || !strings.HasSuffix(sign, `"&sign_type="RSA"`) {
		t.Errorf("order string %q, want %q", text, want)
	}
	lacks(t, text, sandbox.DefaultKey, "shop.invalid")
	if _, other, _ := strings.Cut(f.app(t, "n2", wantu.Alipay, "").OrderString, `&sign="`); other == sign {
		t.Error("two orders have the same sign")
	}
	page := f.order(t, "n1").URL
	_, body := browse(t, "GET", page)
	contains(t, body, "AlipayHK", `id="pay"`, "HKD 880.00")
	response, _ := browse(t, "POST", page+"/fail")
	wantStatus(t, response, http.StatusSeeOther)
	f.status(t, "n1", sandbox.StatusPayError)
	response, _ = browse(t, "POST", page+"/leave")
	wantLocation(t, response, strings.TrimPrefix(page, f.url)+"?left")
	response, _ = browse(t, "POST", page+"/pay")
	wantLocation(t, response, strings.TrimPrefix(page, f.url))
	f.status(t, "n1", sandbox.StatusSuccess)
	response, _ = browse(t, "POST", f.url+"/sandbox/orders/n2/pay")
	wantStatus(t, response, http.StatusOK)
}

func TestAppOfWeChat(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	p := f.app(t, "n1", wantu.WeChat, "").Parameters
	if !wantu.Verify(wantu.Fields{
		"appId": p.AppID, "partnerid": p.PartnerID, "prepayid": p.PrepayID, "timestamp": p.TimeStamp,
		"noncestr": p.NonceStr, "package": p.Package,
	}, p.Sign, sandbox.DefaultWeChatAppSecret) {
		t.Errorf("sign of %+v does not verify", p)
	}
	if p.AppID != sandbox.DefaultWeChatAppID || p.Package != "Sign=WXPay" || !strings.HasPrefix(p.PrepayID, "wx") || len(p.NonceStr) != 32 {
		t.Errorf("parameters %+v", p)
	}
	if o := f.order(t, "n1"); !strings.HasSuffix(o.URL, "/phone/"+p.PrepayID) || o.Endpoint != "app" || o.ScanURL != "" {
		t.Errorf("the order is %+v", o)
	}
}

func TestAppWithoutRandomnessIsASystemError(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{Rand: strings.NewReader("")})
	wantAnswer(t, f.call(t, "app", nil), wantu.CodeSystemError, "")
	wantAnswer(t, f.call(t, "merchant-qrcode", nil), wantu.CodeSuccess, "")
}
