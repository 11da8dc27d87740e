package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
)

// page is a part of a list as a shop reads it.
type page[T any] struct {
	Object     string
	Data       []T
	HasMore    bool    `json:"has_more"`
	NextCursor *string `json:"next_cursor"`
}

func pageOf[T any](f *fixture, path string, query ...string) page[T] {
	f.Helper()
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	return read[page[T]](f, f.api(http.MethodGet, path+"?"+values.Encode(), ""), http.StatusOK)
}

const sessionsPath = "/v1/checkout/sessions"

// TestListOfSessions reads a list part by part, forwards and backwards.
func TestListOfSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if got := f.api(http.MethodGet, sessionsPath, ""); got.body != `{"object":"list","data":[],"has_more":false,"next_cursor":null}`+"\n" {
		t.Errorf("the empty list is %s", got.body)
	}
	made := map[string]bool{}
	for range 5 {
		made[f.session("")] = true
	}
	var all []string
	cursor := []string{}
	for {
		part := pageOf[checkout.PublicSession](f, sessionsPath, append([]string{"limit", "2"}, cursor...)...)
		for _, s := range part.Data {
			all = append(all, s.ID)
			delete(made, s.ID)
		}
		if part.HasMore != (part.NextCursor != nil) {
			t.Fatalf("has_more is %v and next_cursor is there: %v", part.HasMore, part.NextCursor != nil)
		}
		if !part.HasMore {
			break
		}
		cursor = []string{"starting_after", *part.NextCursor}
	}
	if len(all) != 5 || len(made) != 0 {
		t.Errorf("the parts are %v, without %v", all, made)
	}
	back := pageOf[checkout.PublicSession](f, sessionsPath, "limit", "2", "ending_before", all[4])
	if len(back.Data) != 2 || back.Data[0].ID != all[2] || *back.NextCursor != all[2] {
		t.Errorf("before the last there are %+v, the list is %v", back, all)
	}
	single := read[checkout.PublicSession](f, f.api(http.MethodGet, sessionsPath+"/"+all[2], ""), http.StatusOK)
	if diff := cmp.Diff(single, back.Data[0]); diff != "" {
		t.Errorf("the session in the list (-single +listed):\n%s", diff)
	}
	other := f.get(sessionsPath+"?starting_after="+all[0], "Authorization", "Bearer sk_test_of_another")
	if p := f.checkProblem(other, http.StatusBadRequest, "invalid_request"); p.Field != "starting_after" {
		t.Errorf("a cursor of another shop: %+v", p)
	}
	if got := read[page[any]](f, f.get(sessionsPath, "Authorization", "Bearer sk_test_of_another"), http.StatusOK); len(got.Data) != 0 {
		t.Errorf("another shop sees %v", got.Data)
	}
}

