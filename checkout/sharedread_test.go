package checkout_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/page"
)

// countedReads is a store that counts the reads of attempts. A read takes a second,
// and fails while fails is set.
type countedReads struct {
	checkout.Store
	reads, atOnce, most atomic.Int64
	fails               atomic.Bool
}

func (c *countedReads) SessionWithAttempts(ctx context.Context, sessionID string) (checkout.Session, []checkout.Attempt, error) {
	c.reads.Add(1)
	c.most.Store(max(c.most.Load(), c.atOnce.Add(1)))
	defer c.atOnce.Add(-1)
	time.Sleep(time.Second)
	if c.fails.Load() {
		return checkout.Session{}, nil, errors.New("the store fails")
	}
	return c.Store.SessionWithAttempts(ctx, sessionID)
}

// nodeWithCountedReads returns another Service over the fixture's store, and the store
// that counts its reads.
func (f *fixture) nodeWithCountedReads() (*checkout.Service, *countedReads) {
	f.t.Helper()
	store, config := &countedReads{Store: f.store}, f.config()
	config.Store = store
	service, err := checkout.New(config)
	if err != nil {
		f.t.Fatal(err)
	}
	return service, store
}

// readAtOnce reads n views at once, and returns the states of their pages.
func readAtOnce(t *testing.T, n int, view func() (checkout.View, error)) []page.State {
	t.Helper()
	states := make([]page.State, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			v, err := view()
			if err != nil {
				t.Error(err)
			}
			states[i] = v.State
		})
	}
	wg.Wait()
	return states
}

