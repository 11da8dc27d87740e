package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/web"
)

// These are the hostile cases of browsers that depend on the server alone. Tests in
// cmd/wantukit check what a browser does with the answers.

func TestHostileReturnSaysSuccessAndNothingIsPaid(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(windows, flow.WalletAlipayCN)
	path := f.get("/r/" + a.ReturnToken + "?trade_status=TRADE_SUCCESS&out_trade_no=" + a.OutTradeNo + "&total_fee=12.50").header.Get("Location")
	f.post(path, "/confirm", nil)
	if html := f.get(path).body; strings.Contains(html, `data-state="paid"`) {
		t.Errorf("the page shows paid:\n%s", html)
	}
	now := f.attempts(a.SessionID)[0]
	session := must(f.service.Session(f.Context(), a.SessionID))
	if now.State != checkout.AttemptPending || session.PaymentStatus.Settled() {
		t.Errorf("the attempt is %s, the session %s", now.State, session.PaymentStatus)
	}
}

func TestHostileReturnURLs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, field := range []string{"success_url", "cancel_url"} {
		for _, hostile := range []string{
			"//evil.example", "//shop.example/", "///shop.example/", "javascript:alert(1)", "JavaScript://shop.example/%0aalert(1)",
			"data:text/html,<script>alert(1)</script>", "https://ok@evil.example/", "https://shop.example@evil.example/", "https://ok@shop.example/",
			`/\evil.example`, `https:\\evil.example`, `https://shop.example\@evil.example/`, "https://evil.example/", "https://shop.example.evil.example/",
			"https://evil.example#shop.example", "https://evil.example?shop.example", "https:shop.example", "https:///evil.example", "ftp://shop.example/",
			"https://shop.example:444/", "https://shop.example\t.evil.example/", "\thttps://shop.example/", "https://shop.example/\r\nSet-Cookie:a=b",
			"https://ѕhop.example/", "https://shop.example%2eevil.example/", "shop.example",
		} {
			request := map[string]any{"amount": 1250, "currency": "HKD", "subject": "Tea", "success_url": "https://shop.example/ok"}
			request[field] = hostile
			got := f.api(http.MethodPost, "/v1/checkout/sessions", string(must(json.Marshal(request))))
			var problem struct{ Field string }
			if err := json.Unmarshal([]byte(got.body), &problem); err != nil || got.status != http.StatusBadRequest || problem.Field != field {
				t.Errorf("%s %q: %d %s", field, hostile, got.status, got.body)
			}
		}
	}
}

func TestHostileSubjectIsInert(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const hostile = `</script><img src=x onerror=alert(1)>`
	text := must(json.Marshal(hostile + `"'`))
	id := f.sessionOf(`"subject":` + string(text) + `,"client_reference_id":` + string(text))
	for _, accept := range []string{"text/html", "application/json"} {
		for _, path := range []string{"/c/" + id, "/c/" + id + "/status"} {
			if got := f.get(path, "Accept", accept); strings.Contains(got.body, "<img src=x") {
				t.Errorf("%s contains the markup:\n%s", path, got.body)
			}
		}
	}
	if html := f.get("/c/" + id).body; !strings.Contains(html, "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&#34;&#39;") {
		t.Errorf("the page does not show the escaped subject:\n%s", html)
	}
	// A browser that reads JSON as HTML would run it.
	if got := f.api(http.MethodGet, "/v1/checkout/sessions/"+id, ""); strings.Contains(got.body, "<img") || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the merchant API returns the markup: %s", got.body)
	}
}

func TestHostileFraming(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	listed := f.get("/c/" + f.session("")).header.Get("Content-Security-Policy")
	if !strings.Contains(listed, "; frame-ancestors https://shop.example;") {
		t.Errorf("the policy for the listed shop is %s", listed)
	}
	// The other shop lists no origin, and not the first shop's either.
	made := f.send(http.MethodPost, "/v1/checkout/sessions",
		`{"amount":1,"currency":"HKD","subject":"Tea","success_url":"https://other.example/"}`, "Authorization", "Bearer sk_test_of_another")
	unlisted := f.get("/c/" + idField.FindStringSubmatch(made.body)[1]).header.Get("Content-Security-Policy")
	if !strings.Contains(unlisted, "; frame-ancestors 'none';") {
		t.Errorf("the policy for a shop without origins is %s", unlisted)
	}
}

