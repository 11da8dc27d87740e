package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	qrcode "github.com/skip2/go-qrcode"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

const paidReturnURL = "https://shop.example/return?session=s1&out_trade_no=n1&trade_status=TRADE_SUCCESS#top"

func wantLocation(t *testing.T, response *http.Response, want string) {
	t.Helper()
	wantStatus(t, response, http.StatusSeeOther)
	if got := response.Header.Get("Location"); got != want {
		t.Errorf("goes to %q, want %q", got, want)
	}
}

func TestCashiers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		open func(fixture) string
		// back and done return the URL that the browser is sent to: before the order is
		// paid, and after.
		back, done func(fixture, string) string
	}{
		"computer": {
			func(f fixture) string { return f.web(t, "n1", "") },
			func(fixture, string) string { return returnURL },
			func(fixture, string) string { return paidReturnURL },
		},
		"phone": {
			func(f fixture) string { return f.wap(t, "n1") },
			func(_ fixture, path string) string { return strings.Replace(path, "/m/", "/pay/return/", 1) },
			func(f fixture, path string) string {
				return strings.Replace(path, "/m/", "/pay/return/", 1) +
					"?currency=HKD&out_trade_no=" + f.order(t, "n1").TradeID + "&total_fee=880&trade_status=TRADE_FINISHED"
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, sandbox.Config{})
			page := c.open(f)
			path := strings.TrimPrefix(page, f.url)
			back, done := c.back(f, path), c.done(f, path)
			response, body := browse(t, "GET", page)
			wantStatus(t, response, http.StatusOK)
			contains(t, body, "沙盒", "Sandbox", "HKD 880.00", "演唱会票 concert", `id="pay"`, `id="fail"`, `id="leave"`,
				`action="`+path+`/pay"`)
			if policy := response.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("policy %q allows the cashier in a frame", policy)
			}
			response, _ = browse(t, "POST", page+"/leave")
			wantLocation(t, response, back)
			f.status(t, "n1", sandbox.StatusNotPay)
			response, _ = browse(t, "POST", page+"/fail")
			wantLocation(t, response, path)
			_, body = browse(t, "GET", page)
			contains(t, body, "Payment failed", `id="pay"`, `href="`+back+`"`)
			response, _ = browse(t, "POST", page+"/pay")
			wantLocation(t, response, done)
			response, _ = browse(t, "POST", page+"/pay")
			wantLocation(t, response, done)
			f.status(t, "n1", sandbox.StatusSuccess)
			_, body = browse(t, "GET", page)
			contains(t, body, "Paid", `data-go="`+strings.ReplaceAll(done, "&", "&amp;")+`"`)
			lacks(t, body, `id="pay"`)
			response, _ = browse(t, "POST", page+"/fail")
			wantStatus(t, response, http.StatusConflict)
			_, body = browse(t, "GET", page+"/status")
			contains(t, body, `{"status":"SUCCESS"}`)
		})
	}
}

func TestCashierOfAnOrderThatEnded(t *testing.T) {
	t.Parallel()
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now})
	f.qrCode(t, "n0", wantu.Alipay)
	expired, closed := f.wap(t, "n1"), f.wap(t, "n2")
	if _, err := f.client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "n2"}); err != nil {
		t.Fatal(err)
	}
	c.move(time.Hour)
	for page, text := range map[string]string{expired: "Order expired", closed: "Order closed"} {
		response, body := browse(t, "POST", page+"/pay")
		wantStatus(t, response, http.StatusConflict)
		contains(t, body, text, `href="/pay/return/`)
		lacks(t, body, `id="pay"`)
	}
}

func TestFrame(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	page := f.web(t, "n1", wantu.AlipayHK)
	response, body := browse(t, "GET", page)
	contains(t, body, `width="240" height="240"`, `data-poll="`, `<noscript><meta http-equiv="refresh"`)
	lacks(t, body, "<button", "演唱会票 concert</p>")
	if policy := response.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors *") {
		t.Errorf("policy %q forbids the page in an iframe", policy)
	}
	response, _ = browse(t, "POST", page+"/pay")
	wantStatus(t, response, http.StatusNotFound)

	wallet := f.order(t, "n1").ScanURL
	checkQRCode(t, body, wallet)
	_, body = browse(t, "GET", wallet)
	contains(t, body, "AlipayHK", "HKD 880.00", `id="pay"`)
	response, _ = browse(t, "POST", wallet+"/fail")
	wantLocation(t, response, strings.TrimPrefix(wallet, f.url))
	response, _ = browse(t, "POST", wallet+"/pay")
	wantLocation(t, response, strings.TrimPrefix(wallet, f.url))
	_, body = browse(t, "GET", page)
	contains(t, body, `data-top="https://shop.example/return?`, `target="_top"`, "TRADE_SUCCESS")
	lacks(t, body, "<svg")
}

