package web_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
)

// inWeChat is a shopper in WeChat, who has pressed the button and was sent to
// WeChat for the openid.
func inWeChat(t *testing.T) (f *fixture, id, callback string) {
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

func TestOAuthThenJSAPI(t *testing.T) {
	t.Parallel()
	f, id, callback := inWeChat(t)
	back := f.get(callback)
	if back.header.Get("Location") != "/c/"+id+"?start=wechat" {
		t.Fatalf("the callback leads to %d %s", back.status, back.header.Get("Location"))
	}
	html := f.get("/c/"+id+"?start=wechat", "User-Agent", inChat).body
	if !strings.Contains(html, `data-autostart="wechat"`) {
		t.Errorf("the page does not go on by itself:\n%s", html)
	}
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
	a := f.attempts(id)[0]
	if a.Flow != checkout.FlowJSAPI || a.State != checkout.AttemptPending || a.Payer == "" {
		t.Fatalf("the attempt is %+v", a)
	}
	if html := f.get("/c/"+id, "User-Agent", inChat).body; !strings.Contains(html, "data-jsapi=") || !strings.Contains(html, "prepay_id=") {
		t.Errorf("the page has no parameters for the bridge:\n%s", html)
	}
}

func TestOperatorIsToldWhyTheSheetFailed(t *testing.T) {
	t.Parallel()
	f, id, callback := inWeChat(t)
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

func TestOAuthRefusesWhatItDidNotAskFor(t *testing.T) {
	t.Parallel()
	f, id, callback := inWeChat(t)
	wrong := strings.Replace(callback, "code=", "code=unknown", 1)
	if got := f.get(wrong); !strings.HasSuffix(got.header.Get("Location"), "/c/"+id+"?notice=wechat_refused") {
		t.Errorf("an unknown code leads to %d %s", got.status, got.header.Get("Location"))
	}
	f.client.Jar = must(cookiejar.New(nil)) // another browser
	if got := f.get(callback); got.status != http.StatusNotFound {
		t.Errorf("another browser's callback: %d", got.status)
	}
	if strings.Contains(f.log.String(), "sandbox-app-secret") {
		t.Error("the log holds the app's secret")
	}
}

func TestCookieHidesTheOpenID(t *testing.T) {
	t.Parallel()
	f, id, callback := inWeChat(t)
	f.get(callback)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
	page := f.get("/c/"+id, "User-Agent", inChat)
	for _, c := range f.client.Jar.Cookies(must(url.Parse(f.url))) {
		if c.Name != "wantukit" {
			t.Errorf("a cookie named %s", c.Name)
		}
	}
	stored := f.attempts(id)[0].Payer
	if stored == "" || strings.Contains(page.body, "openid") || strings.Contains(f.log.String(), "openid") {
		t.Error("the openid shows")
	}
}

func TestOAuthResumesWhereADesktopLeftItsCode(t *testing.T) {
	t.Parallel()
	f, id, callback := inWeChat(t)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}) // the desktop's: a code
	f.get(callback)
	html := f.get("/c/"+id+"?start=wechat", "User-Agent", inChat).body
	if !strings.Contains(html, `data-state="code"`) || !strings.Contains(html, `data-autostart="wechat"`) {
		t.Errorf("the phone shows the desktop's code and does not go on:\n%s", html)
	}
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
	if html := f.get("/c/"+id+"?start=wechat", "User-Agent", inChat).body; strings.Contains(html, "data-autostart") {
		t.Errorf("with its own order the page starts again:\n%s", html)
	}
	if orders := f.sandbox.Orders(); len(orders) != 2 || orders[1].Status != "CLOSED" {
		t.Errorf("the gateway holds %+v, want the code's order closed", orders)
	}
}
