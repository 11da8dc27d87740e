package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httputil"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/templates"
	"github.com/wantukit/wantukit/web"
)

// firstFlight is the number of bytes that a server may send before the first
// acknowledgement: ten packets.
const firstFlight = 14_000

// getEncoded requests a page in an encoding. It returns the decoded answer, and the size
// of the response in bytes with its header.
func (f *fixture) getEncoded(path, encoding, language string) (answer, int) {
	f.Helper()
	r := must(http.NewRequestWithContext(f.Context(), http.MethodGet, f.url+path, nil))
	r.Header.Set("User-Agent", windows)
	r.Header.Set("Accept-Encoding", encoding)
	r.Header.Set("Accept-Language", language)
	response, err := f.client.Do(r)
	if err != nil {
		f.Fatal(err)
	}
	defer response.Body.Close()
	dump := must(httputil.DumpResponse(response, true))
	if got := response.Header.Get("Content-Encoding"); got != encoding {
		f.Fatalf("the encoding of %s is %q, want %q", path, got, encoding)
	}
	return answer{response.StatusCode, response.Header, decode(encoding, response.Body)}, len(dump)
}

func decode(encoding string, body io.Reader) string {
	switch encoding {
	case "br":
		body = brotli.NewReader(body)
	case "gzip":
		body = must(gzip.NewReader(body))
	}
	return string(must(io.ReadAll(body)))
}

// TestFirstFlightOfEveryState checks that each page arrives in the first flight of a
// connection, which matters on a slow network.
func TestFirstFlightOfEveryState(t *testing.T) {
	t.Parallel()
	f := newFixture(t, overHTTPS)
	pages := append(f.newPages(), statePage{"code, with all that a shop may say", "code", "/c/" + f.newLongestSession()})
	largest := map[string]int{}
	for _, s := range pages {
		for _, language := range []string{"zh-CN", "zh-HK", "en"} {
			for _, encoding := range []string{"gzip", "br"} {
				got, size := f.getEncoded(s.path, encoding, language)
				if !s.isShownIn(got.body) {
					t.Fatalf("page %q in %s does not show the state %s:\n%s", s.name, language, s.state, got.body)
				}
				if size > firstFlight {
					t.Errorf("%s in %s has %d bytes as %s, more than %d", s.name, language, size, encoding, firstFlight)
				}
				largest[encoding] = max(largest[encoding], size)
			}
		}
	}
	t.Logf("at most %d bytes as gzip, %d as br", largest["gzip"], largest["br"])
}

// newLongestSession creates a session with a code and the longest texts that a shop may
// set, in characters that hardly compress.
func (f *fixture) newLongestSession() string {
	f.Helper()
	var subject, reference strings.Builder
	for i := range 128 {
		subject.WriteRune(rune('一' + i*157%20_000))
		reference.WriteByte(byte('0' + i*i*31%43))
	}
	id := f.sessionOf(`"subject":"` + subject.String() + `","client_reference_id":"` + strings.ReplaceAll(reference.String(), `"`, "") +
		`","cancel_url":"https://shop.example/` + strings.Repeat("cart-", 400) + `"`)
	device := flow.Detect(http.Header{"User-Agent": {windows}}.Get)
	if _, err := f.service.Start(f.Context(), checkout.StartRequest{
		SessionID: id, Wallet: flow.WalletWeChat, Device: device, Flow: flow.Native,
	}); err != nil {
		f.Fatal(err)
	}
	return id
}

func TestCompressionFollowsAcceptEncoding(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session("")
	if err := f.service.Drain(t.Context()); err != nil { // the page then knows the exchange rate
		t.Fatal(err)
	}
	plain := f.get("/c/"+id, "Accept-Encoding", "identity")
	for accept, want := range map[string]string{
		"gzip": "gzip", "gzip, deflate, br, zstd": "br", "br;q=0, gzip;q=0.5": "gzip", "gzip;q=0": "", "identity": "", "*;q=0": "",
	} {
		got := f.get("/c/"+id, "Accept-Encoding", accept)
		if got.header.Get("Content-Encoding") != want || !slices.Contains(got.header.Values("Vary"), "Accept-Encoding") {
			t.Errorf("Accept-Encoding %q gets %q, and Vary is %q", accept, got.header.Get("Content-Encoding"), got.header.Values("Vary"))
		}
		if page := decode(want, bytes.NewReader([]byte(got.body))); page != plain.body {
			t.Errorf("the page in encoding %q has another content", want)
		}
	}
}

