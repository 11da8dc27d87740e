package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/web"
)

const hooks = "/v1/webhook_endpoints"

// hookJSON is a webhook endpoint as a shop reads it.
type hookJSON struct {
	Object, ID, URL, Source, Status, Secret string
	Events                                  []string
	Metadata                                map[string]string
	DisabledReason                          *string    `json:"disabled_reason"`
	CreatedAt                               *time.Time `json:"created_at"`
	PreviousSecretUntil                     *time.Time `json:"previous_secret_until"`
}

// apiJSON calls the API with the shop's key, checks the status and reads the answer.
func apiJSON[T any](f *fixture, method, path, body string, status int) (into T) {
	f.Helper()
	got := f.api(method, path, body)
	if got.status != status {
		f.Fatalf("%s %s: %d %s, want %d", method, path, got.status, got.body, status)
	}
	if err := json.Unmarshal([]byte(got.body), &into); err != nil {
		f.Fatal(err)
	}
	return into
}

func TestWebhookEndpointsByAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := apiJSON[hookJSON](f, http.MethodPost, hooks, `{"url":"https://shop.example/2?k=1","events":["session.paid","session.paid"],"metadata":{"team":"stock"}}`, 201)
	if made.Object != "webhook_endpoint" || !strings.HasPrefix(made.ID, "we_") || !strings.HasPrefix(made.Secret, "whsec_") || made.Source != "api" ||
		!slices.Equal(made.Events, []string{"session.paid"}) || made.Metadata["team"] != "stock" || made.CreatedAt == nil || made.URL != "https://shop.example/2?k=1" {
		t.Errorf("made %+v", made)
	}
	list := apiJSON[struct{ Data []hookJSON }](f, http.MethodGet, hooks, "", 200).Data
	if len(list) != 2 || list[0].ID != "default" || list[0].Source != "configuration" || list[0].URL != "https://shop.example/hook" || list[1].ID != made.ID || list[1].Secret != "" {
		t.Errorf("the list is %+v", list)
	}
	path := hooks + "/" + made.ID
	changed := apiJSON[hookJSON](f, http.MethodPost, path, `{"url":"https://shop.example/3","events":["*"],"metadata":[],"disabled":true}`, 200)
	if changed.URL != "https://shop.example/3" || !slices.Equal(changed.Events, []string{"*"}) || len(changed.Metadata) != 0 || changed.Status != "disabled" || changed.DisabledReason == nil || changed.Secret != "" {
		t.Errorf("changed %+v", changed)
	}
	if same := apiJSON[hookJSON](f, http.MethodPost, path, `{"disabled":false}`, 200); same.Status != "enabled" || same.URL != changed.URL {
		t.Errorf("enabled %+v", same)
	}
	rolled := apiJSON[hookJSON](f, http.MethodPost, path+"/roll", `{"overlap_seconds":60}`, 200)
	if rolled.Secret == made.Secret || !strings.HasPrefix(rolled.Secret, "whsec_") || rolled.PreviousSecretUntil == nil || time.Until(*rolled.PreviousSecretUntil) > time.Minute {
		t.Errorf("rolled %+v", rolled)
	}
	wantSealed(f, made, rolled.Secret)
	if at := apiJSON[hookJSON](f, http.MethodPost, path+"/roll", "", 200).PreviousSecretUntil; at == nil || time.Until(*at) < 23*time.Hour {
		t.Errorf("rolled without a time: the old one signs until %v", at)
	}
	apiJSON[hookJSON](f, http.MethodDelete, path, "", 200)
	f.checkProblem(f.api(http.MethodGet, path, ""), 404, "not_found")
}

// wantSealed checks that the database has neither secret of an endpoint in clear, and that
// both can be decrypted with the secret of the server.
func wantSealed(f *fixture, made hookJSON, current string) {
	f.Helper()
	stored := must(f.store.WebhookEndpoint(f.Context(), "shop", made.ID))
	for sealed, secret := range map[string]string{stored.SealedSecret: current, stored.SealedPrevious: made.Secret} {
		if opened, err := web.NewSecretBox(f.config.Secret).Open(sealed); err != nil || opened != secret || strings.Contains(sealed, "whsec_") {
			f.Errorf("sealed %q opens as another secret: %v", sealed, err)
		}
	}
}

