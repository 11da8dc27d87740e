package config

import (
	"errors"
	"net"
	"net/url"
	"slices"

	"github.com/wantukit/wantukit/web"
)

// Live reports whether the shop takes real money. It returns false only if the
// gateway's address is on this machine, because such a gateway is a sandbox.
func (s *Shop) Live() bool {
	gateway, err := url.Parse(s.Gateway.BaseURL)
	return err != nil || !Loopback(gateway.Hostname())
}

// formTargets returns the origins on this machine that the sandbox's cashier and
// its WeChat may have. The page's forms may lead there without TLS.
func (s *Shop) formTargets() []string {
	targets := append(loopbackOrigins(s.Gateway.BaseURL), loopbackOrigins(s.WeChat.AuthorizeURL)...)
	slices.Sort(targets)
	return slices.Compact(targets)
}

// loopbackOrigins returns the origins for a Content-Security-Policy that match an
// http address of this machine, or none for another address. It includes the other
// names of this machine, because the sandbox's pages may use them. A policy cannot
// name an IPv6 address, so any host with the same port is allowed for one.
func loopbackOrigins(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || !Loopback(u.Hostname()) {
		return nil
	}
	port := ""
	if u.Port() != "" {
		port = ":" + u.Port()
	}
	origins := []string{"http://127.0.0.1" + port, "http://localhost" + port}
	if ip := net.ParseIP(u.Hostname()); ip != nil && !ip.Equal(net.IPv4(127, 0, 0, 1)) {
		origins = append(origins, "http://*"+port)
	}
	return origins
}

// CheckSandboxOrigin fails if origin, the value of --sandbox, is not on this
// machine, or if a shop is live: its pages must not have the demo's bar.
func CheckSandboxOrigin(origin string, shops []Shop) error {
	_, malformed := web.ParseOrigin(origin)
	u, err := url.Parse(origin)
	if malformed != nil || err != nil || !Loopback(u.Hostname()) {
		return errors.New("--sandbox must be the origin of a sandbox on this machine, such as http://localhost:8081")
	}
	for i := range shops {
		if shops[i].Live() {
			return errors.New("--sandbox is for shops whose gateway is on this machine: merchant " + shops[i].ID + " is live")
		}
	}
	return nil
}
