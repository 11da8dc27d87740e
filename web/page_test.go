package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func TestGetPlacesNoOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"]`)
	for _, ua := range []string{windows, iPhone, inChat, crawler, ""} {
		for _, path := range []string{"/c/" + id, "/c/" + id + "?start=wechat", "/c/" + id + "/status"} {
			if got := f.get(path, "User-Agent", ua); got.status != http.StatusOK {
				t.Errorf("%s: %d", path, got.status)
			}
		}
	}
	if n := len(f.attempts(id)) + len(f.sandbox.Orders()); n != 0 {
		t.Errorf("GET requests placed %d orders", n)
	}
}

// TestProgramsLeaveNoTrace checks that the page of a program that reads pages has no
// cookie, and does not count as watched.
func TestProgramsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ua      string
		watches bool
	}{"a crawler": {crawler, false}, "a shopper": {windows, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			a := f.newOrder(windows, flow.WalletWeChat)
			f.clock.advance(20 * time.Minute)
			got := f.get("/c/"+a.SessionID, "User-Agent", c.ua)
			if cookie := got.header.Get("Set-Cookie"); (cookie != "") != c.watches {
				t.Errorf("the cookie is %q", cookie)
			}
			f.confirm(a)
			if wait := f.attempts(a.SessionID)[0].NextQueryAt.Sub(f.clock.Now()); (wait < time.Minute) != c.watches {
				t.Errorf("the next query is due in %s", wait)
			}
		})
	}
}

// TestPageShowsTheLinesOfTheBill checks that the bill has the session's lines, unfolded for a
// desktop only, and that the page in a shop's frame has none.
func TestPageShowsTheLinesOfTheBill(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"line_items":[{"name":"Seat <b>","quantity":1,"amount":450},{"name":"Snack","quantity":2,"amount":800}]`)
	for name, c := range map[string]struct {
		ua, dest string
		want     []string
		without  string
	}{
		"a desktop": {windows, "document", []string{`<details class="lines" open>`, "Items (2)", "Seat &lt;b&gt;", "<i>× 2</i>", "HK$8.00"}, "× 1<"},
		"a phone":   {iPhone, "document", []string{`<details class="lines">`, "HK$4.50"}, `class="lines" open`},
		"a frame":   {windows, "iframe", []string{`class="embedded"`}, `class="lines"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			html := f.get("/c/"+id, "User-Agent", c.ua, "Accept-Language", "en", "Sec-Fetch-Dest", c.dest).body
			for _, want := range c.want {
				if !strings.Contains(html, want) {
					t.Errorf("the page has no %q", want)
				}
			}
			if strings.Contains(html, c.without) {
				t.Errorf("the page has %q", c.without)
			}
		})
	}
	if html := f.get("/c/"+f.session(""), "User-Agent", windows).body; strings.Contains(html, `class="lines"`) {
		t.Error("a bill without lines has an empty list")
	}
}

// TestNothingStartsByItselfForAProgram checks that a program's page has the buttons of
// its computer and starts nothing, also where a shopper's page shows one code at once.
func TestNothingStartsByItselfForAProgram(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"],"user_agent":"` + crawler + `"`)
	const button, starts = `name="wallet" value="wechat"`, `data-autostart="wechat"`
	html := f.get("/c/"+id, "User-Agent", crawler).body
	if !strings.Contains(html, button) || strings.Contains(html, "data-autostart") {
		t.Errorf("the page of a program has no button, or starts by itself:\n%s", html)
	}
	if n := len(f.attempts(id)); n != 0 {
		t.Errorf("a program that only reads the page causes %d orders", n)
	}
	if html := f.get("/c/" + id).body; !strings.Contains(html, starts) {
		t.Errorf("the page of a shopper does not start by itself:\n%s", html)
	}
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", crawler)
	if html := f.get("/c/"+id, "User-Agent", crawler).body; !strings.Contains(html, `data-state="code"`) {
		t.Errorf("the form of a program's page shows no code:\n%s", html)
	}
}

