package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/templates"
)

// maxForm bounds a form's body, in bytes.
const maxForm = 16 << 10

// tag authenticates text for one purpose with the server's secret, in 128
// bits.
func (s *Server) tag(purpose, text string) string {
	return base64.RawURLEncoding.EncodeToString(derive(s.secret, purpose, text)[:16])
}

// derive makes 32 bytes of the secret for one purpose and text.
func derive(secret []byte, purpose, text string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose + "\x00" + text))
	return mac.Sum(nil)
}

// formToken is what a form of the page at this path must bring along. It needs
// no cookie: whoever was shown the page may post its forms.
func (s *Server) formToken(page string) string { return s.tag("form", page) }

// pageOf is the path of the page that a request's form belongs to.
func pageOf(c echo.Context) string {
	if id := c.Param("id"); id != "" {
		return paths.Page(id)
	}
	return paths.Return(c.Param("token"))
}

// checkForm refuses a form that was not on the page it posts for, or that
// another origin posts.
func (s *Server) checkForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		if origin := r.Header.Get("Origin"); origin != "" && !s.isOwn(originOf(origin), r) {
			return echo.NewHTTPError(http.StatusForbidden, "the form was posted by another origin")
		}
		if !hmac.Equal([]byte(c.FormValue("token")), []byte(s.formToken(pageOf(c)))) {
			if wantsJSON(c) {
				return echo.NewHTTPError(http.StatusForbidden, "the form's token is wrong")
			}
			return c.Redirect(http.StatusSeeOther, pageOf(c)+"?notice="+templates.NoticeBadForm)
		}
		return next(c)
	}
}

// isOwn reports whether an origin is this server's, or the one under which the
// browser reached it: a browser sets Host itself.
func (s *Server) isOwn(origin string, r *http.Request) bool {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return origin != "" && (origin == s.publicURL || origin == originOf(scheme+r.Host))
}