func TestWatchedView(t *testing.T) {
	const watchers = 500
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"is read once for each change, for any number of watchers": func(t *testing.T, f *fixture) {
			a := f.pending()
			s, store := f.nodeWithCountedReads()
			for range watchers {
				_, stop := s.Watch(a.SessionID)
				defer stop()
			}
			view := func() (checkout.View, error) { return s.WatchedView(t.Context(), a.SessionID) }
			readAtOnce(t, watchers, view)
			same(t, "reads at first", store.reads.Load(), int64(1))
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			s.Changed(a.SessionID)
			for i, state := range readAtOnce(t, watchers, view) {
				if state != page.Paid {
					t.Fatalf("watcher %d has %q after the payment, want paid", i, state)
				}
			}
			same(t, "reads after a change", store.reads.Load(), int64(2))
		},
		"has a change that came during a read at the next read": func(t *testing.T, f *fixture) {
			a := f.pending()
			s, store := f.nodeWithCountedReads()
			changed, stop := s.Watch(a.SessionID)
			defer stop()
			go func() { _, _ = s.WatchedView(t.Context(), a.SessionID) }()
			time.Sleep(time.Second / 2)
			s.Changed(a.SessionID)
			<-changed
			_, err := s.WatchedView(t.Context(), a.SessionID)
			wantError(t, err, nil)
			same(t, "reads", store.reads.Load(), int64(2))
		},
		"changes when the query that a browser caused has answered, also if nothing was paid": func(t *testing.T, f *fixture) {
			a := f.pending()
			changed, stop := f.Watch(a.SessionID)
			defer stop()
			_, err := f.Confirm(t.Context(), a.ID, checkout.CauseBrowser)
			wantError(t, err, nil)
			select {
			case <-changed:
			default:
				t.Error("the watcher was not woken")
			}
		},
		"says that a call is under way": func(t *testing.T, f *fixture) {
			a := f.pending()
			now := time.Now()
			_, leased, err := f.store.LeaseAttempt(t.Context(), a.ID, now, time.Time{}, now.Add(time.Second))
			wantError(t, err, nil)
			same(t, "leased", leased, true)
			for _, calling := range []bool{true, false} {
				v, err := f.View(t.Context(), a.SessionID)
				wantError(t, err, nil)
				same(t, "calling", v.Calling, calling)
				time.Sleep(time.Second) // the node that called was killed
			}
		},
		"is read again for a new watcher": func(t *testing.T, f *fixture) {
			a := f.pending()
			s, _ := f.nodeWithCountedReads()
			_, stop := s.Watch(a.SessionID)
			defer stop()
			_, err := s.WatchedView(t.Context(), a.SessionID)
			wantError(t, err, nil)
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a) // by the other Service: this one does not know of the change
			_, stopToo := s.Watch(a.SessionID)
			defer stopToo()
			v, err := s.WatchedView(t.Context(), a.SessionID)
			wantError(t, err, nil)
			same(t, "state", v.State, page.Paid)
		},
		"is read to the end if its watcher leaves, and again after a failure": func(t *testing.T, f *fixture) {
			a := f.pending()
			s, store := f.nodeWithCountedReads()
			_, stop := s.Watch(a.SessionID)
			defer stop()
			canceled, leave := context.WithCancel(t.Context())
			leave()
			_, err := s.WatchedView(canceled, a.SessionID)
			wantError(t, err, context.Canceled)
			_, err = s.WatchedView(t.Context(), a.SessionID)
			wantError(t, err, nil)
			same(t, "reads", store.reads.Load(), int64(1))
			store.fails.Store(true)
			s.Changed(a.SessionID)
			if _, err = s.WatchedView(t.Context(), a.SessionID); err == nil {
				t.Error("no error of a read that failed")
			}
			store.fails.Store(false)
			_, err = s.WatchedView(t.Context(), a.SessionID)
			wantError(t, err, nil)
		},
		"is read for 16 sessions at once": func(t *testing.T, f *fixture) {
			s, store := f.nodeWithCountedReads()
			var wg sync.WaitGroup
			for range 100 {
				id := f.session().ID
				_, stop := s.Watch(id)
				defer stop()
				wg.Go(func() {
					_, err := s.WatchedView(t.Context(), id)
					wantError(t, err, nil)
				})
			}
			wg.Wait()
			if most := store.most.Load(); most > 16 {
				t.Errorf("%d sessions were read at once, want 16 at most", most)
			}
		},
		"of a session without a watcher, and of an unknown one": func(t *testing.T, f *fixture) {
			v, err := f.WatchedView(t.Context(), f.session().ID)
			wantError(t, err, nil)
			same(t, "state", v.State, page.Choose)
			_, stop := f.Watch("cs_unknown")
			defer stop()
			_, err = f.WatchedView(t.Context(), "cs_unknown")
			wantError(t, err, checkout.ErrNotFound)
		},
		"has the remaining time of now": func(t *testing.T, f *fixture) {
			id := f.session().ID
			_, stop := f.Watch(id)
			defer stop()
			before, err := f.WatchedView(t.Context(), id)
			wantError(t, err, nil)
			time.Sleep(time.Minute)
			after, err := f.WatchedView(t.Context(), id)
			wantError(t, err, nil)
			same(t, "time between the views", before.Remaining-after.Remaining, time.Minute)
		},
	})
}

// A node that is killed right after a commit tells no other node of it. The others find
// the change themselves.
func TestChangeThatNobodyTold(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.pending()
		other := f.node(func(*checkout.Config) {})
		changed, stop := other.Watch(a.SessionID)
		defer stop()
		view := func() page.State {
			v, err := other.WatchedView(t.Context(), a.SessionID)
			wantError(t, err, nil)
			return v.State
		}
		sweep := func() (woken bool) {
			time.Sleep(30 * time.Second)
			other.SweepWatched(t.Context())
			f.waitUntilIdle()
			select {
			case <-changed:
				return true
			default:
				return false
			}
		}
		same(t, "state", view(), page.Redirecting)
		for sweep() { // the queries of the attempt change it at first
			view()
		}
		for range 3 {
			same(t, "woken after a query that changed nothing", sweep(), false)
		}
		f.gateway.pay(a.OutTradeNo)
		f.confirm(a) // another node
		same(t, "state of a node that does not know", view(), page.Redirecting)
		same(t, "woken by the sweep", sweep(), true)
		same(t, "state after the sweep", view(), page.Paid)
		same(t, "woken again", sweep(), false)
	})
}
