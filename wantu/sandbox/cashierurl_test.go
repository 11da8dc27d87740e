package sandbox_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// TestCashierURLsHaveTheManualsForm: the names have the manual's order. The query of web
// is not escaped, that of wap is. The order's number in them is the gateway's trade_id.
func TestCashierURLsHaveTheManualsForm(t *testing.T) {
	t.Parallel()
	const seller = "&secondary_merchant_name=Wantu+test+merchant&secondary_merchant_industry="
	for name, c := range map[string]struct{ endpoint, inst, want string }{
		"web": {"web", "", "/cashier/TOKEN?sign_type=MD5&_input_charset=utf-8&notify_url=pay/notify/?store_id=906" +
			"&return_url=https://shop.example/r/1&subject=票 \"a<b>&out_trade_no=TRADE&currency=HKD&total_fee=1.02" +
			"&secondary_merchant_id=900" + seller + "5311&product_code=NEW_OVERSEAS_SELLER&partner=1900000001&service=create_forex_trade&sign="},
		"web in a frame": {"web", "ALIPAYHK", "/frame/TOKEN?sign_type=MD5&_input_charset=utf-8&notify_url=pay/notify/?store_id=906"},
		"wap": {"wap", "", "/m/TOKEN?sign_type=MD5&_input_charset=utf-8&notify_url=https%3A%2F%2Fshop.example%2Fn%2F1" +
			"&return_url=BASE%2Fpay%2Freturn%2FTOKEN&subject=%E7%A5%A8+%22a%3Cb%3E&out_trade_no=TRADE&currency=HKD&total_fee=1.02" +
			"&secondary_merchant_id=900" + seller + "0001&product_code=NEW_WAP_OVERSEAS_SELLER&split_fund_info=Y&app_pay=Y" +
			"&partner=1900000001&service=create_forex_trade_wap&sign="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, sandbox.Config{})
			change := map[string]any{
				"total_fee": 102, "subject": `票 "a<b>`, "notify_url": "https://shop.example/n/1", "return_url": "https://shop.example/r/1",
			}
			if c.inst != "" {
				change["payment_inst"] = c.inst
			}
			answer := f.call(t, c.endpoint, change)
			o := f.Orders()[0]
			token := o.URL[strings.LastIndex(o.URL, "/")+1:]
			base := strings.ReplaceAll(strings.ReplaceAll(f.url, ":", "%3A"), "/", "%2F")
			want := f.url + strings.NewReplacer("TOKEN", token, "TRADE", o.TradeID, "BASE", base).Replace(c.want)
			if got := answer.Text("url"); !strings.HasPrefix(got, want) {
				t.Errorf("url\n%s, want\n%s", got, want)
			}
		})
	}
}

// TestClientAcceptsTheCashierURL: package wantu accepts the url, and a browser finds the
// page there.
func TestClientAcceptsTheCashierURL(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	answer, err := f.client.Web(context.Background(), wantu.WebRequest{
		TotalFee: 88000, FeeType: "HKD", Subject: `演唱会票 "<concert>'`, OutTradeNo: "n1",
		NotifyURL: "http://shop.invalid/notify", ReturnURL: "https://shop.example/r/1", TimeExpire: f.now().Add(30 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer.URL, "&subject=%E6%BC%94%E5%94%B1%E4%BC%9A%E7%A5%A8%20%22%3Cconcert%3E%27&") {
		t.Errorf("url %s", answer.URL)
	}
	response, body := browse(t, "GET", answer.URL)
	wantStatus(t, response, http.StatusOK)
	contains(t, body, `id="pay"`)
}

// TestMobileCashierReturnsThroughTheGateway: the gateway redirects the browser to the
// shop. It adds Alipay's parameters only if the order is paid.
func TestMobileCashierReturnsThroughTheGateway(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	page := f.wap(t, "n1")
	relay := strings.Replace(page, "/m/", "/pay/return/", 1)
	checkRedirect := func(when, address, want string) {
		t.Helper()
		response, _ := browse(t, "GET", address)
		if got := response.Header.Get("Location"); response.StatusCode != http.StatusFound || got != want {
			t.Errorf("%s: status %d to %q, want %q", when, response.StatusCode, got, want)
		}
	}
	checkRedirect("unpaid", relay, returnURL)
	checkRedirect("unpaid, and its query says paid", relay+"?trade_status=TRADE_FINISHED", returnURL)
	response, _ := browse(t, "POST", page+"/pay")
	wantStatus(t, response, http.StatusSeeOther)
	checkRedirect("paid", f.url+response.Header.Get("Location"), paidReturnURL)
	f.web(t, "n2", "")
	for _, token := range []string{"nobody", f.order(t, "n2").URL[strings.LastIndex(f.order(t, "n2").URL, "/")+1:]} {
		response, _ = browse(t, "GET", f.url+"/pay/return/"+token)
		wantStatus(t, response, http.StatusNotFound)
	}
}

// TestAnyValidAppIDIsAccepted: if an app is configured, only that one is accepted.
func TestAnyValidAppIDIsAccepted(t *testing.T) {
	t.Parallel()
	for configured, codes := range map[string]map[string]string{
		"": {
			sandbox.DefaultWeChatAppID: "200", "wx2421b1c1370e243b": "200", "wx2421b1c1370e243": "304", "wx2421b1c1370e243bb": "304",
			"xx2421b1c1370e243b": "304", "wx2421b1c1370e243&": "304", "aaa": "304",
		},
		"wx2421b1c1370e243b": {"wx2421b1c1370e243b": "200", sandbox.DefaultWeChatAppID: "304"},
		"aaa":                {"aaa": "200", "wx2421b1c1370e243b": "304"},
	} {
		f := start(t, sandbox.Config{WeChatAppID: configured})
		for id, code := range codes {
			answer := f.call(t, "pay-form", map[string]any{"app_id": id, "out_trade_no": "n" + strings.Trim(id, "&")})
			if got := answer.Text("return_code"); got != code {
				t.Errorf("configured %q, %s: return_code %s, want %s", configured, id, got, code)
			}
			if parameters, err := answer.Object("parameters"); code == "200" && (err != nil || parameters.Text("appId") != id) {
				t.Errorf("configured %q, %s: parameters for %q, %v", configured, id, parameters.Text("appId"), err)
			}
		}
	}
}

// TestEmptySignCountsAsMissing: this is so for every field that is empty or null.
func TestEmptySignCountsAsMissing(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for name, change := range map[string]func(map[string]any){
		"left out": func(o map[string]any) { delete(o, "sign") },
		"empty":    func(o map[string]any) { o["sign"] = "" },
		"null":     func(o map[string]any) { o["sign"] = nil },
	} {
		body := object("query", nil)
		change(body)
		answer := f.post(t, "query", "", string(marshal(t, body)))
		if answer.Text("return_code") != "303" || answer.Text("return_desc") != "sign" {
			t.Errorf("%s: %s %s", name, answer.Text("return_code"), answer.Text("return_desc"))
		}
	}
	for name, sign := range map[string]any{"wrong": "0", "a number": 5, "a list": []any{}, "an object": map[string]any{}} {
		body := object("query", nil)
		body["sign"] = sign
		if got := f.post(t, "query", "", string(marshal(t, body))).Text("return_code"); got != "301" {
			t.Errorf("%s: return_code %s", name, got)
		}
	}
}