// TestFrameThatReturnsInside: with Config.FrameReturnsInside the page opens return_url
// inside its frame.
func TestFrameThatReturnsInside(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{FrameReturnsInside: true})
	page := f.web(t, "n1", wantu.AlipayCN)
	if _, err := f.Pay("n1"); err != nil {
		t.Fatal(err)
	}
	_, body := browse(t, "GET", page)
	contains(t, body, `data-go="https://shop.example/return?`, "TRADE_SUCCESS")
	lacks(t, body, "data-top", "_top")
}

// checkQRCode checks that the page shows the QR code for text.
func checkQRCode(t *testing.T, body, text string) {
	t.Helper()
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	rows := code.Bitmap()
	dark := map[[2]int]bool{}
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`).FindAllStringSubmatch(body, -1) {
		var x, y, n int
		if _, err := fmt.Sscan(run[1], &x); err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Sscan(run[2], &y)
		_, _ = fmt.Sscan(run[3], &n)
		for i := range n {
			dark[[2]int{x + i, y}] = true
		}
	}
	for y, row := range rows {
		for x, want := range row {
			if dark[[2]int{x, y}] != want {
				t.Fatalf("the code differs at %d,%d", x, y)
			}
		}
	}
}

func TestWalletOfACode(t *testing.T) {
	t.Parallel()
	for name, channel := range map[string]wantu.PayChannel{"微信支付 WeChat Pay": wantu.WeChat, "支付宝 Alipay": wantu.Alipay} {
		f := start(t, sandbox.Config{})
		wallet := f.qrCode(t, "n1", channel).QRCodeURL
		path := strings.TrimPrefix(wallet, f.url)
		_, body := browse(t, "GET", wallet)
		contains(t, body, name, `id="pay"`, `id="fail"`, `id="leave"`)
		response, _ := browse(t, "POST", wallet+"/leave")
		wantLocation(t, response, path+"?left")
		_, body = browse(t, "GET", wallet+"?left")
		contains(t, body, "You left without paying")
		lacks(t, body, `id="pay"`)
		f.status(t, "n1", sandbox.StatusNotPay)
		response, _ = browse(t, "POST", wallet+"/pay")
		wantLocation(t, response, path)
		_, body = browse(t, "GET", wallet)
		contains(t, body, "Paid")
		f.status(t, "n1", sandbox.StatusSuccess)
	}
}

func TestPaySheet(t *testing.T) {
	t.Parallel()
	for action, c := range map[string]struct {
		result string
		status sandbox.Status
	}{
		"pay":   {"ok", sandbox.StatusSuccess},
		"fail":  {"fail", sandbox.StatusPayError},
		"leave": {"cancel", sandbox.StatusNotPay},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			f := start(t, sandbox.Config{})
			parameters := f.payForm(t, "n1")
			prepay, ok := strings.CutPrefix(parameters.Package, "prepay_id=")
			if !ok {
				t.Fatalf("package %q", parameters.Package)
			}
			page := f.url + "/sandbox/jsapi/" + prepay
			response, body := browse(t, "GET", page)
			contains(t, body, `id="pay"`, `id="fail"`, `id="leave"`, "HKD 880.00")
			lacks(t, body, "data-result")
			if policy := response.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors *") {
				t.Errorf("policy %q forbids the sheet in an iframe", policy)
			}
			response, _ = browse(t, "POST", page+"/"+action)
			wantLocation(t, response, "/sandbox/jsapi/"+prepay+"?result="+c.result)
			_, body = browse(t, "GET", page+"?result="+c.result)
			contains(t, body, `data-result="`+c.result+`"`)
			f.status(t, "n1", c.status)
		})
	}
}

func TestPaySheetChecksTheResultInItsURL(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	prepay := strings.TrimPrefix(f.payForm(t, "n1").Package, "prepay_id=")
	for _, result := range []string{"ok", "fail", "x"} {
		_, body := browse(t, "GET", f.url+"/sandbox/jsapi/"+prepay+"?result="+result)
		lacks(t, body, "data-result")
	}
	if _, err := f.client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.WeChat, OutTradeNo: "n1"}); err != nil {
		t.Fatal(err)
	}
	_, body := browse(t, "GET", f.url+"/sandbox/jsapi/"+prepay)
	contains(t, body, "Order closed", `id="leave"`)
	lacks(t, body, `id="pay"`)
}

func TestParametersAreSignedAsWeChatDoes(t *testing.T) {
	t.Parallel()
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now})
	p := f.payForm(t, "n1")
	if !wantu.Verify(wantu.Fields{
		"appId": p.AppID, "timeStamp": p.TimeStamp, "nonceStr": p.NonceStr, "package": p.Package, "signType": p.SignType,
	}, p.PaySign, sandbox.DefaultWeChatAppSecret) {
		t.Errorf("paySign of %+v does not verify", p)
	}
	if p.TimeStamp != strconv.FormatInt(c.now().Unix(), 10) || p.SignType != "MD5" || len(p.NonceStr) != 32 {
		t.Errorf("parameters %+v", p)
	}
}

func TestHostileSubjectIsEscaped(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	code, err := f.client.CreateQRCode(context.Background(), wantu.CreateQRCodeRequest{
		PayChannel: wantu.WeChat, TotalFee: 1, FeeType: "JPY", Subject: `</script><img src=x onerror="alert(1)">`,
		ProductID: "1", OutTradeNo: "n1", NotifyURL: "http://a",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{code.QRCodeURL, f.url + "/"} {
		_, body := browse(t, "GET", page)
		lacks(t, body, "<img")
		contains(t, body, "&lt;img", "JPY 1<")
	}
}

func TestUnknownPages(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	cashier, mobile, code := f.web(t, "n1", ""), f.wap(t, "n2"), f.qrCode(t, "n3", wantu.WeChat).QRCodeURL
	swap := func(page, from, to string) string { return strings.Replace(page, "/"+from+"/", "/"+to+"/", 1) }
	for _, page := range []string{
		f.url + "/cashier/x", f.url + "/q/x", f.url + "/sandbox/jsapi/x", f.url + "/nowhere", cashier + "/pay",
		swap(cashier, "cashier", "m"), swap(cashier, "cashier", "frame"), swap(mobile, "m", "q"), swap(code, "q", "cashier"),
		f.url + "/q/x/status",
	} {
		response, _ := browse(t, "GET", page)
		if response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d", page, response.StatusCode)
		}
	}
	for _, page := range []string{f.url + "/q/x/pay", code + "/steal"} {
		response, _ := browse(t, "POST", page)
		wantStatus(t, response, http.StatusNotFound)
	}
	_, body := browse(t, "GET", cashier)
	contains(t, body, `<noscript><meta http-equiv="refresh" content="3;url=`+strings.TrimPrefix(cashier, f.url)+`"></noscript>`)
	_, still := browse(t, "GET", mobile) // has no code to be paid elsewhere
	lacks(t, still, "noscript")
	wallet, err := url.Parse(f.order(t, "n1").ScanURL)
	if err != nil {
		t.Fatal(err)
	}
	checkQRCode(t, body, wallet.String()) // a cashier's code opens the wallet
	response, _ := browse(t, "GET", wallet.String())
	wantStatus(t, response, http.StatusOK)
}

func TestIndexAndAssets(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	_, body := browse(t, "GET", f.url+"/")
	contains(t, body, "No orders yet")
	page := f.wap(t, "n1")
	_, body = browse(t, "GET", f.url+"/")
	contains(t, body, `href="`+page+`"`, "NOT_PAY", "HKD 880.00")
	for _, asset := range []string{"sandbox.css", "sandbox.js"} {
		response, body := browse(t, "GET", f.url+"/sandbox/static/"+asset)
		wantStatus(t, response, http.StatusOK)
		if body == "" {
			t.Errorf("%s is empty", asset)
		}
	}
}
