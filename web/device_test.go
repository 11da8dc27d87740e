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

// listed are the names of a header that lists some.
func listed(value string) []string { return strings.Split(value, ", ") }

func TestPageAsksForHintsAndVaries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.get("/c/" + f.session(""))
	if hints := listed(got.header.Get("Accept-CH")); !slices.Equal(hints, flow.Hints()) {
		t.Errorf("it accepts %v", hints)
	}
	varies := listed(got.header.Get("Vary"))
	for _, name := range append(flow.DeviceHeaders(), "Accept-Language", "Cookie") {
		if !slices.Contains(varies, name) {
			t.Errorf("it does not vary on %s", name)
		}
	}
}

func TestPageOfAReturnVariesOnNoDevice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["alipay_cn"]`)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}})
	got := f.get("/r/" + f.attempts(id)[0].ReturnToken + "?returned=1")
	if vary := got.header.Get("Vary"); got.status != http.StatusOK || vary != "Accept-Language, Cookie" || got.header.Get("Accept-CH") != "" {
		t.Errorf("%d, it varies on %s", got.status, vary)
	}
}

func TestHintsOfARequestCount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := "/c/" + f.session(`,"channels":["alipay_cn"]`)
	// A phone that asks for the computer's page.
	got := f.post(page, "/attempts", url.Values{"wallet": {"alipay_cn"}}, "User-Agent", strings.ReplaceAll(windows, "Windows NT 10.0; Win64; x64", "X11; Linux x86_64"),
		"Sec-CH-UA-Platform", `"Android"`)
	if to := got.header.Get("Location"); !strings.Contains(to, "/m/") {
		t.Errorf("it leads to %s", to)
	}
}

// TestPageLoadedAhead is whole for the shopper who may come to see it, and
// places no order before.
func TestPageLoadedAhead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"]`)
	page := "/c/" + id
	if html := f.get(page).body; !strings.Contains(html, `data-autostart="wechat"`) {
		t.Fatalf("a page of one code does not begin by itself:\n%s", html)
	}
	// A page that is rendered ahead runs nothing before its shopper comes.
	if html := f.get(page, "Sec-Purpose", "prefetch;prerender").body; !strings.Contains(html, `data-autostart="wechat"`) {
		t.Errorf("the page does not begin when its shopper comes:\n%s", html)
	}
	// A preview may run scripts, and shows the page to nobody who pays.
	html := f.get(page, "X-Purpose", "preview").body
	if strings.Contains(html, "data-autostart") || !strings.Contains(html, `name="wallet" value="wechat"`) {
		t.Errorf("the page begins by itself, or is not whole:\n%s", html)
	}
	got := f.post(page, "/attempts", url.Values{"wallet": {"wechat"}}, "Purpose", "prefetch")
	if got.status != http.StatusSeeOther || len(f.attempts(id)) != 0 {
		t.Errorf("%d, and %d attempts", got.status, len(f.attempts(id)))
	}
}

// TestShopperPicksOnAnUnknownDevice: no guess is made for them, and each way
// is a tap.
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
		t.Errorf("the page guesses:\n%s", html)
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
	const words = "pick Alipay in the list above"
	if html := f.get("/c/"+f.session(`,"channels":["alipay"]`), "User-Agent", inAlipay).body; !strings.Contains(html, words) {
		t.Errorf("AlipayHK does not lead to Alipay:\n%s", html)
	}
	if html := f.get("/c/"+f.session(`,"channels":["alipay_hk"]`), "User-Agent", inAlipay).body; strings.Contains(html, words) || !strings.Contains(html, "Open in browser") {
		t.Errorf("AlipayHK alone does not lead to a browser:\n%s", html)
	}
}

// withoutWeChat is a fixture whose shop has no WeChat account.
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
			t.Errorf("%s: a sheet that was asked for: %d %s", ua, got.status, got.body)
		}
		f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", ua)
		a := f.attempts(id)[0]
		if a.Flow != flow.Native || strings.Contains(a.Reason, "asked for") || !strings.Contains(a.Reason, "the shop has no WeChat account") {
			t.Errorf("%s: %s, because %q", ua, a.Flow, a.Reason)
		}
	}
}

// TestPagesAndDomainKnowTheSameAccounts: neither may choose what the other
// cannot do.
func TestPagesAndDomainKnowTheSameAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	config := f.config
	shop := config.Merchants["shop"]
	shop.WeChat = web.WeChatApp{}
	config.Merchants = map[string]web.Merchant{"shop": shop}
	if _, err := web.New(config); err == nil || !strings.Contains(err.Error(), "WeChat account") {
		t.Errorf("error %v", err)
	}
}
