package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// maxAnswerHeader is the limit in bytes for the headers of a shop's answer.
const maxAnswerHeader = 64 << 10

// nonPublic are the ranges of IPv4 and of 2000::/3 that are not public. They lead
// into a private network, back to this machine, or nowhere. The other IPv6
// addresses are not public: loopback, link-local, unique-local and multicast, and
// those that contain an IPv4 address (NAT64, IPv4-compatible).
var nonPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4", // multicast, reserved and broadcast
	"2001::/23",     // protocol assignments; Teredo contains an IPv4 address
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4, contains an IPv4 address
	"3fff::/20",     // documentation
)

var publicIPv6 = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(list))
	for i, text := range list {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}

// Refused returns an error if webhooks must not be sent to an address: it is not
// public, and in none of the allowed ranges.
func Refused(addr netip.Addr, allowed []netip.Prefix) error {
	addr = addr.Unmap().WithZone("")
	public := addr.Is4() || publicIPv6.Contains(addr)
	if !inRanges(addr, allowed) && (!public || inRanges(addr, nonPublic)) {
		return fmt.Errorf("%s is no public address, and webhook.allow_private does not include it", addr)
	}
	return nil
}

func inRanges(addr netip.Addr, ranges []netip.Prefix) bool {
	for _, r := range ranges {
		if r.Contains(addr) {
			return true
		}
	}
	return false
}

// refusedPlain returns an error if webhooks must not be sent to an address by plain http: it
// is public, or in none of the allowed ranges.
func refusedPlain(addr netip.Addr, allowed []netip.Prefix) error {
	if Refused(addr, nil) == nil {
		return fmt.Errorf("%s is a public address: https is needed there", addr.Unmap().WithZone(""))
	}
	return Refused(addr, allowed)
}

// CheckURL returns an error if webhooks cannot be sent to a URL: it is neither https nor
// http into a range of settings.AllowPrivate, or its address is refused. The address of a
// name other than localhost is checked at each connection. The error does not contain the
// URL.
func CheckURL(address string, settings Endpoint) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("it is not an absolute https URL")
	}
	host, check := u.Hostname(), Refused
	if u.Scheme == "http" {
		check = refusedPlain
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(host)
	switch isAddress := err == nil; {
	case u.Scheme == "http" && len(settings.AllowPrivate) == 0 && !isAddress:
		return errors.New("it must be https: plain http goes only to ranges of webhook.allow_private")
	case !isAddress || settings.Proxy != nil:
		return nil
	default:
		return check(addr, settings.AllowPrivate)
	}
}

// CheckAPIURL is CheckURL for a URL that a shop gave by the API. It also returns an error for
// a user, a password or a fragment: the signature says who sent the event.
func CheckAPIURL(address string, settings Endpoint) error {
	if u, err := url.Parse(address); err == nil && (u.User != nil || u.Fragment != "") {
		return errors.New("it must have no user, password or fragment: the signature says who sent the event")
	}
	return CheckURL(address, settings)
}

// newTransport returns the transport for the webhooks of one endpoint. isPlain says that its
// URL begins with http://. The transport checks the
// resolved address of every connection, because a name may resolve to another
// address after a check of the URL. It ignores proxies of the environment, because
// they would connect without that check. A proxy from the shop's configuration is
// trusted to check.
func newTransport(e Endpoint, isPlain bool, resolver *net.Resolver) *http.Transport {
	dialer := &net.Dialer{Timeout: webhookTimeout, Resolver: resolver}
	t := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true,
		MaxIdleConnsPerHost: e.maxRequests(), IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxAnswerHeader,
	}
	if e.Proxy != nil {
		t.Proxy = http.ProxyURL(e.Proxy)
		return t
	}
	allowed, check := e.AllowPrivate, Refused
	if isPlain {
		check = refusedPlain
	}
	dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("parsing the address: %w", err)
		}
		return check(at.Addr(), allowed)
	}
	return t
}

// id returns the ID or its default.
func (e Endpoint) id() string { return cmp.Or(e.ID, checkout.DefaultEndpoint) }

// Endpoint is where a shop receives its webhooks, and how they are signed.
type Endpoint struct {
	// ID is unique among the merchant's endpoints. Defaults to checkout.DefaultEndpoint.
	// It cannot begin with checkout.EndpointPrefix.
	ID string
	// URL is where the events are posted. Without one the endpoint receives nothing. The
	// AllowPrivate, Proxy, Confidential and MaxRequests of the endpoint with the default ID
	// apply to the endpoints that were made through the API.
	URL string
	// Events are the types that the endpoint receives. Defaults to all.
	Events []checkout.EventType
	// Secret is "whsec_" followed by the base64 of 24 bytes or more, as in Standard
	// Webhooks.
	Secret string
	// PreviousSecret also signs, while the shop changes to Secret. "" is none.
	PreviousSecret string
	// PreviousUntil is until when PreviousSecret signs. Defaults to no end.
	PreviousUntil time.Time
	// AllowPrivate are the ranges of non-public addresses that the URL may resolve
	// to. None by default.
	AllowPrivate []netip.Prefix
	// Proxy forwards the shop's webhooks, and must check the addresses that it
	// connects to. nil is none.
	Proxy *url.URL
	// Confidential are further secrets that the shop knows. Like Secret they are hidden
	// in its answers before those are recorded.
	Confidential []string
	// MaxRequests is how many webhooks one process sends to the shop at once, up to
	// MaxMaxRequests. 0 stands for DefaultMaxRequests.
	MaxRequests int
}
