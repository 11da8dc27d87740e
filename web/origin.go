package web

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// ParseOrigin reads an absolute http or https URL that is an origin alone, and
// returns it as a browser writes it: in small letters, an international name in
// punycode, and without the scheme's own port. Its errors say what is wrong and
// hold nothing of the address.
func ParseOrigin(address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "", errors.New("is not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return "", errors.New("must begin with https:// or http://")
	case u.User != nil:
		return "", errors.New("must not hold a user or a password")
	case u.Host == "":
		return "", errors.New("has no host")
	case u.RawQuery != "" || u.ForceQuery:
		return "", errors.New("must not hold a query")
	case u.Fragment != "" || strings.Contains(address, "#"):
		return "", errors.New("must not hold a fragment")
	case u.Path != "":
		return "", errors.New("must not hold a path, nor a slash at its end")
	}
	host, err := parseHost(u.Host)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + host.in(u.Scheme), nil
}

// ParseHost reads a host alone, with a port or without, and returns it as a
// browser writes it. A port stays: which one can be left out depends on the
// scheme.
func ParseHost(text string) (string, error) {
	host, err := parseHost(text)
	if err != nil {
		return "", err
	}
	return host.in(""), nil
}

// host is a name or an address and a port, "" for none.
type host struct{ name, port string }

func parseHost(text string) (h host, err error) {
	u := url.URL{Host: text}
	if h.name, err = canonicalName(u.Hostname(), strings.HasPrefix(text, "[")); err != nil {
		return host{}, err
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case err == nil && port > 0:
		h.port = strconv.FormatUint(port, 10)
	case text != u.Hostname() && text != "["+u.Hostname()+"]":
		return host{}, errors.New("has a port that is not a number from 1 to 65535")
	}
	return h, nil
}

// in writes the host as a browser does behind a scheme.
func (h host) in(scheme string) string {
	if h.port == "" || h.port == ownPort[scheme] {
		if strings.Contains(h.name, ":") {
			return "[" + h.name + "]"
		}
		return h.name
	}
	return net.JoinHostPort(h.name, h.port)
}

// ownPort is the port that a scheme does without.
var ownPort = map[string]string{"http": "80", "https": "443"}

// international reads names as browsers do (UTS 46).
var international = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))

var errHost = errors.New("has a host that is not a name or an address")

// plainName is a name in ASCII, of labels. It holds nothing that a
// Content-Security-Policy would read otherwise: no space, no semicolon, no *.
var plainName = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$`)

// canonicalName is a name in small letters and punycode, or an address in its
// shortest form. An address in another form (0x7f.1, 127.1) is refused.
func canonicalName(name string, bracketed bool) (string, error) {
	if bracketed {
		return canonicalIPv6(name)
	}
	name, err := international.ToASCII(name)
	if err != nil || len(name) > 253 || !plainName.MatchString(name) {
		return "", errHost
	}
	if last := name[strings.LastIndexByte(name, '.')+1:]; isNumber(last) {
		if address, err := netip.ParseAddr(name); err != nil || !address.Is4() {
			return "", errHost
		}
	}
	return name, nil
}

func canonicalIPv6(text string) (string, error) {
	address, err := netip.ParseAddr(text)
	if err != nil || !address.Is6() || address.Is4In6() || address.Zone() != "" {
		return "", errHost
	}
	return address.String(), nil
}

// isNumber reports whether browsers take a name with this last label for an
// IPv4 address.
func isNumber(label string) bool {
	_, err := strconv.ParseUint(label, 0, 64)
	return err == nil || strings.Trim(label, "0123456789") == "" || label == "0x"
}

// amongHosts reports whether a URL leads to one of the hosts, which [ParseHost]
// has read. One without a port stands for the scheme's own port.
func amongHosts(u *url.URL, hosts []string) bool {
	h, err := parseHost(u.Host)
	if err != nil {
		return false
	}
	if h.port == "" {
		h.port = ownPort[u.Scheme]
	}
	return slices.Contains(hosts, h.in("")) || slices.Contains(hosts, h.in(u.Scheme))
}

// inHeader writes an address as a header takes it, in ASCII: the host in
// punycode, and the rest in percent signs.
func inHeader(address string) string {
	u, err := url.Parse(address)
	origin := originOf(address)
	if err != nil || origin == "" || !strings.ContainsFunc(address, notASCII) {
		return address
	}
	_, u.Host, _ = strings.Cut(origin, "://")
	var text strings.Builder
	for _, b := range []byte(u.String()) {
		if notASCII(rune(b)) {
			fmt.Fprintf(&text, "%%%02X", b)
		} else {
			text.WriteByte(b)
		}
	}
	return text.String()
}

func notASCII(r rune) bool { return r > '~' }
