package worker_test

import (
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wantukit/wantukit/checkout/worker"
)

func TestRefusedAddresses(t *testing.T) {
	t.Parallel()
	for address, public := range map[string]bool{
		"93.184.216.34": true, "1.1.1.1": true, "100.63.255.255": true, "100.128.0.0": true, "172.15.0.1": true, "172.32.0.1": true, "223.255.255.255": true,
		"2606:4700::1111": true, "2a00:1450::1": true, "2001:4860:4860::8888": true, "::ffff:93.184.216.34": true,
		"127.0.0.1": false, "127.255.255.255": false, "::1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "100.64.0.1": false, "100.127.255.255": false,
		"169.254.169.254": false, "169.254.0.1": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fc00::1": false, "fec0::1": false,
		"224.0.0.1": false, "239.1.1.1": false, "ff02::1": false, "255.255.255.255": false, "240.0.0.1": false,
		"192.0.0.192": false, "192.0.2.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false, "192.88.99.1": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::169.254.169.254": false, "64:ff9b:1::a00:1": false, "64:ff9b::1.1.1.1": false,
		"2002:7f00:1::": false, "2001:0:7f00:1::": false, "2001:db8::1": false, "3fff::1": false, "100::1": false, "4000::1": false,
	} {
		if err := worker.Refused(netip.MustParseAddr(address), nil); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
	if worker.Refused(netip.Addr{}, nil) == nil {
		t.Error("the zero address is accepted")
	}
	allowed := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/64")}
	for address, good := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "fd00::1": true, "1.1.1.1": true,
		"10.2.0.1": false, "fd01::1": false, "127.0.0.1": false, "64:ff9b::a01:203": false,
	} {
		if err := worker.Refused(netip.MustParseAddr(address), allowed); (err == nil) != good {
			t.Errorf("%s, with %v allowed: %v", address, allowed, err)
		}
	}
}

// deliver tries once to deliver an event.
func deliver(t *testing.T, c worker.Config) error {
	t.Helper()
	c.Events, c.Logger = &fakeEvents{}, slog.New(slog.DiscardHandler)
	return worker.Deliver(t, c)(t.Context(), 1).Err
}

// nameServer resolves every name to one address. The address may change.
type nameServer struct{ address atomic.Value }

// resolver starts the server and returns a resolver that uses it.
func (n *nameServer) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	go n.serve(server)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func (n *nameServer) serve(server net.PacketConn) {
	const header = 12
	packet := make([]byte, 1024)
	for {
		size, from, err := server.ReadFrom(packet)
		if err != nil {
			return
		}
		end := header
		for end < size && packet[end] != 0 {
			end += int(packet[end]) + 1
		}
		end += 5 // root, type and class
		address, _ := n.address.Load().(netip.Addr)
		kind := uint16(1)
		if address.Is6() {
			kind = 28
		}
		answer := append([]byte{packet[0], packet[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, packet[header:end]...)
		if binary.BigEndian.Uint16(packet[end-4:]) == kind {
			answer[7] = 1
			answer = append(answer, 0xc0, header, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(address.BitLen()/8))
			answer = append(answer, address.AsSlice()...)
		}
		_, _ = server.WriteTo(answer, from)
	}
}

// TestWebhookTargets checks that the resolved address of each connection is checked.
func TestWebhookTargets(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Connection", "close")
	}))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	for name, address := range map[string]string{
		"a name that resolves to 169.254.169.254":  "169.254.169.254",
		"a name that resolves to ::ffff:127.0.0.1": "::ffff:127.0.0.1",
		"a name that resolves to 127.0.0.1":        "127.0.0.1",
		"a name that resolves to ::1":              "::1",
		"a name that resolves to 64:ff9b::7f00:1":  "64:ff9b::7f00:1",
	} {
		t.Run(name+" is blocked at dial", func(t *testing.T) {
			t.Parallel()
			var n nameServer
			n.address.Store(netip.MustParseAddr(address))
			wantRefused(t, worker.Config{
				Resolver:  n.resolver(t),
				Endpoints: map[string][]worker.Endpoint{shop: {{URL: "http://shop.example:" + port + "/canary?canary=1", Secret: secret}}},
			})
		})
	}
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost", "[::1]", "0.0.0.0", "[::]"} {
		t.Run(host+" in the URL is blocked at dial", func(t *testing.T) {
			t.Parallel()
			wantRefused(t, worker.Config{
				Endpoints: map[string][]worker.Endpoint{shop: {{URL: "http://" + host + ":" + port + "/canary?canary=1", Secret: secret}}},
			})
		})
	}
	t.Cleanup(func() {
		if n := calls.Load(); n != 2 {
			t.Errorf("%d calls arrived, want the 2 before the name changed", n)
		}
	})
	t.Run("a name that changes after the check is blocked at dial", func(t *testing.T) {
		t.Parallel()
		var n nameServer
		n.address.Store(netip.MustParseAddr("127.0.0.1"))
		c := worker.Config{Resolver: n.resolver(t), Events: &fakeEvents{}, Logger: slog.New(slog.DiscardHandler), Endpoints: map[string][]worker.Endpoint{
			shop: {{URL: "http://shop.example:" + port, Secret: secret, AllowPrivate: loopback}},
		}}
		try := worker.Deliver(t, c)
		for range 2 {
			must(t, try(t.Context(), 1).Err)
		}
		for _, changed := range []string{"127.0.0.2", "169.254.169.254", "10.0.0.1"} {
			n.address.Store(netip.MustParseAddr(changed))
			if err := try(t.Context(), 1).Err; err == nil || !strings.Contains(err.Error(), changed+" is no public address") {
				t.Errorf("the name now resolves to %s: error %v", changed, err)
			}
		}
	})
}

func wantRefused(t *testing.T, c worker.Config) {
	t.Helper()
	err := deliver(t, c)
	if err == nil || !strings.Contains(err.Error(), "no public address") {
		t.Errorf("error %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "canary") {
		t.Errorf("the error contains the URL: %v", err)
	}
}

func TestRedirectToLocalhostIsNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		var followed atomic.Bool
		redirectTarget := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
		t.Cleanup(redirectTarget.Close)
		at, _ := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, redirectTarget.URL+"/canary", status)
		})
		err := deliver(t, worker.Config{Endpoints: map[string][]worker.Endpoint{shop: {{URL: at, Secret: secret, AllowPrivate: loopback}}}})
		if err == nil || strings.Contains(err.Error(), "canary") || followed.Load() {
			t.Errorf("%d: followed %v, error %v", status, followed.Load(), err)
		}
	}
}

func TestProxies(t *testing.T) {
	// net/http reads these variables once a process. If it has read them before, this
	// test checks less.
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("ALL_PROXY", "http://127.0.0.1:1")
	at, calls := endpoint(t, ok)
	to := worker.Endpoint{URL: "http://127.0.0.1.nip.invalid/hook", Secret: secret}
	if err := deliver(t, worker.Config{Endpoints: map[string][]worker.Endpoint{shop: {to}}}); err == nil || strings.Contains(err.Error(), "proxy") {
		t.Errorf("with a proxy in the environment: %v", err)
	}
	var err error
	to.Proxy, err = url.Parse(at)
	must(t, err)
	must(t, deliver(t, worker.Config{Endpoints: map[string][]worker.Endpoint{shop: {to}}}))
	if c := receive(t, calls); c.path != "/hook" {
		t.Errorf("the proxy received a request for %s", c.path)
	}
}
