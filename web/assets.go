package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// asset serves an embedded file for good: its URL changes with its content.
func (s *Server) asset(c echo.Context) error {
	a, ok := s.assets.Open(c.Param("hash"), c.Param("name"), acceptEncoding(c))
	if !ok {
		return echo.ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Security-Policy", assetPolicy(a.ContentType))
	if a.Encoding != "" {
		h.Set("Content-Encoding", a.Encoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	return c.Blob(http.StatusOK, a.ContentType, a.Body)
}

// assetPolicy is the Worker's own policy, which loads its program and talks to
// its page's server; a picture, opened by itself, runs nothing.
func assetPolicy(contentType string) string {
	if strings.HasPrefix(contentType, "image/") {
		return picturePolicy
	}
	return workerPolicy
}
