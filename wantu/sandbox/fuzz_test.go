package sandbox_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// canary is a key that no answer may contain.
const canary = "canary-3f9c1e07-key"

// newFuzzSandbox returns a sandbox with an order of each kind, and the paths of their
// pages. It uses no network.
func newFuzzSandbox(f *testing.F) (*sandbox.Sandbox, []string) {
	f.Helper()
	s, err := sandbox.New(sandbox.Config{
		Key: canary, MaxOrders: 50, NotifySchedule: []time.Duration{},
		HTTPClient: &http.Client{Transport: shop(func(*http.Request) string { return string(wantu.AckSuccess()) })},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(s.Close)
	var pages []string
	for _, change := range []struct {
		endpoint string
		members  map[string]any
	}{
		{"web", nil},
		{"web", map[string]any{"payment_inst": "ALIPAYHK", "qrcode_width": "0900"}},
		{"wap", nil},
		{"create-qrcode", nil},
		{"pay-form", nil},
		{"app", nil},
		{"pospay", map[string]any{"auth_code": "134642301183100506"}},
		{"merchant-qrcode", nil},
	} {
		members := map[string]any{"out_trade_no": "n" + string(rune('a'+len(pages)))}
		maps.Copy(members, change.members)
		answer := mustCall(s, change.endpoint, sign(object(change.endpoint, members)))
		page := answer.Text("qrcode_url")
		if change.endpoint != "merchant-qrcode" {
			page = s.Orders()[0].URL
		}
		pages = append(pages, strings.TrimPrefix(page, "http://example.com"))
	}
	return s, pages
}

// sign encodes members with the key canary. It returns nil if they cannot be encoded.
func sign(members map[string]any) []byte {
	body, err := wantu.Encode(members, canary)
	if err != nil {
		return nil
	}
	return body
}

func mustCall(s *sandbox.Sandbox, endpoint string, body []byte) wantu.Message {
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/paygate/"+endpoint, bytes.NewReader(body)))
	message, err := wantu.Decode(recorder.Body.Bytes())
	if err != nil || recorder.Code != http.StatusOK || message.Verify(canary) != nil ||
		strings.Contains(recorder.Body.String(), canary) {
		panic(recorder.Body.String())
	}
	return message
}

// FuzzPaygate puts fuzzed members into a signed request to every endpoint. Each answer
// must be signed, must have a return_code of the manual, and must not contain the key.
func FuzzPaygate(f *testing.F) {
	for i := range sandbox.Endpoints() {
		f.Add(byte(i), `{}`)
	}
	f.Add(byte(0), `{"total_fee":1e2,"subject":"\u0000","attach":[[]]}`)
	f.Add(byte(8), `{"total fee":"9990500","total_fee":null,"out_trade_no":"_return_500"}`)
	f.Add(byte(8), `{"auth_code":"1000000506","out_trade_no":"Ｎ"}`)
	f.Add(byte(10), `{"refund_fee":99999999999,"trade_id":"1000","out_refund_no":"_return_508"}`)
	f.Add(byte(12), `{"time_expire":"9999-12-31 23:59:59","notify_url":"http://[::1","return_url":"https://a@b/\\"}`)
	f.Add(byte(6), `{"start_date":"0000-01-01 00:00:00","end_date":"9999-12-31 23:59:59"}`)
	raw, err := os.ReadFile("testdata/manual.json")
	if err != nil {
		f.Fatal(err)
	}
	var examples []example
	if err := json.Unmarshal(raw, &examples); err != nil {
		f.Fatal(err)
	}
	for i, e := range examples {
		f.Add(byte(i), string(e.Request))
	}
	s, _ := newFuzzSandbox(f)
	f.Fuzz(func(t *testing.T, index byte, text string) {
		endpoint := sandbox.Endpoints()[int(index)%len(sandbox.Endpoints())]
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var change map[string]any
		body := []byte(text)
		if decoder.Decode(&change) == nil {
			for _, name := range []string{"merchant_account", "store_account", "merchant account", "store account"} {
				delete(change, name) // the sandbox has only one account
			}
			if signed := sign(object(endpoint, change)); signed != nil {
				body = signed
			}
		}
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/paygate/"+endpoint, bytes.NewReader(body)))
		answer, err := wantu.Decode(recorder.Body.Bytes())
		if err != nil || recorder.Code != http.StatusOK {
			t.Fatalf("status %d, %v: %s", recorder.Code, err, recorder.Body)
		}
		if err := answer.Verify(canary); err != nil {
			t.Errorf("%v: %s", err, recorder.Body)
		}
		if !isKnown(answer.Text("return_code"), answer.Text("return_msg")) || strings.Contains(recorder.Body.String(), canary) {
			t.Errorf("answered %s", recorder.Body)
		}
	})
}

// isKnown reports whether the manual has this code with this name.
func isKnown(code, name string) bool {
	for _, known := range append(codes(), wantu.CodeSuccess) {
		if known.String() == code+" "+name {
			return true
		}
	}
	return false
}

// FuzzPages requests the pages and clicks their buttons. No request may cause a server
// error or show the key.
func FuzzPages(f *testing.F) {
	s, pages := newFuzzSandbox(f)
	for i := range pages {
		page := byte(i)
		f.Add(page, false, "", "", "")
		f.Add(page, false, "/status", "", "")
		f.Add(page, true, "/fail", "", "")
		f.Add(page, true, "/leave", "result=ok&left", "")
		f.Add(page, true, "/pay", "", "amount=12.34&ticket=abcdefghij")
	}
	f.Add(byte(len(pages)-1), true, "/pay", "amount=1", "amount=%zz&ticket=\x00")
	f.Add(byte(len(pages)-1), true, "/pay", "amount=1%", "")
	f.Add(byte(0), false, "/../../q/x", "result=cancel;x", "")
	f.Add(byte(0), true, "/%2e%2e/steal", "", "")
	f.Add(byte(100), false, "/connect/oauth2/authorize", "appid=wx0000000000000001&redirect_uri=http://a&response_type=code&scope=snsapi_base", "")
	f.Fuzz(func(t *testing.T, index byte, post bool, path, query, body string) {
		if i := int(index); i < len(pages) {
			path = pages[i] + path
		}
		method := http.MethodGet
		if post {
			method = http.MethodPost
		}
		request, err := http.NewRequestWithContext(t.Context(), method, "http://example.com", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.URL = &url.URL{Scheme: "http", Host: "example.com", Path: "/" + strings.TrimPrefix(path, "/"), RawQuery: query}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, request)
		if recorder.Code >= http.StatusInternalServerError || strings.Contains(recorder.Body.String(), canary) {
			t.Errorf("%s %s?%s: status %d: %s", method, request.URL.Path, query, recorder.Code, recorder.Body)
		}
	})
}
