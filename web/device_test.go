package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/web"
)

// splitList returns the elements of a header's list.
func splitList(value string) []string { return strings.Split(value, ", ") }

func TestPageRequestsClientHintsAndVaries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.get("/c/" + f.session(""))
	if hints := splitList(got.header.Get("Accept-CH")); !slices.Equal(hints, flow.Hints()) {
		t.Errorf("Accept-CH is %v, want %v", hints, flow.Hints())
	}
	varies := splitList(got.header.Get("Vary"))
	for _, name := range append(flow.DeviceHeaders(), "Accept-Language", "Cookie") {
		if !slices.Contains(varies, name) {
			t.Errorf("Vary lacks %s", name)
		}
	}
}

func TestReturnPageDoesNotVaryOnTheDevice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["alipay_cn"]`)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}})
	got := f.get("/r/" + f.attempts(id)[0].ReturnToken + "?returned=1")
	if vary := got.header.Get("Vary"); got.status != http.StatusOK || vary != "Accept-Language, Cookie" || got.header.Get("Accept-CH") != "" {
		t.Errorf("status %d, Vary is %s", got.status, vary)
	}
}

func TestClientHintsOfARequestAreUsed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := "/c/" + f.session(`,"channels":["alipay_cn"]`)
	// A phone in desktop mode has the user agent of a computer.
	got := f.post(page, "/attempts", url.Values{"wallet": {"alipay_cn"}}, "User-Agent", strings.ReplaceAll(windows, "Windows NT 10.0; Win64; x64", "X11; Linux x86_64"),
		"Sec-CH-UA-Platform", `"Android"`)
	if to := got.header.Get("Location"); !strings.Contains(to, "/m/") {
		t.Errorf("the redirect leads to %s, want the mobile cashier", to)
	}
}

// TestPrefetchedPage checks that a prefetched page is complete when the shopper opens
// it, and places no order before.
func TestPrefetchedPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"]`)
	page := "/c/" + id
	if html := f.get(page).body; !strings.Contains(html, `data-autostart="wechat"`) {
		t.Fatalf("a page with one code does not start by itself:\n%s", html)
	}
	// A prerendered page runs no script before the shopper opens it.
	if html := f.get(page, "Sec-Purpose", "prefetch;prerender").body; !strings.Contains(html, `data-autostart="wechat"`) {
		t.Errorf("the prerendered page does not start by itself when it is opened:\n%s", html)
	}
	// A preview may run scripts, but nobody pays on it.
	html := f.get(page, "X-Purpose", "preview").body
	if strings.Contains(html, "data-autostart") || !strings.Contains(html, `name="wallet" value="wechat"`) {
		t.Errorf("the preview starts by itself or is not complete:\n%s", html)
	}
	got := f.post(page, "/attempts", url.Values{"wallet": {"wechat"}}, "Purpose", "prefetch")
	if got.status != http.StatusSeeOther || len(f.attempts(id)) != 0 {
		t.Errorf("status %d and %d attempts, want a redirect and none", got.status, len(f.attempts(id)))
	}
}

// TestShopperPicksOnAnUnknownDevice checks that the page on an unknown device starts no
// flow by itself, and has a button for each flow.
func TestShopperPicksOnAnUnknownDevice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session("")
	html := f.get("/c/"+id, "User-Agent", "").body
	for _, flow := range []string{"wap", "iframe", "web", "native"} {
		if !strings.Contains(html, `name="flow" value="`+flow+`"`) {
			t.Errorf("the page lacks %s", flow)
		}
	}
	if strings.Contains(html, "data-default") || strings.Contains(html, "data-autostart") {
		t.Errorf("the page chooses a flow by itself:\n%s", html)
	}
	for orders, flow := range []string{"pick", "wap"} { // in this order
		f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}, "flow": {flow}}, "User-Agent", "")
		if got := len(f.attempts(id)); got != orders {
			t.Errorf("%s: %d attempts, want %d", flow, got, orders)
		}
	}
	if reason := f.attempts(id)[0].Reason; !strings.Contains(reason, "asked for by the shopper") || !strings.Contains(reason, "unknown device") {
		t.Errorf("the reason is %q", reason)
	}
}

func TestAlipayAppSwitchesWallets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const inAlipay = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 AlipayClient/10.7.20"
	const words = "and Alipay pays here"
	if html := f.get("/c/"+f.session(`,"channels":["alipay"]`), "User-Agent", inAlipay).body; !strings.Contains(html, words) {
		t.Errorf("AlipayHK does not lead to Alipay:\n%s", html)
	}
	if html := f.get("/c/"+f.session(`,"channels":["alipay_hk"]`), "User-Agent", inAlipay).body; strings.Contains(html, words) || !strings.Contains(html, "Open in browser") {
		t.Errorf("AlipayHK alone does not lead to a browser:\n%s", html)
	}
}

// withoutWeChat returns a fixture whose shop has no WeChat account.
func withoutWeChat(t *testing.T) *fixture {
	t.Helper()
	return newFixtureAs(t, func(domain *checkout.Config, pages *web.Config) {
		domain.Merchants["shop"] = checkout.Merchant{ID: "shop", Name: "Shop"}
		shop := pages.Merchants["shop"]
		shop.WeChat = web.WeChatApp{}
		pages.Merchants["shop"] = shop
	})
}

func TestShopWithoutWeChatAccountOffersNoSheet(t *testing.T) {
	t.Parallel()
	f := withoutWeChat(t)
	for _, ua := range []string{inChat, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) MicroMessenger/8.0.60"} {
		id := f.session(`,"channels":["wechat"]`)
		if html := f.get("/c/"+id, "User-Agent", ua).body; strings.Contains(html, "jsapi") || !strings.Contains(html, `value="wechat"`) {
			t.Errorf("%s:\n%s", ua, html)
		}
		if got := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}, "flow": {"jsapi"}}, "User-Agent", ua); got.status != http.StatusBadRequest {
			t.Errorf("%s: a request for the sheet gets %d %s, want 400", ua, got.status, got.body)
		}
		f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", ua)
		a := f.attempts(id)[0]
		if a.Flow != flow.Native || strings.Contains(a.Reason, "asked for") || !strings.Contains(a.Reason, "the shop has no WeChat account") {
			t.Errorf("%s: %s, because %q", ua, a.Flow, a.Reason)
		}
	}
}

// TestPagesAndDomainKnowTheSameAccounts checks that web.New refuses a shop that has a
// WeChat account in the Service only.
func TestPagesAndDomainKnowTheSameAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	config := f.config
	shop := config.Merchants["shop"]
	shop.WeChat = web.WeChatApp{}
	config.Merchants = map[string]web.Merchant{"shop": shop}
	if _, err := web.New(config); err == nil || !strings.Contains(err.Error(), "WeChat account") {
		t.Errorf("web.New returns %v, want an error about the WeChat account", err)
	}
}
