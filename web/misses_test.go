package web_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/wantukit/wantukit/web"
)

func TestMissesAreForgivenWithTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := web.NewMisses(func() time.Time { return now })
	one, other := netip.MustParsePrefix("203.0.113.1/32"), netip.MustParsePrefix("203.0.113.2/32")
	for i := range 100 {
		if wait := m.Wait(one); wait != 0 {
			t.Fatalf("after %d misses the client waits %s", i, wait)
		}
		m.Charge(one)
	}
	if wait := m.Wait(one); wait != time.Second {
		t.Errorf("after 100 misses the client waits %s, want a second", wait)
	}
	if wait := m.Wait(other); wait != 0 {
		t.Errorf("another client waits %s", wait)
	}
	m.Charge(one) // requests that were under way
	m.Charge(one)
	if wait := m.Wait(one); wait != 3*time.Second {
		t.Errorf("on credit the client waits %s, want 3 seconds", wait)
	}
	now = now.Add(3 * time.Second)
	if wait := m.Wait(one); wait != 0 {
		t.Errorf("after 3 seconds the client waits %s more", wait)
	}
}

func TestMissesRememberABoundedNumberOfClients(t *testing.T) {
	t.Parallel()
	now := time.Now()
	m := web.NewMisses(func() time.Time { return now })
	guesser := netip.MustParsePrefix("2001:db8::/64")
	for range 100 {
		m.Charge(guesser)
	}
	address := netip.MustParseAddr("10.0.0.0")
	for i := range 10 * web.MissClients {
		address = address.Next()
		m.Charge(netip.PrefixFrom(address, 32))
		if i%web.MissClients == 0 && m.Wait(guesser) == 0 {
			t.Fatalf("a client that goes on guessing is forgotten after %d others", i)
		}
	}
	if n := m.Remembered(); n > 2*web.MissClients {
		t.Errorf("%d clients are remembered, want %d at most", n, 2*web.MissClients)
	}
}