func TestHostileOAuthCallbackComesAgain(t *testing.T) {
	t.Parallel()
	f, id, callback := newInWeChat(t)
	another := strings.Replace(callback, "code=", "code=another", 1)
	payers := map[string]bool{}
	for _, again := range []string{callback, callback, another, callback} {
		if got := f.get(again); got.status != http.StatusSeeOther || got.header.Get("Location") != "/c/"+id+"?start=wechat" {
			t.Fatalf("the callback answers %d to %s", got.status, got.header.Get("Location"))
		}
		f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", inChat)
		for _, a := range f.attempts(id) {
			payers[a.Payer] = true
		}
	}
	if n := len(f.attempts(id)); n != 1 || len(payers) != 1 || payers[""] {
		t.Errorf("%d attempts by the payers %v, want one attempt by one payer", n, payers)
	}
}

func TestHostileBackAfterPaying(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(windows, flow.WalletWeChat)
	page := "/c/" + a.SessionID
	token := tokenField.FindStringSubmatch(f.get(page).body)[1]
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	f.confirm(a)
	if got := f.get(page); !strings.Contains(got.body, `data-state="paid"`) || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("after the back button, the page is not the paid one:\n%s", got.body)
	}
	// An old page from the back-forward cache still has its buttons.
	for _, wallet := range []string{"wechat", "alipay_cn", "alipay_hk"} {
		form := url.Values{"token": {token}, "wallet": {wallet}}.Encode()
		if got := f.send(http.MethodPost, page+"/attempts", form); got.status != http.StatusSeeOther || got.header.Get("Location") != page {
			t.Errorf("paying again by %s: %d %s", wallet, got.status, got.header.Get("Location"))
		}
	}
	if got := f.send(http.MethodPost, page+"/cancel", url.Values{"token": {token}}.Encode()); got.header.Get("Location") != page {
		t.Errorf("canceling after the payment: %d %s", got.status, got.header.Get("Location"))
	}
	session := must(f.service.Session(f.Context(), a.SessionID))
	if len(f.attempts(a.SessionID)) != 1 || len(f.sandbox.Orders()) != 1 || session.Status != checkout.StatusComplete {
		t.Errorf("there are %d attempts, the orders %+v, and the session is %s", len(f.attempts(a.SessionID)), f.sandbox.Orders(), session.Status)
	}
}

// checkSame reports the answers that differ from the first one in more than their date.
func checkSame(t *testing.T, status int, got map[string]answer) {
	t.Helper()
	var first *answer
	for path, a := range got {
		a = a.withoutNoise()
		if first == nil {
			first = &a
		}
		if a.status != status || a.body != first.body || fmt.Sprint(a.header) != fmt.Sprint(first.header) {
			t.Errorf("the answer to %s is %d %v\n%s\nand another one is %d %v\n%s", path, a.status, a.header, a.body, first.status, first.header, first.body)
		}
	}
}

func TestHostileGuessesAreAllTheSame404(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const unknown = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	ids := []string{"x", "cs_", "cs_" + unknown, unknown, "CS_" + unknown, strings.Repeat("a", 500), "..%2f", "%00", "%ff", "'%20OR%201=1--", "cs_" + unknown + "%20"}
	others := f.newOrder(windows, flow.WalletWeChat)
	kinds := map[string]struct {
		prefix, suffix string
		headers        []string
		also           []string
	}{
		"pages":            {prefix: "/c/", also: []string{others.ReturnToken, others.ID}},
		"return links":     {prefix: "/r/", also: []string{others.SessionID, others.NotifyToken, others.ID}},
		"live status":      {prefix: "/c/", suffix: "/status", headers: []string{"Accept", "application/json"}},
		"streams":          {prefix: "/c/", suffix: "/events", headers: []string{"Accept", "text/event-stream"}},
		"returned status":  {prefix: "/r/", suffix: "/status", headers: []string{"Accept", "application/json"}},
		"sessions":         {prefix: "/v1/checkout/sessions/", headers: []string{"Authorization", "Bearer sk_test_of_another"}, also: []string{others.SessionID}},
		"refunds":          {prefix: "/v1/checkout/sessions/", suffix: "/refunds", headers: []string{"Authorization", "Bearer sk_test_of_another"}, also: []string{others.SessionID}},
		"nobody's session": {prefix: "/c/", suffix: "/status", also: []string{others.ReturnToken}},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			got := map[string]answer{}
			for _, id := range append(kind.also, ids...) {
				got[id] = f.get(kind.prefix+id+kind.suffix, kind.headers...)
			}
			checkSame(t, http.StatusNotFound, got)
		})
	}
	t.Run("notifications", func(t *testing.T) {
		got := map[string]answer{}
		for _, token := range append(ids, others.ReturnToken, others.SessionID) {
			got[token] = f.send(http.MethodPost, "/n/"+token, `{"trade_status":"SUCCESS"}`)
		}
		checkSame(t, http.StatusNotFound, got)
	})
}

