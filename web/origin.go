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

// ParseOrigin reads an absolute http or https URL that is only an origin. It returns
// the origin as a browser writes it: in lower case, an international name in punycode,
// and without the default port of the scheme. It fails for any other address. Its
// errors hold no part of the address.
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
		return "", errors.New("must not hold a path or a slash at its end")
	}
	host, err := parseHost(u.Host)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + host.text(u.Scheme), nil
}

// ParseHost reads a host with or without a port. It returns the host in lower case and
// punycode, as a browser writes it. It keeps every port: without a scheme, ParseHost
// cannot know whether the port is the default one. It fails for any other text.
func ParseHost(text string) (string, error) {
	host, err := parseHost(text)
	if err != nil {
		return "", err
	}
	return host.text(""), nil
}

// host is a name or an address, and a port; "" for no port.
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

// text returns the host as a browser writes it after a scheme. It keeps the port for
// the scheme "".
func (h host) text(scheme string) string {
	if h.port == "" || h.port == defaultPort[scheme] {
		if strings.Contains(h.name, ":") {
			return "[" + h.name + "]"
		}
		return h.name
	}
	return net.JoinHostPort(h.name, h.port)
}

// defaultPort is the port of a scheme that browsers leave out.
var defaultPort = map[string]string{"http": "80", "https": "443"}

// international converts names as browsers do (UTS 46).
var international = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))

var errHost = errors.New("has a host that is not a name or an address")

// plainName matches a name of labels in ASCII. Such a name has no separator and no
// wildcard of a Content-Security-Policy: no space, no semicolon, no *.
var plainName = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$`)

// canonicalName returns a name in lower case and punycode, or an address in its
// shortest form. It fails for an address in another form (0x7f.1, 127.1).
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

// isNumber reports whether browsers read a name with this last label as an IPv4
// address.
func isNumber(label string) bool {
	_, err := strconv.ParseUint(label, 0, 64)
	return err == nil || strings.Trim(label, "0123456789") == "" || label == "0x"
}

// isAtHost reports whether a URL is at one of the hosts, as [ParseHost] returns them. A
// host without a port has the default port of the URL's scheme.
func isAtHost(u *url.URL, hosts []string) bool {
	h, err := parseHost(u.Host)
	if err != nil {
		return false
	}
	if h.port == "" {
		h.port = defaultPort[u.Scheme]
	}
	return slices.Contains(hosts, h.text("")) || slices.Contains(hosts, h.text(u.Scheme))
}

// inHeader returns an address in ASCII for a header: the host in punycode, other
// characters percent-encoded.
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
