package web

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// readBody reads a request's body of at most limit bytes. Its errors are refusals: 415 for
// a compressed body, 413 for a body over the limit, 400 for a body that ends early.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	r := c.Request()
	if isCompressed(r.Header) {
		return nil, &refusal{codeMediaType, "the body must not be compressed"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &refusal{codeBodyTooLarge, "the body is over 64 KiB"}
	case err != nil:
		return nil, &refusal{codeUnreadable, "the body ended early"}
	}
	return body, nil
}

// isCompressed reports whether a header has a Content-Encoding. Some proxies send
// identity, which means no encoding.
func isCompressed(h http.Header) bool {
	for _, line := range h.Values(echo.HeaderContentEncoding) {
		for coding := range strings.SplitSeq(line, ",") {
			if name := strings.TrimSpace(coding); name != "" && !strings.EqualFold(name, "identity") {
				return true
			}
		}
	}
	return false
}