// guessUntilLimited calls ask, which requests a missing resource, until the answer is 429,
// and returns that answer. n is the number of the call.
func (f *fixture) guessUntilLimited(ask func(n int) answer) answer {
	f.Helper()
	for n := range 1000 {
		got := ask(n)
		if got.status == http.StatusTooManyRequests {
			if n < 100 {
				f.Errorf("the guesser is limited after %d misses, want 100 free misses", n)
			}
			return got
		}
	}
	f.Fatal("the guesser is not limited after 1,000 misses")
	return answer{}
}

// unknownPath returns another path of a missing resource for each n.
func unknownPath(prefix string, n int) string {
	return prefix + fmt.Sprintf("%022d", n)[:22] + "aaaa"
}

func TestHostileGuessingIsLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.guessUntilLimited(func(n int) answer { return f.get(unknownPath([]string{"/c/cs_", "/r/"}[n%2], n)) })
	if wait, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || wait < 1 {
		t.Errorf("Retry-After is %q, want a number of seconds", got.header.Get("Retry-After"))
	}
	if !strings.Contains(got.body, "<h1>") || got.policy() != problemPage {
		t.Errorf("the guesser sees\n%s", got.body)
	}
	// Existing resources are served, to a new shopper too.
	for path, want := range f.existingPaths() {
		if got := f.get(path); got.status != want {
			t.Errorf("a first visit of %s: %d, want %d", path, got.status, want)
		}
	}
}

// existingPaths returns an existing path of each route with an ID or a token, and the
// status of a first visit.
func (f *fixture) existingPaths() map[string]int {
	f.Helper()
	a := f.newOrder(windows, flow.WalletAlipayCN)
	page, back := "/c/"+a.SessionID, "/r/"+a.ReturnToken
	return map[string]int{
		page: http.StatusOK, page + "/status": http.StatusOK,
		back: http.StatusSeeOther, back + "?returned=1": http.StatusOK, back + "/status": http.StatusOK,
	}
}

// useUpMisses uses up the free misses that a client gets with time, until ask is
// answered with 429.
func (f *fixture) useUpMisses(ask func() answer, headers ...string) {
	f.Helper()
	for range 100 {
		f.get("/r/x", headers...)
		if ask().status == http.StatusTooManyRequests {
			return
		}
	}
	f.Error("a client without free misses gets 404, want 429")
}

// TestHostileGuesserStarvesNobody checks that a shopper, a shop and the gateway are served
// at the address of a client that guesses on every route.
func TestHostileGuesserStarvesNobody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(windows, flow.WalletWeChat)
	page, back := "/c/"+a.SessionID, "/r/"+a.ReturnToken
	f.guessUntilLimited(func(n int) answer { return f.get(unknownPath([]string{"/c/cs_", "/r/"}[n%2], n)) })
	f.guessUntilLimited(func(n int) answer { return f.send(http.MethodPost, unknownPath("/n/", n), "{}") })
	refused := f.guessUntilLimited(func(n int) answer {
		if n%2 == 0 {
			return f.api(http.MethodGet, unknownPath("/v1/checkout/sessions/cs_", n), "")
		}
		return f.get("/v1/checkout/sessions/x", "Authorization", fmt.Sprintf("Bearer guess-%d", n))
	})
	if !strings.Contains(refused.body, `"status":429`) || refused.header.Get("Retry-After") == "" {
		t.Errorf("the API answers %v %s, want a problem with status 429", refused.header, refused.body)
	}
	for range 150 {
		if got := f.get(page); got.status != http.StatusOK {
			t.Fatalf("a shopper at the guesser's address: %d", got.status)
		}
	}
	for path, want := range f.existingPaths() {
		if got := f.get(path); got.status != want {
			t.Errorf("a first visit of %s: %d, want %d", path, got.status, want)
		}
	}
	for _, path := range []string{page + "/events", back + "/events"} {
		if status, ok := f.openStream(path).next(); !ok || status.State != "code" {
			t.Errorf("the stream %s sends the state %q, want code", path, status.State)
		}
	}
	for _, form := range []struct{ page, action string }{
		{page, "/confirm"}, {back + "?returned=1", "/confirm"}, {page, "/attempts"},
		{"/c/" + f.session(`,"cancel_url":"https://shop.example/"`), "/cancel"}, // the shop creates another session
	} {
		if got := f.post(form.page, form.action, url.Values{"wallet": {"wechat"}}); got.status != http.StatusSeeOther ||
			strings.Contains(got.header.Get("Location"), "notice") {
			t.Errorf("the form %s of %s: %d, to %s", form.action, form.page, got.status, got.header.Get("Location"))
		}
	}
	if got := f.api(http.MethodGet, "/v1/checkout/sessions/"+a.SessionID, ""); got.status != http.StatusOK {
		t.Errorf("the shop reads its session: %d", got.status)
	}
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	if err := f.sandbox.Notify(f.Context(), a.OutTradeNo); err != nil {
		t.Errorf("the gateway's notification is not acknowledged: %v", err)
	}
}

