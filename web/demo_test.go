package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
	"github.com/wantukit/wantukit/web"
)

func TestViewAsReplacesTheUserAgent(t *testing.T) {
	t.Parallel()
	var seen, hint string
	handler := web.ViewAs(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen, hint = r.UserAgent(), r.Header.Get("Sec-CH-UA-Platform")
	}))
	for cookie, part := range map[string]string{"wechat": "MicroMessenger", "alipay_cn": "AlipayClient", "phone": "iPhone", "": "own", "x": "own"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("User-Agent", "own")
		r.Header.Set("Sec-CH-UA-Platform", `"own"`)
		r.AddCookie(&http.Cookie{Name: "wantukit_view_as", Value: cookie})
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if !strings.Contains(seen, part) {
			t.Errorf("as %q the server sees %s", cookie, seen)
		}
		if (part == "own") != (hint == `"own"`) {
			t.Errorf("as %q the server sees the platform %s", cookie, hint)
		}
	}
}

func TestViewAsLeadsBackToItsOwnServerOnly(t *testing.T) {
	t.Parallel()
	config := newFixture(t).config
	config.Demo = &web.Demo{SandboxOrigin: "http://localhost:8081"}
	server := must(web.New(config))
	for back, want := range map[string]string{
		"/c/cs_1?notice=bad_form": "/c/cs_1?notice=bad_form", "": "/", "c": "/", "https://evil.example/": "/",
		"//evil.example/": "/", `/\evil.example/`: "/", "/\t/evil.example/": "/", "/\n/evil.example/": "/",
		"/\r\n/evil.example/": "/", "\t//evil.example/": "/", " //evil.example/": "/", "/\x00/evil.example/": "/",
	} {
		r := httptest.NewRequest(http.MethodPost, "/demo/view-as", strings.NewReader(url.Values{"as": {"phone"}, "back": {back}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		if got := answer.Header().Get("Location"); answer.Code != http.StatusSeeOther || got != want {
			t.Errorf("back to %q: %d %q, want %q", back, answer.Code, got, want)
		}
	}
}

// TestDemoAtAnIPv6Address checks that a page may lead to a sandbox at an IPv6 address, and
// that a shop at the demo's own address may frame it. A policy cannot name an IPv6 address.
func TestDemoAtAnIPv6Address(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *web.Config) {
		c.PublicURL, c.Demo = "http://[fd00::2]:8080", &web.Demo{SandboxOrigin: "http://[fd00::2]:8081"}
		m := c.Merchants["shop"]
		m.AllowedOrigins = []string{"http://[fd00::2]:8080", "https://shop.example"}
		c.Merchants["shop"] = m
	})
	got := f.get("/c/" + f.session("")).policy()
	for _, want := range []string{"frame-src http://*:8081;", "frame-ancestors 'self' https://shop.example;", "form-action 'self' https: "} {
		if !strings.Contains(got, want) {
			t.Errorf("the policy lacks %s: %s", want, got)
		}
	}
	if _, forms, _ := strings.Cut(got, "form-action"); !strings.Contains(forms, "http://*:8081") || strings.Contains(got, "[") {
		t.Errorf("the forms cannot lead to the sandbox: %s", got)
	}
}

// TestBarLeadsToTheSessionsOrder: the link on the page is the same before and after the
// order is placed, because the page places it without a load.
func TestBarLeadsToTheSessionsOrder(t *testing.T) {
	t.Parallel()
	const sandboxOrigin = "http://localhost:8081"
	f := newFixture(t, func(c *web.Config) { c.Demo = &web.Demo{SandboxOrigin: sandboxOrigin} })
	id := f.session("")
	link := "/demo/sandbox/" + id
	if html := f.get("/c/"+id, "User-Agent", windows).body; !strings.Contains(html, `href="`+link+`" target="_blank" rel="noopener"`) {
		t.Errorf("the page lacks the link %s:\n%s", link, html)
	}
	if got := f.get(link); got.status != http.StatusSeeOther || got.header.Get("Location") != sandboxOrigin+"/" {
		t.Errorf("without an order the link leads to %q (%d)", got.header.Get("Location"), got.status)
	}
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", windows)
	order := f.attempts(id)[0].OutTradeNo
	if got := f.get(link); got.status != http.StatusSeeOther || got.header.Get("Location") != sandboxOrigin+"/?q="+order {
		t.Errorf("with order %s the link leads to %q (%d)", order, got.header.Get("Location"), got.status)
	}
	if got := f.get("/demo/sandbox/cs_nothing"); got.status != http.StatusNotFound {
		t.Errorf("for an unknown session the link answers %d", got.status)
	}
}

func TestServerWithoutDemoHasNoDemoRoute(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	html := f.get("/c/"+f.session(""), "User-Agent", inChat, "Cookie", "wantukit_view_as=desktop").body
	if strings.Contains(html, "view-as") || strings.Contains(html, "demo_") || strings.Contains(html, "sandbox") {
		t.Errorf("the page has the demo's bar:\n%s", html)
	}
	if got := f.send(http.MethodPost, "/demo/view-as", "as=phone"); got.status != http.StatusNotFound {
		t.Errorf("view-as answers %d", got.status)
	}
	if got := f.get("/demo/sandbox/" + f.session("")); got.status != http.StatusNotFound {
		t.Errorf("the link to the sandbox answers %d", got.status)
	}
}

func TestAssetsAreImmutableAndCompressed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	loader := must(static.New(static.Config{})).URL(static.Loader)
	got := f.get(loader, "Accept-Encoding", "gzip, br")
	if got.status != http.StatusOK || got.header.Get("Content-Encoding") != "br" || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := f.get("/static/0000000000000000/loader.js"); got.status != http.StatusNotFound {
		t.Errorf("another hash: %d", got.status)
	}
}

// TestDemoDevicesAreAllDifferent checks that each device shows another row of the flow
// table, and has a name in the page's language.
func TestDemoDevicesAreAllDifferent(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	handler := web.ViewAs(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reason := flow.Choose(flow.Detect(r.Header.Get), flow.WalletWeChat).Reason
		where, _, _ := strings.Cut(reason, ":")
		as := web.DemoChoice(r).Value
		if other, twice := seen[where]; twice {
			t.Errorf("devices %s and %s are both %s", as, other, where)
		}
		seen[where] = as
	}))
	for _, d := range web.DemoDevices()[1:] {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "wantukit_view_as", Value: d.Value})
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if name := templates.DeviceName(templates.LangTraditional, d.Value); name == d.Value {
			t.Errorf("device %s has no name", d.Value)
		}
	}
}
