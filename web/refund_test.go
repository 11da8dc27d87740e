package web_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
)

// newPaidSession creates a paid session of 1250.
func (f *fixture) newPaidSession() string {
	f.Helper()
	id := f.session("")
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
	a := f.attempts(id)[0]
	f.sandbox.Notifications(false)
	must(f.sandbox.Pay(a.OutTradeNo))
	if a := must(f.service.Confirm(f.Context(), a.ID, checkout.CauseSchedule)); a.State != checkout.AttemptPaid {
		f.Fatalf("the attempt is %s", a.State)
	}
	return id
}

func refundsOf(id string) string { return "/v1/checkout/sessions/" + id + "/refunds" }

// read checks an answer's status and returns its JSON.
func read[T any](f *fixture, a answer, status int) (v T) {
	f.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != status {
		f.Fatalf("%d %s (%v), want %d", a.status, a.body, err, status)
	}
	return v
}

type problem struct{ Field, Detail string }

func TestRefundsOfASession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newPaidSession()
	if got := f.api(http.MethodGet, refundsOf(id), ""); got.body != `{"object":"list","data":[],"has_more":false,"next_cursor":null}`+"\n" {
		t.Errorf("the list without refunds is %s", got.body)
	}
	first := read[checkout.PublicRefund](f, f.api(http.MethodPost, refundsOf(id), `{"amount":500,"client_reference_id":"R-1","metadata":{"why":"rain"}}`), http.StatusCreated)
	if first.Metadata["why"] != "rain" || first.Version < 2 {
		t.Errorf("the refund has the metadata %v and the version %d", first.Metadata, first.Version)
	}
	if first.Status != checkout.RefundSucceeded || first.Amount != 500 || first.Session != id || *first.ClientReferenceID != "R-1" || first.Reason != checkout.RefundRequested {
		t.Errorf("the refund is %+v", first)
	}
	again := read[checkout.PublicRefund](f, f.api(http.MethodPost, refundsOf(id), `{"amount":500,"client_reference_id":"R-1","payment":"first"}`), http.StatusOK)
	if again.ID != first.ID {
		t.Errorf("the repeated request made refund %s, want %s", again.ID, first.ID)
	}
	rest := read[checkout.PublicRefund](f, f.api(http.MethodPost, refundsOf(id), `{"amount":750}`), http.StatusCreated)
	all := read[struct{ Data []checkout.PublicRefund }](f, f.api(http.MethodGet, refundsOf(id), ""), http.StatusOK)
	if len(all.Data) != 2 || all.Data[0].ID != first.ID || all.Data[1].ID != rest.ID {
		t.Errorf("the list is %+v", all.Data)
	}
	if diff := cmp.Diff([]checkout.PublicRefund{first, rest}, all.Data); diff != "" {
		t.Errorf("the list differs from the answers (-answered +listed):\n%s", diff)
	}
	s := read[checkout.PublicSession](f, f.api(http.MethodGet, "/v1/checkout/sessions/"+id, ""), http.StatusOK)
	if s.AmountRefunded != 1250 || s.PaymentStatus != checkout.PaymentRefunded {
		t.Errorf("the session is %s, %d refunded", s.PaymentStatus, s.AmountRefunded)
	}
}

// sendTwoKeys sends a request with two idempotency keys.
func (f *fixture) sendTwoKeys(path, body string) answer {
	f.Helper()
	r := must(http.NewRequestWithContext(f.Context(), http.MethodPost, f.url+path, strings.NewReader(body)))
	r.Header = http.Header{
		"Authorization": {"Bearer " + apiKey}, "Content-Type": {"application/json"}, "Idempotency-Key": {"k-3", "k-4"},
	}
	response := must(f.client.Do(r))
	defer response.Body.Close()
	return answer{response.StatusCode, response.Header, string(must(io.ReadAll(response.Body)))}
}

