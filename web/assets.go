package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// asset serves an embedded file. Browsers may cache it forever, because its URL
// changes with its content.
func (s *Server) asset(c echo.Context) error {
	a, ok := s.assets.Open(c.Param("hash"), c.Param("name"), acceptEncoding(c))
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Security-Policy", assetPolicy(a.ContentType))
	if isPicture(a.ContentType) {
		// The preview of a link to a page shows it in the page of a chat.
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if a.Encoding != "" {
		h.Set("Content-Encoding", a.Encoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	return c.Blob(http.StatusOK, a.ContentType, a.Body)
}

// assetPolicy returns the Content-Security-Policy of an asset. A Worker needs a policy
// of its own, and a picture that is opened by itself must run nothing.
func assetPolicy(contentType string) string {
	if isPicture(contentType) {
		return picturePolicy
	}
	return workerPolicy
}

func isPicture(contentType string) bool { return strings.HasPrefix(contentType, "image/") }
