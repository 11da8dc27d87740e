package sandbox_test

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

// newBrowser returns an HTTP client with cookies that does not follow redirects.
func newBrowser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// code authorizes in a browser and returns the URL of the redirect.
func (f fixture) code(t *testing.T, browser *http.Client) *url.URL {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, f.authorizeURL(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	return back
}

type token struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int    `json:"expires_in"`
	OpenID       string `json:"openid"`
	Scope        string `json:"scope"`
	ErrCode      int    `json:"errcode"`
	ErrMsg       string `json:"errmsg"`
}

func (f fixture) redeem(t *testing.T, code string, change url.Values) token {
	t.Helper()
	response, body := browse(t, "GET", f.tokenURL(code, change))
	wantStatus(t, response, http.StatusOK)
	return decode[token](t, body)
}

func TestOAuth(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	browser := newBrowser(t)
	back := f.code(t, browser)
	if back.Host != "shop.example" || back.Query().Get("x") != "1" || back.Query().Get("state") != "st&te" {
		t.Errorf("goes back to %s", back)
	}
	first := f.redeem(t, back.Query().Get("code"), nil)
	if len(first.OpenID) != 28 || first.Scope != "snsapi_base" || first.ExpiresIn != 7200 ||
		first.AccessToken == "" || first.RefreshToken == "" || first.ErrCode != 0 {
		t.Errorf("got %+v", first)
	}
	if again := f.redeem(t, back.Query().Get("code"), nil); again.ErrCode != 40163 || again.OpenID != "" {
		t.Errorf("the same code twice: %+v", again)
	}
	same := f.redeem(t, f.code(t, browser).Query().Get("code"), nil)
	other := f.redeem(t, f.code(t, newBrowser(t)).Query().Get("code"), nil)
	if same.OpenID != first.OpenID || other.OpenID == first.OpenID {
		t.Errorf("open_ids %s, again %s, of another browser %s", first.OpenID, same.OpenID, other.OpenID)
	}
}

func TestOAuthErrors(t *testing.T) {
	t.Parallel()
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now})
	code := f.code(t, newBrowser(t)).Query().Get("code")
	for name, test := range map[string]struct {
		code   string
		change url.Values
		want   int
	}{
		"unknown code": {"x", nil, 40029},
		"bad secret":   {code, url.Values{"secret": {"x"}}, 40125},
		"bad app":      {code, url.Values{"appid": {"x"}}, 40013},
		"bad grant":    {code, url.Values{"grant_type": {"x"}}, 40002},
	} {
		if got := f.redeem(t, test.code, test.change); got.ErrCode != test.want || got.ErrMsg == "" || got.OpenID != "" {
			t.Errorf("%s: %+v, want errcode %d", name, got, test.want)
		}
	}
	c.move(5*time.Minute + time.Second)
	if got := f.redeem(t, code, nil); got.ErrCode != 40029 {
		t.Errorf("after five minutes: %+v", got)
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for name, change := range map[string]url.Values{
		"another app":   {"appid": {"wx9"}},
		"no redirect":   {"redirect_uri": {""}},
		"script":        {"redirect_uri": {"javascript:alert(1)"}},
		"no scheme":     {"redirect_uri": {"//evil"}},
		"unreadable":    {"redirect_uri": {"http://%zz"}},
		"credentials":   {"redirect_uri": {"https://ok@evil"}},
		"token flow":    {"response_type": {"token"}},
		"unknown scope": {"scope": {"all"}},
	} {
		response, body := browse(t, "GET", f.authorizeURL(change))
		if response.StatusCode != http.StatusBadRequest || response.Header.Get("Location") != "" {
			t.Errorf("%s: status %d to %q", name, response.StatusCode, response.Header.Get("Location"))
		}
		lacks(t, body, "javascript:")
	}
}

func TestAnyValidOpenIDIsAccepted(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for name, c := range map[string]struct{ openID, code string }{
		"given by OAuth": {f.openID(t), "200"},
		"the manual's":   {"oMHUm0xbCkwshwylEe6keVhGE7Mg", "200"},
		"with signs":     {"o" + strings.Repeat("_-", 13) + "A", "200"},
		"too short":      {"o" + strings.Repeat("a", 26), "304"},
		"too long":       {"o" + strings.Repeat("a", 28), "304"},
		"another letter": {strings.Repeat("x", 28), "304"},
		"a stray sign":   {"o" + strings.Repeat("a", 26) + "+", "304"},
		"not ASCII":      {"o" + strings.Repeat("é", 13) + "a", "304"},
	} {
		body := f.signed(t, object("pay-form", map[string]any{
			"open_id": c.openID, "out_trade_no": strings.Map(onlyLetters, name),
		}))
		if got := f.post(t, "pay-form", "", body).Text("return_code"); got != c.code {
			t.Errorf("%s: return_code %s, want %s", name, got, c.code)
		}
	}
}

func onlyLetters(r rune) rune {
	if r < 'a' || r > 'z' {
		return -1
	}
	return r
}

func TestOldestCodeIsForgotten(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	authorize := func() (code string) {
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, fixture{}.authorizeURL(nil), nil))
		back, err := url.Parse(recorder.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		return back.Query().Get("code")
	}
	oldest, second := authorize(), authorize()
	for range 9_999 {
		authorize()
	}
	_, body := serve(t, s, "GET", fixture{}.tokenURL(oldest, nil), "")
	contains(t, body, `"errcode":40029`)
	_, body = serve(t, s, "GET", fixture{}.tokenURL(second, nil), "")
	contains(t, body, `"openid"`)
}