// TestRefundUnderAnIdempotencyKey checks that a repeated request with the same key returns
// the same refund.
func TestRefundUnderAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newPaidSession()
	ask := func(key, body string) answer {
		return f.send(http.MethodPost, refundsOf(id), body, "Authorization", "Bearer "+apiKey, "Idempotency-Key", key)
	}
	first := read[checkout.PublicRefund](f, ask("k-1", `{"amount":500}`), http.StatusCreated)
	again := read[checkout.PublicRefund](f, ask("k-1", `{"amount":500}`), http.StatusOK)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the repeated request returns another refund (-first +again):\n%s", diff)
	}
	a := f.attempts(id)[0]
	if first.Attempt != a.ID || first.OutTradeNo != a.OutTradeNo || *first.TradeID != a.TradeID || a.TradeID == "" {
		t.Errorf("the refund is %+v, want one of attempt %s", first, a.ID)
	}
	other := read[checkout.PublicRefund](f, ask("k-2", `{"amount":500}`), http.StatusCreated)
	if other.ID == first.ID {
		t.Error("another key found the same refund")
	}
	for name, got := range map[string]answer{
		"a key of much text":  ask(strings.Repeat("k", 129), `{"amount":1}`),
		"an empty key":        ask("", `{"amount":1}`),
		"a blank key":         ask("  ", `{"amount":1}`),
		"a key of two in one": f.sendTwoKeys(refundsOf(id), `{"amount":1}`),
	} {
		if p := read[problem](f, got, http.StatusBadRequest); p.Field != "Idempotency-Key" || p.Detail == "" {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	if p := f.checkProblem(ask("k-1", `{"amount":501}`), http.StatusConflict, "idempotency_key_taken"); p.Field != "Idempotency-Key" || p.Object != first.ID {
		t.Errorf("another amount: %+v", p)
	}
	if all := must(f.service.Refunds(t.Context(), id)); len(all) != 2 {
		t.Errorf("there are %d refunds, want 2", len(all))
	}
}

func TestRefundsThatAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	paid, open := f.newPaidSession(), f.session("")
	read[checkout.PublicRefund](f, f.api(http.MethodPost, refundsOf(paid), `{"amount":500,"client_reference_id":"R-1"}`), http.StatusCreated)
	for name, c := range map[string]struct {
		id, body string
		status   int
		field    string
	}{
		"more than is left":          {paid, `{"amount":751}`, 400, "amount"},
		"an amount of nothing":       {paid, `{"amount":0}`, 400, "amount"},
		"of another session":         {paid, `{"amount":1,"session":"` + open + `"}`, 400, "session"},
		"a negative amount":          {paid, `{"amount":-1}`, 400, "amount"},
		"an amount of a fraction":    {paid, `{"amount":1.5}`, 400, "amount"},
		"an amount twice":            {paid, `{"amount":1,"amount":2}`, 400, "amount"},
		"an unknown field":           {paid, `{"amount":1,"reason":"x"}`, 400, "reason"},
		"a reference of two lines":   {paid, `{"amount":1,"client_reference_id":"a\nb"}`, 400, "client_reference_id"},
		"a reference of another":     {paid, `{"amount":1,"client_reference_id":"R-1"}`, 409, "client_reference_id"},
		"a second payment":           {paid, `{"amount":1,"payment":"second"}`, 400, "payment"},
		"a third payment":            {paid, `{"amount":1,"payment":"third"}`, 400, "payment"},
		"no JSON":                    {paid, `{`, 400, ""},
		"a session that is not paid": {open, `{"amount":1}`, 409, ""},
		"a missing session":          {"cs_aaaaaaaaaaaaaaaaaaaaaaaaaa", `{"amount":1}`, 404, ""},
	} {
		got := f.api(http.MethodPost, refundsOf(c.id), c.body)
		if p := read[problem](f, got, c.status); p.Field != c.field || p.Detail == "" && c.status != 404 {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	if all := read[struct{ Data []any }](f, f.api(http.MethodGet, refundsOf(paid), ""), http.StatusOK); len(all.Data) != 1 {
		t.Errorf("there are %d refunds, want 1", len(all.Data))
	}
}

// TestRefundOfANamedSession makes refunds at /v1/refunds.
func TestRefundOfANamedSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newPaidSession()
	ask := func(body string) answer { return f.api(http.MethodPost, "/v1/refunds", body) }
	part := read[checkout.PublicRefund](f, ask(`{"session":"`+id+`","amount":250}`), http.StatusCreated)
	rest := read[checkout.PublicRefund](f, ask(`{"session":"`+id+`","amount":null,"client_reference_id":"R-1"}`), http.StatusCreated)
	if part.Amount != 250 || rest.Amount != 1000 || rest.Session != id {
		t.Errorf("the refunds are %+v and %+v, want 250 and all that is left", part, rest)
	}
	again := read[checkout.PublicRefund](f, f.api(http.MethodPost, refundsOf(id), `{"session":"`+id+`","client_reference_id":"R-1"}`), http.StatusOK)
	got := read[checkout.PublicRefund](f, f.api(http.MethodGet, "/v1/refunds/"+rest.ID, ""), http.StatusOK)
	for _, same := range []checkout.PublicRefund{again, got} {
		if diff := cmp.Diff(rest, same); diff != "" {
			t.Errorf("the refund (-made +got):\n%s", diff)
		}
	}
	for body, field := range map[string]string{
		`{"amount":1}`: "session", `{"session":"` + id + `"}`: "amount", `{"session":"x"}`: "session", `{"session":5}`: "session",
	} {
		if p := f.checkProblem(ask(body), http.StatusBadRequest, "invalid_request"); p.Field != field {
			t.Errorf("%s: %+v, want a fault of %s", body, p, field)
		}
	}
	other := []string{"Authorization", "Bearer sk_test_of_another"}
	if p := f.checkProblem(f.send(http.MethodPost, "/v1/refunds", `{"session":"`+id+`"}`, other...), http.StatusBadRequest, "invalid_request"); p.Field != "session" {
		t.Errorf("the session of another shop: %+v", p)
	}
	f.checkProblem(f.get("/v1/refunds/"+rest.ID, other...), http.StatusNotFound, "not_found")
	f.checkProblem(f.api(http.MethodGet, "/v1/refunds/re_aaaaaaaaaaaaaaaaaaaaaaaaaa", ""), http.StatusNotFound, "not_found")
}

func TestRefundsBelongToTheirShop(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newPaidSession()
	missing := f.send(http.MethodPost, refundsOf("cs_aaaaaaaaaaaaaaaaaaaaaaaaaa"), `{"amount":1}`, "Authorization", "Bearer sk_test_of_another")
	for name, got := range map[string]answer{
		"a refund":        f.send(http.MethodPost, refundsOf(id), `{"amount":1}`, "Authorization", "Bearer sk_test_of_another"),
		"not even a body": f.send(http.MethodPost, refundsOf(id), `{`, "Authorization", "Bearer sk_test_of_another"),
		"the list":        f.get(refundsOf(id), "Authorization", "Bearer sk_test_of_another"),
	} {
		if got.status != http.StatusNotFound || got.withoutNoise().body != missing.withoutNoise().body {
			t.Errorf("%s: %d %s, want the answer for a missing session: %s", name, got.status, got.body, missing.body)
		}
	}
	if got := f.send(http.MethodPost, refundsOf(id), `{"amount":1}`); got.status != http.StatusUnauthorized {
		t.Errorf("without a key: %d", got.status)
	}
	if refunds := must(f.service.Refunds(t.Context(), id)); len(refunds) != 0 {
		t.Errorf("refunds were made: %+v", refunds)
	}
}