func TestFiltersOfSessions(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	plain, marked := f.session(""), f.session(`,"client_reference_id":"A 1","metadata":{"customer":"42","a[b]":"&"}`)
	paid := f.newPaidSession()
	canceled := f.session("")
	f.api(http.MethodPost, sessionsPath+"/"+canceled+"/cancel", "")
	createdAt := read[checkout.PublicSession](f, f.api(http.MethodGet, sessionsPath+"/"+plain, ""), http.StatusOK).CreatedAt
	at := createdAt.Format(time.RFC3339Nano)
	for name, c := range map[string]struct{ query, want []string }{
		"open":                  {[]string{"status", "open"}, []string{plain, marked}},
		"canceled":              {[]string{"status", "canceled"}, []string{canceled}},
		"paid":                  {[]string{"payment_status", "paid"}, []string{paid}},
		"a reference":           {[]string{"client_reference_id", "A 1"}, []string{marked}},
		"metadata":              {[]string{"metadata[customer]", "42"}, []string{marked}},
		"two pairs":             {[]string{"metadata[customer]", "42", "metadata[a[b]]", "&"}, []string{marked}},
		"another value":         {[]string{"metadata[customer]", "4"}, nil},
		"an amount":             {[]string{"amount", "1250", "status", "open"}, []string{plain, marked}},
		"another amount":        {[]string{"amount", "1251"}, nil},
		"from its time":         {[]string{"created[gte]", at, "created[lte]", at, "status", "open", "limit", "100"}, f.createdAt(createdAt, plain, marked)},
		"before its time":       {[]string{"created[lt]", at}, nil},
		"after an hour":         {[]string{"created[gt]", createdAt.Add(time.Hour).Format(time.RFC3339)}, nil},
		"by Unix seconds":       {[]string{"created[gte]", "1", "created[lt]", "2"}, nil},
		"after the time of all": {[]string{"created[gt]", "9999999999"}, nil},
	} {
		var got []string
		for _, s := range pageOf[checkout.PublicSession](f, sessionsPath, c.query...).Data {
			got = append(got, s.ID)
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// createdAt returns those of the sessions that were created at a time.
func (f *fixture) createdAt(at time.Time, sessions ...string) []string {
	f.Helper()
	return slices.DeleteFunc(sessions, func(id string) bool { return !must(f.service.Session(f.Context(), id)).CreatedAt.Equal(at) })
}

func TestListsOfRefundsAndEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id, other := f.newPaidSession(), f.newPaidSession()
	refund := read[checkout.PublicRefund](f, f.api(http.MethodPost, refundsOf(id), `{"amount":250}`), http.StatusCreated)
	f.api(http.MethodPost, refundsOf(other), `{"amount":250}`)
	refunds := pageOf[checkout.PublicRefund](f, "/v1/refunds", "session", id, "status", "succeeded")
	if diff := cmp.Diff([]checkout.PublicRefund{refund}, refunds.Data); diff != "" {
		t.Errorf("the refunds (-made +listed):\n%s", diff)
	}
	if got := pageOf[checkout.PublicRefund](f, "/v1/refunds", "limit", "1"); len(got.Data) != 1 || !got.HasMore {
		t.Errorf("the first refund: %+v", got)
	}
	events := pageOf[checkout.PublicEvent](f, "/v1/events", "session", id, "type", "refund.succeeded")
	if len(events.Data) != 1 || events.Data[0].Refund.ID != refund.ID || events.Data[0].Data.ID != id || events.Data[0].Refund.Version != refund.Version {
		t.Fatalf("the events are %+v", events)
	}
	path := "/v1/events/" + events.Data[0].ID
	single := read[checkout.PublicEvent](f, f.api(http.MethodGet, path, ""), http.StatusOK)
	if diff := cmp.Diff(events.Data[0], single); diff != "" {
		t.Errorf("the event (-listed +single):\n%s", diff)
	}
	f.checkProblem(f.get(path, "Authorization", "Bearer sk_test_of_another"), http.StatusNotFound, "not_found")
	f.checkProblem(f.api(http.MethodGet, "/v1/events/x", ""), http.StatusNotFound, "not_found")
}

func TestParametersThatAreWrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for query, field := range map[string]string{
		sessionsPath + "?limit=0":                            "limit",
		sessionsPath + "?limit=101":                          "limit",
		sessionsPath + "?limit=9223372036854775807":          "limit",
		sessionsPath + "?limit=x":                            "limit",
		sessionsPath + "?status=paid":                        "status",
		sessionsPath + "?payment_status=":                    "payment_status",
		sessionsPath + "?amount=1.5":                         "amount",
		sessionsPath + "?created[gte]=yesterday":             "created[gte]",
		sessionsPath + "?created=1":                          "created",
		sessionsPath + "?metadata=1":                         "metadata",
		sessionsPath + "?metadata[a]=1&metadata[a]=2":        "metadata[a]",
		sessionsPath + "?status=open&status=open":            "status",
		sessionsPath + "?starting_after=x":                   "starting_after",
		sessionsPath + "?page=2":                             "page",
		sessionsPath + "?a=%zz":                              "query",
		"/v1/refunds?status=paid":                            "status",
		"/v1/refunds?client_reference_id=1":                  "client_reference_id",
		"/v1/events?type=session.created":                    "type",
		"/v1/events?starting_after=re_aaaaaaaaaaaaaaaaaaaaa": "starting_after",
	} {
		if p := f.checkProblem(f.api(http.MethodGet, query, ""), http.StatusBadRequest, "invalid_request"); p.Field != field {
			t.Errorf("%s: %+v, want a fault of %s", query, p, field)
		}
	}
}

// TestExpandedSession reads a session with its attempts, refunds and timeline.
func TestExpandedSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.newPaidSession()
	refund := read[checkout.PublicRefund](f, f.api(http.MethodPost, refundsOf(id), `{"amount":250}`), http.StatusCreated)
	type expanded struct {
		ID       string
		Attempts *[]checkout.PublicAttempt
		Refunds  *[]checkout.PublicRefund
		Timeline *[]checkout.PublicEntry
	}
	ask := func(id, expand string) expanded {
		return read[expanded](f, f.api(http.MethodGet, sessionsPath+"/"+id+expand, ""), http.StatusOK)
	}
	if got := ask(id, ""); got.Attempts != nil || got.Refunds != nil || got.Timeline != nil || got.ID != id {
		t.Errorf("without expand: %+v", got)
	}
	if got := ask(f.session(""), "?expand=attempts"); got.Attempts == nil || len(*got.Attempts) != 0 || got.Refunds != nil {
		t.Errorf("a new session: %+v, want no attempts", got)
	}
	got := ask(id, "?expand=attempts,refunds,timeline")
	a := f.attempts(id)[0]
	want := []checkout.PublicAttempt{{
		ID: a.ID, Object: "attempt", Livemode: true, Version: a.Version, Status: checkout.AttemptPaid, Wallet: a.Wallet, Flow: a.Flow,
		OutTradeNo: a.OutTradeNo, TradeID: &a.TradeID, CreatedAt: a.CreatedAt, PaidAt: &a.PaidAt,
	}}
	if diff := cmp.Diff(want, *got.Attempts); diff != "" {
		t.Errorf("the attempts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]checkout.PublicRefund{refund}, *got.Refunds); diff != "" {
		t.Errorf("the refunds (-want +got):\n%s", diff)
	}
	timeline := *got.Timeline
	isOfRefund := func(e checkout.PublicEntry) bool { return e.Kind == checkout.EntryRefund && *e.Ref == refund.ID }
	if timeline[0].Kind != checkout.EntrySession || !slices.ContainsFunc(timeline, isOfRefund) {
		t.Errorf("the timeline is %+v", timeline)
	}
	for _, query := range []string{"?expand=events", "?expand=", "?expand=refunds,", "?expand=refunds&expand=attempts"} {
		if p := f.checkProblem(f.api(http.MethodGet, sessionsPath+"/"+id+query, ""), http.StatusBadRequest, "invalid_request"); p.Field != "expand" {
			t.Errorf("%s: %+v", query, p)
		}
	}
}
