package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func fixedTime() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// bench is a sandbox with a Clock, and a client that calls it without a network. It keeps
// the last request and answer.
type bench struct {
	*sandbox.Sandbox
	client       *wantu.Client
	clock        *sandbox.Clock
	calls        int // the number of the client's calls
	sent, answer wantu.Message
	body         []byte // the body of the answer
}

// setting changes the configuration of a bench.
type setting func(*sandbox.Config, *wantu.Config)

func newBench(t *testing.T, settings ...setting) *bench {
	t.Helper()
	b := &bench{clock: sandbox.NewClock(fixedTime())}
	merchant := shop(func(*http.Request) string { return `{"return_code":200}` })
	served := sandbox.Config{Clock: b.clock, Rand: sandbox.Seed(1), HTTPClient: &http.Client{Transport: merchant}}
	calling := clientConfig(b)
	for _, set := range settings {
		set(&served, &calling)
	}
	var err error
	if b.Sandbox, err = sandbox.New(served); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if b.client, err = wantu.New(calling); err != nil {
		t.Fatal(err)
	}
	return b
}

func clientConfig(gateway http.RoundTripper) wantu.Config {
	return wantu.Config{
		BaseURL: "http://127.0.0.1/paygate", MerchantAccount: sandbox.DefaultMerchantAccount,
		StoreAccount: sandbox.DefaultStoreAccount, Key: sandbox.DefaultKey, Now: fixedTime, HTTPClient: &http.Client{Transport: gateway},
	}
}

// RoundTrip implements http.RoundTripper.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	body := readAll(r.Body)
	b.calls++
	b.sent, _ = wantu.Decode(body)
	return b.post(strings.TrimPrefix(r.URL.Path, "/paygate/"), body), nil
}

func (b *bench) post(endpoint string, body []byte) *http.Response {
	recorder := httptest.NewRecorder()
	b.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "http://127.0.0.1/paygate/"+endpoint, bytes.NewReader(body)))
	b.body = recorder.Body.Bytes()
	b.answer, _ = wantu.Decode(b.body)
	return recorder.Result()
}

// refusal posts the last request again with a change and a new signature. It returns
// return_code and return_desc.
func (b *bench) refusal(t *testing.T, endpoint string, change func(map[string]any)) (code, named string) {
	t.Helper()
	members := map[string]any{}
	for name, text := range b.sent.Fields() {
		members[name] = text
	}
	change(members)
	body, err := wantu.Encode(members, sandbox.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.post(endpoint, body).Body.Close()
	if err := b.answer.Verify(sandbox.DefaultKey); err != nil {
		t.Errorf("the answer is not signed: %v", err)
	}
	return b.answer.Text("return_code"), b.answer.Text("return_desc")
}

func (b *bench) mustOrder(t *testing.T, number string) sandbox.Order {
	t.Helper()
	o, err := b.Order(number)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func put(name, text string) func(map[string]any) {
	return func(members map[string]any) { members[name] = text }
}

func without(names ...string) func(map[string]any) {
	return func(members map[string]any) {
		for _, name := range names {
			delete(members, name)
		}
	}
}

// replay answers every call with the same body, and counts the calls.
type replay struct {
	body  []byte
	calls int
}

// RoundTrip implements http.RoundTripper.
func (r *replay) RoundTrip(*http.Request) (*http.Response, error) {
	r.calls++
	recorder := httptest.NewRecorder()
	_, _ = recorder.Write(r.body)
	return recorder.Result(), nil
}

func (r *replay) client(t *testing.T) *wantu.Client {
	t.Helper()
	client, err := wantu.New(clientConfig(r))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func marshal(t *testing.T, value any) []byte {
	t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func readAll(r io.Reader) []byte {
	body, _ := io.ReadAll(r)
	return body
}
