package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/static"
)

// Pages and JSON are compressed for each request: JSON as a whole, and a page without its
// shared part, which is compressed once. Event streams are not compressed, because a
// compressor would delay the events.
//
// Compression can leak a secret of a page to an attacker who puts guesses into the
// same page and measures its size (BREACH). That is impossible here:
//
//   - A page repeats no text of its request. Notices and languages are chosen from
//     lists, and ?returned= is a number, which appears only as digits in URLs.
//   - The content of a page depends on its URL and not on the reader's cookie. Anyone
//     who can request the page may read its form token, which is for that page only.
//   - The subject and the other texts of the shop are fixed when the session is
//     created, before an order exists.
const (
	// compressFrom is the size in bytes from which on compression pays off.
	compressFrom = 512
	// brotliLevel and gzipLevel compress an answer in a fraction of a millisecond.
	brotliLevel = 5
	gzipLevel   = 6
)

// acceptEncoding returns the Accept-Encoding of a request. It joins several headers
// into one.
func acceptEncoding(c echo.Context) string {
	return strings.Join(c.Request().Header.Values(echo.HeaderAcceptEncoding), ",")
}

// compressed returns body in the best encoding that the request accepts, and sets
// Content-Encoding and Vary. compress compresses it. Call compressed before the status is
// written.
func compressed(c echo.Context, body []byte, compress func(encoding string, body []byte) ([]byte, error)) ([]byte, error) {
	h := c.Response().Header()
	h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
	encoding := static.Encoding(acceptEncoding(c))
	if len(body) < compressFrom || encoding == "" {
		return body, nil
	}
	out, err := compress(encoding, body)
	if err != nil {
		return nil, err
	}
	h.Set(echo.HeaderContentEncoding, encoding)
	return out, nil
}

// encoder compresses what is written to it. Reset begins a new answer.
type encoder interface {
	io.WriteCloser
	Reset(to io.Writer)
}

// encoders has unused encoders by encoding. An encoder allocates its tables once, which
// costs more than compressing an answer.
var encoders = map[string]*sync.Pool{
	"br": {New: func() any { return brotli.NewWriterLevel(nil, brotliLevel) }},
	"gzip": {New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is valid
		return w
	}},
}

// compress returns body in an encoding, "br" or "gzip".
func compress(encoding string, body []byte) ([]byte, error) {
	pool := encoders[encoding]
	w := pool.Get().(encoder) //nolint:forcetypeassert // both pools make encoders
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	pool.Put(w)
	return out.Bytes(), nil
}

// html sends a page, compressed.
func html(c echo.Context, status int, page []byte) error {
	body, err := compressed(c, page, compressPage)
	if err != nil {
		return err
	}
	if !isHead(c) {
		// net/http finds the length of small bodies only, and sends others in chunks.
		c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	}
	return c.HTMLBlob(status, body)
}

// jsonSerializer is Echo's JSON serializer with compression.
type jsonSerializer struct{ echo.DefaultJSONSerializer }

// Serialize implements echo.JSONSerializer.
func (jsonSerializer) Serialize(c echo.Context, value any, _ string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	body, err := compressed(c, append(text, '\n'), compress)
	if err != nil {
		return err
	}
	_, err = c.Response().Write(body)
	return err
}
