package web_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
)

// stream reads the events of a page's stream.
type stream struct {
	*fixture
	answer answer
	lines  *bufio.Scanner
}

func (f *fixture) openStream(path string, headers ...string) *stream {
	f.Helper()
	r := must(http.NewRequestWithContext(f.Context(), http.MethodGet, f.url+path, nil))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := f.client.Do(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { response.Body.Close() })
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		f.Fatalf("the stream's Content-Type is %q", kind)
	}
	return &stream{f, answer{response.StatusCode, response.Header, ""}, bufio.NewScanner(response.Body)}
}

// next returns the next status, or false if the stream has ended.
func (s *stream) next() (status struct{ State, Attempt, Next string }, ok bool) {
	s.Helper()
	for s.lines.Scan() {
		if data, is := strings.CutPrefix(s.lines.Text(), "data: "); is {
			if err := json.Unmarshal([]byte(data), &status); err != nil {
				s.Fatal(err)
			}
			return status, true
		}
	}
	return status, false
}

func TestStreamSendsEachChange(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"]`)
	s := f.openStream("/c/" + id + "/events")
	if first, ok := s.next(); !ok || first.State != "choose" {
		t.Fatalf("the first event is %+v, want choose", first)
	}
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
	a := f.attempts(id)[0]
	if then, ok := s.next(); !ok || then.State != "code" || then.Attempt != a.ID {
		t.Fatalf("the event after the order is %+v, want code of attempt %s", then, a.ID)
	}
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil { // the sandbox sends a notification
		t.Fatal(err)
	}
	for {
		status, ok := s.next()
		if !ok {
			t.Fatal("the stream ended before it said paid")
		}
		if status.State == "paid" {
			if status.Next != "https://shop.example/ok?s="+id {
				t.Errorf("the paid status has the next URL %q", status.Next)
			}
			return
		}
	}
}

func TestStreamEndsWhenTheServerCloses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	s := f.openStream("/c/" + f.session("") + "/events")
	s.next()
	f.web.Close()
	if status, ok := s.next(); ok {
		t.Errorf("the stream goes on with %+v", status)
	}
}

func TestReturnTokenRevealsAStatusAndNoMore(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["alipay_cn"],"client_reference_id":"A-77"`)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}})
	a := f.attempts(id)[0]
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	s := f.openStream("/r/" + a.ReturnToken + "/events")
	for status, ok := s.next(); status.State != "paid"; status, ok = s.next() {
		if !ok {
			t.Fatal("the stream ended before it said paid")
		}
	}
	page := f.get("/r/" + a.ReturnToken).header.Get("Location")
	for name, text := range map[string]string{"page": f.get(page).body, "status": f.get("/r/" + a.ReturnToken + "/status").body} {
		for _, secret := range []string{id, "A-77", "Tea", "12.50", "shop.example", a.OutTradeNo, a.NotifyToken} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s reveals %s", name, secret)
			}
		}
	}
	if a := f.attempts(id)[0]; a.State != checkout.AttemptPaid {
		t.Errorf("the attempt is %s", a.State)
	}
}
