package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/web"
)

// commonHeaders are the headers of every response.
var commonHeaders = map[string]string{
	"X-Content-Type-Options":       "nosniff",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
	"Strict-Transport-Security":    "max-age=31536000",
}

// The policies, with the hash of the style sheet as HASH.
const (
	bare        = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	problemPage = "default-src 'none'; base-uri 'none'; img-src 'self'; style-src HASH; frame-ancestors *; form-action 'none'"
	ofWorker    = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'"
	docsPage    = "default-src 'none'; base-uri 'none'; style-src HASH; frame-ancestors 'none'; form-action 'none'"
	aPage       = "default-src 'none'; base-uri 'none'; connect-src 'self'; img-src 'self'; script-src 'self' 'wasm-unsafe-eval' HASH; worker-src 'self'; style-src HASH; "
)

var styleHash = regexp.MustCompile(`'sha256-[A-Za-z0-9+/]{43}='`)

func (a answer) policy() string {
	return styleHash.ReplaceAllString(a.header.Get("Content-Security-Policy"), "HASH")
}

func overHTTPS(c *web.Config) { c.PublicURL = "https://pay.example" }

// checkHeaders checks the common headers and three that depend on the response.
func (a answer) checkHeaders(t *testing.T, policy, referrer, cache string) {
	t.Helper()
	for name, want := range commonHeaders {
		if name == "Cross-Origin-Resource-Policy" && strings.HasPrefix(cache, "public") {
			want = "cross-origin" // a file, which other origins may load
		}
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := a.policy(); got != policy {
		t.Errorf("the policy is\n%s, want\n%s", got, policy)
	}
	if got := a.header.Get("Referrer-Policy"); got != referrer {
		t.Errorf("Referrer-Policy is %q, want %q", got, referrer)
	}
	if got := a.header.Get("Cache-Control"); got != cache {
		t.Errorf("Cache-Control is %q, want %q", got, cache)
	}
}

func TestHeadersOfEveryRoute(t *testing.T) {
	t.Parallel()
	f := newFixture(t, overHTTPS)
	a := f.newOrder(iPhone, flow.WalletAlipayCN)
	c, r, loader := "/c/"+a.SessionID, "/r/"+a.ReturnToken, must(static.New(static.Config{})).URL(static.Loader)
	const own, forGood, noStore = "same-origin", "public, max-age=31536000, immutable", "no-store"
	unpaid := aPage + "frame-src 'none'; frame-ancestors https://shop.example; form-action 'self' https:"
	jump := f.post("/c/"+f.session(""), "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
	if !strings.Contains(jump.header.Get("Location"), "/connect/oauth2/authorize?") {
		t.Fatalf("the shopper is not redirected to WeChat: %d %s", jump.status, jump.header.Get("Location"))
	}
	stream := f.openStream(c + "/events")
	rows := []struct {
		route                   string
		got                     answer
		policy, referrer, cache string
	}{
		{"GET /healthz", f.get("/healthz"), bare, own, noStore},
		{"GET /readyz", f.get("/readyz"), bare, own, noStore},
		{"GET /static/:hash/:name", f.get(loader), ofWorker, own, forGood},
		{"GET /v1/wantukit.js", f.get("/v1/wantukit.js"), ofWorker, own, "public, max-age=3600"},
		{"GET /v1/" + static.ShopScript, f.get("/v1/" + static.ShopScript), ofWorker, own, forGood},
		{"GET /static/:hash/:name", f.get("/static/0/loader.js"), problemPage, own, noStore},
		{"POST /n/:token", f.send(http.MethodPost, "/n/x", "{}"), bare, own, noStore},
		{"POST /v1/checkout/sessions", f.api(http.MethodPost, "/v1/checkout/sessions", "{}"), bare, own, noStore},
		{"GET /v1/checkout/sessions/:id", f.api(http.MethodGet, "/v1/checkout/sessions/"+a.SessionID, ""), bare, own, noStore},
		{"GET /v1/checkout/sessions/:id", f.get("/v1/checkout/sessions/" + a.SessionID), bare, own, noStore},
		{"POST /v1/checkout/sessions/:id/refunds", f.api(http.MethodPost, "/v1/checkout/sessions/"+a.SessionID+"/refunds", "{}"), bare, own, noStore},
		{"GET /v1/checkout/sessions/:id/refunds", f.api(http.MethodGet, "/v1/checkout/sessions/"+a.SessionID+"/refunds", ""), bare, own, noStore},
		{"GET /v1/checkout/sessions", f.api(http.MethodGet, "/v1/checkout/sessions", ""), bare, own, noStore},
		{"POST /v1/refunds", f.api(http.MethodPost, "/v1/refunds", "{}"), bare, own, noStore},
		{"GET /v1/refunds", f.api(http.MethodGet, "/v1/refunds", ""), bare, own, noStore},
		{"GET /v1/refunds/:id", f.api(http.MethodGet, "/v1/refunds/x", ""), bare, own, noStore},
		{"GET /v1/events", f.api(http.MethodGet, "/v1/events", ""), bare, own, noStore},
		{"GET /v1/events/:id", f.api(http.MethodGet, "/v1/events/x", ""), bare, own, noStore},
		{"POST /v1/checkout/sessions/:id/cancel", f.api(http.MethodPost, "/v1/checkout/sessions/"+f.session("")+"/cancel", ""), bare, own, noStore},
		{"POST /v1/checkout/sessions/:id/expire", f.api(http.MethodPost, "/v1/checkout/sessions/"+f.session("")+"/expire", ""), bare, own, noStore},
		{"POST /v1/webhook_endpoints", f.api(http.MethodPost, hooks, "{}"), bare, own, noStore},
		{"GET /v1/webhook_endpoints", f.api(http.MethodGet, hooks, ""), bare, own, noStore},
		{"GET /v1/webhook_endpoints/:id", f.api(http.MethodGet, hooks+"/default", ""), bare, own, noStore},
		{"POST /v1/webhook_endpoints/:id", f.api(http.MethodPost, hooks+"/default", "{}"), bare, own, noStore},
		{"DELETE /v1/webhook_endpoints/:id", f.api(http.MethodDelete, hooks+"/default", ""), bare, own, noStore},
		{"POST /v1/webhook_endpoints/:id/roll", f.api(http.MethodPost, hooks+"/default/roll", ""), bare, own, noStore},
		{"POST /v1/webhook_endpoints/:id/test", f.api(http.MethodPost, hooks+"/default/test", ""), bare, own, noStore},
		{"GET /v1/webhook_endpoints/:id/deliveries", f.api(http.MethodGet, hooks+"/default/deliveries", ""), bare, own, noStore},
		{"GET /v1/webhook_endpoints/:id/deliveries/:event", f.api(http.MethodGet, hooks+"/default/deliveries/evt_x", ""), bare, own, noStore},
		{"POST /v1/webhook_endpoints/:id/retry", f.api(http.MethodPost, hooks+"/default/retry", ""), bare, own, noStore},
		{"POST /v1/events/:id/redeliver", f.api(http.MethodPost, "/v1/events/evt_x/redeliver", ""), bare, own, noStore},
		{"GET /docs/problems", f.get("/docs/problems"), docsPage, own, noStore},
		{"GET /c/:id", f.get(c), unpaid, own, noStore},
		{"GET /c/:id", f.get("/c/x"), problemPage, own, noStore},
		{"GET /c/:id/leave", f.get(c + "/leave"), bare, own, noStore},
		{"GET /c/:id/status", f.get(c + "/status"), bare, own, noStore},
		{"GET /c/:id/status", f.get("/c/x/status", "Accept", "application/json"), bare, own, noStore},
		{"GET /c/:id/events", stream.answer, bare, own, "no-store, no-transform"},
		{"POST /c/:id/attempts", f.post(c, "/attempts", url.Values{"wallet": {"alipay_cn"}}), bare, own, noStore},
		{"POST /c/:id/attempts", jump, bare, "strict-origin", noStore},
		{"POST /c/:id/confirm", f.post(c, "/confirm", nil), bare, own, noStore},
		{"GET /r/:token", f.get(r), bare, own, noStore},
		{"GET /r/:token", f.get(r + "?returned=1"), aPage + "frame-src 'none'; frame-ancestors 'self' https://shop.example; form-action 'self'", own, noStore},
		{"GET /r/:token/status", f.get(r + "/status"), bare, own, noStore},
		{"GET /r/:token/events", f.openStream(r + "/events").answer, bare, own, "no-store, no-transform"},
		{"POST /r/:token/confirm", f.post(r+"?returned=1", "/confirm", nil), bare, own, noStore},
		{"POST /c/:id/cancel", f.post(c, "/cancel", nil), bare, own, noStore},
		{"GET /wechat/callback", f.get("/wechat/callback?state=x"), problemPage, own, noStore},
		{"no route", f.get("/nothing"), problemPage, own, noStore},
	}
	met := map[string]bool{}
	for _, row := range rows {
		met[row.route] = true
		t.Run(row.route, func(t *testing.T) { row.got.checkHeaders(t, row.policy, row.referrer, row.cache) })
	}
	for _, route := range f.web.Routes() {
		if !met[route] && !strings.HasPrefix(route, "echo_route_not_found") {
			t.Errorf("the table lacks the route %s", route)
		}
	}
}

var (
	inlineScript = regexp.MustCompile(`<script>([^<]*)</script>`)
	inlineCode   = regexp.MustCompile(`<script [^>]*>[^<]| on[a-z]+="|style="|javascript:`)
)

// blockedCode returns inline code of a page that its policy does not allow, or "".
func (a answer) blockedCode() string {
	for _, script := range inlineScript.FindAllStringSubmatch(a.body, -1) {
		sum := sha256.Sum256([]byte(script[1]))
		allowed := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if !strings.Contains(a.header.Get("Content-Security-Policy"), allowed) {
			return script[0]
		}
	}
	return inlineCode.FindString(a.body)
}

func TestHeadersOfEveryState(t *testing.T) {
	t.Parallel()
	f := newFixture(t, overHTTPS)
	const (
		inShop       = "frame-ancestors https://shop.example; "
		paying, over = "form-action 'self' https:", "form-action 'self'"
	)
	want := map[string]string{
		"choose":             "frame-src 'none'; " + inShop + paying,
		"code":               "frame-src 'none'; " + inShop + paying,
		"code in a frame":    "frame-src 'self' GATEWAY; " + inShop + paying,
		"redirecting":        "frame-src 'none'; " + inShop + paying,
		"redirecting, JSAPI": "frame-src 'none'; " + inShop + paying,
		"confirming":         "frame-src 'none'; " + inShop + paying,
		"failed":             "frame-src 'none'; " + inShop + paying,
		"paid":               "frame-src 'none'; " + inShop + over,
		"expired":            "frame-src 'none'; " + inShop + over,
		"canceled":           "frame-src 'none'; " + inShop + over,
		"status only":        "frame-src 'none'; frame-ancestors 'self' https://shop.example; " + over,
	}
	for _, s := range f.newPages() {
		t.Run(s.name, func(t *testing.T) {
			got := f.get(s.path)
			if got.status != http.StatusOK || !s.isShownIn(got.body) {
				t.Fatalf("%d, not %s:\n%s", got.status, s.state, got.body)
			}
			policy := strings.Replace(want[s.name], "GATEWAY", f.gateway.url, 1)
			got.checkHeaders(t, aPage+policy, "same-origin", "no-store")
			if inline := got.blockedCode(); inline != "" {
				t.Errorf("the page has the inline code %q, which its policy blocks", inline)
			}
		})
	}
}

func TestNoHSTSWithoutTLS(t *testing.T) {
	t.Parallel()
	if got := newFixture(t).get("/healthz").header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("a server without TLS sends Strict-Transport-Security: %q", got)
	}
}
