package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/static"
)

// What is compressed while somebody waits for it: pages and JSON, as a whole.
// A stream of events never is, because a compressor would hold events back.
//
// A page that is compressed with a secret in it gives the secret away to
// whoever can have his guesses in the same page and watch its size (BREACH).
// Here nobody can: a page repeats nothing of its request (a notice and a
// language are chosen from lists, ?returned= is a number that leaves no trace
// but digits in an address), and what it holds depends on its address, not on
// its reader's cookie. Whoever can ask for the page may read its form token,
// which is for that page alone. The subject and its like are the shop's, fixed
// when the session is made, before there is an order to pay with.
const (
	// compressFrom is the size in bytes below which compression wins nothing.
	compressFrom = 512
	// brotliLevel and gzipLevel are what a page is worth: a fraction of a
	// millisecond.
	brotliLevel = 5
	gzipLevel   = 6
)

// acceptEncoding is the header of a request, which may come in several lines.
func acceptEncoding(c echo.Context) string {
	return strings.Join(c.Request().Header.Values(echo.HeaderAcceptEncoding), ",")
}

// compressed returns body as the request likes it, and says so in the answer's
// header. It comes before the status is written.
func compressed(c echo.Context, body []byte) ([]byte, error) {
	h := c.Response().Header()
	h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
	encoding := static.Encoding(acceptEncoding(c))
	if len(body) < compressFrom || encoding == "" {
		return body, nil
	}
	var out bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "br":
		w = brotli.NewWriterLevel(&out, brotliLevel)
	default:
		var err error
		if w, err = gzip.NewWriterLevel(&out, gzipLevel); err != nil {
			return nil, err
		}
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	h.Set(echo.HeaderContentEncoding, encoding)
	return out.Bytes(), nil
}

// html answers with a page.
func html(c echo.Context, status int, page []byte) error {
	body, err := compressed(c, page)
	if err != nil {
		return err
	}
	return c.HTMLBlob(status, body)
}

// jsonSerializer is Echo's, compressed.
type jsonSerializer struct{ echo.DefaultJSONSerializer }

// Serialize implements echo.JSONSerializer.
func (jsonSerializer) Serialize(c echo.Context, value any, _ string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	body, err := compressed(c, append(text, '\n'))
	if err != nil {
		return err
	}
	_, err = c.Response().Write(body)
	return err
}