// TestCodeIsNotRenewedForAProgram checks that the script of a program's page renews no
// code, because that places an order.
func TestCodeIsNotRenewedForAProgram(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"],"user_agent":"` + windows + `","expires_at":"` + time.Now().Add(3*time.Hour).Format(time.RFC3339) + `"`)
	for ua, renews := range map[string]bool{windows: true, crawler: false} {
		if html := f.get("/c/"+id, "User-Agent", ua).body; strings.Contains(html, "data-renew=") != renews {
			t.Errorf("%s: want a renewal %v:\n%s", ua, renews, html)
		}
	}
}

// TestProgramThatHasStartedAPaymentIsAShopper checks that the page of such a program counts
// as watched: a shopper may have been taken for a program.
func TestProgramThatHasStartedAPaymentIsAShopper(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"]`)
	started := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "User-Agent", crawler)
	cookie, _, _ := strings.Cut(started.header.Get("Set-Cookie"), ";")
	f.clock.advance(20 * time.Minute)
	f.get("/c/"+id, "User-Agent", crawler, "Cookie", cookie)
	a := f.attempts(id)[0]
	f.confirm(a)
	if wait := f.attempts(id)[0].NextQueryAt.Sub(f.clock.Now()); wait >= time.Minute {
		t.Errorf("the next query is due in %s", wait)
	}
}

// TestPageHasItsLength checks that a page is sent in one piece, and that HEAD does not
// give a wrong length.
func TestPageHasItsLength(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := "/c/" + f.session("")
	for _, encoding := range []string{"br", "gzip", "identity"} {
		got := f.get(page, "Accept-Encoding", encoding)
		if length := got.header.Get("Content-Length"); length != strconv.Itoa(len(got.body)) {
			t.Errorf("%s: Content-Length is %q, want %d", encoding, length, len(got.body))
		}
	}
	if length := f.ask(http.MethodHead, page).Header().Get("Content-Length"); length != "" {
		t.Errorf("HEAD has Content-Length %s", length)
	}
}

func TestFormsNeedTheirTokenAndOrigin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, other := f.session(""), f.session("")
	token := tokenField.FindStringSubmatch(f.get("/c/" + other).body)[1]
	for name, got := range map[string]answer{
		"no token":         f.send(http.MethodPost, "/c/"+id+"/attempts", "wallet=wechat"),
		"another's token":  f.send(http.MethodPost, "/c/"+id+"/attempts", url.Values{"wallet": {"wechat"}, "token": {token}}.Encode()),
		"cancel, no token": f.send(http.MethodPost, "/c/"+id+"/cancel", "x=y"),
	} {
		if got.status != http.StatusSeeOther || !strings.HasSuffix(got.header.Get("Location"), "?notice=bad_form") {
			t.Errorf("%s: %d %s", name, got.status, got.header.Get("Location"))
		}
	}
	for _, origin := range []string{"https://evil.example", "null"} {
		if got := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "Origin", origin); got.status != http.StatusForbidden {
			t.Errorf("posted by origin %s: %d", origin, got.status)
		}
	}
	if got := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "Origin", f.url); got.status != http.StatusSeeOther {
		t.Errorf("posted by its own origin: %d", got.status)
	}
	if n := len(f.attempts(id)); n != 1 {
		t.Errorf("%d attempts, want the one of the good form", n)
	}
}

