package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/static"
)

const asJSON = "application/json"

// leads checks where a form of a framed page leads.
func (f *fixture) leads(got answer, url string, top bool) {
	f.Helper()
	want := `{"url":"` + url + `","top":false}`
	if top {
		want = strings.Replace(want, "false", "true", 1)
	}
	if got.status != http.StatusOK || strings.TrimSpace(got.body) != want {
		f.Errorf("the form is answered %d %s, want %s", got.status, got.body, want)
	}
}

// TestFormsOfAFramedPage: the page's script learns where a form leads, and whether the top window
// has to go there.
func TestFormsOfAFramedPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"cancel_url":"https://shop.example/cart"`)
	c := "/c/" + id
	f.leads(f.post(c, "/attempts", url.Values{"wallet": {"wechat"}}, "Accept", asJSON), c+"/leave", false)
	if back := f.get(c + "/leave").header.Get("Location"); back != c {
		t.Errorf("a code leads to %s, want the page", back)
	}
	f.leads(f.post(c, "/attempts", url.Values{"wallet": {"alipay_cn"}}, "Accept", asJSON), c+"/leave", true)
	left := f.get(c + "/leave")
	if a := f.attempts(id)[1]; left.status != http.StatusSeeOther || left.header.Get("Location") != a.Placed.URL || a.Flow != flow.Web {
		t.Errorf("%d: the top window goes to %s, want the cashier %s", left.status, left.header.Get("Location"), a.Placed.URL)
	}
	// A browser that keeps no cookie of a frame is known after it has left.
	cookie := left.header.Get("Set-Cookie")
	a := f.attempts(id)[1]
	if back := f.get("/r/"+a.ReturnToken, "Cookie", cookie).header.Get("Location"); cookie == "" || !strings.HasPrefix(back, c+"?") {
		t.Errorf("the browser with cookie %q comes back to %s, want the page", cookie, back)
	}
	if inFrame := f.get(c+"/leave", "Sec-Fetch-Dest", "iframe").header.Get("Location"); inFrame != c {
		t.Errorf("a frame goes to %s", inFrame)
	}
	f.leads(f.post(c, "/cancel", nil, "Accept", asJSON), c, false)
	if s := must(f.service.Session(t.Context(), id)); s.Status != checkout.StatusCanceled {
		t.Errorf("the session is %s", s.Status)
	}
	if over := f.get(c + "/leave").header.Get("Location"); over != c {
		t.Errorf("a canceled session leads to %s", over)
	}
}

// TestFramedPageInWeChat: WeChat is asked for the openid by the top window, which keeps the cookie.
func TestFramedPageInWeChat(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := "/c/" + f.session("")
	got := f.post(c, "/attempts", url.Values{"wallet": {"wechat"}}, "Accept", asJSON, "User-Agent", inChat)
	f.leads(got, c, true)
	if cookie := got.header.Get("Set-Cookie"); cookie != "" {
		t.Errorf("the frame gets the cookie %s", cookie)
	}
	if !strings.Contains(f.get(c, "User-Agent", inChat).body, `id="go-wechat" method="post" action="`+c+`/attempts" target="_top"`) {
		t.Error("without script, the form does not go to the top window")
	}
}

// TestCancelInAPopup: the popup stays at the page, which tells the shop's own window. Any other
// window goes to cancel_url.
func TestCancelInAPopup(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const cart = "https://shop.example/cart"
	for name, isPopup := range map[string]bool{"": false, "?popup=1": true} {
		c := "/c/" + f.session(`,"cancel_url":"`+cart+`"`)
		cookie, _, _ := strings.Cut(f.get(c+name).header.Get("Set-Cookie"), ";")
		got := f.post(c, "/cancel", nil, "Cookie", cookie)
		if want := map[bool]string{false: cart, true: c}[isPopup]; got.status != http.StatusSeeOther || got.header.Get("Location") != want {
			t.Errorf("%q: %d %s, want a redirect to %s", name, got.status, got.header.Get("Location"), want)
		}
	}
}

// TestFrameOfAnUnlistedOrigin: the answer is a page in words, which everybody may frame.
func TestFrameOfAnUnlistedOrigin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	c := "/c/" + f.session("")
	for name, row := range map[string]struct {
		headers []string
		refused bool
	}{
		"another origin":         {[]string{"Sec-Fetch-Dest", "iframe", "Referer", "https://evil.example/"}, true},
		"another port":           {[]string{"Sec-Fetch-Dest", "frame", "Referer", "https://shop.example:444/x"}, true},
		"the shop's origin":      {[]string{"Sec-Fetch-Dest", "iframe", "Referer", "https://shop.example/"}, false},
		"the page itself":        {[]string{"Sec-Fetch-Dest", "iframe", "Referer", f.url + c}, false},
		"an origin that is kept": {[]string{"Sec-Fetch-Dest", "iframe"}, false},
		"a link":                 {[]string{"Sec-Fetch-Dest", "document", "Referer", "https://evil.example/"}, false},
	} {
		got := f.get(c, row.headers...)
		isRefused := got.status == http.StatusForbidden && strings.Contains(got.body, "This payment cannot be shown here") &&
			strings.Contains(got.body, `target="_blank" rel="noopener" href="`+f.service.PageURL(strings.TrimPrefix(c, "/c/"))+`"`) &&
			strings.Contains(got.policy(), "frame-ancestors *;") && !strings.Contains(got.body, "token")
		if isRefused != row.refused || !isRefused && (got.status != http.StatusOK || !strings.Contains(got.policy(), "frame-ancestors https://shop.example;")) {
			t.Errorf("%s: %d, %s\n%s", name, got.status, got.policy(), got.body)
		}
	}
}

func TestShopScript(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	newest, version := f.get("/v1/wantukit.js"), f.get("/v1/"+static.ShopScript)
	if newest.status != http.StatusOK || newest.body != version.body || !strings.Contains(newest.body, "mount") {
		t.Errorf("%d %q", newest.status, newest.body)
	}
	for _, got := range []answer{newest, version} {
		if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("the headers are %v", got.header)
		}
	}
	if got := f.get("/v1/wantukit-0.0.0.js"); got.status != http.StatusNotFound {
		t.Errorf("a version that does not exist is answered %d", got.status)
	}
}
