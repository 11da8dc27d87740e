package web

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

// Who guesses is slowed down, and nobody else: only requests for what is not
// there are counted, by client. Each kind has an account of its own, so that
// none starves another.
//
//   - Pages and return links: a client without credit is refused before
//     anything is looked up, so that a right guess is not answered either. A
//     browser that has opened the page before goes on, and comes back from the
//     wallet: many shoppers may share an address with one who guesses.
//   - The merchant API and the gateway's notifications: what is right is served
//     always, whoever asks from the same address; only what is wrong is refused.
//     An API key is as long as its shop made it, and a notification's address
//     has 128 bits: waiting would make neither harder to guess.
type guesses struct{ pages, api, notifications *misses }

func newGuesses() guesses {
	return guesses{newMisses(time.Now), newMisses(time.Now), newMisses(time.Now)}
}

// extractor finds a request's client: the peer, or, behind proxies that are
// trusted, the last address in X-Forwarded-For that is not one of theirs.
// Nobody is trusted by himself, this machine included: a proxy that passes the
// header on as it comes would let anybody choose his address.
func extractor(trusted []netip.Prefix) (echo.IPExtractor, error) {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect(), nil
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		if !p.IsValid() || p.Bits() == 0 {
			return nil, fmt.Errorf("web: Config.TrustedProxies: %s is no range of proxies", p)
		}
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...), nil
}

// clientOf is whom a request is counted for: an IPv4 address, or the /64 that
// an IPv6 subscriber chooses addresses from.
func clientOf(c echo.Context) netip.Prefix {
	address, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return netip.Prefix{}
	}
	address = address.Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	client, _ := address.Prefix(bits) // no address has fewer bits than this
	return client
}

// slowGuesses is for pages: it refuses a client without credit at once.
func (s *Server) slowGuesses(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		s.warnOfProxy(c)
		wait := s.guesses.pages.wait(clientOf(c))
		if wait > 0 && !s.hasOpened(c) {
			return tooMany(c, wait)
		}
		return s.guesses.pages.answer(c, next(c))
	}
}

// hasOpened reports whether this browser has opened the page that it asks for,
// or that the return link it asks for leads back to. Only for a browser that
// has opened some page is the link looked up.
func (s *Server) hasOpened(c echo.Context) bool {
	b, id := s.browsers.of(c.Request()), c.Param("id")
	if token := c.Param("token"); token != "" && b.hasOpenedAny() {
		v, err := s.Service.ViewReturn(c.Request().Context(), token)
		if err != nil {
			return false
		}
		id = v.Session.ID
	}
	return b.hasOpened(id)
}

// countGuesses is for the API: it refuses what is wrong.
func (s *Server) countGuesses(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error { return s.guesses.api.answer(c, next(c)) }
}

// answer passes a handler's error on. A miss is charged, and where the client
// has no credit it is answered with 429.
func (m *misses) answer(c echo.Context, err error) error {
	var known *echo.HTTPError
	unauthorized := errors.As(err, &known) && known.Code == http.StatusUnauthorized
	if !unauthorized && !errors.Is(err, checkout.ErrNotFound) {
		return err
	}
	client := clientOf(c)
	if wait := m.wait(client); wait > 0 {
		return tooMany(c, wait)
	}
	m.charge(client)
	return err
}

// tooMany is the error for a client without credit.
func tooMany(c echo.Context, wait time.Duration) error {
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return echo.NewHTTPError(http.StatusTooManyRequests, "too many requests for what is not there")
}

// warnOfProxy says once that a proxy is in the way which nobody has named: all
// its clients count as one then.
func (s *Server) warnOfProxy(c echo.Context) {
	if len(s.TrustedProxies) > 0 || c.Request().Header.Get(echo.HeaderXForwardedFor) == "" {
		return
	}
	s.proxyHint.Do(func() {
		s.Logger.Warn("X-Forwarded-For is not believed, so all clients of a proxy count as one: name the proxy with --trusted-proxies")
	})
}
