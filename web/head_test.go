package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/static"
)

// ask passes a request to the server without a network: net/http would hide a body in
// the response to HEAD.
func (f *fixture) ask(method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.web.ServeHTTP(w, r)
	return w
}

func TestHeadAnswersLikeGet(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(windows, flow.WalletWeChat)
	id, token := a.SessionID, a.ReturnToken
	authorized := []string{"Authorization", "Bearer " + apiKey}
	for name, c := range map[string]struct {
		path    string
		headers []string
	}{
		"health":             {"/healthz", nil},
		"readiness":          {"/readyz", nil},
		"an asset":           {f.config.Assets.URL(static.Loader), nil},
		"no asset":           {"/static/0/nothing.js", nil},
		"a page":             {"/c/" + id, []string{"User-Agent", iPhone}},
		"no page":            {"/c/cs_" + strings.Repeat("a", 26), nil},
		"status":             {"/c/" + id + "/status", nil},
		"a return":           {"/r/" + token, nil},
		"a return, returned": {"/r/" + token + "?returned=1", nil},
		"returned status":    {"/r/" + token + "/status", nil},
		"a session":          {"/v1/checkout/sessions/" + id, authorized},
		"no session":         {"/v1/checkout/sessions/cs_x", authorized},
		"refunds":            {"/v1/checkout/sessions/" + id + "/refunds", authorized},
		"without a key":      {"/v1/checkout/sessions/" + id, nil},
		"a callback":         {"/wechat/callback?code=x&state=y", nil},
		"nothing":            {"/nothing", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head, get := f.ask(http.MethodHead, c.path, c.headers...), f.ask(http.MethodGet, c.path, c.headers...)
			if head.Code != get.Code || head.Body.Len() != 0 {
				t.Errorf("HEAD has status %d and %d bytes, want %d and none", head.Code, head.Body.Len(), get.Code)
			}
			for _, name := range []string{
				"Content-Type", "Content-Security-Policy", "Cache-Control", "Vary", "Accept-CH", "Referrer-Policy", "X-Content-Type-Options", "Www-Authenticate",
			} {
				if got, want := head.Header()[name], get.Header()[name]; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if to, want := head.Header().Get("Location") != "", get.Header().Get("Location") != ""; to != want {
				t.Errorf("HEAD redirects: %t, want %t", to, want)
			}
		})
	}
	t.Run("over HTTP", func(t *testing.T) {
		t.Parallel()
		got := f.send(http.MethodHead, f.config.Assets.URL(static.Loader), "")
		if got.status != http.StatusOK || got.body != "" || got.header.Get("Content-Length") == "" {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
}

// TestHeadDoesNoWork checks that a HEAD request, as of a link scanner or a monitor, stores
// nothing and calls no other server.
func TestHeadDoesNoWork(t *testing.T) {
	t.Parallel()
	t.Run("a stream ends at once", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		a := f.newOrder(windows, flow.WalletWeChat)
		for _, path := range []string{"/c/" + a.SessionID + "/events", "/r/" + a.ReturnToken + "/events"} {
			got := f.ask(http.MethodHead, path)
			if got.Code != http.StatusOK || got.Header().Get("Content-Type") != "text/event-stream" || got.Body.Len() != 0 {
				t.Errorf("%s: %d %v", path, got.Code, got.Header())
			}
		}
	})
	t.Run("a page is not opened", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		if cookie := f.ask(http.MethodHead, "/c/"+f.session("")).Header().Get("Set-Cookie"); cookie != "" {
			t.Errorf("the response sets the cookie %s", cookie)
		}
	})
	t.Run("a return is not recorded", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		a := f.newOrder(windows, flow.WalletWeChat)
		f.ask(http.MethodHead, "/r/"+a.ReturnToken)
		for _, e := range must(f.store.Timeline(t.Context(), a.SessionID)) {
			if e.Kind == checkout.EntryReturn {
				t.Errorf("the timeline has %+v", e)
			}
		}
	})
	t.Run("WeChat's code is not used", func(t *testing.T) {
		t.Parallel()
		f, _, callback := newInWeChat(t)
		if cookie := f.send(http.MethodHead, callback, "").header.Get("Set-Cookie"); cookie != "" {
			t.Errorf("the openid was requested and stored in %s", cookie)
		}
		if got := f.get(callback); got.status != http.StatusSeeOther || !strings.Contains(got.header.Get("Location"), "start=wechat") {
			t.Errorf("GET after HEAD: %d %s", got.status, got.header.Get("Location"))
		}
	})
	t.Run("nobody counts as watching", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		a := f.newOrder(windows, flow.WalletWeChat)
		f.clock.advance(20 * time.Minute)
		for _, path := range []string{"/c/" + a.SessionID, "/c/" + a.SessionID + "/status", "/r/" + a.ReturnToken + "/status"} {
			f.ask(http.MethodHead, path)
		}
		f.confirm(a)
		if wait := f.attempts(a.SessionID)[0].NextQueryAt.Sub(f.clock.Now()); wait < time.Minute {
			t.Errorf("the next query is due in %s, as if somebody watched the page", wait)
		}
	})
}

func TestMethodNotAllowedListsTheAllowedOnes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(windows, flow.WalletWeChat)
	page, back := "/c/"+a.SessionID, "/r/"+a.ReturnToken
	const reads, posts, both = "GET, HEAD, OPTIONS", "OPTIONS, POST", "GET, HEAD, OPTIONS, POST"
	for path, allowed := range map[string]string{
		"/healthz": reads, "/readyz": reads, f.config.Assets.URL(static.Loader): reads, "/n/" + a.NotifyToken: posts,
		page: reads, page + "/status": reads, page + "/events": reads, page + "/attempts": posts, page + "/confirm": posts, page + "/cancel": posts,
		back: reads, back + "/status": reads, back + "/events": reads, back + "/confirm": posts, "/wechat/callback": reads,
		"/v1/checkout/sessions": both, "/v1/checkout/sessions/" + a.SessionID: reads, "/v1/checkout/sessions/" + a.SessionID + "/refunds": both, "/v1/refunds": both, "/v1/events": reads,
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodTrace, "BREW", http.MethodOptions} {
			if strings.Contains(allowed, method) && method != http.MethodOptions {
				continue
			}
			got := f.ask(method, path, "Authorization", "Bearer "+apiKey)
			want := map[bool]int{true: http.StatusNoContent, false: http.StatusMethodNotAllowed}[method == http.MethodOptions]
			if got.Code != want || got.Header().Get("Allow") != allowed {
				t.Errorf("%s %s: %d, Allow is %q, want %d and %q", method, path, got.Code, got.Header().Get("Allow"), want, allowed)
			}
			if got.Code != http.StatusMethodNotAllowed || method == http.MethodHead {
				continue
			}
			kind := map[bool]string{true: "application/problem+json", false: "text/plain"}[strings.HasPrefix(path, "/v1/")]
			if body := got.Body.String(); len(body) > 300 || !strings.Contains(body, "method not allowed: this address accepts "+allowed) || !strings.HasPrefix(got.Header().Get("Content-Type"), kind) {
				t.Errorf("%s %s: %s %q", method, path, got.Header().Get("Content-Type"), body)
			}
		}
	}
	if got := f.post("/c/"+a.SessionID, "/confirm", url.Values{}); got.status != http.StatusSeeOther {
		t.Errorf("an allowed method: %d", got.status)
	}
	if got := f.ask("BREW", "/nothing"); got.Code != http.StatusNotFound {
		t.Errorf("an unknown path: %d", got.Code)
	}
}
