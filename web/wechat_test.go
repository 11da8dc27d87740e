package web_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/web"
)

// newInWeChat creates a session whose shopper is in WeChat, has started the payment, and
// was redirected to WeChat for the openid.
func newInWeChat(t *testing.T) (f *fixture, id, callback string) {
	t.Helper()
	f = newFixture(t)
	f.client.Jar = must(cookiejar.New(nil))
	id = f.session("")
	authorize := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat).header.Get("Location")
	response, err := f.client.Get(authorize)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return f, id, strings.TrimPrefix(response.Header.Get("Location"), f.url)
}

// TestShoppersFromWeChatShareConnections checks that shoppers who come from WeChat at the
// same time, again and again, cause no more connections to WeChat than their number.
func TestShoppersFromWeChatShareConnections(t *testing.T) {
	t.Parallel()
	const shoppers, rounds = 5, 3
	var connections atomic.Int64
	var round sync.WaitGroup // of the requests that have not arrived
	wechat := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		round.Done()
		round.Wait()
		_, _ = io.WriteString(w, `{"openid":"o6_bmjrPTlm6_2sgVt7hMZOPfL2M"}`+strings.Repeat(" ", 4000))
	}))
	wechat.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	wechat.Start()
	t.Cleanup(wechat.Close)
	f := newFixture(t, func(c *web.Config) {
		shop := c.Merchants["shop"]
		shop.WeChat.Endpoints.AccessToken = wechat.URL
		c.Merchants["shop"] = shop
	})
	for range rounds {
		round.Add(shoppers)
		var callbacks sync.WaitGroup
		for range shoppers {
			authorize := f.post("/c/"+f.session(""), "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
			state := must(url.Parse(authorize.header.Get("Location"))).Query().Get("state")
			cookie, _, _ := strings.Cut(authorize.header.Get("Set-Cookie"), ";")
			callbacks.Go(func() {
				got := f.get("/wechat/callback?code=c&state="+state, "Cookie", cookie)
				if to := got.header.Get("Location"); !strings.HasSuffix(to, "?start=wechat") {
					t.Errorf("the callback leads to %d %s", got.status, to)
				}
			})
		}
		callbacks.Wait()
	}
	if opened := connections.Load(); opened > shoppers {
		t.Errorf("%d shoppers at the same time caused %d connections", shoppers, opened)
	}
}

func TestOAuthThenJSAPI(t *testing.T) {
	t.Parallel()
	f, id, callback := newInWeChat(t)
	back := f.get(callback)
	if back.header.Get("Location") != "/c/"+id+"?start=wechat" {
		t.Fatalf("the callback leads to %d %s", back.status, back.header.Get("Location"))
	}
	html := f.get("/c/"+id+"?start=wechat", "User-Agent", inChat).body
	if !strings.Contains(html, `data-autostart="wechat"`) {
		t.Errorf("the page does not start by itself:\n%s", html)
	}
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
	a := f.attempts(id)[0]
	if a.Flow != flow.JSAPI || a.State != checkout.AttemptPending || a.Payer == "" {
		t.Fatalf("the attempt is %+v", a)
	}
	if html := f.get("/c/"+id, "User-Agent", inChat).body; !strings.Contains(html, "data-jsapi=") || !strings.Contains(html, "prepay_id=") {
		t.Errorf("the page has no parameters for the bridge:\n%s", html)
	}
}

func TestOperatorIsToldWhyTheSheetFailed(t *testing.T) {
	t.Parallel()
	f, id, callback := newInWeChat(t)
	f.get(callback)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
	f.post("/c/"+id, "/confirm", url.Values{"bridge": {"system:access_denied"}}, "User-Agent", inChat)
	timeline := must(f.store.Timeline(f.Context(), id))
	at := slices.IndexFunc(timeline, func(e checkout.Entry) bool { return e.Kind == checkout.EntryBridge })
	if at < 0 || timeline[at].Result != "fail" || !slices.ContainsFunc(timeline[at:], func(e checkout.Entry) bool { return e.Kind == checkout.EntryQuery }) {
		t.Fatalf("no failure and then a query in %+v", timeline)
	}
	for _, told := range []string{"system:access_denied", f.url + "/c/ registered"} {
		if !strings.Contains(f.log.String(), told) || !strings.Contains(timeline[at].Detail, told) {
			t.Errorf("%q is not in %q, or not in the log\n%s", told, timeline[at].Detail, f.log)
		}
	}
}

