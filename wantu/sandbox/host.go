package sandbox

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// atHome refuses a request under a host that is not the sandbox's. A browser
// takes a page of a stranger's for one of ours once the stranger's DNS leads
// its name to this machine, and then lets it steer (DNS rebinding).
func (s *Sandbox) atHome(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.isHome(r.Host) {
			writeJSON(w, http.StatusForbidden, map[string]string{
				"error": "sandbox: this host is not the sandbox's: use PublicURL's, localhost or an IP address",
			})
			return
		}
		serve(w, r)
	}
}

// isHome reports whether no stranger can have a host: an IP address, a name
// without a dot (as of the local network, or of a container), localhost with
// all below it, and what PublicURL and ScanURL name.
func (s *Sandbox) isHome(hostPort string) bool {
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

// hostName is a host without its port and its brackets.
func hostName(hostPort string) string {
	name, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		name = hostPort
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
}
