package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
)

// TestFramedCodeThatReturnsByItself checks a wallet's page that opens return_url inside
// the frame in our page. The frame shows that the payment is being confirmed, and
// never our page itself.
func TestFramedCodeThatReturnsByItself(t *testing.T) {
	t.Parallel()
	const inFrame = "Sec-Fetch-Dest"
	f := newFixture(t)
	id := f.session(`,"channels":["alipay_hk"]`)
	cookie := f.get("/c/" + id).header.Get("Set-Cookie")
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_hk"}, "flow": {"iframe"}})
	a := f.attempts(id)[0]
	if a.Flow != flow.Iframe || cookie == "" {
		t.Fatalf("flow %s, cookie %q", a.Flow, cookie)
	}
	if policy := f.get("/c/" + id).policy(); !strings.Contains(policy, "frame-src 'self' http://127.0.0.1") {
		t.Errorf("the page's policy does not allow the return page in its frame: %s", policy)
	}
	for name, headers := range map[string][]string{
		"in the browser that left": {inFrame, "iframe", "Cookie", cookie}, "in one that sends no cookie to a frame": {inFrame, "iframe"},
		"in one that does not tell of frames": {},
	} {
		back := f.get("/r/"+a.ReturnToken+"?trade_status=TRADE_SUCCESS", headers...).header.Get("Location")
		if !strings.HasPrefix(back, "/r/"+a.ReturnToken+"?returned=") {
			t.Errorf("%s: the return leads to %s, want the status page", name, back)
			continue
		}
		got := f.get(back, headers...)
		if got.status != http.StatusOK || !strings.Contains(got.body, `data-state="confirming"`) {
			t.Errorf("%s: %d, %s", name, got.status, got.body)
		}
		if !strings.Contains(got.policy(), "frame-ancestors 'self' https://shop.example;") {
			t.Errorf("%s: the policy does not let our page frame it: %s", name, got.policy())
		}
	}
	if back := f.get("/r/"+a.ReturnToken, inFrame, "document", "Cookie", cookie).header.Get("Location"); !strings.HasPrefix(back, "/c/"+id) {
		t.Errorf("in its own window, the browser that opened the page is redirected to %s", back)
	}
	back := f.get("/r/"+a.ReturnToken, inFrame, "iframe").header.Get("Location")
	f.confirm(a)
	if html := f.get(back, inFrame, "iframe").body; !strings.Contains(html, `data-state="code"`) {
		t.Errorf("after the query returned unpaid, the page does not show the code:\n%s", html)
	}
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	f.confirm(a)
	if html := f.get(back, inFrame, "iframe").body; !strings.Contains(html, `data-state="paid"`) {
		t.Errorf("after the payment, the page is not paid:\n%s", html)
	}
}
