package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/static"
)

// asset serves an embedded file. Browsers may cache it forever, because its URL
// changes with its content.
func (s *Server) asset(c echo.Context) error {
	a, ok := s.assets.Open(c.Param("hash"), c.Param("name"), acceptEncoding(c))
	if !ok {
		return echo.ErrNotFound
	}
	return sendAsset(c, a, cacheForever)
}

// Values of Cache-Control for files.
const (
	cacheForever = "public, max-age=31536000, immutable"
	// cacheShortly is for the URL of the newest version of a file.
	cacheShortly = "public, max-age=3600"
)

// shopScript returns the handler of a version of wantukit.js, which the pages of shops load.
func (s *Server) shopScript(name, caching string) echo.HandlerFunc {
	return func(c echo.Context) error {
		a, ok := s.assets.Named(name, acceptEncoding(c))
		if !ok {
			return echo.ErrNotFound
		}
		// A browser checks the hash of a script only if it may read the script.
		c.Response().Header().Set("Access-Control-Allow-Origin", "*")
		return sendAsset(c, a, caching)
	}
}

// sendAsset sends a file. Pages of other origins may load it: a page in a sandboxed frame has no
// origin, the preview of a link shows a picture, and shops load wantukit.js.
func sendAsset(c echo.Context, a static.Asset, caching string) error {
	h := c.Response().Header()
	h.Set("Cache-Control", caching)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Content-Security-Policy", assetPolicy(a.ContentType))
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