// TestShopSendsTheOpenID checks that the page pays without OAuth, and that nothing reveals
// the openid.
func TestShopSendsTheOpenID(t *testing.T) {
	t.Parallel()
	const named = "oNamed-by-the-shop_000000001"
	f := newFixture(t)
	id := f.session(`,"wechat_open_id":"` + named + `"`)
	f.client.Jar = must(cookiejar.New(nil))
	pay := func() string {
		return f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat).header.Get("Location")
	}
	if got := pay(); got != "/c/"+id {
		t.Fatalf("the start redirects to %s, want the page", got)
	}
	a := f.attempts(id)[0]
	page := f.get("/c/"+id, "User-Agent", inChat).body
	if a.Flow != flow.JSAPI || a.State != checkout.AttemptPending || !strings.Contains(page, "data-jsapi=") {
		t.Fatalf("the attempt is %+v, the page\n%s", a, page)
	}
	said := []byte(f.api(http.MethodGet, "/v1/checkout/sessions/"+id, "").body + page)
	files := must(filepath.Glob(filepath.Join(f.data, "*")))
	for _, file := range files {
		said = append(said, must(os.ReadFile(file))...)
	}
	if len(files) == 0 || bytes.Contains(append(said, f.log.String()...), []byte(named)) {
		t.Errorf("the openid is in the page, the API, the log or one of the files %v", files)
	}

	t.Run("and WeChat is asked where the sheet failed for them", func(t *testing.T) {
		f.post("/c/"+id, "/confirm", url.Values{"bridge": {"get_brand_wcpay_request:fail"}}, "User-Agent", inChat)
		authorize := pay()
		if !strings.HasPrefix(authorize, f.gateway.url+"/connect/oauth2/authorize") {
			t.Fatalf("the second start redirects to %s, want WeChat's OAuth", authorize)
		}
		response := must(f.client.Get(authorize))
		response.Body.Close()
		f.get(strings.TrimPrefix(response.Header.Get("Location"), f.url))
		if got := pay(); got != "/c/"+id {
			t.Errorf("with another openid, the start redirects to %s, want the page", got)
		}
		if all := f.attempts(id); len(all) != 2 || all[0].State != checkout.AttemptClosed || all[1].Payer == all[0].Payer {
			t.Errorf("the attempts are %+v, want the first closed and one by another payer", all)
		}
	})
	t.Run("and it is forgotten with the session's end", func(t *testing.T) {
		f.post("/c/"+id, "/cancel", nil)
		if s := must(f.store.Session(t.Context(), id)); s.Status != checkout.StatusCanceled || s.SealedOpenID != "" {
			t.Errorf("the session is %s and holds %q", s.Status, s.SealedOpenID)
		}
	})
}

func TestInvalidOpenIDIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, wrong := range []struct{ key, host, openID string }{
		{apiKey, "shop.example", "o c4n4ry"},
		{"sk_test_of_another", "other.example", "oNamed"}, // whose shop has no WeChat account
	} {
		got := f.send(http.MethodPost, "/v1/checkout/sessions", `{"amount":1,"currency":"HKD","subject":"Tea","success_url":"https://`+
			wrong.host+`/","wechat_open_id":"`+wrong.openID+`"}`, "Authorization", "Bearer "+wrong.key)
		if got.status != http.StatusBadRequest || !strings.Contains(got.body, `"wechat_open_id"`) || strings.Contains(got.body, wrong.openID) {
			t.Errorf("%q: %d %s", wrong.openID, got.status, got.body)
		}
	}
}

