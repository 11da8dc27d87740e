package web_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func TestCreateSessionRefusesBadFields(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	good := map[string]any{"amount": 1250, "currency": "HKD", "subject": "Tea", "success_url": "https://shop.example/ok"}
	cases := []struct {
		name, field string
		value       any
	}{
		{"amount zero", "amount", 0},
		{"amount negative", "amount", -5},
		{"amount fractional", "amount", json.RawMessage("12.5")},
		{"amount with a fraction of zero", "amount", json.RawMessage("12.0")},
		{"amount with an exponent", "amount", json.RawMessage("1e2")},
		{"amount of 12 digits", "amount", 100000000000},
		{"amount beyond 64 bits", "amount", json.RawMessage("99999999999999999999")},
		{"amount as text", "amount", "1250"},
		{"subject missing", "subject", ""},
		{"subject of spaces", "subject", " \u3000 "},
		{"subject of 129 characters", "subject", strings.Repeat("茶", 129)},
		{"subject with a line break", "subject", "Tea\ncake"},
		{"subject of another type", "subject", 5},
		{"currency unknown", "currency", "XXX"},
		{"channel unknown", "channels", []string{"paypal"}},
		{"success_url missing", "success_url", ""},
		{"success_url of another host", "success_url", "https://evil.example/"},
		{"success_url without scheme", "success_url", "//shop.example/"},
		{"success_url of script", "success_url", "javascript:alert(1)"},
		{"success_url with a user", "success_url", "https://shop.example@evil.example/"},
		{"success_url with the host as user", "success_url", "https://ok@shop.example/"},
		{"success_url with a backslash", "success_url", `/\evil.example`},
		{"success_url with another port", "success_url", "https://shop.example:8443/"},
		{"success_url of a subdomain", "success_url", "https://a.shop.example/"},
		{"cancel_url of another host", "cancel_url", "https://evil.example/"},
		{"cancel_url with a tab", "cancel_url", "https://shop.example/\t"},
		{"locale not a tag", "locale", "!!"},
		{"expires_at in the past", "expires_at", time.Now().Add(-time.Hour).Unix()},
		{"expires_at next week", "expires_at", time.Now().Add(7 * 24 * time.Hour).Format(time.RFC3339)},
		{"expires_at not a time", "expires_at", "tomorrow"},
		{"metadata too large", "metadata", map[string]string{"k": strings.Repeat("x", 501)}},
		{"line_items not a list", "line_items", map[string]any{"name": "Tea"}},
		{"101 lines", "line_items", make([]struct{}, 101)},
		{"recovered_from nothing", "recovered_from", "cs_aaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{"an unknown field", "amuont", 5},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			request := map[string]any{c.field: c.value}
			for name, value := range good {
				if name != c.field {
					request[name] = value
				}
			}
			got := f.api(http.MethodPost, "/v1/checkout/sessions", string(must(json.Marshal(request))))
			var problem struct{ Field, Detail string }
			if err := json.Unmarshal([]byte(got.body), &problem); err != nil || got.status != http.StatusBadRequest {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if problem.Field != c.field || problem.Detail == "" {
				t.Errorf("the problem is about %q, want %q and a detail: %s", problem.Field, c.field, got.body)
			}
			if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
				t.Errorf("Content-Type is %q, want application/problem+json", kind)
			}
		})
	}
}

