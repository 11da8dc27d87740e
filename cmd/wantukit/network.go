package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/web"
)

// hostFlag is the flag of the commands that a phone can reach.
type hostFlag struct {
	Host string `placeholder:"lan|HOST" help:"Let other devices reach this program, such as a phone that scans a QR code: lan for this machine's address in its private network, or another address or name of it. Links and QR codes have this host, and the program listens there too. By default only this machine reaches it."`
}

// reach is how other devices reach this machine. The zero reach is for a program that
// only this machine reaches.
type reach struct {
	// host is the host in links and QR codes; "" for localhost.
	host string
	// at is the address to listen at, besides the loopback addresses. It is not valid if
	// there is none.
	at netip.Addr
	// note says what was chosen, and how to choose something else. It is a text of whole
	// lines.
	note string
}

const (
	noteLocal = "The sandbox's QR codes have the host localhost, which a phone cannot open.\n" +
		"--host lan lets a phone in the same network pay.\n"
	noteHost    = "QR codes and links have the host %s.\n"
	noteExposed = "Everybody in this network can open these pages and pay the sandbox's orders.\n"
)

// reach returns how other devices reach this machine. It fails if --host is malformed.
func (f hostFlag) reach(m machine) (reach, error) {
	switch f.Host {
	case "":
		return reach{note: noteLocal}, nil
	case "lan":
		return m.lan(), nil
	}
	text := strings.Trim(f.Host, "[]")
	if ip, err := netip.ParseAddr(text); err == nil {
		return reachAt(ip.Unmap())
	}
	name, err := web.ParseHost(text)
	if err != nil || strings.Contains(name, ":") {
		return reach{}, gatewaycli.Usage(errors.New("--host is not lan, an address or a name: it has no scheme and no port"))
	}
	if name == localhost {
		return reach{note: noteLocal}, nil
	}
	return m.named(name), nil
}

// reachAt returns the reach by an address that was named.
func reachAt(ip netip.Addr) (reach, error) {
	if ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
		return reach{}, gatewaycli.Usage(errors.New("--host is an address that a browser cannot open"))
	}
	to := reach{host: ip.String(), at: ip, note: fmt.Sprintf(noteHost, ip)}
	if !ip.IsLoopback() {
		to.note += noteExposed
	}
	return to, nil
}

// machine has the addresses of this machine.
type machine struct {
	addresses []address
	// routes are the machine's own addresses on the way to the internet.
	routes []netip.Addr
}

// address is an address of a network interface.
type address struct {
	ip netip.Addr
	on string // the interface's name
	// isVirtual reports whether the interface belongs to a VPN, or to containers or
	// virtual machines on this machine.
	isVirtual bool
}

func (a address) String() string { return a.ip.String() + " (" + a.on + ")" }

// virtualNames matches the names of interfaces that lead to no network with a phone.
var virtualNames = regexp.MustCompile(`^(docker|podman|br-|veth|virbr|vmnet|vboxnet|vmenet|bridge|lxc|lxd|cni|flannel|cali|` +
	`vEthernet|tun|tap|utun|wg|tailscale|zt|ppp|ipsec|awdl|llw)`)

// readMachine returns this machine. It has no address if the system does not tell them.
func readMachine() (m machine) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return machine{}
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			continue
		}
		isVirtual := i.Flags&net.FlagPointToPoint != 0 || virtualNames.MatchString(i.Name)
		for _, a := range addresses {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				m.addresses = append(m.addresses, address{prefix.Addr().Unmap(), i.Name, isVirtual})
			}
		}
	}
	m.routes = readRoutes()
	return m
}

// readRoutes returns the addresses from which this machine would call the internet. It
// sends nothing: to connect a UDP socket only looks the route up.
func readRoutes() (routes []netip.Addr) {
	for _, elsewhere := range []string{"198.51.100.1:9", "[2001:db8::1]:9"} { // addresses of nobody
		conn, err := net.Dial("udp", elsewhere) //nolint:noctx // it waits for nothing
		if err != nil {
			continue
		}
		if here, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
			routes = append(routes, here.Addr().Unmap())
		}
		_ = conn.Close()
	}
	return routes
}

// has reports whether ip is an address of this machine.
func (m machine) has(ip netip.Addr) bool {
	return slices.ContainsFunc(m.addresses, func(a address) bool { return a.ip == ip }) || ip.Is4() && ip.IsLoopback()
}

// lan returns the reach by this machine's address in its private network. A public address
// is not chosen, because the whole internet may reach it. Without a private address it
// returns the reach of localhost.
func (m machine) lan() reach {
	best, others := m.choose()
	if !best.ip.IsValid() {
		return reach{note: "This machine has no address in a private network, so no phone reaches it.\n" + noteOthers(others)}
	}
	return reach{host: best.ip.String(), at: best.ip, note: fmt.Sprintf(noteHost, best) + noteOthers(others) + noteExposed}
}

// named returns the reach by a name of this machine. It is at the address of lan: what
// this machine itself takes the name for may be a loopback address.
func (m machine) named(name string) reach {
	to := m.lan()
	to.host, to.note = name, fmt.Sprintf(noteHost, name)+to.note
	if to.at.IsValid() {
		to.note = fmt.Sprintf(noteHost, name) + "The name must lead to " + to.at.String() + ".\n" + noteExposed
	}
	return to
}

// noteOthers says how to choose one of the other addresses.
func noteOthers(others []address) string {
	if len(others) == 0 {
		return "--host ADDRESS chooses another one.\n"
	}
	return "--host ADDRESS chooses another one. This machine also has " + list(others) + ".\n"
}

// choose returns the address in the private network, which is zero if there is none, and
// the other addresses that a link can have. It prefers the interface that leads to the
// internet, and then IPv4.
func (m machine) choose() (best address, others []address) {
	for _, a := range m.addresses {
		isLink := !a.ip.IsLoopback() && (a.ip.Is4() || !a.ip.IsLinkLocalUnicast()) // a browser opens no IPv6 address with a zone
		if isLink {
			others = append(others, a)
		}
	}
	slices.SortStableFunc(others, func(a, b address) int { return m.rank(a) - m.rank(b) })
	if len(others) > 0 && m.rank(others[0]) < unfit {
		return others[0], others[1:]
	}
	return address{}, others
}

// unfit is the least rank of an address that choose must not return.
const unfit = 4

// rank returns how well an address suits a phone in the same network: 0 is best.
func (m machine) rank(a address) (rank int) {
	if a.isVirtual || !a.ip.IsPrivate() {
		rank += unfit
	}
	if !m.isOnRoute(a.on) {
		rank += 2
	}
	if a.ip.Is6() {
		rank++
	}
	return rank
}

// isOnRoute reports whether an interface leads to the internet.
func (m machine) isOnRoute(name string) bool {
	return slices.ContainsFunc(m.addresses, func(a address) bool { return a.on == name && slices.Contains(m.routes, a.ip) })
}

// mostListed is how many addresses list names. A machine with many containers has dozens.
const mostListed = 6

// list returns addresses as a text: one at least.
func list(addresses []address) string {
	listed := addresses[:min(len(addresses), mostListed)]
	texts := make([]string, 0, len(listed))
	for _, a := range listed {
		texts = append(texts, a.String())
	}
	text := strings.Join(texts, ", ")
	if more := len(addresses) - mostListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
