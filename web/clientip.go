package web

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/labstack/echo/v4"
)

// newIPExtractor returns the function that finds the address of a request's client.
// It is the peer's address, or behind trusted proxies the last address in
// X-Forwarded-For that is no trusted proxy's. Only the given proxies are trusted,
// and not this machine either: behind a proxy that passes the header on unchanged,
// a client could choose its address. It fails for a range with every address.
func newIPExtractor(trusted []netip.Prefix) (echo.IPExtractor, error) {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect(), nil
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		if !p.IsValid() || p.Bits() == 0 {
			return nil, fmt.Errorf("web: Config.TrustedProxies: %s is not a range of proxies", p)
		}
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return echo.ExtractIPFromXFFHeader(options...), nil
}

// clientOf returns the client that a request counts for in limits.
func clientOf(c echo.Context) netip.Prefix {
	address, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return netip.Prefix{}
	}
	return ClientOf(address)
}

// ClientOf returns the client that an address counts for in limits: the IPv4 address
// alone, or the /64 of an IPv6 address, because a subscriber has all addresses of
// its /64.
func ClientOf(address netip.Addr) netip.Prefix {
	address = address.Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	client, _ := address.Prefix(bits) // it fails only for more bits than the address has
	return client
}

// warnOfProxy logs once that a request came through a proxy that is not trusted.
// All clients of that proxy count as one.
func (s *Server) warnOfProxy(c echo.Context) {
	if s.trustsProxies || c.Request().Header.Get(echo.HeaderXForwardedFor) == "" {
		return
	}
	s.proxyWarning.Do(func() {
		s.logger.Warn("X-Forwarded-For is ignored, so all clients of a proxy count as one: name the proxy with --trusted-proxies")
	})
}