func TestCreateSessionRefusesRepeatedAndUnknownNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const most = `"currency":"HKD","subject":"Tea","success_url":"https://shop.example/ok"`
	for name, c := range map[string]struct{ body, field, detail string }{
		"twice":                      {`{"amount":100,` + most + `,"amount":1}`, "amount", "is there twice"},
		"twice, the same value":      {`{"amount":100,"amount":100,` + most + `}`, "amount", "is there twice"},
		"twice, one of them escaped": {`{"amount":100,` + most + `,"\u0061mount":1}`, "amount", "is there twice"},
		"other letters":              {`{"Amount":100,` + most + `}`, "Amount", "is not a field of this request"},
		"once more in other letters": {`{"amount":100,"AMOUNT":1,` + most + `}`, "AMOUNT", "is not a field of this request"},
		"letters that fold":          {`{"amount":100,` + most + `,"\u017fubject":"x"}`, "\u017fubject", "is not a field of this request"},
	} {
		got := f.api(http.MethodPost, "/v1/checkout/sessions", c.body)
		var problem struct{ Field, Detail string }
		if err := json.Unmarshal([]byte(got.body), &problem); err != nil || got.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		} else if problem.Field != c.field || problem.Detail != c.detail {
			t.Errorf("%s: the problem is %s", name, got.body)
		}
	}
	// Metadata may have such names.
	f.session(`,"metadata":{"amount":"1","Amount":"2"}`)
}

func TestCreateSessionKeepsWhatTheShopSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	expires := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	id := f.session(`,"client_reference_id":"A-1","cancel_url":"https://SHOP.example/no","channels":["wechat","alipay_hk"],` +
		`"locale":"zh-Hant-HK","metadata":{"a":"b"},"recovered_from":"` + f.session("") + `",` +
		`"line_items":[{"name":"Tea","quantity":2,"amount":1000},{"name":"Cake","quantity":1,"amount":250}],"expires_at":"` + expires.Format(time.RFC3339) + `"`)
	got := f.api(http.MethodGet, "/v1/checkout/sessions/"+id, "")
	var s map[string]any
	if err := json.Unmarshal([]byte(got.body), &s); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": id, "status": "open", "payment_status": "unpaid", "amount": 1250.0, "currency": "HKD", "subject": "Tea & cake",
		"client_reference_id": "A-1", "success_url": "https://shop.example/ok?s=" + id, "url": f.url + "/c/" + id,
		"expires_at": expires.Format(time.RFC3339), "locale": "zh-Hant-HK",
	}
	for field, value := range want {
		if s[field] != value {
			t.Errorf("%s is %v, want %v", field, s[field], value)
		}
	}
	if lines := must(json.Marshal(s["line_items"])); string(lines) != `[{"amount":1000,"name":"Tea","quantity":2},{"amount":250,"name":"Cake","quantity":1}]` {
		t.Errorf("the lines are %s", lines)
	}
	if before, _ := s["recovered_from"].(string); !strings.HasPrefix(before, "cs_") {
		t.Errorf("recovered_from is %v", s["recovered_from"])
	}
	if channels := must(json.Marshal(s["channels"])); string(channels) != `["wechat","alipay_hk"]` {
		t.Errorf("channels are %s", channels)
	}
}

// TestCreateSessionNamesEachWrongFieldOfALine sends lines with several faults.
func TestCreateSessionNamesEachWrongFieldOfALine(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	got := f.api(http.MethodPost, "/v1/checkout/sessions", `{"amount":1250,"currency":"HKD","subject":"Tea","success_url":"https://shop.example/ok",
		"line_items":[{"name":"Tea","quantity":1,"amount":1250},"x",{"name":"Tea","Quantity":1,"amount":1.5,"price":2},{"name":5,"name":"a","quantity":0}]}`)
	p := f.checkProblem(got, http.StatusBadRequest, "invalid_request")
	var fields []string
	for _, fault := range p.Errors {
		fields = append(fields, fault.Field+" "+fault.Code)
	}
	want := []string{
		"line_items[1] invalid", "line_items[2].Quantity unknown", "line_items[2].amount invalid", "line_items[2].price unknown",
		"line_items[3].name invalid", "line_items[1].name missing", "line_items[1].quantity invalid", "line_items[2].quantity invalid", "line_items[3].quantity invalid",
	}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Errorf("the faults (-want +got):\n%s", diff)
	}
}

