package main

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// at returns an address of an interface.
func at(ip, on string) address {
	return address{ip: netip.MustParseAddr(ip), on: on, isVirtual: virtualNames.MatchString(on)}
}

// TestAddressForAPhone: --host lan chooses the address in the private network of the
// machine, says which one, and which others there are.
func TestAddressForAPhone(t *testing.T) {
	t.Parallel()
	loopback := []address{at("127.0.0.1", "lo"), at("::1", "lo")}
	for name, test := range map[string]struct {
		addresses []address
		route     string
		want      string // "" for no address
		says      string
	}{
		"one network":              {[]address{at("192.168.1.23", "wlan0")}, "192.168.1.23", "192.168.1.23", "192.168.1.23 (wlan0)"},
		"containers first":         {[]address{at("172.17.0.1", "docker0"), at("10.0.0.7", "eth0")}, "", "10.0.0.7", "also has 172.17.0.1 (docker0)"},
		"two networks":             {[]address{at("10.0.0.7", "eth1"), at("192.168.1.23", "wlan0")}, "192.168.1.23", "192.168.1.23", "also has 10.0.0.7 (eth1)"},
		"a VPN to everywhere":      {[]address{at("10.8.0.2", "tun0"), at("192.168.1.23", "wlan0")}, "10.8.0.2", "192.168.1.23", "also has 10.8.0.2 (tun0)"},
		"IPv6 and IPv4":            {[]address{at("fd00::2", "eth0"), at("10.0.0.7", "eth0")}, "fd00::2", "10.0.0.7", "also has fd00::2 (eth0)"},
		"only IPv6":                {[]address{at("fe80::1", "eth0"), at("2001:db8::7", "eth0"), at("fd00::2", "eth0")}, "2001:db8::7", "fd00::2", "also has 2001:db8::7 (eth0)"},
		"only containers":          {[]address{at("172.17.0.1", "docker0")}, "", "", "also has 172.17.0.1 (docker0)"},
		"only a public address":    {[]address{at("203.0.113.9", "eth0")}, "203.0.113.9", "", "no phone reaches it"},
		"only an address for IPv6": {[]address{at("fe80::1", "eth0")}, "", "", "no phone reaches it"},
		"no network":               {nil, "", "", "no phone reaches it"},
	} {
		m := machine{addresses: append(loopback, test.addresses...)}
		if test.route != "" {
			m.routes = []netip.Addr{netip.MustParseAddr(test.route)}
		}
		got, err := hostFlag{Host: "lan"}.reach(m)
		if err != nil || got.host != test.want || got.at.IsValid() != (test.want != "") || !strings.Contains(got.note, test.says) || !strings.Contains(got.note, "--host") {
			t.Errorf("%s: %+v (%v), want the host %q and a note with %q", name, got, err, test.want, test.says)
		}
	}
}

func TestHostFlag(t *testing.T) {
	t.Parallel()
	m := machine{addresses: []address{at("192.168.1.23", "wlan0")}}
	for text, want := range map[string]struct{ host, at string }{
		"":                {"", "invalid IP"},
		"localhost":       {"", "invalid IP"},
		"Localhost":       {"", "invalid IP"},
		"203.0.113.9":     {"203.0.113.9", "203.0.113.9"},
		"fd00::2":         {"fd00::2", "fd00::2"},
		"[fd00::2]":       {"fd00::2", "fd00::2"},
		"Box.Local":       {"box.local", "192.168.1.23"},
		"::ffff:10.0.0.7": {"10.0.0.7", "10.0.0.7"},
	} {
		got, err := hostFlag{Host: text}.reach(m)
		if err != nil || got.host != want.host || got.at.String() != want.at {
			t.Errorf("--host %q: %+v (%v), want the host %s at %s", text, got, err, want.host, want.at)
		}
	}
	if got, err := (hostFlag{Host: "127.0.0.1"}).reach(m); err != nil || strings.Contains(got.note, noteExposed) {
		t.Errorf("--host 127.0.0.1: %+v (%v), want no warning about the network", got, err)
	}
	for _, text := range []string{"box.local:8080", "192.168.1.23:8080", "http://box.local", "fe80::1%eth0", "0.0.0.0", "::", "224.0.0.1", "a b", "10.0.0"} {
		if got, err := (hostFlag{Host: text}).reach(m); err == nil || !strings.Contains(err.Error(), "--host") {
			t.Errorf("--host %q: %+v (%v), want it refused", text, got, err)
		}
	}
	if hosts, err := localHosts(netip.MustParseAddr("203.0.113.9"), m); err == nil || !strings.Contains(err.Error(), "203.0.113.9 is not an address of this machine") {
		t.Errorf("the address of another machine: %v (%v)", hosts, err)
	}
}

