package config

import (
	"errors"
	"net"
	"net/url"
	"slices"

	"github.com/wantukit/wantukit/web"
)

// Live reports whether the shop takes real money: its gateway is not a sandbox on
// this machine.
func (s *Shop) Live() bool {
	gateway, err := url.Parse(s.Gateway.BaseURL)
	return err != nil || !Loopback(gateway.Hostname())
}

// formTargets are the origins on this machine that a sandbox's cashier and its
// WeChat may have: a form of the page leads there without TLS.
func (s *Shop) formTargets() []string {
	targets := append(plainOrigins(s.Gateway.BaseURL), plainOrigins(s.WeChat.AuthorizeURL)...)
	slices.Sort(targets)
	return slices.Compact(targets)
}

// plainOrigins are the origins that stand for an http address of this machine in
// a Content-Security-Policy. The sandbox may name its pages otherwise than the
// configuration names the gateway. A policy has no form for an IPv6 address: any
// host with the port stands for it.
func plainOrigins(address string) []string {
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

// CheckSandboxOrigin refuses what is not the origin of a sandbox on this machine,
// and shops that are live: their pages must not have the demo's bar.
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