func TestHostileForgedXForwardedForHoldsNoLimitOff(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.guessUntilLimited(func(n int) answer {
		return f.get(unknownPath("/c/cs_", n), "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n%256),
			"X-Real-IP", fmt.Sprintf("198.51.100.%d", n%256), "Forwarded", fmt.Sprintf("for=192.0.2.%d", n%256))
	})
	if n := strings.Count(f.log.String(), "--trusted-proxies"); n != 1 {
		t.Errorf("the log warns %d times of a proxy that is not trusted, want once:\n%s", n, f.log)
	}
}

func behindProxy(c *web.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.1.0.0/16")}
}

func TestHostileForgedXForwardedForThroughATrustedProxy(t *testing.T) {
	t.Parallel()
	f := newFixture(t, behindProxy)
	// The proxy appends its address; the guesser wrote the addresses before it.
	f.guessUntilLimited(func(n int) answer {
		return f.get(unknownPath("/c/cs_", n), "X-Forwarded-For", fmt.Sprintf("203.0.113.%d, 10.1.2.3, 198.51.100.7, 10.1.2.3", n%256))
	})
	for _, from := range []string{"198.51.100.7", "::ffff:198.51.100.7"} {
		f.useUpMisses(func() answer { return f.get("/c/x", "X-Forwarded-For", from) }, "X-Forwarded-For", from)
	}
	for _, from := range []string{"198.51.100.8", "198.51.100.7, 198.51.100.8"} {
		if got := f.get("/c/x", "X-Forwarded-For", from); got.status != http.StatusNotFound {
			t.Errorf("from %s: %d, want 404", from, got.status)
		}
	}
}

func TestHostileIPv6SubscriberIsOneClient(t *testing.T) {
	t.Parallel()
	f := newFixture(t, behindProxy)
	f.guessUntilLimited(func(n int) answer {
		return f.get(unknownPath("/c/cs_", n), "X-Forwarded-For", fmt.Sprintf("2001:db8:1:2:%x::%x", n, n+1))
	})
	if got := f.get("/c/x", "X-Forwarded-For", "2001:db8:1:3::1"); got.status != http.StatusNotFound {
		t.Errorf("another /64: %d, want 404", got.status)
	}
}

func TestTrustedProxiesMustNotBeEverybody(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, all := range []string{"0.0.0.0/0", "::/0"} {
		config := f.config
		config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(all)}
		_, err := web.New(config)
		if err == nil || !strings.Contains(err.Error(), "TrustedProxies") {
			t.Errorf("%s: %v", all, err)
		}
	}
}

func TestHostileRequestsLeaveNoTokenInTheLog(t *testing.T) {
	t.Parallel()
	f, id, callback := newInWeChat(t)
	a := f.newOrder(iPhone, flow.WalletAlipayCN)
	code := must(url.Parse(callback)).Query().Get("code")
	token := tokenField.FindStringSubmatch(f.get("/c/" + id).body)[1]
	f.get("/r/" + a.ReturnToken + "/x?trade_status=TRADE_SUCCESS")
	f.get("/r/" + a.ReturnToken + "x")
	f.send(http.MethodPost, "/n/"+a.NotifyToken, `{"trade_status":"SUCCESS","sign":"canary-sign"}`)
	f.send(http.MethodPost, "/n/"+a.NotifyToken+"x", `{"sign":"canary-sign"}`)
	f.send(http.MethodPost, "/n/"+a.NotifyToken, "canary-body", "Content-Encoding", "gzip")
	f.get(strings.Replace(callback, "code=", "code=canary-code", 1))
	f.send(http.MethodPost, "/c/"+id+"/attempts", "token="+token+"&wallet=canary-wallet")
	f.send(http.MethodPost, "/c/"+id+"/attempts", "token=canary-token")
	f.get("/v1/checkout/sessions/"+id, "Authorization", "Bearer canary-key")
	f.web.Close()
	log := f.log.String()
	if !strings.Contains(log, "notification refused") || !strings.Contains(log, "WeChat gave no openid") {
		t.Fatalf("the log lacks a line about the failures:\n%s", log)
	}
	for _, secret := range []string{a.ReturnToken, a.NotifyToken, code, token, "canary", apiKey, "sandbox-app-secret"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s:\n%s", secret, log)
		}
	}
}