func TestCompressionOfJSON(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"metadata":{"note":"` + strings.Repeat("tea ", 100) + `"}`)
	authorized := []string{"Authorization", "Bearer " + apiKey, "Accept-Encoding", "gzip"}
	got := f.get("/v1/checkout/sessions/"+id, authorized...)
	if text := decode(got.header.Get("Content-Encoding"), bytes.NewReader([]byte(got.body))); len(got.body) > len(text)/2 || !strings.Contains(text, id) {
		t.Errorf("%d bytes of JSON are sent as %d bytes: %s", len(text), len(got.body), text)
	}
	if got := f.get("/c/"+id+"/status", "Accept-Encoding", "gzip, br"); got.header.Get("Content-Encoding") != "" {
		t.Errorf("a status of %d bytes is compressed", len(got.body))
	}
}

// TestStreamIsNeverCompressed checks that events arrive at once, even if the browser
// accepts compression.
func TestStreamIsNeverCompressed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session("")
	s := f.openStream("/c/"+id+"/events", "Accept-Encoding", "gzip, br")
	if got := s.answer.header.Get("Content-Encoding"); got != "" {
		t.Fatalf("the stream is compressed as %q", got)
	}
	if first, ok := s.next(); !ok || first.State != "choose" {
		t.Fatalf("the first event is %+v, want choose", first)
	}
	if _, err := f.service.Cancel(f.Context(), id); err != nil {
		t.Fatal(err)
	}
	if then, ok := s.next(); !ok || then.State != "canceled" {
		t.Errorf("the second event is %+v, want canceled", then)
	}
}

// TestEncodersAreReused checks that an encoder that has compressed another page first
// gives the same bytes as a new one, also in many goroutines at once.
func TestEncodersAreReused(t *testing.T) {
	t.Parallel()
	pages := [][]byte{
		bytes.Repeat([]byte("<p>Harbour Nights, Row C</p>"), 400), bytes.Repeat([]byte("<li>茶壺一個</li>"), 700), []byte("{}"),
	}
	for _, encoding := range []string{"br", "gzip"} {
		var wanted [][]byte
		for _, page := range pages {
			wanted = append(wanted, must(web.Compress(encoding, page)))
		}
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				page := pages[i%len(pages)]
				got := must(web.Compress(encoding, page))
				if !bytes.Equal(got, wanted[i%len(pages)]) || decode(encoding, bytes.NewReader(got)) != string(page) {
					t.Errorf("%s: page %d has other bytes than with a new encoder", encoding, i%len(pages))
				}
			})
		}
		wg.Wait()
	}
}

// codePage returns a page with a code, not compressed.
func (f *fixture) codePage() []byte {
	f.Helper()
	return []byte(f.get("/c/"+f.newCodeSession(), "Accept-Encoding", "identity", "Accept-Language", "zh-HK").body)
}

// TestPageInParts checks that a page whose shared part was compressed before is a valid
// stream, whatever number of bits its rest has.
func TestPageInParts(t *testing.T) {
	t.Parallel()
	page := newFixture(t).codePage()
	shared := templates.SharedLength(page)
	if shared == 0 {
		t.Fatal("the page has no shared part")
	}
	for _, encoding := range []string{"br", "gzip"} {
		for end := shared + 1; end <= len(page); end += 1 + (end-shared)/8 {
			got := must(web.CompressPage(encoding, page[:end]))
			if decode(encoding, bytes.NewReader(got)) != string(page[:end]) {
				t.Fatalf("%s: a page of %d bytes is wrong", encoding, end)
			}
		}
		whole, parts := len(must(web.Compress(encoding, page))), len(must(web.CompressPage(encoding, page)))
		if limit := whole + whole/8; parts > limit {
			t.Errorf("%s: a page has %d bytes in parts, want %d at most", encoding, parts, limit)
		}
		noShared := []byte("<p>" + strings.Repeat("no style sheet ", 100) + "</p>")
		if got := must(web.CompressPage(encoding, noShared)); decode(encoding, bytes.NewReader(got)) != string(noShared) {
			t.Errorf("%s: a page without a shared part is wrong", encoding)
		}
	}
}

// TestSharedPartOfEveryPage checks that all pages with the same style sheet have the same
// shared part in a language.
func TestSharedPartOfEveryPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	parts := map[string]string{}
	for _, page := range f.newPages() {
		for _, headers := range [][]string{{"User-Agent", windows}, {"User-Agent", iPhone}, {"Save-Data", "on"}} {
			got := f.get(page.path, append(headers, "Accept-Encoding", "identity", "Accept-Language", "zh-HK")...)
			part := got.body[:templates.SharedLength([]byte(got.body))]
			style := styleSource.FindString(got.header.Get("Content-Security-Policy"))
			if known, ok := parts[style]; ok && known != part {
				t.Errorf("%s: the shared part is %q, and on another page %q", page.name, part, known)
			}
			parts[style] = part
		}
	}
	if len(parts) != 2 { // the shop's and the kit's
		t.Errorf("the pages have %d style sheets, want 2", len(parts))
	}
}

var styleSource = regexp.MustCompile(`style-src [^;]+`)

// TestNodeReadsPages checks the streams with the decoders of Node, which are Google's
// brotli and zlib.
func TestNodeReadsPages(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("no Node is installed: run `make tools`")
	}
	page := newFixture(t).codePage()
	for encoding, decoder := range map[string]string{"br": "brotliDecompressSync", "gzip": "gunzipSync"} {
		script := "const fs = require('fs'); process.stdout.write(require('zlib')." + decoder + "(fs.readFileSync(0)))"
		command := exec.CommandContext(t.Context(), node, "-e", script)
		command.Stdin = bytes.NewReader(must(web.CompressPage(encoding, page)))
		if got, err := command.Output(); err != nil || !bytes.Equal(got, page) {
			t.Errorf("Node reads another page from %s: %v", encoding, err)
		}
	}
}

// BenchmarkCompress compresses the page of an open session with a code: as a whole, and
// with a shared part that was compressed before. It reports the size of the result.
func BenchmarkCompress(b *testing.B) {
	page := newFixture(b).codePage()
	for _, encoding := range []string{"br", "gzip"} {
		for name, compress := range map[string]func(string, []byte) ([]byte, error){"whole": web.Compress, "parts": web.CompressPage} {
			b.Run(encoding+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				var out []byte
				for b.Loop() {
					out = must(compress(encoding, page))
				}
				b.ReportMetric(float64(len(out)), "body-B")
			})
		}
	}
}