func TestStartRedirectsTheShopper(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	cases := []struct {
		name, ua string
		fields   url.Values
		to       string
	}{
		{"desktop Alipay goes to the cashier", windows, url.Values{"wallet": {"alipay_cn"}}, "/cashier/"},
		{"desktop AlipayHK comes back to its frame", windows, url.Values{"wallet": {"alipay_hk"}}, "/c/"},
		{"desktop AlipayHK by wish goes to the cashier", windows, url.Values{"wallet": {"alipay_hk"}, "flow": {"web"}}, "/cashier/"},
		{"desktop WeChat comes back to its code", windows, url.Values{"wallet": {"wechat"}}, "/c/"},
		{"phone Alipay goes to the mobile cashier", iPhone, url.Values{"wallet": {"alipay_cn"}}, "/m/"},
		{"phone WeChat is guided", iPhone, url.Values{"wallet": {"wechat"}}, "/c/"},
		{"WeChat asks for the openid", inChat, url.Values{"wallet": {"wechat"}}, "/connect/oauth2/authorize"},
		{"a program goes where its computer goes", crawler, url.Values{"wallet": {"alipay_cn"}}, "/cashier/"},
		{"headless Chromium goes to the cashier", headless, url.Values{"wallet": {"alipay_cn"}}, "/cashier/"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := f.post("/c/"+f.session(""), "/attempts", c.fields, "User-Agent", c.ua)
			if got.status != http.StatusSeeOther || !strings.Contains(got.header.Get("Location"), c.to) {
				t.Errorf("%d to %s", got.status, got.header.Get("Location"))
			}
		})
	}
	page := "/c/" + f.session(`,"channels":["wechat"]`)
	for field, fields := range map[string]url.Values{"wallet": {"wallet": {"paypal"}}, "flow": {"wallet": {"wechat"}, "flow": {"web"}}} {
		if got := f.post(page, "/attempts", fields); got.status != http.StatusBadRequest {
			t.Errorf("a wrong %s: %d", field, got.status)
		}
	}
}

func TestCancelGoesBackToTheShop(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"],"cancel_url":"https://shop.example/no?s={CHECKOUT_SESSION_ID}"`)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
	got := f.post("/c/"+id, "/cancel", nil)
	if got.header.Get("Location") != "https://shop.example/no?s="+id {
		t.Errorf("%d to %s", got.status, got.header.Get("Location"))
	}
	if a := f.attempts(id)[0]; a.State != checkout.AttemptClosed || f.sandbox.Orders()[0].Status != "CLOSED" {
		t.Errorf("the attempt is %s, the order %s", a.State, f.sandbox.Orders()[0].Status)
	}
	if html := f.get("/c/" + id).body; !strings.Contains(html, `data-state="canceled"`) || strings.Contains(html, `value="wechat"`) {
		t.Errorf("the page is not canceled, or still offers a wallet:\n%s", html)
	}
}

func TestHealthAndReadiness(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if h, r := f.get("/healthz"), f.get("/readyz"); h.status != http.StatusOK || r.status != http.StatusOK {
		t.Errorf("healthz %d, readyz %d", h.status, r.status)
	}
	f.web.Close()
	if h, r := f.get("/healthz"), f.get("/readyz"); h.status != http.StatusOK || r.status != http.StatusServiceUnavailable {
		t.Errorf("while shutting down: healthz %d, readyz %d", h.status, r.status)
	}
}

