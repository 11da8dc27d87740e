package sandbox_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// shopperPages opens an order on each page that a shopper sees, and returns the pages.
func (f fixture) shopperPages(t *testing.T) map[string]string {
	t.Helper()
	code, err := f.client.MerchantQRCode(t.Context(), wantu.MerchantQRCodeRequest{PayChannel: wantu.Alipay, NotifyURL: "http://shop.invalid/n"})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"cashier": f.web(t, "n1", ""), "cashier on a phone": f.wap(t, "n2"), "wallet": f.qrCode(t, "n3", wantu.WeChat).QRCodeURL,
		"sheet":           f.url + "/sandbox/jsapi/" + strings.TrimPrefix(f.payForm(t, "n4").Package, "prepay_id="),
		"merchant's code": code.QRCodeURL,
	}
}

// TestPayeeIsTheMerchant: each page names the configured merchant, or the default one.
func TestPayeeIsTheMerchant(t *testing.T) {
	t.Parallel()
	for configured, want := range map[string]string{"Harbour <Nights>": "<bdi>Harbour &lt;Nights&gt;</bdi>", "": "<bdi>" + sandbox.DefaultMerchantName + "</bdi>"} {
		f := start(t, sandbox.Config{MerchantName: configured})
		for name, page := range f.shopperPages(t) {
			if _, body := browse(t, "GET", page); !strings.Contains(body, want) {
				t.Errorf("the page %q does not name the payee %s:\n%s", name, want, body)
			}
		}
		_, body := browse(t, "GET", f.url+"/")
		contains(t, body, want)
	}
}

// TestCashierURLNamesTheMerchant: the name is secondary_merchant_name in the url of web
// and wap.
func TestCashierURLNamesTheMerchant(t *testing.T) {
	t.Parallel()
	const name = "Harbour & Nights 港"
	f := start(t, sandbox.Config{MerchantName: name})
	for _, endpoint := range []string{"web", "wap"} {
		address, err := url.Parse(f.call(t, endpoint, map[string]any{"out_trade_no": endpoint}).Text("url"))
		if err != nil {
			t.Fatal(err)
		}
		if got := address.Query().Get("secondary_merchant_name"); got != name {
			t.Errorf("%s: the url names %q, want %q", endpoint, got, name)
		}
	}
}

// TestNoTextChangesItsDirection: the pages replace the characters that change the
// direction of text. Otherwise these letters would read "Total 1.00 HKD".
func TestNoTextChangesItsDirection(t *testing.T) {
	t.Parallel()
	const controls = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
	f := start(t, sandbox.Config{MerchantName: controls + "DKH 00.1 latoT"})
	pages := f.shopperPages(t)
	f.call(t, "create-qrcode", map[string]any{"out_trade_no": "n5", "subject": controls + "DKH 00.2 latoT", "attach": controls})
	pages["root page"], pages["wallet of the order"] = f.url+"/", f.order(t, "n5").ScanURL
	for name, page := range pages {
		_, body := browse(t, "GET", page)
		if strings.ContainsAny(body, controls) {
			t.Errorf("the page %q has a character that changes the direction of text", name)
		}
		contains(t, body, "<bdi>"+strings.Repeat("\ufffd", 12)+"DKH 00.1 latoT</bdi>")
	}
}

// TestEachPageHasTheIcon: a browser also asks for /favicon.ico where a page is no HTML.
func TestEachPageHasTheIcon(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	pages := f.shopperPages(t)
	pages["frame"], pages["root page"], pages["problem"] = f.web(t, "n6", wantu.AlipayCN), f.url+"/", f.url+"/q/nobody"
	const icon = "/sandbox/static/icon.svg"
	for name, page := range pages {
		response, body := browse(t, "GET", page)
		if !strings.Contains(body, `<link rel="icon" href="`+icon+`"`) {
			t.Errorf("the page %q does not name the icon", name)
		}
		if policy := response.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self'") {
			t.Errorf("the page %q: policy %q forbids the icon", name, policy)
		}
	}
	for _, path := range []string{icon, "/favicon.ico"} {
		response, body := browse(t, "GET", f.url+path)
		wantStatus(t, response, 200)
		if got := response.Header.Get("Content-Type"); got != "image/svg+xml" || !strings.HasPrefix(body, "<svg") {
			t.Errorf("%s: Content-Type %q: %s", path, got, body)
		}
	}
}

// TestCodeHasItsOwnColors: the white, with the quiet zone, and the black are in the
// picture. So a dark page cannot take them away.
func TestCodeHasItsOwnColors(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for _, page := range []string{f.web(t, "n1", ""), f.web(t, "n2", wantu.AlipayHK)} {
		_, body := browse(t, "GET", page)
		contains(t, body, `<path fill="#fff" d="M0 0h`, `<path fill="#000" d="M4 4h7`)
	}
}
