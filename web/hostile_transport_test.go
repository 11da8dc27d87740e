package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wantukit/wantukit/web"
)

// TestHostileRedirectOfWeChatsOAuth checks that no redirect is followed: the request after
// it would have the URL with the app secret as Referer.
func TestHostileRedirectOfWeChatsOAuth(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"302": http.StatusFound, "307": http.StatusTemporaryRedirect} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var followed atomic.Bool
			elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				followed.Store(true)
				_, _ = w.Write([]byte(`{"openid":"oElsewhere"}`))
			}))
			t.Cleanup(elsewhere.Close)
			wechat := httptest.NewServer(http.RedirectHandler(elsewhere.URL, status))
			t.Cleanup(wechat.Close)
			f := newFixture(t, func(c *web.Config) {
				shop := c.Merchants["shop"]
				shop.WeChat.Endpoints.AccessToken = wechat.URL
				c.Merchants["shop"] = shop
			})
			f.client.Jar = must(cookiejar.New(nil))
			id := f.session("")
			authorize := must(url.Parse(f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat).header.Get("Location")))
			got := f.get("/wechat/callback?code=c&state=" + authorize.Query().Get("state"))
			if !strings.HasSuffix(got.header.Get("Location"), "/c/"+id+"?notice=wechat_refused") {
				t.Errorf("the callback leads to %d %s", got.status, got.header.Get("Location"))
			}
			if followed.Load() {
				t.Error("the redirect was followed")
			}
		})
	}
}

// TestHostileCookieOfAnotherHost checks that over https the cookies have the prefix
// __Host-, so only this host can set them.
func TestHostileCookieOfAnotherHost(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*web.Config){"over https": overHTTPS, "on this machine": func(*web.Config) {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, prepare, func(c *web.Config) { c.Demo = &web.Demo{SandboxOrigin: "http://localhost:8081"} })
			got := append(cookies(f.get("/c/"+f.session(""))), cookies(f.send(http.MethodPost, "/demo/view-as", "as=phone"))...)
			if len(got) != 2 {
				t.Fatalf("the cookies are %v, want the browser's and the demo's", got)
			}
			for _, cookie := range got {
				hostOnly := strings.HasPrefix(cookie.Name, "__Host-") && cookie.Secure && cookie.Path == "/" && cookie.Domain == ""
				if hostOnly != (name == "over https") || !cookie.HttpOnly {
					t.Errorf("the cookie is %s", cookie)
				}
			}
		})
	}
}

func cookies(a answer) []*http.Cookie { return (&http.Response{Header: a.header}).Cookies() }

// TestHostileReturnWithoutTLS checks that only a shop with a sandbox may have return URLs
// without TLS.
func TestHostileReturnWithoutTLS(t *testing.T) {
	t.Parallel()
	for name, plain := range map[string]bool{"a live shop": false, "a shop beside a sandbox": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, func(c *web.Config) {
				shop := c.Merchants["shop"]
				shop.PlainReturns = plain
				c.Merchants["shop"] = shop
			})
			for _, field := range []string{"success_url", "cancel_url"} {
				request := map[string]string{"success_url": "https://shop.example/ok", "cancel_url": "https://shop.example/no"}
				request[field] = "http://shop.example/"
				got := f.api(http.MethodPost, "/v1/checkout/sessions", `{"amount":1250,"currency":"HKD","subject":"Tea","success_url":"`+
					request["success_url"]+`","cancel_url":"`+request["cancel_url"]+`"}`)
				if plain && got.status != http.StatusCreated ||
					!plain && (got.status != http.StatusBadRequest || !strings.Contains(got.body, `"field":"`+field+`"`)) {
					t.Errorf("%s: %d %s", field, got.status, got.body)
				}
			}
		})
	}
}

// TestFormsLeadToASandboxWhereTheShopHasOne checks that only the forms of a shop with a
// sandbox may lead to an http URL.
func TestFormsLeadToASandboxWhereTheShopHasOne(t *testing.T) {
	t.Parallel()
	const cashier = "http://127.0.0.1:8081"
	for name, targets := range map[string][]string{"beside a sandbox": {cashier}, "live": nil} {
		f := newFixture(t, func(c *web.Config) {
			shop := c.Merchants["shop"]
			shop.FormTargets = targets
			c.Merchants["shop"] = shop
		})
		policy := f.get("/c/" + f.session("")).header.Get("Content-Security-Policy")
		_, forms, _ := strings.Cut(policy, "form-action ")
		forms, _, _ = strings.Cut(forms, ";")
		if has := strings.Contains(forms, cashier); has != (targets != nil) || strings.Contains(forms, "http:") != has {
			t.Errorf("%s: forms may lead to %s", name, forms)
		}
	}
}
