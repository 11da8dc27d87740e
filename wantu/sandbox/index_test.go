package sandbox_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

// submit sends a form of the root page, as its own page would.
func submit(t *testing.T, h http.Handler, action string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/sandbox/form/"+action, strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Host = "localhost"
	request.Header.Set("Origin", "http://localhost")
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder
}

func wantRedirect(t *testing.T, response *httptest.ResponseRecorder, want string) {
	t.Helper()
	if response.Code != http.StatusSeeOther || response.Header().Get("Location") != want {
		t.Errorf("status %d to %q, want 303 to %q: %s", response.Code, response.Header().Get("Location"), want, response.Body)
	}
}

func index(t *testing.T, h http.Handler, query string) string {
	t.Helper()
	status, body := serve(t, h, "GET", "/"+query, "")
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	return body
}

func TestIndexShowsTheAccount(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{PublicURL: "http://localhost:8081"}, ackBody)
	contains(t, index(t, s, ""), "http://localhost:8081/paygate", sandbox.DefaultMerchantAccount,
		sandbox.DefaultStoreAccount, sandbox.DefaultKey, sandbox.DefaultWeChatAppID, "2026-03-01 20:00:00", "Advance")
	const canary = "canary-key-of-a-merchant"
	own, err := sandbox.New(sandbox.Config{Key: canary, WeChatAppSecret: canary + "-2", MerchantAccount: "HKG77"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	body := index(t, own, "")
	contains(t, body, "HKG77", "not shown", "system clock")
	lacks(t, body, canary, sandbox.DefaultKey, "/sandbox/form/pay", ">快进")
}

func TestIndexControlsOrders(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, "no")
	openOrders(t, s, "n1", "n2")
	wantRedirect(t, submit(t, s, "fail", url.Values{"number": {"n1"}}), "/#order-n1")
	contains(t, index(t, s, ""), "PAY_ERROR")
	wantRedirect(t, submit(t, s, "pay", url.Values{"number": {"n1"}, "q": {"n&"}}), "/?q=n%26#order-n1")
	contains(t, index(t, s, ""), "SUCCESS", "✗ the answer is not a good JSON object")
	if response := submit(t, s, "notify", url.Values{"number": {"n1"}}); response.Code != http.StatusBadGateway {
		t.Errorf("status %d", response.Code)
	}
	d.answer = func(string) string { return ackBody }
	wantRedirect(t, submit(t, s, "notify", url.Values{"number": {"n1"}}), "/#order-n1")
	contains(t, index(t, s, ""), "✓ acknowledged")
	for action, want := range map[string]int{"pay": 409, "fail": 409, "steal": 404} {
		if response := submit(t, s, action, url.Values{"number": {"n1"}}); response.Code != want {
			t.Errorf("%s: status %d, want %d", action, response.Code, want)
		}
	}
	for number, want := range map[string]int{"n2": 409, "n9": 404} {
		if response := submit(t, s, "notify", url.Values{"number": {number}}); response.Code != want {
			t.Errorf("notify %s: status %d, want %d", number, response.Code, want)
		}
	}
}

func TestIndexDoesNotWaitForAHeldNotification(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{NotifySchedule: []time.Duration{}}, ackBody)
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultDrop, Times: 1})
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultDelay, Delay: time.Minute})
	openOrders(t, s, "n1")
	pay(t, s)
	wantRedirect(t, submit(t, s, "notify", url.Values{"number": {"n1"}}), "/#order-n1")
	if got := d.numbers(); len(got) != 0 {
		t.Errorf("notifications at %v", got)
	}
	wantRedirect(t, submit(t, s, "advance", url.Values{"advance": {"1m"}}), "/?open=switches#switches")
	if got := d.numbers(); len(got) != 1 || got[0] != "1m0s n1" {
		t.Errorf("notifications at %v", got)
	}
}

