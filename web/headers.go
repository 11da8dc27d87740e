package web

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/templates"
)

// Values of response headers.
const (
	// hsts keeps browsers on https for a year. It has no includeSubDomains, because
	// the kit may not own the whole domain.
	hsts = "max-age=31536000"
	// noFeatures switches off the browser features that no page and no wallet's
	// frame uses. Writing to the clipboard stays on for the copy buttons.
	noFeatures = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), " +
		"microphone=(), midi=(), payment=(), usb=()"
	// noPagePolicy is the policy of a response that is not a page.
	noPagePolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	// workerPolicy lets the Worker load its program and connect to its own server.
	workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'"
	// picturePolicy allows the styles of a shop's SVG and nothing else.
	picturePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
	// sameOriginReferrer hides a page's URL from other sites, because the URL alone
	// opens the page. With no-referrer, browsers would post our own forms with
	// `Origin: null`.
	sameOriginReferrer = "same-origin"
	// originReferrer is for the redirect to WeChat, which checks the domain that the
	// browser comes from.
	originReferrer = "strict-origin"
)

// secureHeaders is the middleware that sets the strictest headers on every response.
// Handlers replace single headers: an asset may be cached, a page has its own policy.
func (s *Server) secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", sameOriginReferrer)
		h.Set("Content-Security-Policy", noPagePolicy)
		h.Set("Permissions-Policy", noFeatures)
		// No other window gets a handle of the page's window. frame-ancestors
		// controls frames.
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// A page is as secret as its URL, and the back button has to show the
		// current state, so nothing is cached.
		h.Set("Cache-Control", "no-store")
		if s.secure {
			h.Set("Strict-Transport-Security", hsts)
		}
		return next(c)
	}
}

// setVary sets Vary to Accept-Language, Cookie and the named headers.
func setVary(c echo.Context, names ...string) {
	c.Response().Header().Set(echo.HeaderVary, strings.Join(append([]string{"Accept-Language", "Cookie"}, names...), ", "))
}

// policy is a page's Content-Security-Policy. It allows no more than the page's flow
// needs. pagePolicy and returnPolicy fill it.
type policy struct {
	// Style is the hash of the page's style sheet, as a source.
	Style string
	// Frames are the origins that the page frames.
	Frames []string
	// Ancestors are the origins that may frame the page.
	Ancestors []string
	// Forms are the other origins that the page's forms may lead to.
	Forms []string
}

// kitPolicy returns the policy of a page in the kit's own look, without frames.
func kitPolicy() policy { return policy{Style: templates.Brand{}.StyleHash()} }

// String returns the value of the header, which allows the page's script.
func (p policy) String() string {
	return strings.Join([]string{
		"default-src 'none'", "base-uri 'none'", "connect-src 'self'", "img-src 'self'",
		"script-src 'self' 'wasm-unsafe-eval' " + templates.WaitingScriptHash(), "worker-src 'self'",
		"style-src " + p.Style,
		"frame-src " + sources(targets(p.Frames), "'none'"),
		"frame-ancestors " + sources(p.Ancestors, "'none'"),
		"form-action " + strings.Join(append([]string{"'self'"}, targets(p.Forms)...), " "),
	}, "; ")
}

// problemPolicy returns the policy of an error page. It has no script and no form. The
// ancestors of the session's page may frame it too, so that a shop's frame is not empty. Where
// no session is known, the page has nothing of anybody, and everybody may frame it.
func problemPolicy(p templates.ProblemPage, ancestors []string) string {
	return "default-src 'none'; base-uri 'none'; img-src 'self'; style-src " + p.Brand.StyleHash() +
		"; frame-ancestors " + sources(ancestors, "'none'") + "; form-action 'none'"
}

// docsPolicy returns the policy of a page for developers. It has no script.
func docsPolicy() string {
	return "default-src 'none'; base-uri 'none'; style-src " + templates.DocsStyleHash() + "; frame-ancestors 'none'; form-action 'none'"
}

// targets returns the sources of origins that a page may lead to. A policy cannot name an
// IPv6 address, so any host with the same scheme and port is allowed for one.
func targets(origins []string) []string {
	sources := make([]string, len(origins))
	for i, origin := range origins {
		sources[i] = ipv6Host.ReplaceAllString(origin, "://*")
	}
	return sources
}

// ipv6Host matches the host of an origin that is an IPv6 address.
var ipv6Host = regexp.MustCompile(`://\[[^\]]*\]`)

func sources(origins []string, none string) string {
	if len(origins) == 0 {
		return none
	}
	return strings.Join(origins, " ")
}

// originOf returns the origin of an absolute URL as a browser writes it. It returns ""
// if the origin is not valid in a policy: url.Parse accepts hosts with the separators
// of a policy.
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
