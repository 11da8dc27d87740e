package demoshop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/wantukit/wantukit/cmd/wantukit/demoshop"
)

const (
	secret    = "whsec_c2hvcC10ZXN0LXNlY3JldC1vZi0yNC1ieXRlcw=="
	sessionID = "cs_own"
)

// fixture is a shop and a fake checkout.
type fixture struct {
	*testing.T
	shop   *demoshop.Shop
	signer *webhooks.Webhook
	// before is called before the checkout answers.
	before func()
	// status is the status of the checkout's answer.
	status int
	events int
	number string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, before: func() {}, status: http.StatusCreated}
	api := httptest.NewServer(http.HandlerFunc(f.createSession))
	t.Cleanup(api.Close)
	var err error
	if f.signer, err = webhooks.NewWebhook(secret); err != nil {
		t.Fatal(err)
	}
	f.shop, err = demoshop.New(demoshop.Config{API: api.URL, APIKey: "sk", WebhookSecret: secret, PublicURL: "http://shop.example", SandboxURL: "http://sandbox.example"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) createSession(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Number string `json:"client_reference_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		f.Error(err)
	}
	f.number = request.Number
	f.before()
	w.WriteHeader(f.status)
	fmt.Fprintf(w, `{"id":%q,"url":"http://pay.example/c/cs_own"}`, sessionID)
}

// buy buys a ticket and returns the order's number.
func (f *fixture) buy() string {
	f.Helper()
	f.shop.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/orders", nil))
	return f.number
}

// tell sends a signed event of the order's session, with the changed data, and
// returns the status of the answer.
func (f *fixture) tell(kind string, change map[string]any) int {
	f.Helper()
	f.events++
	return f.tellAgain("evt_"+strconv.Itoa(f.events), kind, change)
}

func (f *fixture) tellAgain(id, kind string, change map[string]any) int {
	f.Helper()
	data := map[string]any{
		"id": sessionID, "client_reference_id": f.number, "amount": 48000, "currency": "HKD", "payment_status": "unpaid",
	}
	if kind == "session.paid" {
		data["payment_status"] = "paid"
	}
	for name, value := range change {
		data[name] = value
	}
	body, err := json.Marshal(map[string]any{"id": id, "type": kind, "data": data})
	if err != nil {
		f.Fatal(err)
	}
	now := time.Now()
	signature, err := f.signer.Sign(id, now, body)
	if err != nil {
		f.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(string(body)))
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("Webhook-Signature", signature)
	answer := httptest.NewRecorder()
	f.shop.ServeHTTP(answer, r)
	return answer.Code
}

// is checks the order's status. "" means that the shop has no such order.
func (f *fixture) is(want string) {
	f.Helper()
	if o, _ := f.shop.Order(f.number); o.Status != want {
		f.Errorf("the order is %q, want %q", o.Status, want)
	}
}

func TestWebhookOfSomethingElseMovesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]map[string]any{
		"another session":   {"id": "cs_other"},
		"no session":        {"id": ""},
		"another amount":    {"amount": 1},
		"another currency":  {"currency": "CNY"},
		"no payment":        {"payment_status": "unpaid"},
		"a refund since":    {"payment_status": "refunded"},
		"an unknown number": {"client_reference_id": "HN-NOBODY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.buy()
			if code := f.tell("session.paid", change); code != http.StatusNoContent {
				t.Errorf("the shop answers %d", code)
			}
			f.is("awaiting payment")
			f.tell("session.paid", nil)
			f.is("paid")
		})
	}
}

func TestWebhooksInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ events, want string }{
		{"session.paid", "paid"},
		{"session.expired", "expired"},
		{"session.canceled", "canceled"},
		{"session.something_new", "awaiting payment"},
		{"session.paid session.expired session.amount_mismatch", "paid"},
		{"session.expired session.paid_late", "to be looked at"},
		{"session.paid_late session.expired", "to be looked at"},
		{"session.amount_mismatch session.expired", "to be looked at"},
		{"session.amount_mismatch session.canceled", "to be looked at"},
		{"session.amount_mismatch session.something_new", "to be looked at"},
		{"session.amount_mismatch session.paid session.expired", "paid"},
	} {
		t.Run(c.events, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.buy()
			for kind := range strings.FieldsSeq(c.events) {
				f.tell(kind, nil)
			}
			f.is(c.want)
		})
	}
}

func TestWebhookIsHandledOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.buy()
	f.tellAgain("evt_1", "session.paid", nil)
	f.tellAgain("evt_1", "session.paid", nil)
	if o, _ := f.shop.Order(f.number); o.Status != "paid" || len(o.Webhooks) != 1 {
		t.Errorf("the shop holds %+v", o)
	}
}

func TestWebhookThatOvertakesTheSessionComesAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var early int
	f.before = func() { early = f.tellAgain("evt_1", "session.paid", nil) }
	f.buy()
	if early/100 == 2 {
		t.Errorf("the shop takes an event (%d) that it could not hold against its session", early)
	}
	f.is("awaiting payment")
	if code := f.tellAgain("evt_1", "session.paid", nil); code != http.StatusNoContent {
		t.Errorf("the shop answers %d to the event that came again", code)
	}
	f.is("paid")
}

func TestWebhookOfASessionThatNobodyWasSentToEnds(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.status = http.StatusInternalServerError
	f.buy()
	if code := f.tell("session.expired", nil); code != http.StatusNoContent {
		t.Errorf("the shop answers %d: the checkout would try for days", code)
	}
	f.is("")
}

func TestShopNumbersItsOrdersAnewAfterARestart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 5 {
		f := newFixture(t) // a shop that has just started
		for range 5 {
			number := f.buy()
			if seen[number] || !regexp.MustCompile(`^HN-[A-Z2-7]{6}$`).MatchString(number) {
				t.Errorf("the order's number is %q, want another than before", number)
			}
			seen[number] = true
		}
	}
}
