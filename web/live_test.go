package web_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/web"
)

// stream reads the events of a page's stream.
type stream struct {
	*fixture
	answer answer
	lines  *bufio.Scanner
	body   io.Closer
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
	return newStream(f, response)
}

func newStream(f *fixture, response *http.Response) *stream {
	return &stream{f, answer{response.StatusCode, response.Header, ""}, bufio.NewScanner(response.Body), response.Body}
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

// protocols are ways to ask for a stream. Each returns the answer.
var protocols = map[string]func(*fixture, string) (*http.Response, error){
	"HTTP/1.0": func(f *fixture, path string) (*http.Response, error) {
		conn, err := (&net.Dialer{}).DialContext(f.Context(), "tcp", strings.TrimPrefix(f.url, "http://"))
		if err != nil {
			return nil, err
		}
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: x\r\n\r\n", path); err != nil {
			return nil, err
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err == nil {
			answer.Body = struct {
				io.Reader
				io.Closer
			}{answer.Body, conn}
		}
		return answer, err
	},
	"HTTP/1.1": func(f *fixture, path string) (*http.Response, error) {
		return f.client.Do(must(http.NewRequestWithContext(f.Context(), http.MethodGet, f.url+path, nil)))
	},
	"HTTP/2.0": func(f *fixture, path string) (*http.Response, error) {
		server := httptest.NewUnstartedServer(f.web)
		server.EnableHTTP2 = true
		server.StartTLS()
		f.Cleanup(server.CloseClientConnections)
		return server.Client().Do(must(http.NewRequestWithContext(f.Context(), http.MethodGet, server.URL+path, nil)))
	},
}

// TestStreamInEachProtocol: HTTP/2 has no connection of a stream's own.
func TestStreamInEachProtocol(t *testing.T) {
	t.Parallel()
	for protocol, ask := range protocols {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, func(config *web.Config) { config.Streams = web.StreamLimits{Process: 1} })
			id := f.session(`,"channels":["wechat"]`)
			open := func() *stream {
				response := must(ask(f, "/c/"+id+"/events"))
				f.Cleanup(func() { response.Body.Close() })
				if response.Proto != protocol {
					t.Errorf("the answer is %s", response.Proto)
				}
				return newStream(f, response)
			}
			s := open()
			if at, err := http.ParseTime(s.answer.header.Get("Date")); err != nil || time.Since(at).Abs() > time.Minute {
				t.Errorf("the answer's date: %v, %v", at, err)
			}
			if first, _ := s.next(); first.State != "choose" {
				t.Errorf("the first status is %+v", first)
			}
			f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
			if next, _ := s.next(); next.State != "code" {
				t.Errorf("the status after the order is %+v", next)
			}
			if refused := open(); refused.answer.status != http.StatusServiceUnavailable {
				t.Errorf("a stream over the limit: %d", refused.answer.status)
			}
			_ = s.body.Close() // the page leaves, and another one gets its place
			for open().answer.status != http.StatusOK {
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

// hiding is a ResponseWriter of a middleware that has its own Hijack.
type hiding struct {
	http.ResponseWriter
	http.Flusher
	hijack func() (net.Conn, *bufio.ReadWriter, error)
}

func (w hiding) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w.hijack() }

// TestStreamBehindAMiddleware checks the stream of a Server inside another program, whose
// middleware gives no connection away.
func TestStreamBehindAMiddleware(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		http2  bool
		hijack func() (net.Conn, *bufio.ReadWriter, error)
	}{
		"that returns an error of its own": {false, func() (net.Conn, *bufio.ReadWriter, error) {
			return nil, nil, errors.New("the writer is no http.Hijacker")
		}},
		"that panics, with HTTP/2": {true, func() (net.Conn, *bufio.ReadWriter, error) { panic("the writer is no http.Hijacker") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				flusher, _ := w.(http.Flusher)
				f.web.ServeHTTP(hiding{w, flusher, c.hijack}, r)
			}))
			server.EnableHTTP2 = c.http2
			server.StartTLS()
			t.Cleanup(server.CloseClientConnections)
			path := "/c/" + f.session(`,"channels":["wechat"]`)
			response := must(server.Client().Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path+"/events", nil))))
			t.Cleanup(func() { _ = response.Body.Close() })
			s := newStream(f, response)
			if first, _ := s.next(); first.State != "choose" {
				t.Errorf("the answer is %d, its first status is %+v", s.answer.status, first)
			}
			f.post(path, "/attempts", url.Values{"wallet": {"wechat"}})
			if next, _ := s.next(); next.State != "code" {
				t.Errorf("the status after the order is %+v", next)
			}
		})
	}
}

// panickingClock is a clock that panics in a stream once it is told to.
type panickingClock struct {
	checkout.Clock
	panics atomic.Bool
}

func (c *panickingClock) Now() time.Time {
	if c.panics.Load() && bytes.Contains(debug.Stack(), []byte("liveStream")) {
		panic("a secret")
	}
	return c.Clock.Now()
}

func TestHostilePanicInAStream(t *testing.T) {
	t.Parallel()
	clock := &panickingClock{}
	f := newFixtureAs(t, func(c *checkout.Config, w *web.Config) {
		clock.Clock, c.Clock = c.Clock, clock
		w.Streams = web.StreamLimits{Process: 1}
	})
	path := "/c/" + f.session(`,"channels":["wechat"]`)
	clock.panics.Store(true)
	if got := f.get(path + "/events"); got.status != http.StatusInternalServerError {
		t.Errorf("a stream that panics at its begin: %d", got.status)
	}
	clock.panics.Store(false)
	s := f.openStream(path + "/events") // within the limit of one stream
	s.next()
	clock.panics.Store(true)
	f.service.Changed("")
	if status, ok := s.next(); ok {
		t.Errorf("the stream goes on with %+v", status)
	}
	clock.panics.Store(false)
	f.openStream(path + "/events")
	if log := f.log.String(); strings.Count(log, "msg=panic") != 2 || strings.Contains(log, "a secret") {
		t.Errorf("the log says\n%s", log)
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