// TestEveryFieldIsAlwaysThere checks the names in a new session and in a refund, and what is
// null in them.
func TestEveryFieldIsAlwaysThere(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	object := func(got answer, kind any) map[string]any {
		t.Helper()
		o := map[string]any{}
		if err := json.Unmarshal([]byte(got.body), &o); err != nil {
			t.Fatalf("%s: %v", got.body, err)
		}
		of := reflect.TypeOf(kind)
		if len(o) != of.NumField() {
			t.Errorf("%d names in %s, want the %d of a %s", len(o), got.body, of.NumField(), of)
		}
		for _, name := range []string{"id", "object", "livemode", "created_at", "metadata", "version"} {
			if o[name] == nil {
				t.Errorf("%s has no %s", of, name)
			}
		}
		return o
	}
	isNull := func(o map[string]any, names ...string) {
		t.Helper()
		for _, name := range names {
			if value, is := o[name]; !is || value != nil {
				t.Errorf("%s of a %s is %v, want null", name, o["object"], value)
			}
		}
	}
	id := f.session("")
	isNull(object(f.api(http.MethodGet, "/v1/checkout/sessions/"+id, ""), checkout.PublicSession{}),
		"client_reference_id", "cancel_url", "locale", "recovered_from", "payment", "paid_at")
	isNull(object(f.api(http.MethodPost, refundsOf(f.newPaidSession()), `{"amount":1}`), checkout.PublicRefund{}), "client_reference_id", "failure")
}

func TestSessionTellsItsPayment(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newPaidSession()
	a := f.attempts(id)[0]
	f.api(http.MethodPost, refundsOf(id), `{"amount":250}`)
	s := read[checkout.PublicSession](f, f.api(http.MethodGet, "/v1/checkout/sessions/"+id, ""), http.StatusOK)
	want := checkout.PublicPayment{
		Wallet: flow.WalletWeChat, Flow: flow.Native, ReceiptNumber: a.OutTradeNo, OutTradeNo: a.OutTradeNo, TradeID: &a.TradeID, PaidAt: a.PaidAt, Refundable: 1000,
	}
	if s.Payment == nil || a.TradeID == "" {
		t.Fatalf("the session is %+v", s)
	}
	if diff := cmp.Diff(want, *s.Payment); diff != "" {
		t.Errorf("the payment (-want +got):\n%s", diff)
	}
}

func TestAPINeedsAKnownKeyAndJSON(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session("")
	for name, got := range map[string]answer{
		"no key":         f.get("/v1/checkout/sessions/" + id),
		"a wrong key":    f.get("/v1/checkout/sessions/"+id, "Authorization", "Bearer sk_test_nothing"),
		"another scheme": f.get("/v1/checkout/sessions/"+id, "Authorization", "Basic "+apiKey),
	} {
		if got.status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := f.get("/v1/checkout/sessions/"+id, "Authorization", "Bearer sk_test_of_another"); got.status != http.StatusNotFound {
		t.Errorf("the session of another shop: status %d, want 404", got.status)
	}
	for name, body := range map[string]string{"not JSON": "{", "a name alone": `{"amount"`, "two objects": "{} {}", "too large": `{"subject":"` + strings.Repeat("x", 70_000) + `"}`} {
		if got := f.api(http.MethodPost, "/v1/checkout/sessions", body); got.status/100 != 4 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := f.send(http.MethodPost, "/v1/checkout/sessions", "amount=5", "Authorization", "Bearer "+apiKey); got.status != http.StatusUnsupportedMediaType {
		t.Errorf("a form: %d", got.status)
	}
}

func TestSessionWithOneCodePlacesItsOrderEarly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		more   string
		orders int
	}{
		"desktop, one wallet":       {`,"channels":["wechat"],"user_agent":"` + windows + `"`, 1},
		"desktop, three wallets":    {`,"user_agent":"` + windows + `"`, 0},
		"phone, a redirect":         {`,"channels":["alipay_cn"],"user_agent":"` + iPhone + `"`, 0},
		"a computer by its hints":   {`,"channels":["alipay_hk"],"user_agent":"` + iPhone + `","user_agent_hints":{"sec-ch-ua-platform":"\"Windows\""}`, 1},
		"hints alone":               {`,"channels":["wechat"],"user_agent_hints":{"Sec-CH-UA-Platform":"\"Windows\""}`, 0},
		"a crawler":                 {`,"channels":["wechat"],"user_agent":"` + crawler + `"`, 0},
		"no user agent, one wallet": {`,"channels":["wechat"]`, 0},
	} {
		if got := len(f.attempts(f.session(c.more))); got != c.orders {
			t.Errorf("%s: %d attempts, want %d", name, got, c.orders)
		}
	}
}

