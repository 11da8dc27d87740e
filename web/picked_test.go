package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/web"
)

// pickedWallet matches the radio button of the wallet that a page shows first.
var pickedWallet = regexp.MustCompile(`<input type="radio" name="pick" value="([a-z_]+)" checked`)

// TestPageShowsTheLastWalletFirst checks that a page shows the first wallet, and after a
// start the one that this browser used last, if the shop takes it. A code then starts by
// itself.
func TestPageShowsTheLastWalletFirst(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.client.Jar = must(cookiejar.New(nil))
	shows := func(when, channels, wallet, starts string) {
		t.Helper()
		html := f.get("/c/" + f.session(channels)).body
		if found := pickedWallet.FindStringSubmatch(html); found == nil || found[1] != wallet {
			t.Errorf("%s, the page shows %v, want %s", when, found, wallet)
		}
		if got := strings.Contains(html, `data-autostart="`+starts+`"`); got != (starts != "") {
			t.Errorf("%s, it starts %q by itself: %v", when, starts, got)
		}
	}
	const all = `,"channels":["alipay","wechat"]`
	shows("at first", all, "alipay_cn", "")
	f.post("/c/"+f.session(all), "/attempts", url.Values{"wallet": {"wechat"}})
	shows("after a payment by WeChat", all, "wechat", "wechat")
	shows("where the shop takes no WeChat", `,"channels":["alipay"]`, "alipay_cn", "")
	shows("where AlipayHK is alone", `,"channels":["alipay_hk"]`, "alipay_hk", "alipay_hk")
}

// TestFramedPageHidesItsBill checks that the browser's word decides, and that a cache knows.
func TestFramedPageHidesItsBill(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := "/c/" + f.session("")
	const hidden = `<body class="embedded"`
	if got := f.get(page, "Sec-Fetch-Dest", "iframe"); !strings.Contains(got.body, hidden) || !strings.Contains(got.header.Get("Vary"), "Sec-Fetch-Dest") {
		t.Errorf("in a frame the page has its bill, or Vary is %q:\n%s", got.header.Get("Vary"), got.body)
	}
	if html := f.get(page, "Sec-Fetch-Dest", "document").body; strings.Contains(html, hidden) {
		t.Errorf("in a window the page has no bill:\n%s", html)
	}
}

// TestErrorPageOfASession checks that an error page names the shop of a known session, leads
// back to it, and may be framed where its page may. Nothing of this is on the page of an
// unknown session, or for somebody who does not have the form's token.
func TestErrorPageOfASession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session("")
	got := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "Origin", "https://evil.example")
	if got.status != http.StatusForbidden || !strings.Contains(got.body, `href="/c/`+id+`"`) || !strings.Contains(got.body, "<bdi>Shop</bdi>") {
		t.Errorf("the error page of a session: %d\n%s", got.status, got.body)
	}
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors https://shop.example;") {
		t.Errorf("its policy is %s", policy)
	}
	for name, id := range map[string]string{"an unknown session": "cs_" + strings.Repeat("a", 26), "a session whose page was not read": id} {
		guessed := f.send(http.MethodPost, "/c/"+id+"/attempts", "wallet=wechat", "Origin", "https://evil.example")
		if guessed.status != http.StatusForbidden || strings.Contains(guessed.body, "<bdi>") || strings.Contains(guessed.body, `class="main"`) {
			t.Errorf("the error page of %s: %d\n%s", name, guessed.status, guessed.body)
		}
	}
}

// loggedRequest matches the line of a failed request in the log.
var loggedRequest = regexp.MustCompile(`request failed.*request=([a-z2-7]{12}) `)

// TestErrorPageLeadsToTheLog checks that the page of a failure has the ID of its line in the
// log, and no other page has one.
func TestErrorPageLeadsToTheLog(t *testing.T) {
	t.Parallel()
	clock := &panickingClock{}
	f := newFixtureAs(t, func(c *checkout.Config, _ *web.Config) { clock.Clock, c.Clock = c.Clock, clock })
	if html := f.get("/nothing").body; strings.Contains(html, `class="id"`) {
		t.Errorf("a page that does not exist has the ID of a request:\n%s", html)
	}
	path := "/c/" + f.session("")
	clock.panics.Store(true)
	got := f.get(path + "/events")
	found := loggedRequest.FindStringSubmatch(f.log.String())
	if got.status < 500 || found == nil || !strings.Contains(got.body, found[1]) {
		t.Errorf("the answer is %d, the log names %v:\n%s\n%s", got.status, found, got.body, f.log)
	}
}