func TestWebhookEndpointFaults(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := apiJSON[hookJSON](f, http.MethodPost, hooks, `{"url":"https://shop.example/2"}`, 201)
	for _, c := range []struct{ path, body, field string }{
		{hooks, `{}`, "url"},
		{hooks, `{"url":"http://shop.example"}`, "url"},
		{hooks, `{"url":"https://127.0.0.1"}`, "url"},
		{hooks, `{"url":"https://u:p@shop.example"}`, "url"},
		{hooks, `{"url":"https://shop.example/` + strings.Repeat("a", 2048) + `"}`, "url"},
		{hooks, `{"url":"https://shop.example","events":["session.payed"]}`, "events"},
		{hooks, `{"url":"https://shop.example","events":["webhook.test"]}`, "events"},
		{hooks, `{"url":"https://shop.example","events":[]}`, "events"},
		{hooks, `{"url":"https://shop.example","metadata":{"":"a"}}`, "metadata"},
		{hooks, `{"url":"https://shop.example","disabled":true}`, "disabled"},
		{hooks + "/" + made.ID, `{"url":"https://10.0.0.1"}`, "url"},
		{hooks + "/" + made.ID + "/roll", `{"overlap_seconds":604801}`, "overlap_seconds"},
		{hooks + "/" + made.ID + "/roll", `{"overlap_seconds":-1}`, "overlap_seconds"},
		{hooks + "/" + made.ID + "/roll", `{"overlap_seconds":9223372036854775807}`, "overlap_seconds"},
	} {
		if p := f.checkProblem(f.api(http.MethodPost, c.path, c.body), 400, "invalid_request"); p.Field != c.field {
			t.Errorf("%s %.80s: field %s, want %s: %s", c.path, c.body, p.Field, c.field, p.Detail)
		}
	}
	f.checkProblem(f.api(http.MethodGet, hooks+"/"+made.ID+"/deliveries?limit=101", ""), 400, "invalid_request")
	f.checkProblem(f.api(http.MethodPost, hooks+"/default", `{"url":"https://shop.example/2"}`), 409, "webhook_endpoint_configured")
	f.checkProblem(f.api(http.MethodPost, hooks+"/default/roll", ""), 409, "webhook_endpoint_configured")
	f.checkProblem(f.api(http.MethodDelete, hooks+"/default", ""), 409, "webhook_endpoint_configured")
	apiJSON[hookJSON](f, http.MethodPost, hooks+"/default", `{"disabled":true}`, 200)
	f.checkProblem(f.api(http.MethodPost, hooks+"/default/test", ""), 409, "webhook_endpoint_disabled")
	for i := range checkout.MaxWebhookEndpoints - 2 {
		apiJSON[hookJSON](f, http.MethodPost, hooks, fmt.Sprintf(`{"url":"https://shop.example/%d"}`, i), 201)
	}
	f.checkProblem(f.api(http.MethodPost, hooks, `{"url":"https://shop.example/more"}`), 409, "too_many_webhook_endpoints")
}

// TestWebhookEndpointsOfAnotherShop walks all routes with the key of another shop.
func TestWebhookEndpointsOfAnotherShop(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := apiJSON[hookJSON](f, http.MethodPost, hooks, `{"url":"https://shop.example/2"}`, 201)
	event := apiJSON[struct{ Event string }](f, http.MethodPost, hooks+"/"+made.ID+"/test", "", 202).Event
	path := hooks + "/" + made.ID
	for _, c := range [][3]string{
		{"GET", path}, {"POST", path, `{"disabled":true}`}, {"DELETE", path}, {"POST", path + "/roll"}, {"POST", path + "/test"},
		{"GET", path + "/deliveries"}, {"GET", path + "/deliveries/" + event}, {"POST", path + "/retry"}, {"POST", path + "/retry", `{"event":"` + event + `"}`},
		{"POST", "/v1/events/" + event + "/redeliver"}, {"GET", hooks + "/default"},
	} {
		f.checkProblem(f.send(c[0], c[1], c[2], "Authorization", "Bearer sk_test_of_another"), 404, "not_found")
	}
	if got := apiJSON[hookJSON](f, http.MethodGet, path, "", 200); got.Status != "enabled" || len(f.sender.replayed)+len(f.sender.retried) != 0 {
		t.Errorf("%+v after the walk; replayed %v, retried %v", got, f.sender.replayed, f.sender.retried)
	}
}