// TestCreateSessionTakesTheFormsThatShopsHave checks that a form of a value is taken and
// answered in the one form of the API.
func TestCreateSessionTakesTheFormsThatShopsHave(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct{ fields, want string }{
		"a currency in small letters":    {`"currency":"hkd"`, `"currency":"HKD"`},
		"a locale with an underscore":    {`"currency":"HKD","locale":"zh_HK"`, `"locale":"zh-HK"`},
		"a locale in small letters":      {`"currency":"HKD","locale":"zh-hant"`, `"locale":"zh-Hant"`},
		"an empty list as metadata":      {`"currency":"HKD","metadata":[]`, `"metadata":{}`},
		"an empty list as hints":         {`"currency":"HKD","user_agent_hints":[ ]`, `"metadata":{}`},
		"null for what is not mandatory": {`"currency":"HKD","metadata":null,"channels":null,"locale":null,"expires_at":null`, `"metadata":{}`},
	} {
		got := f.api(http.MethodPost, "/v1/checkout/sessions", `{"amount":1250,"subject":"Tea","success_url":"https://shop.example/ok",`+c.fields+`}`)
		if got.status != http.StatusCreated || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %d %s, want 201 and %s", name, got.status, got.body, c.want)
		}
	}
}

func TestShopEndsASession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ask := func(id, as, body string) answer {
		return f.api(http.MethodPost, "/v1/checkout/sessions/"+id+"/"+as, body)
	}
	for as, want := range map[string]checkout.Status{"cancel": checkout.StatusCanceled, "expire": checkout.StatusExpired} {
		a := f.newOrder(windows, flow.WalletWeChat)
		for _, body := range []string{"", "{}", "[]"} { // the second and third time it has ended so already
			if s := read[checkout.PublicSession](f, ask(a.SessionID, as, body), http.StatusOK); s.Status != want {
				t.Errorf("%s with the body %q: the session is %s, want %s", as, body, s.Status, want)
			}
		}
		if state := f.attempts(a.SessionID)[0].State; state != checkout.AttemptClosed {
			t.Errorf("%s: the order is %s, want closed", as, state)
		}
		for _, other := range []string{"cancel", "expire"} {
			if other != as {
				f.checkProblem(ask(a.SessionID, other, ""), http.StatusConflict, "session_ended")
			}
		}
	}
	f.checkProblem(ask(f.newPaidSession(), "cancel", ""), http.StatusConflict, "session_ended")
	f.checkProblem(ask(f.session(""), "cancel", `{"reason":"x"}`), http.StatusBadRequest, "invalid_request")
	f.checkProblem(ask("cs_aaaaaaaaaaaaaaaaaaaaaaaaaa", "cancel", ""), http.StatusNotFound, "not_found")

	a := f.newOrder(windows, flow.WalletWeChat)
	f.gateway.set(func(_ string, w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	got := ask(a.SessionID, "cancel", "")
	f.checkProblem(got, http.StatusServiceUnavailable, "gateway_unavailable")
	if got.header.Get("Retry-After") == "" {
		t.Error("the answer has no Retry-After")
	}
}
