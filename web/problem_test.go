package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// problemJSON is a problem as a shop reads it.
type problemJSON struct {
	Type, Title, Code, Detail, Field, Object string
	Status                                   int
	RequestID                                string `json:"request_id"`
	Errors                                   []struct {
		Field, Code, Detail string
		Allowed             []string
	}
}

// checkProblem checks an answer of the merchant API that is a problem, and returns it.
func (f *fixture) checkProblem(got answer, status int, code string) (p problemJSON) {
	f.Helper()
	if err := json.Unmarshal([]byte(got.body), &p); err != nil {
		f.Fatalf("%d %s: %v", got.status, got.body, err)
	}
	if got.status != status || p.Status != status || p.Code != code || p.Title == "" {
		f.Errorf("%d %s, want %d and the code %s", got.status, got.body, status, code)
	}
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		f.Errorf("%s: Content-Type is %q", code, kind)
	}
	if p.RequestID == "" || got.header.Get("Request-Id") != p.RequestID {
		f.Errorf("%s: Request-Id is %q, request_id is %q", code, got.header.Get("Request-Id"), p.RequestID)
	}
	page, anchor, _ := strings.Cut(strings.TrimPrefix(p.Type, f.url), "#")
	if explained := f.get(page); explained.status != http.StatusOK || anchor != code || !strings.Contains(explained.body, `id="`+code+`"`) {
		f.Errorf("%s: the type %s is not explained: %d", code, p.Type, explained.status)
	}
	return p
}

// TestProblems causes each problem that a shop can cause.
func TestProblems(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const sessions = "/v1/checkout/sessions"
	key := []string{"Authorization", "Bearer " + apiKey, "Content-Type", "application/json"}
	for name, c := range map[string]struct {
		got    answer
		status int
		code   string
	}{
		"no key":                {f.get(sessions + "/x"), 401, "key_unknown"},
		"an unknown session":    {f.get(sessions+"/x", key...), 404, "not_found"},
		"an unknown route":      {f.get("/v1/checkout/session", key...), 404, "route_unknown"},
		"the beginning":         {f.get("/v1", "Accept", "text/html"), 404, "route_unknown"},
		"a directory":           {f.get("/v1/"), 404, "route_unknown"},
		"another method":        {f.send(http.MethodDelete, sessions, "", key...), 405, "method_not_allowed"},
		"no JSON":               {f.send(http.MethodPost, sessions, "{", key...), 400, "body_unreadable"},
		"a body that is a list": {f.send(http.MethodPost, sessions, "[1]", key...), 400, "body_unreadable"},
		"two objects":           {f.send(http.MethodPost, sessions, "{}{}", key...), 400, "body_unreadable"},
		"no fields, as PHP":     {f.send(http.MethodPost, sessions, "[]", key...), 400, "invalid_request"},
		"a form":                {f.send(http.MethodPost, sessions, "a=b", key[:2]...), 415, "media_type_unsupported"},
		"a large body":          {f.send(http.MethodPost, sessions, strings.Repeat(" ", 64<<10)+"{}", key...), 413, "body_too_large"},
		"not paid":              {f.send(http.MethodPost, refundsOf(f.session("")), `{"amount":1}`, key...), 409, "not_refundable"},
	} {
		t.Run(name, func(t *testing.T) {
			f := *f
			f.TB = t
			f.checkProblem(c.got, c.status, c.code)
		})
	}
	if got := f.api(http.MethodGet, sessions+"/"+f.session(""), ""); got.header.Get("Request-Id") == "" {
		t.Error("a session is answered without Request-Id")
	}
}

// TestProblemNamesEachFault sends a request with many faults.
func TestProblemNamesEachFault(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	p := f.checkProblem(f.api(http.MethodPost, "/v1/checkout/sessions", `{
		"amount": "12", "currency": "XYZ", "success_url": "https://shop.example:8443/", "cancel_url": "javascript:alert(1)",
		"locale": "!!", "locale": "en", "expires_at": "tomorrow", "metadata": {"a": 1}, "amuont": 5, "wechat_open_id": "a b"
	}`), http.StatusBadRequest, "invalid_request")
	want := map[string]string{
		"amount": "invalid", "currency": "invalid", "success_url": "invalid", "cancel_url": "invalid", "locale": "repeated", "expires_at": "invalid",
		"metadata": "invalid", "amuont": "unknown", "subject": "missing", "wechat_open_id": "invalid",
	}
	got := map[string]string{}
	for _, fault := range p.Errors {
		if _, twice := got[fault.Field]; twice || fault.Detail == "" {
			t.Errorf("%+v: a field comes twice, or has no detail", fault)
		}
		got[fault.Field] = fault.Code
		if fault.Field == "success_url" && !slices.Contains(fault.Allowed, "shop.example") {
			t.Errorf("the hosts that are allowed are %v", fault.Allowed)
		}
	}
	for field, code := range want {
		if got[field] != code {
			t.Errorf("%s is %q, want %q", field, got[field], code)
		}
	}
	if len(got) != len(want) || p.Field != p.Errors[0].Field || p.Detail != p.Errors[0].Detail {
		t.Errorf("the problem is %+v", p)
	}
}