// opens reports whether something listens at an address of this machine.
func opens(t *testing.T, ip netip.Addr, port string) bool {
	t.Helper()
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(ip.String(), port), 10*time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// TestDemoListensWhereItWasAsked: without --host the network cannot open the demo and the
// sandbox. With it only the network of that address can.
func TestDemoListensWhereItWasAsked(t *testing.T) {
	t.Parallel()
	own := readMachine()
	for _, host := range append([]string{""}, hostsOfThisMachine()...) {
		d := runDemo(t, &demoCommand{Addr: "localhost:0", SandboxAddr: "localhost:0", Data: t.TempDir(), hostFlag: hostFlag{Host: host}})
		for _, l := range []listener{d.listener, d.sandboxListener} {
			for _, a := range own.addresses {
				if a.ip.Is6() && a.ip.IsLinkLocalUnicast() {
					continue
				}
				want := a.ip.IsLoopback() || a.ip.String() == host
				if got := opens(t, a.ip, l.port()); got != want {
					t.Errorf("--host %q: %s is open: %v", host, a, got)
				}
			}
		}
		greeting := d.greeting()
		if !strings.Contains(greeting, "http://localhost:"+d.listener.port()) || !strings.Contains(greeting, d.publicURL) || !strings.Contains(greeting, "--host") && host == "" {
			t.Errorf("--host %q: the demo prints %s", host, greeting)
		}
	}
}

// hostsOfThisMachine are addresses that another machine would open, of IPv4 and of IPv6 if
// this machine has them. A machine without a network has another loopback address.
func hostsOfThisMachine() (hosts []string) {
	best, others := readMachine().choose()
	isKnown := map[bool]bool{}
	for _, a := range append([]address{best}, others...) {
		if a.ip.IsValid() && !isKnown[a.ip.Is6()] {
			isKnown[a.ip.Is6()] = true
			hosts = append(hosts, a.ip.String())
		}
	}
	if hosts == nil {
		return []string{"127.0.0.2"}
	}
	return hosts
}

// newShopperInTheNetwork returns a shopper at a demo that another machine reaches at host.
// The shopper opens the demo at localhost, as README.md says.
func newShopperInTheNetwork(t *testing.T, host string, d device) *shopper {
	t.Helper()
	p := newShopperAt(t, runDemo(t, &demoCommand{
		Addr: "localhost:0", SandboxAddr: "localhost:0", Data: t.TempDir(), hostFlag: hostFlag{Host: host},
	}), d, withWasm)
	p.front = p.demo.listener.localURL() + "/"
	return p
}

// TestPhoneInTheNetworkPays: what the QR codes of a demo with --host contain can be opened
// at the machine's address in the network, and paid there.
func TestPhoneInTheNetworkPays(t *testing.T) {
	t.Parallel()
	for _, host := range hostsOfThisMachine() {
		t.Run("the sandbox's code at "+host, func(t *testing.T) {
			t.Parallel()
			p := newShopperInTheNetwork(t, host, desktop)
			p.buy()
			p.pick(flow.WalletWeChat)
			p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="code"] .qr svg`)))
			other := p.scanningPhone(host)
			other.do(chromedp.Click(payButton), chromedp.WaitVisible(chromedp.CSS("#outcome")))
			p.arriveAtShop()
			p.checkBooks(flow.WalletWeChat, flow.Native)
		})
		t.Run("the page's own code at "+host, func(t *testing.T) {
			t.Parallel()
			p := newShopperInTheNetwork(t, host, wechat)
			p.buy()
			p.show(flow.WalletAlipayCN) // it has a guide in WeChat
			p.openAll()
			p.scrollTo(`.way[data-for="alipay_cn"] .elsewhere .qr`)
			other := p.scanningPhone(host)
			other.pick(flow.WalletAlipayCN)
			other.payAtCashier()
			other.arriveAtShop()
			other.checkBooks(flow.WalletAlipayCN, flow.WAP)
		})
	}
}

// scanningPhone returns a phone that has opened what the QR code on this screen contains.
func (p *shopper) scanningPhone(host string) *shopper {
	p.Helper()
	text := p.readCode()
	if at, err := url.Parse(text); err != nil || at.Hostname() != host {
		p.Fatalf("the code contains %q, want an address at %s", text, host)
	}
	other := newShopperAt(p.T, p.demo, phone, withWasm)
	other.do(chromedp.Navigate(text))
	return other
}

// TestEveryFlowInTheNetwork: cashiers, WeChat's OAuth, frames, the return and the webhooks
// work at the machine's address in the network.
func TestEveryFlowInTheNetwork(t *testing.T) {
	t.Parallel()
	for _, host := range hostsOfThisMachine() {
		for _, f := range paidFlows() {
			t.Run(f.name+" at "+host, func(t *testing.T) {
				t.Parallel()
				p := newShopperInTheNetwork(t, host, f.device)
				p.paysInFull(f)
				if at, err := url.Parse(p.location()); err != nil || at.Hostname() != host {
					t.Errorf("the shopper ends at %s, want the host %s", at, host)
				}
			})
		}
		t.Run("inside the shop's page at "+host, func(t *testing.T) {
			t.Parallel()
			newShopperInTheNetwork(t, host, desktop).goesToAlipayFromInsideTheShopsPage()
		})
	}
}
