package checkout_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// slowReads is a store with one slow read. It acts as a node that is paused after a
// read, and that then decides with old data.
type slowReads struct {
	checkout.Store
	mu sync.Mutex
	// reads is the number of reads until the slow one, which counts too.
	reads int
	wait  time.Duration
}

// slow makes the n-th read of a session or an attempt from now on take d. A lease reads
// its attempt.
func (s *slowReads) slow(n int, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads, s.wait = n, d
}

// read counts a read, and waits if it is the slow one.
func (s *slowReads) read() {
	s.mu.Lock()
	s.reads--
	slow := s.reads == 0
	s.mu.Unlock()
	if slow {
		time.Sleep(s.wait)
	}
}

func (s *slowReads) Session(ctx context.Context, id string) (checkout.Session, error) {
	got, err := s.Store.Session(ctx, id)
	s.read()
	return got, err
}

func (s *slowReads) Attempt(ctx context.Context, id string) (checkout.Attempt, error) {
	got, err := s.Store.Attempt(ctx, id)
	s.read()
	return got, err
}

func (s *slowReads) LeaseAttempt(ctx context.Context, id string, now, queriedBefore, until time.Time) (checkout.Attempt, bool, error) {
	a, ok, err := s.Store.LeaseAttempt(ctx, id, now, queriedBefore, until)
	s.read()
	return a, ok, err
}

// node returns another Service over the fixture's store and gateway. change changes
// its configuration.
func (f *fixture) node(change func(*checkout.Config)) *checkout.Service {
	f.t.Helper()
	c := f.config()
	change(&c)
	s, err := checkout.New(c)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// slowNode returns a node, and the store that can make one of its reads slow.
func (f *fixture) slowNode() (*checkout.Service, *slowReads) {
	f.t.Helper()
	reads := &slowReads{Store: f.memory}
	f.t.Cleanup(func() {
		reads.mu.Lock()
		defer reads.mu.Unlock()
		if reads.reads > 0 {
			f.t.Errorf("the read that should be slow was not made: %d reads before it were left", reads.reads)
		}
	})
	return f.node(func(c *checkout.Config) { c.Store = reads }), reads
}

// wrongClock is a clock that is ahead by its value.
type wrongClock time.Duration

func (c wrongClock) Now() time.Time { return time.Now().Add(time.Duration(c)) }

// checkEventVersions checks that the versions of a session's events rise, and that the
// last event has the session as it is stored.
func (f *fixture) checkEventVersions(sessionID string) {
	f.t.Helper()
	events, err := f.store.Events(f.t.Context(), sessionID)
	wantError(f.t, err, nil)
	last := int64(0)
	for _, e := range events {
		if e.Version <= last || e.Version != e.Session.Version {
			f.t.Errorf("event %s has version %d and its session %d, after version %d", e.Type, e.Version, e.Session.Version, last)
		}
		last = e.Version
	}
	stored := f.readSession(sessionID)
	if len(events) == 0 {
		f.t.Fatal("the session has no events")
	}
	got := events[len(events)-1].Session
	got.Version = stored.Version // changes without an event may have followed
	same(f.t, "the session in the newest event", got, f.Public(stored))
}

// Of two events of a session the one with the greater version is newer, also if the
// clocks of the nodes differ.
func TestEventVersionsRise(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"a refund by a node whose clock is behind": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			ahead := f.node(func(c *checkout.Config) { c.Clock = wrongClock(2 * time.Second) })
			_, err := ahead.Confirm(t.Context(), a.ID, checkout.CauseSchedule)
			wantError(t, err, nil)
			_, err = f.Refund(t.Context(), a.SessionID, checkout.NewRefund{Amount: a.Amount})
			wantError(t, err, nil)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundSucceeded)
			f.checkEventVersions(a.SessionID)
		},
		"a late payment found by a node whose clock is behind": func(t *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateAccept, false)
			a := f.pending()
			f.gateway.script(func() { f.gateway.afterClose = func(o *order) error { o.State = checkout.OrderPaid; return nil } })
			for f.readSession(a.SessionID).Status == checkout.StatusOpen {
				f.sweepFor(2 * time.Second)
			}
			behind := f.node(func(c *checkout.Config) {
				c.Clock = wrongClock(-5 * time.Second)
				c.Merchants = map[string]checkout.Merchant{shop: {ID: shop, PaidLate: checkout.LateAccept}}
			})
			_, err := behind.Notify(t.Context(), a.NotifyToken, notification(a, nil))
			wantError(t, err, nil)
			f.waitUntilIdle()
			f.checkEvents(a.SessionID, checkout.EventExpired, checkout.EventPaidLate, checkout.EventPaid)
			f.checkEventVersions(a.SessionID)
		},
	})
}

// An event that was made from an old read of the session is made again.
func TestEventsCarryTheNewestSession(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"a refused order at the same time as a payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			node, reads := f.slowNode()
			f.gateway.script(func() { f.gateway.beforeCreate = func(*order) error { return checkout.ErrRefused } })
			reads.slow(2, time.Second) // the session, after its order was refused
			done := make(chan error)
			go func() {
				_, err := node.Start(context.Background(), request(f.readSession(a.SessionID), flow.WalletWeChat))
				done <- err
			}()
			time.Sleep(300 * time.Millisecond)
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			wantError(t, <-done, checkout.ErrRefused)
			f.checkEventVersions(a.SessionID)
		},
		"a mismatched notification at the same time as a payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			node, reads := f.slowNode()
			reads.slow(1, time.Second) // the session, for the event
			done := make(chan error)
			go func() {
				_, err := node.Notify(context.Background(), a.NotifyToken, notification(a, func(n *fakeNotification) { n.Amount-- }))
				done <- err
			}()
			time.Sleep(300 * time.Millisecond)
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			wantError(t, <-done, nil)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventNotificationMismatch)
			f.checkEventVersions(a.SessionID)
		},
		"refunds of both payments at the same time": func(t *testing.T, f *fixture) {
			f = f.withPolicy(checkout.LateHold, true)
			node, reads := f.slowNode()
			s := f.session()
			for _, a := range []checkout.Attempt{f.start(s, flow.WalletAlipayCN), f.start(s, flow.WalletWeChat)} {
				f.gateway.pay(a.OutTradeNo)
				f.confirm(a)
			}
			done := make(chan error)
			reads.slow(3, time.Second) // the session, after its refund was made
			go func() {
				_, err := node.Refund(context.Background(), s.ID, checkout.NewRefund{Amount: s.Amount, Second: true})
				done <- err
			}()
			time.Sleep(300 * time.Millisecond)
			_, err := f.Refund(t.Context(), s.ID, checkout.NewRefund{Amount: s.Amount})
			wantError(t, err, nil)
			wantError(t, <-done, nil)
			f.checkEvents(s.ID, checkout.EventPaid, checkout.EventPaidTwice, checkout.EventRefundSucceeded, checkout.EventRefundSucceeded)
			f.checkEventVersions(s.ID)
		},
	})
}
