package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/templates"
)

// maxForm is the largest size of a form's body in bytes.
const maxForm = 16 << 10

// tag returns a code of 128 bits that authenticates text for one purpose with the
// server's secret.
func (s *Server) tag(purpose, text string) string {
	return base64.RawURLEncoding.EncodeToString(derive(s.secret, purpose, text)[:16])
}

// derive returns 32 bytes that are derived from the secret for one purpose and text.
func derive(secret []byte, purpose, text string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose + "\x00" + text))
	return mac.Sum(nil)
}

// formToken returns the token that the forms of the page at this path must post. It
// needs no cookie: everybody who can see the page may post its forms.
func (s *Server) formToken(page string) string { return s.tag("form", page) }

// pageOf returns the path of the page that a request belongs to.
func pageOf(c echo.Context) string {
	if id := c.Param("id"); id != "" {
		return paths.Page(id)
	}
	return paths.Return(c.Param("token"))
}

// checkForm is the middleware that refuses a form that another origin posted, or
// whose token is not the token of its page. A browser with a wrong token is
// redirected to the page with a notice.
func (s *Server) checkForm(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
		if origin := r.Header.Get("Origin"); origin != "" && !s.isOwn(originOf(origin), r) {
			return &refusal{codeForbidden, "the form was posted by another origin"}
		}
		if !s.hasToken(c) {
			if wantsJSON(c) {
				return &refusal{codeForbidden, "the form's token is wrong"}
			}
			return c.Redirect(http.StatusSeeOther, pageOf(c)+"?notice="+templates.NoticeBadForm)
		}
		return next(c)
	}
}

// hasToken reports whether a form has the token of its page.
func (s *Server) hasToken(c echo.Context) bool {
	return hmac.Equal([]byte(c.FormValue("token")), []byte(s.formToken(pageOf(c))))
}

// isOwn reports whether an origin is the public URL's, or the origin in the request's
// Host header. A page of another origin cannot change Host in a browser.
func (s *Server) isOwn(origin string, r *http.Request) bool {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return origin != "" && (origin == s.publicURL || origin == originOf(scheme+r.Host))
}
