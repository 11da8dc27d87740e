package web_test

import (
	"net/http"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// countingWriter is a ResponseWriter that counts the bytes of the body.
type countingWriter struct {
	header http.Header
	status int
	body   int
}

func (w *countingWriter) Header() http.Header    { return w.header }
func (w *countingWriter) WriteHeader(status int) { w.status = status }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.body += len(p)
	return len(p), nil
}

// newCodeSession creates a session whose page shows a code to scan.
func (f *fixture) newCodeSession() (id string) {
	f.Helper()
	id = f.session("")
	device := flow.Detect(http.Header{"User-Agent": {windows}}.Get)
	if _, err := f.service.Start(f.Context(), checkout.StartRequest{
		SessionID: id, Wallet: flow.WalletWeChat, Device: device, Flow: flow.Native,
	}); err != nil {
		f.Fatal(err)
	}
	return id
}

// BenchmarkPage serves the page of an open session with a code from SQLite: all of the
// server but the connection. It reports the bytes of the body.
func BenchmarkPage(b *testing.B) {
	f := newFixture(b)
	id := f.newCodeSession()
	for _, request := range []struct{ name, method, path, encoding string }{
		{"br", http.MethodGet, "/c/" + id, "gzip, deflate, br, zstd"},
		{"gzip", http.MethodGet, "/c/" + id, "gzip, deflate"},
		{"plain", http.MethodGet, "/c/" + id, ""},
		{"HEAD", http.MethodHead, "/c/" + id, "gzip, deflate, br, zstd"},
		{"status", http.MethodGet, "/c/" + id + "/status", "gzip, deflate, br, zstd"},
	} {
		b.Run(request.name, func(b *testing.B) {
			b.ReportAllocs()
			r := must(http.NewRequestWithContext(b.Context(), request.method, f.url+request.path, nil))
			r.Header = http.Header{
				"User-Agent": {windows}, "Accept-Encoding": {request.encoding}, "Accept-Language": {"zh-HK,zh;q=0.9,en;q=0.8"},
			}
			r.RemoteAddr = "192.0.2.1:1234"
			var w countingWriter
			for b.Loop() {
				w = countingWriter{header: http.Header{}}
				again := *r // a request keeps what was read of its cookie
				f.web.ServeHTTP(&w, &again)
			}
			if w.status != http.StatusOK {
				b.Fatalf("the status is %d", w.status)
			}
			b.ReportMetric(float64(w.body), "body-B")
		})
	}
}
