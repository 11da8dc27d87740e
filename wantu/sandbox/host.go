package sandbox

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// requireOwnHost answers 403 when the Host header is not a name of the sandbox. It
// prevents DNS rebinding: a stranger can let a domain name point to this machine. The
// browser then takes the stranger's page for one of the sandbox, and the page could
// control the sandbox.
func (s *Sandbox) requireOwnHost(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.isOwnHost(r.Host) {
			writeJSON(w, http.StatusForbidden, map[string]string{
				"error": "sandbox: this host is not the sandbox's: use PublicURL's, localhost or an IP address",
			})
			return
		}
		serve(w, r)
	}
}

// isOwnHost reports whether a host cannot be a stranger's domain name. That is so for an
// IP address, a name without a dot (of the local network or of a container), localhost
// and names under it, and the hosts of PublicURL and ScanURL.
func (s *Sandbox) isOwnHost(hostPort string) bool {
	name := hostName(hostPort)
	if _, err := netip.ParseAddr(name); err == nil || !strings.Contains(name, ".") || strings.HasSuffix(name, ".localhost") {
		return true
	}
	for _, base := range []string{s.config.PublicURL, s.config.ScanURL} {
		if u, err := url.Parse(base); err == nil && hostName(u.Host) == name {
			return true
		}
	}
	return false
}

// hostName returns the host without the port and brackets, in lower case.
func hostName(hostPort string) string {
	name, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		name = hostPort
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
}
