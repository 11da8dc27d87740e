package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/web"
)

func TestStreamsAreCountedWhileTheyAreOpen(t *testing.T) {
	t.Parallel()
	s := web.NewStreams(web.StreamLimits{Process: 4, Client: 3, Session: 2})
	one, other := netip.MustParsePrefix("203.0.113.1/32"), netip.MustParsePrefix("203.0.113.2/32")
	begin := func(client netip.Prefix, session, want string) func() {
		t.Helper()
		end, full := s.Begin(client, session)
		if full != want {
			t.Fatalf("the limit of the %q is reached, want of the %q", full, want)
		}
		return end
	}
	ends := []func(){begin(one, "a", ""), begin(one, "a", "")}
	begin(one, "a", "session")
	begin(other, "a", "session")
	ends = append(ends, begin(one, "b", ""))
	begin(one, "c", "client")
	ends = append(ends, begin(other, "b", ""))
	begin(other, "c", "process")
	ends[0]()
	ends[0] = begin(other, "a", "")
	for _, end := range ends {
		end()
	}
	if n := s.Remembered(); n != 0 {
		t.Errorf("%d clients and sessions are remembered after the last stream", n)
	}
}

func TestHostileStreamsBeyondALimit(t *testing.T) {
	t.Parallel()
	for of, c := range map[string]struct {
		limits web.StreamLimits
		status int
	}{
		"process": {web.StreamLimits{Process: 3, Client: 100, Session: 100}, http.StatusServiceUnavailable},
		"client":  {web.StreamLimits{Process: 100, Client: 3, Session: 100}, http.StatusTooManyRequests},
		"session": {web.StreamLimits{Process: 100, Client: 100, Session: 3}, http.StatusTooManyRequests},
	} {
		t.Run(of, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, func(config *web.Config) { config.Streams = c.limits })
			a := f.newOrder(windows, flow.WalletAlipayCN)
			page, back := "/c/"+a.SessionID, "/r/"+a.ReturnToken
			for _, path := range []string{page, page, back} {
				if _, ok := f.openStream(path + "/events").next(); !ok {
					t.Fatal("a stream within the limit sends nothing")
				}
			}
			for n := range 20 {
				// A forged address does not make another client.
				got := f.get([]string{page, back}[n%2]+"/events", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n))
				if got.status != c.status || got.header.Get("Retry-After") != "30" || len(got.body) > 300 {
					t.Fatalf("a stream over the limit: %d %v %s", got.status, got.header, got.body)
				}
			}
			for _, path := range []string{page, page + "/status", back + "/status", "/healthz"} {
				if got := f.get(path); got.status != http.StatusOK {
					t.Errorf("%s while the limit is reached: %d", path, got.status)
				}
			}
			if n := strings.Count(f.log.String(), "limit_of="+of); n != 1 {
				t.Errorf("the log warns of the limit %d times, want once a minute:\n%s", n, f.log)
			}
		})
	}
}

func TestHostileStreamsOfOneClientLeaveTheOthersTheirs(t *testing.T) {
	t.Parallel()
	f := newFixture(t, behindProxy, func(config *web.Config) { config.Streams = web.StreamLimits{Process: 8, Client: 2} })
	events := "/c/" + f.session("") + "/events"
	hog, other := "198.51.100.7", "198.51.100.8"
	for range 2 {
		f.openStream(events, "X-Forwarded-For", hog)
	}
	if got := f.get(events, "X-Forwarded-For", "203.0.113.1, "+hog); got.status != http.StatusTooManyRequests {
		t.Errorf("another stream of the client at its limit: %d, want 429", got.status)
	}
	if _, ok := f.openStream(events, "X-Forwarded-For", other).next(); !ok {
		t.Error("another client has no stream")
	}
}

// countingStore counts the reads of a session with its attempts.
type countingStore struct {
	checkout.Store
	reads atomic.Int64
}

func (s *countingStore) SessionWithAttempts(ctx context.Context, id string) (checkout.Session, []checkout.Attempt, error) {
	s.reads.Add(1)
	return s.Store.SessionWithAttempts(ctx, id)
}

func TestHostileManyStreamsReadTheDatabaseOnceAChange(t *testing.T) {
	t.Parallel()
	const pages = 60
	store := &countingStore{}
	f := newFixtureAs(t, func(c *checkout.Config, _ *web.Config) { store.Store, c.Store = c.Store, store })
	a := f.newOrder(windows, flow.WalletAlipayCN)
	var streams []*stream
	for n := range pages {
		s := f.openStream([]string{"/c/" + a.SessionID, "/r/" + a.ReturnToken}[n%2] + "/events")
		s.next()
		streams = append(streams, s)
	}
	before := store.reads.Load()
	if _, err := f.sandbox.Pay(a.OutTradeNo); err != nil { // the sandbox sends a notification
		t.Fatal(err)
	}
	for _, s := range streams {
		for status, ok := s.next(); status.State != "paid"; status, ok = s.next() {
			if !ok {
				t.Fatal("a stream ended before it said paid")
			}
		}
	}
	// The payment itself needs a few reads, and makes more than one change.
	if reads := store.reads.Load() - before; reads < 1 || reads > 10 {
		t.Errorf("%d pages read the database %d times for a payment", pages, reads)
	}
}