// TestDeliveriesByAPI checks the deliveries of an endpoint with their tries and pages, and
// what a retry and a redelivery send.
func TestDeliveriesByAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := apiJSON[hookJSON](f, http.MethodPost, hooks, `{"url":"https://shop.example/2"}`, 201)
	path := hooks + "/" + made.ID
	var events []string
	for range 3 {
		d := apiJSON[struct{ Event, Type, Status string }](f, http.MethodPost, path+"/test", "", 202)
		if d.Type != "webhook.test" || d.Status != "waiting" {
			t.Errorf("the test is %+v", d)
		}
		events = append(events, d.Event)
		time.Sleep(2 * time.Millisecond) // another time for each event
	}
	at := time.Now().Truncate(time.Millisecond)
	if err := f.store.RecordWebhookTries(t.Context(), []checkout.WebhookTry{
		{EventID: events[0], Endpoint: made.ID, Number: 1, At: at, Took: 20 * time.Millisecond, Error: "posting: refused", NextAt: at.Add(time.Minute)},
		{EventID: events[1], Endpoint: made.ID, Number: 1, At: at, Status: 200, Answer: "thanks"},
	}, nil); err != nil {
		t.Fatal(err)
	}
	e := must(f.store.Event(t.Context(), events[2]))
	if err := f.store.ParkWebhook(t.Context(), e, made.ID, at, 10, "the shop answered 500"); err != nil {
		t.Fatal(err)
	}
	type delivery struct {
		Event, Status string
		NextTryAt     *time.Time `json:"next_try_at"`
		ParkedReason  *string    `json:"parked_reason"`
		Tries         []struct {
			HTTPStatus *int `json:"http_status"`
			Response   string
			Error      *string
		}
	}
	type page struct {
		Data       []delivery
		HasMore    bool    `json:"has_more"`
		NextCursor *string `json:"next_cursor"`
	}
	first := apiJSON[page](f, http.MethodGet, path+"/deliveries?limit=2", "", 200)
	if len(first.Data) != 2 || !first.HasMore || first.NextCursor == nil || *first.NextCursor != events[1] {
		t.Fatalf("the first page is %+v", first)
	}
	parked, delivered := first.Data[0], first.Data[1]
	if parked.Event != events[2] || parked.Status != "parked" || parked.ParkedReason == nil || delivered.Status != "delivered" || delivered.Tries[0].Response != "thanks" || *delivered.Tries[0].HTTPStatus != 200 || delivered.Tries[0].Error != nil {
		t.Errorf("the first page is %+v", first)
	}
	second := apiJSON[page](f, http.MethodGet, path+"/deliveries?limit=2&starting_after="+*first.NextCursor, "", 200)
	if len(second.Data) != 1 || second.HasMore || second.NextCursor != nil {
		t.Fatalf("the second page is %+v", second)
	}
	waiting := apiJSON[delivery](f, http.MethodGet, path+"/deliveries/"+events[0], "", 200)
	if waiting.Status != "waiting" || waiting.NextTryAt == nil || !waiting.NextTryAt.Equal(at.Add(time.Minute)) || waiting.Tries[0].HTTPStatus != nil || *waiting.Tries[0].Error != "posting: refused" {
		t.Errorf("the delivery that waits is %+v", waiting)
	}
	if none := apiJSON[page](f, http.MethodGet, hooks+"/default/deliveries", "", 200); len(none.Data) != 0 {
		t.Errorf("the other endpoint has %+v", none)
	}
	apiJSON[any](f, http.MethodPost, path+"/retry", `{"event":"`+events[2]+`"}`, 202)
	if _, stillParked := f.store.WebhookDelivery(t.Context(), "shop", checkout.WebhookKey{EventID: events[2], Endpoint: made.ID}); stillParked != nil || !slices.Equal(f.sender.replayed, []string{events[2] + " " + made.ID}) {
		t.Errorf("replayed %v, error %v", f.sender.replayed, stillParked)
	}
	all := apiJSON[struct {
		Events  int
		HasMore bool `json:"has_more"`
	}](f, http.MethodPost, path+"/retry", "", 202)
	if all.Events != 100 || !all.HasMore || !slices.Equal(f.sender.retried, []string{"shop " + made.ID + " 100"}) {
		t.Errorf("%+v, retried %v", all, f.sender.retried)
	}
	f.checkProblem(f.api(http.MethodPost, "/v1/events/"+events[0]+"/redeliver", ""), 409, "no_webhook_endpoint") // a test has one endpoint
	apiJSON[any](f, http.MethodPost, "/v1/events/"+events[0]+"/redeliver", `{"endpoint":"default"}`, 202)
	if last := f.sender.replayed[len(f.sender.replayed)-1]; last != events[0]+" default" {
		t.Errorf("redelivered %s", last)
	}
}

// TestRedeliveryGoesToWhatIsEnabled checks to which endpoints an event goes again.
func TestRedeliveryGoesToWhatIsEnabled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	made := apiJSON[hookJSON](f, http.MethodPost, hooks, `{"url":"https://shop.example/2","events":["session.canceled"]}`, 201)
	apiJSON[hookJSON](f, http.MethodPost, hooks, `{"url":"https://shop.example/3","events":["session.paid"]}`, 201)
	id := f.session("")
	f.api(http.MethodPost, "/v1/checkout/sessions/"+id+"/cancel", "")
	events := must(f.store.Events(t.Context(), id))
	if len(events) != 1 {
		t.Fatalf("%d events, want 1", len(events))
	}
	again := "/v1/events/" + events[0].ID + "/redeliver"
	if got := apiJSON[struct{ Endpoints []string }](f, http.MethodPost, again, "", 202).Endpoints; !slices.Equal(got, []string{"default", made.ID}) {
		t.Errorf("redelivered to %v", got)
	}
	apiJSON[hookJSON](f, http.MethodPost, hooks+"/default", `{"disabled":true}`, 200)
	if got := apiJSON[struct{ Endpoints []string }](f, http.MethodPost, again, "", 202).Endpoints; !slices.Equal(got, []string{made.ID}) {
		t.Errorf("redelivered to %v", got)
	}
	apiJSON[hookJSON](f, http.MethodPost, hooks+"/"+made.ID, `{"disabled":true}`, 200)
	f.checkProblem(f.api(http.MethodPost, again, ""), 409, "webhook_endpoint_disabled")
}
