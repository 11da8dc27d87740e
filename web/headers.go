package web

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/templates"
)

// What every answer carries.
const (
	// hsts keeps browsers on https for a year. It speaks for no subdomain: the
	// kit has one name, not the domain.
	hsts = "max-age=31536000"
	// noFeatures switches off what no page of ours, and no wallet's frame in
	// one, has a use for. Writing to the clipboard stays: a button copies.
	noFeatures = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), " +
		"microphone=(), midi=(), payment=(), usb=()"
	// noPage is the policy of what is no page.
	noPage = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	// workerPolicy is the Worker's own: it loads its program and talks to its
	// page's server.
	workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'"
	// picturePolicy lets a shop's SVG have its styles and nothing else.
	picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
	// referToOurselves tells nobody else where the browser comes from: the
	// address of a page is all that it takes to open it. With no-referrer,
	// browsers would post our own forms with `Origin: null`.
	referToOurselves = "same-origin"
	// referWithOrigin is for a jump to WeChat, which looks at the domain that
	// sends it a browser.
	referWithOrigin = "strict-origin"
)

// secureHeaders sets what every answer carries. An answer that needs more says
// so itself: an asset may be cached, a page has a policy of its own.
func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", referToOurselves)
		h.Set("Content-Security-Policy", noPage)
		h.Set("Permissions-Policy", noFeatures)
		// A window that opened the page, or that it was opened from, gets no
		// hold of it; frames are the matter of frame-ancestors.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// Out of caches: a page is as secret as its address, and coming back
		// to it has to show the truth.
		h.Set("Cache-Control", "no-store")
		if s.secure {
			h.Set("Strict-Transport-Security", hsts)
		}
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
	// Forms are the origins that its forms may lead to besides its own.
	Forms []string
}

// ownPolicy is that of a page in the kit's own look, which frames nothing.
func ownPolicy() policy { return policy{Style: templates.Brand{}.StyleHash()} }

// String is the policy of a page with its script.
func (p policy) String() string {
	return strings.Join([]string{
		"default-src 'none'", "base-uri 'none'", "connect-src 'self'", "img-src 'self'",
		"script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'",
		"style-src " + p.Style,
		"frame-src " + sources(p.Frames, "'none'"),
		"frame-ancestors " + sources(p.Ancestors, "'none'"),
		"form-action " + strings.Join(append([]string{"'self'"}, p.Forms...), " "),
	}, "; ")
}

// problemPolicy is that of the page for what cannot be served, which has
// neither script nor form, and no shop that could frame it.
func problemPolicy() string {
	return "default-src 'none'; base-uri 'none'; img-src 'self'; style-src " + templates.Brand{}.StyleHash() +
		"; frame-ancestors 'none'; form-action 'none'"
}

func sources(origins []string, none string) string {
	if len(origins) == 0 {
		return none
	}
	return strings.Join(origins, " ")
}

// originOf returns the origin of an absolute URL as a browser writes it, or ""
// for one that could not stand in a policy: url.Parse takes a host with the
// policy's own separators.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	origin, err := ParseOrigin((&url.URL{Scheme: u.Scheme, Host: u.Host}).String())
	if err != nil {
		return ""
	}
	return origin
}
