package web

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// readBody reads a body that is not compressed, up to its bound in bytes. Its
// errors are for the sender.
func readBody(c echo.Context, most int64) ([]byte, error) {
	r := c.Request()
	if isCompressed(r.Header) {
		return nil, echo.NewHTTPError(http.StatusUnsupportedMediaType, "a compressed body is not taken")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, most))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, echo.NewHTTPError(http.StatusRequestEntityTooLarge, "the body is over 64 KiB")
	case err != nil:
		return nil, echo.NewHTTPError(http.StatusBadRequest, "the body broke off")
	}
	return body, nil
}

// isCompressed reports whether a body has a coding. Some proxies name identity,
// which is none.
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
