package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/web"
)

func TestViewAsReplacesTheUserAgent(t *testing.T) {
	t.Parallel()
	var seen string
	handler := web.ViewAs(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.UserAgent() }))
	for cookie, part := range map[string]string{"wechat": "MicroMessenger", "alipay": "AlipayClient", "phone": "iPhone", "": "own", "x": "own"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("User-Agent", "own")
		r.AddCookie(&http.Cookie{Name: "wantukit_view_as", Value: cookie})
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if !strings.Contains(seen, part) {
			t.Errorf("as %q the server sees %s", cookie, seen)
		}
	}
}

func TestServeHasNothingOfTheDemo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	html := f.get("/c/"+f.session(""), "User-Agent", inChat, "Cookie", "wantukit_view_as=desktop").body
	if strings.Contains(html, "view-as") || strings.Contains(html, "demo_bridge") {
		t.Errorf("the page has the demo's bar:\n%s", html)
	}
	if got := f.send(http.MethodPost, "/demo/view-as", "as=phone"); got.status != http.StatusNotFound {
		t.Errorf("view-as answers %d", got.status)
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