func TestIndexControlsFaults(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	// The form sends all fields, and most of them belong to other kinds.
	form := url.Values{
		"kind": {"drop"}, "times": {""}, "delay": {"30s"}, "endpoint": {"query"}, "when": {"before"},
		"status": {"502"}, "return_code": {"501"}, "copies": {"3"}, "forgery": {"lower"},
	}
	wantRedirect(t, submit(t, s, "fault", form), "/?open=faults#faults")
	form.Set("kind", "late")
	wantRedirect(t, submit(t, s, "fault", form), "/?open=faults#faults")
	contains(t, index(t, s, ""), "<code>drop</code>", "<code>late</code>", "answers of query", "30s")
	if f := s.Faults(); len(f) != 2 || f[0].Endpoint != "" || f[1].Delay != 30*time.Second || f[1].When != sandbox.Before {
		t.Errorf("set %+v", f)
	}
	form.Set("delay", `soon"><script>`)
	response := submit(t, s, "fault", form)
	if response.Code != http.StatusBadRequest {
		t.Errorf("status %d", response.Code)
	}
	contains(t, response.Body.String(), `id="problem"`, "delay", "soon&#34;&gt;&lt;script&gt;", `<option value="late" selected>`)
	wantRedirect(t, submit(t, s, "remove", url.Values{"id": {"f1"}}), "/?open=faults#faults")
	wantRedirect(t, submit(t, s, "clear", nil), "/?open=faults#faults")
	if f := s.Faults(); len(f) != 0 {
		t.Errorf("left %+v", f)
	}
	if response := submit(t, s, "remove", url.Values{"id": {"f1"}}); response.Code != http.StatusNotFound {
		t.Errorf("status %d", response.Code)
	}
	if response := submit(t, s, "fault", url.Values{"kind": {"rain"}}); response.Code != http.StatusBadRequest {
		t.Errorf("status %d", response.Code)
	}
}

func TestIndexControlsNotificationsAndClock(t *testing.T) {
	t.Parallel()
	s, d := startWithClock(t, sandbox.Config{}, ackBody)
	wantRedirect(t, submit(t, s, "notifications", url.Values{"on": {"false"}}), "/?open=switches#switches")
	contains(t, index(t, s, ""), "关 off")
	openOrders(t, s, "n1")
	pay(t, s)
	if got := d.numbers(); len(got) != 0 {
		t.Errorf("notifications at %v", got)
	}
	wantRedirect(t, submit(t, s, "notifications", url.Values{"on": {"true"}}), "/?open=switches#switches")
	wantRedirect(t, submit(t, s, "advance", url.Values{"advance": {"15s"}}), "/?open=switches#switches")
	if got := d.numbers(); len(got) != 1 {
		t.Errorf("notifications at %v", got)
	}
	contains(t, index(t, s, ""), "2026-03-01 20:00:15")
	if response := submit(t, s, "advance", url.Values{"advance": {"soon"}}); response.Code != http.StatusBadRequest {
		t.Errorf("status %d", response.Code)
	}
	if response := submit(t, start(t, sandbox.Config{}), "advance", url.Values{"advance": {"1s"}}); response.Code != http.StatusConflict {
		t.Errorf("status %d", response.Code)
	}
}

func TestNotificationsOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{})
	for _, step := range []struct {
		body   string
		status int
		shows  string
	}{
		{`{"on":false}`, 200, `{"on":false}`}, {`{"on":"true"}`, 200, `{"on":true}`},
		{`{"on":2}`, 400, `{"on":true}`}, {`{"off":true}`, 400, `{"on":true}`}, {`on`, 400, `{"on":true}`},
	} {
		status, _ := serve(t, s, "POST", "/sandbox/notifications", step.body)
		if _, body := serve(t, s, "GET", "/sandbox/notifications", ""); status != step.status || strings.TrimSpace(body) != step.shows {
			t.Errorf("%s: status %d, then %s", step.body, status, body)
		}
	}
}

func TestIndexSearchesAndLimitsOrders(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	for i := range 103 {
		openOrders(t, s, "a"+strconv.Itoa(i))
	}
	body := index(t, s, "")
	if shown := strings.Count(body, `class="order"`); shown != 50 {
		t.Errorf("%d shown", shown)
	}
	contains(t, body, "The newest 50 are shown", `id="order-a102"`)
	lacks(t, body, `id="order-a2"`)
	body = index(t, s, "?q=+a2+")
	if shown := strings.Count(body, `class="order"`); shown != 11 { // a2 and a20 to a29
		t.Errorf("%d found", shown)
	}
	contains(t, index(t, s, "?q=%22%3E%3Cscript%3E"), "No such order", `value="&#34;&gt;&lt;script&gt;"`)
}

func TestRequestsFromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{PublicURL: "http://example.com"}, ackBody) // httptest's host
	for name, c := range map[string]struct {
		header, value string
		refused       bool
	}{
		"curl":         {"User-Agent", "curl/8", false},
		"own page":     {"Sec-Fetch-Site", "same-origin", false},
		"address bar":  {"Sec-Fetch-Site", "none", false},
		"own origin":   {"Origin", "http://example.com", false},
		"other site":   {"Sec-Fetch-Site", "cross-site", true},
		"neighbour":    {"Sec-Fetch-Site", "same-site", true},
		"other origin": {"Origin", "http://evil.example", true},
		"other port":   {"Origin", "http://example.com:8080", true},
		"opaque":       {"Origin", "null", true},
	} {
		for _, path := range []string{"/sandbox/form/clear", "/sandbox/faults", "/sandbox/clock", "/sandbox/notifications", "/sandbox/orders/n1/pay"} {
			request := httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}"))
			request.Header.Set(c.header, c.value)
			recorder := httptest.NewRecorder()
			s.ServeHTTP(recorder, request)
			if refused := recorder.Code == http.StatusForbidden; refused != c.refused {
				t.Errorf("%s, %s: status %d", name, path, recorder.Code)
			}
		}
	}
}

func TestIndexFormsSendTheirOrigin(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	response, _ := browse(t, "GET", f.url+"/")
	if policy := response.Header.Get("Referrer-Policy"); policy != "same-origin" {
		t.Errorf("Referrer-Policy %q: a browser would send Origin: null", policy)
	}
	page := f.wap(t, "n1")
	if response, _ = browse(t, "GET", page); response.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Error("a shopper's page sends its URL as Referer")
	}
}

func TestFormThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{})
	request := httptest.NewRequest(http.MethodPost, "/sandbox/form/clear", strings.NewReader("a=%zz"))
	request.Host = "localhost"
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusBadRequest {
		t.Errorf("status %d", recorder.Code)
	}
}

func TestIndexShowsRefunds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	refunded(t, b)
	contains(t, index(t, b, ""), "Refunded HKD 1.00", "refund HKD 1.00 <code>r1</code>")
}

func TestIndexShowsHeldAndCanceledOrders(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	openOrders(t, s, "n1", "n2")
	addFault(t, s, sandbox.Fault{Kind: sandbox.FaultReorder})
	lacks(t, index(t, s, ""), "held back")
	pay(t, s)
	if n := strings.Count(index(t, s, ""), "held back"); n != 1 {
		t.Errorf("%d orders are held back, want one", n)
	}
	s.ClearFaults()
	lacks(t, index(t, s, ""), "held back")
	callEndpoint(t, s, "cancel", nil)
	contains(t, index(t, s, ""), "Cancels 1")
}

func TestIndexRatesForgedNotifications(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		transport http.RoundTripper
		want      string
	}{
		"accepted":    {shop(func(*http.Request) string { return ackBody }), `class="result bad">✓ acknowledged`},
		"refused":     {shop(func(*http.Request) string { return `{"return_code":"FAIL"}` }), `class="result good">✗ return_code`},
		"no JSON":     {shop(func(*http.Request) string { return "no" }), `class="result good">✗ the answer`},
		"HTTP status": {badAnswers("HTTP status 302", ""), `class="result good">✗ HTTP status 302`},
		"not reached": {failingTransport{errors.New("down")}, `class="result">✗ no HTTP answer`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := sandbox.New(sandbox.Config{Clock: sandbox.NewClock(noon()), HTTPClient: &http.Client{Transport: c.transport}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			addFault(t, s, sandbox.Fault{Kind: sandbox.FaultForge})
			openOrders(t, s, "n1")
			pay(t, s)
			contains(t, index(t, s, ""), c.want)
		})
	}
}
