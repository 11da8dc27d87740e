package web_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/wantukit/wantukit/web"
)

func TestLimiterRefillsWithTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	l := web.NewLimiter(func() time.Time { return now })
	one, other := netip.MustParsePrefix("203.0.113.1/32"), netip.MustParsePrefix("203.0.113.2/32")
	for i := range 100 {
		if wait := l.Wait(one); wait != 0 {
			t.Fatalf("after %d misses the client waits %s", i, wait)
		}
		l.Charge(one)
	}
	if wait := l.Wait(one); wait != time.Second {
		t.Errorf("after 100 misses the client waits %s, want a second", wait)
	}
	if wait := l.Wait(other); wait != 0 {
		t.Errorf("another client waits %s", wait)
	}
	l.Charge(one) // requests that were under way
	l.Charge(one)
	if wait := l.Wait(one); wait != 3*time.Second {
		t.Errorf("on credit the client waits %s, want 3 seconds", wait)
	}
	now = now.Add(3 * time.Second)
	if wait := l.Wait(one); wait != 0 {
		t.Errorf("after 3 seconds the client waits %s more", wait)
	}
}

func TestLimiterRemembersABoundedNumberOfClients(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := web.NewLimiter(func() time.Time { return now })
	guesser := netip.MustParsePrefix("2001:db8::/64")
	for range 100 {
		l.Charge(guesser)
	}
	address := netip.MustParseAddr("10.0.0.0")
	for i := range 10 * web.LimiterClients {
		address = address.Next()
		l.Charge(netip.PrefixFrom(address, 32))
		if i%web.LimiterClients == 0 && l.Wait(guesser) == 0 {
			t.Fatalf("a client that goes on guessing is forgotten after %d others", i)
		}
	}
	if n := l.Remembered(); n > 2*web.LimiterClients {
		t.Errorf("%d clients are remembered, want %d at most", n, 2*web.LimiterClients)
	}
}
