package web

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/templates"
)

// secureHeaders sets what every answer carries.
func secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		return next(c)
	}
}

// noStore keeps pages out of caches, the back-forward cache included.
func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		return next(c)
	}
}

// varies says that the answer depends on the request's language, cookies and
// the headers named.
func varies(c echo.Context, names ...string) {
	c.Response().Header().Set(echo.HeaderVary, strings.Join(append([]string{"Accept-Language", "Cookie"}, names...), ", "))
}

// policy is a page's Content-Security-Policy: what a flow needs and no more.
type policy struct {
	// Style is the source of its style sheet.
	Style string
	// Frames are the origins that the page frames.
	Frames []string
	// Ancestors are the origins that may frame the page.
	Ancestors []string
	// Forms are the origins that its forms may lead to besides its own and
	// https: browsers hold the redirect after a POST to this list, and a
	// wallet's cashier is known only then.
	Forms []string
}

// ownPolicy is that of a page in the kit's own look, which frames nothing.
func ownPolicy() policy { return policy{Style: templates.Brand{}.StyleHash()} }

func (p policy) String() string {
	return strings.Join([]string{
		"default-src 'none'", "base-uri 'none'", "connect-src 'self'", "img-src 'self'",
		"script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'",
		"style-src " + p.Style,
		"frame-src " + sources(p.Frames, "'none'"),
		"frame-ancestors " + sources(p.Ancestors, "'none'"),
		"form-action 'self' https: " + sources(p.Forms, ""),
	}, "; ")
}

func sources(origins []string, none string) string {
	if len(origins) == 0 {
		return none
	}
	return strings.Join(origins, " ")
}

// originOf returns the origin of an absolute URL, or "".
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
