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
// there are counted, by client, and only they are refused. What is there is
// always served, whoever else asks from the same address: many shoppers may
// share it with one who guesses. The answer does not help the guesser, because
// each id and token has 128 bits, and an API key is as long as its shop made it.
// Each kind has an account of its own.
type guesses struct{ pages, api, notifications *misses }

func newGuesses(now func() time.Time) guesses {
	return guesses{newMisses(now), newMisses(now), newMisses(now)}
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

// clientOf is whom a request is counted for.
func clientOf(c echo.Context) netip.Prefix {
	address, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return netip.Prefix{}
	}
	return ClientOf(address)
}

// ClientOf is whom an address is counted for: an IPv4 address itself, or the
// /64 that an IPv6 subscriber chooses addresses from.
func ClientOf(address netip.Addr) netip.Prefix {
	address = address.Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	client, _ := address.Prefix(bits) // no address has fewer bits than this
	return client
}

// countPageGuesses is for pages, return links and their streams and forms.
func (s *Server) countPageGuesses(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		s.warnOfProxy(c)
		return s.guesses.pages.answer(c, next(c))
	}
}

// countAPIGuesses is for the merchant API.
func (s *Server) countAPIGuesses(next echo.HandlerFunc) echo.HandlerFunc {
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
	if s.trustsProxies || c.Request().Header.Get(echo.HeaderXForwardedFor) == "" {
		return
	}
	s.proxyHint.Do(func() {
		s.logger.Warn("X-Forwarded-For is not believed, so all clients of a proxy count as one: name the proxy with --trusted-proxies")
	})
}