func TestOAuthRefusesUnknownCodeAndBrowser(t *testing.T) {
	t.Parallel()
	f, id, callback := newInWeChat(t)
	wrong := strings.Replace(callback, "code=", "code=unknown", 1)
	if got := f.get(wrong); !strings.HasSuffix(got.header.Get("Location"), "/c/"+id+"?notice=wechat_refused") {
		t.Errorf("an unknown code leads to %d %s", got.status, got.header.Get("Location"))
	}
	f.client.Jar = must(cookiejar.New(nil)) // another browser
	if got := f.get(callback); !strings.HasSuffix(got.header.Get("Location"), "/c/"+id+"?notice=wechat_refused") {
		t.Errorf("another browser's callback leads to %d %s", got.status, got.header.Get("Location"))
	}
	if again := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat); !strings.Contains(again.header.Get("Location"), "/connect/oauth2/authorize?") {
		t.Errorf("another browser got the openid: it is sent to %s", again.header.Get("Location"))
	}
	state := must(url.Parse(callback)).Query().Get("state")
	if len(state) > 128 || regexp.MustCompile("[^A-Za-z0-9]").MatchString(state) || strings.Contains(strings.ToLower(state), id[3:]) {
		t.Errorf("WeChat gets the state %q", state)
	}
	other := "A"
	if strings.HasPrefix(state, other) {
		other = "B"
	}
	for _, forged := range []string{"", "x", state[1:], other + state[1:], strings.ToLower(state)} {
		if got := f.get("/wechat/callback?code=x&state=" + forged); got.status != http.StatusNotFound {
			t.Errorf("the forged state %q: %d, want 404", forged, got.status)
		}
	}
	if strings.Contains(f.log.String(), "sandbox-app-secret") {
		t.Error("the log holds the app's secret")
	}
}

func TestCookieHidesTheOpenID(t *testing.T) {
	t.Parallel()
	f, id, callback := newInWeChat(t)
	f.get(callback)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
	page := f.get("/c/"+id, "User-Agent", inChat)
	for _, c := range f.client.Jar.Cookies(must(url.Parse(f.url))) {
		if c.Name != "wantukit" && c.Value != "wechat" { // the other names the wallet
			t.Errorf("there is a cookie with the name %s", c.Name)
		}
	}
	stored := f.attempts(id)[0].Payer
	if stored == "" || strings.Contains(page.body, "openid") || strings.Contains(f.log.String(), "openid") {
		t.Error("the page or the log reveals the openid")
	}
}

func TestOAuthResumesWhereADesktopLeftItsCode(t *testing.T) {
	t.Parallel()
	f, id, callback := newInWeChat(t)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}) // the desktop gets a code
	f.get(callback)
	html := f.get("/c/"+id+"?start=wechat", "User-Agent", inChat).body
	if !strings.Contains(html, `data-state="code"`) || !strings.Contains(html, `data-autostart="wechat"`) {
		t.Errorf("the phone does not start by itself with the desktop's code:\n%s", html)
	}
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
	if html := f.get("/c/"+id+"?start=wechat", "User-Agent", inChat).body; strings.Contains(html, "data-autostart") {
		t.Errorf("with its own order the page starts again:\n%s", html)
	}
	if orders := f.sandbox.Orders(); len(orders) != 2 || orders[1].Status != "CLOSED" {
		t.Errorf("the gateway has the orders %+v, want the code's order closed", orders)
	}
}

// TestOAuthResumesWhatTheShopperPicked checks WeChat on an unknown device, where the sheet
// is one of several flows: after OAuth the shopper need not pick it again.
func TestOAuthResumesWhatTheShopperPicked(t *testing.T) {
	t.Parallel()
	const somewhere = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) MicroMessenger/8.0.60"
	f, id, callback := newInWeChat(t)
	back := f.get(callback).header.Get("Location")
	html := f.get(back, "User-Agent", somewhere).body
	if !strings.Contains(html, `data-autostart="wechat"`) || !strings.Contains(html, `name="flow" value="jsapi"> <button class="link" name="wallet" value="wechat" data-default>`) {
		t.Errorf("the page does not go on by itself:\n%s", html)
	}
	if html := f.get("/c/"+id, "User-Agent", somewhere).body; strings.Contains(html, "data-autostart") {
		t.Errorf("the page starts a flow that the shopper did not pick:\n%s", html)
	}
}
