package worker

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// maxAnswerHeader bounds what a shop's answer may say before its body.
const maxAnswerHeader = 64 << 10

// notPublic are ranges of what would be public addresses otherwise: they lead
// into a network, back to this machine, or nowhere. IPv6 is public in 2000::/3
// alone, which leaves out loopback, link-local, unique-local and multicast
// addresses and those that stand for an IPv4 address (NAT64, IPv4-compatible).
var notPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4", // multicast, reserved and broadcast
	"2001::/23",     // protocols, with Teredo, which holds an IPv4 address
	"2001:db8::/32", // examples
	"2002::/16",     // 6to4, which holds an IPv4 address
	"3fff::/20",     // examples
)

var publicIPv6 = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(list))
	for i, text := range list {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}

// Refused returns why a webhook must not be sent to an address, nil where it
// may: it is public, or in one of the ranges that are allowed.
func Refused(addr netip.Addr, allowed []netip.Prefix) error {
	addr = addr.Unmap().WithZone("")
	public := addr.Is4() || publicIPv6.Contains(addr)
	if !within(addr, allowed) && (!public || within(addr, notPublic)) {
		return fmt.Errorf("%s is no public address, and webhook.allow_private does not name it", addr)
	}
	return nil
}

func within(addr netip.Addr, ranges []netip.Prefix) bool {
	for _, r := range ranges {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

// newTransport returns what carries the webhooks of one shop. Every connection
// is checked when it is made, on the address that the name has become: a check
// of the URL would say nothing of what the name is a moment later. A proxy of
// the environment is not used, since it would connect for us, unchecked; one
// that the shop's configuration names is trusted to do that check.
func newTransport(e Endpoint, resolver *net.Resolver) *http.Transport {
	dialer := &net.Dialer{Timeout: webhookTimeout, Resolver: resolver}
	t := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
		MaxIdleConnsPerHost: perEndpoint, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswerHeader,
	}
	if e.Proxy != nil {
		t.Proxy = http.ProxyURL(e.Proxy)
		return t
	}
	allowed := e.AllowPrivate
	dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("reading the address: %w", err)
		}
		return Refused(at.Addr(), allowed)
	}
	return t
}

// Endpoint is where a shop is told, and the secret that signs it.
type Endpoint struct {
	URL string
	// Secret is "whsec_" and base64 of 24 bytes or more, as Standard Webhooks
	// has it.
	Secret string
	// PreviousSecret signs too while the shop changes to Secret; "" for none.
	PreviousSecret string
	// AllowPrivate are the ranges outside the public internet that the URL may
	// lead to. None by default.
	AllowPrivate []netip.Prefix
	// Proxy carries the shop's webhooks, and has to check where they go. nil
	// for none.
	Proxy *url.URL
}