func TestReturnShowsConfirmingUntilTheGatewayWasAsked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["alipay_cn"]`)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}})
	path := f.get("/r/" + f.attempts(id)[0].ReturnToken + "?trade_status=TRADE_SUCCESS").header.Get("Location")
	if html := f.get(path).body; !strings.Contains(html, `data-state="confirming"`) {
		t.Errorf("after the return, the page is not confirming:\n%s", html)
	}
	if _, err := f.service.Confirm(f.Context(), f.attempts(id)[0].ID, checkout.CauseSchedule); err != nil {
		t.Fatal(err)
	}
	if !f.attempts(id)[0].QueriedAt.Before(time.Now()) {
		t.Fatal("the gateway was not queried")
	}
	if html := f.get(path).body; !strings.Contains(html, `data-state="redirecting"`) {
		t.Errorf("after the query returned unpaid, the page is not redirecting:\n%s", html)
	}
}

// TestBackWithoutPayment: the stream of a page that waits for the gateway's answer tells
// that nothing was paid, and the page then has the link to the wallet without a load.
func TestBackWithoutPayment(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(iPhone, flow.WalletAlipayCN)
	path, returned := "/c/"+a.SessionID, "?returned="+strconv.FormatInt(time.Now().UnixMilli(), 10)
	s := f.openStream(path + "/events" + returned)
	if first, _ := s.next(); first.State != "confirming" {
		t.Errorf("right after the return the stream says %q", first.State)
	}
	html := f.get(path + returned).body
	if !strings.Contains(html, `data-state="confirming"`) || !strings.Contains(html, templ.EscapeString(f.attempts(a.SessionID)[0].Placed.URL)) {
		t.Errorf("the page that waits lacks the link to the wallet:\n%s", html)
	}
	f.post(path, "/confirm", nil, "Accept", "application/json")
	if next, _ := s.next(); next.State != "redirecting" {
		t.Errorf("after the query the stream says %q", next.State)
	}
}

func TestConfirmingEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(iPhone, flow.WalletAlipayCN)
	path := "/c/" + a.SessionID + "/status?returned=" + strconv.FormatInt(f.service.Now().UnixMilli(), 10)
	for after, want := range map[time.Duration]string{0: "confirming", 6 * time.Second: "redirecting"} {
		f.clock.advance(after)
		if got := f.get(path).body; !strings.Contains(got, want) {
			t.Errorf("%s after the return, with no answer of the gateway: %s", after, got)
		}
		f.clock.advance(-after)
	}
}

func TestSaveDataOmitsTheProgram(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/c/" + f.session("")
	for header, want := range map[string]bool{"": true, "off": true, "on": false, "On": false} {
		html := f.get(path, "Save-Data", header).body
		if got := strings.Contains(html, "worker.js"); got != want || !strings.Contains(html, "loader.js") {
			t.Errorf("Save-Data %q: the page has the Worker: %t, want %t, and it must always have the loader", header, got, want)
		}
	}
}

func TestReturnIsRecordedInTheTimeline(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["alipay_cn"]`)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}})
	a := f.attempts(id)[0]
	f.get("/r/" + a.ReturnToken + "?returned=1") // the page reloads itself
	for range 2 {
		f.get("/r/" + a.ReturnToken + "?trade_status=TRADE_SUCCESS")
	}
	var returns []string
	for _, e := range must(f.store.Timeline(f.Context(), id)) {
		if e.Kind == checkout.EntryReturn {
			returns = append(returns, e.AttemptID)
		}
	}
	if !slices.Equal(returns, []string{a.ID}) {
		t.Errorf("returns of attempts %v, want one of %s", returns, a.ID)
	}
}

// TestCheckAnswers checks what a query that the shopper asks for answers: the page with the
// time, or the status for a script.
func TestCheckAnswers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(iPhone, flow.WalletAlipayCN)
	for path, page := range map[string]string{"/c/" + a.SessionID: "/c/" + a.SessionID, "/r/" + a.ReturnToken: "/r/" + a.ReturnToken + "?returned=1"} {
		back := f.post(page, "/confirm", nil).header.Get("Location")
		if html := f.get(back).body; !strings.HasPrefix(back, path+"?checked=") || !notReceived.MatchString(html) || !strings.Contains(html, `data-state="redirecting"`) {
			t.Errorf("%s: the answer is at %s:\n%s", path, back, html)
		}
		if got := f.post(page, "/confirm", nil, "Accept", "application/json"); got.status != http.StatusOK || !strings.Contains(got.body, `"state":"redirecting"`) {
			t.Errorf("%s: a script gets %d %s", path, got.status, got.body)
		}
		if html := f.get(page).body; notReceived.MatchString(html) {
			t.Errorf("%s: the page answers although nobody asks:\n%s", path, html)
		}
	}
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(time.Minute)
	f.confirm(a)
	if back := f.post("/c/"+a.SessionID, "/confirm", nil).header.Get("Location"); back != "/c/"+a.SessionID {
		t.Errorf("after the payment, the answer is at %s", back)
	}
}

var notReceived = regexp.MustCompile(`Not received yet \(\d\d:\d\d:\d\d\)`)

// TestPageSaysThatItIsBack checks that only the return of the attempt's own wallet counts.
func TestPageSaysThatItIsBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(iPhone, flow.WalletAlipayCN)
	for name, test := range map[string]struct {
		returned time.Time
		want     bool
	}{"after the attempt": {a.CreatedAt.Add(time.Second), true}, "before it": {a.CreatedAt.Add(-time.Second), false}} {
		html := f.get("/c/" + a.SessionID + "?returned=" + strconv.FormatInt(test.returned.UnixMilli(), 10)).body
		if got := strings.Contains(html, `data-returned="1"`); got != test.want {
			t.Errorf("a return %s: data-returned is %v", name, got)
		}
	}
}
