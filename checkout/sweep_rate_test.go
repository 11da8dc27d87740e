package checkout_test

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// bound limits the queries of merchants, and makes a Service with these merchants.
func (f *fixture) bound(perSecond map[string]int) {
	f.t.Helper()
	c := f.config()
	for merchant, n := range perSecond {
		c.Merchants[merchant] = checkout.Merchant{ID: merchant, QueriesPerSecond: n}
	}
	f.configure(c)
}

// openOrders returns n orders of a merchant that have been open for 10 minutes, each of
// its own session. The next query of each is due now.
func (f *fixture) openOrders(merchant string, n int) []checkout.Attempt {
	f.t.Helper()
	ticket := newTicket()
	ticket.Merchant = merchant
	s, err := f.Create(f.t.Context(), ticket)
	wantError(f.t, err, nil)
	first := f.start(s, flow.WalletAlipayCN)
	s = f.readSession(s.ID)
	placed := f.gateway.order(first.OutTradeNo)
	all := make([]checkout.Attempt, n)
	for i := range all {
		session, a, o := s, first, placed
		id := newTestID(f.t)
		session.ID, a.SessionID, a.ID, a.OutTradeNo, a.TradeID = "cs_"+id, "cs_"+id, "at_"+id, id, "T"+id
		a.NotifyToken = newTestID(f.t)
		a.CreatedAt, a.NextQueryAt = a.CreatedAt.Add(-10*time.Minute), time.Now()
		o.Order.OutTradeNo, o.OrderStatus.OutTradeNo, o.TradeID = a.OutTradeNo, a.OutTradeNo, a.TradeID
		f.memory.sessions[session.ID], f.memory.attempts[a.ID] = session, memoryAttempt{Attempt: a}
		f.gateway.orders[a.OutTradeNo] = &o
		all[i] = a
	}
	// The order that was copied is never due.
	delete(f.memory.attempts, first.ID)
	delete(f.memory.sessions, s.ID)
	return all
}

func newTestID(t *testing.T) string {
	t.Helper()
	id, err := checkout.NewID(rand.Reader, "")
	wantError(t, err, nil)
	return id
}

// sweepAsTheWorker sweeps every 2 s for a while. Each sweep may last 30 s, and does not
// delay the next.
func (f *fixture) sweepAsTheWorker(d time.Duration) {
	f.t.Helper()
	var wg sync.WaitGroup
	for range d / sweepInterval {
		f.SweepWatched(f.t.Context())
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
			defer cancel()
			wantError(f.t, f.Sweep(ctx), nil)
		})
		time.Sleep(sweepInterval)
	}
	f.t.Cleanup(wg.Wait)
}

// callTimes has the times of the calls of the gateway, by merchant.
type callTimes struct {
	mu  sync.Mutex
	all map[string][]time.Time
}

// noteCalls notes each query and each close from now on.
func (f *fixture) noteCalls() *callTimes {
	c := &callTimes{all: map[string][]time.Time{}}
	note := func(o *order) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.all[o.Merchant] = append(c.all[o.Merchant], time.Now())
		return nil
	}
	f.gateway.script(func() { f.gateway.beforeQuery, f.gateway.beforeClose = note, note })
	return c
}

// count returns the number of calls for a merchant.
func (c *callTimes) count(merchant string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all[merchant])
}

// most returns the most calls for a merchant in any period of this length.
func (c *callTimes) most(merchant string, period time.Duration) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	times, most, first := slices.SortedFunc(slices.Values(c.all[merchant]), time.Time.Compare), 0, 0
	for last := range times {
		for times[last].Sub(times[first]) >= period {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// TestSweepKeepsUp has a hundredth of 100,000 open orders and of the default rate.
// Nobody notifies, and no page watches. All are due at first, as after an outage.
func TestSweepKeepsUp(t *testing.T) {
	const orders, perSecond = 100_000 / 100, checkout.DefaultQueriesPerSecond / 100
	inBubble(t, func(t *testing.T, f *fixture) {
		f.bound(map[string]int{"sale": perSecond})
		all := f.openOrders("sale", orders)
		calls := f.noteCalls()
		f.sweepAsTheWorker(orders / perSecond * time.Second)
		if n := calls.count("sale"); n < orders*98/100 {
			t.Errorf("%d queries in the first %d s, want about %d", n, orders/perSecond, orders)
		}
		f.sweepAsTheWorker(10 * time.Minute)
		if most := calls.most("sale", time.Second); most > perSecond*11/10+1 {
			t.Errorf("%d queries in a second, want %d and a tenth at most", most, perSecond)
		}
		for _, a := range all {
			a = f.readAttempt(a)
			if a.Queries < 2 || time.Since(a.QueriedAt) > 5*time.Minute+15*time.Second {
				t.Fatalf("an order was queried %d times, last %s ago, want a query each 5 minutes", a.Queries, time.Since(a.QueriedAt))
			}
		}
		t.Logf("%.1f queries a second for %d orders", float64(calls.count("sale"))/time.Since(all[0].NextQueryAt).Seconds(), orders)
	})
}

func TestQueriesPerSecond(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"the longest due come first, and other merchants do not wait": func(t *testing.T, f *fixture) {
			f.bound(map[string]int{"busy": 10, "other": 100})
			busy, other := f.openOrders("busy", 200), f.openOrders("other", 90)
			for i, a := range busy {
				a.NextQueryAt = a.NextQueryAt.Add(-time.Duration(i) * time.Second)
				f.memory.attempts[a.ID] = memoryAttempt{Attempt: a}
			}
			f.noteCalls()
			f.sweepAsTheWorker(4 * time.Second)
			queried := 0
			for i := len(busy) - 1; i >= 0; i-- {
				if f.readAttempt(busy[i]).Queries > 0 {
					if queried++; queried != len(busy)-i {
						t.Errorf("order %d of %d was queried before longer due ones", i, len(busy))
					}
				}
			}
			if queried < 38 || queried > 42 {
				t.Errorf("%d queries in 4 s, want 40", queried)
			}
			for _, a := range other {
				if f.readAttempt(a).Queries != 1 {
					t.Fatal("an order of another merchant was not queried once")
				}
			}
		},
		"a merchant whose gateway hangs delays no other": func(t *testing.T, f *fixture) {
			f.bound(map[string]int{"hangs": 100, "other": 100})
			f.openOrders("hangs", 500)
			f.gateway.slowMerchants = map[string]time.Duration{"hangs": time.Minute}
			f.sweepAsTheWorker(10 * time.Second)
			for range 3 {
				other := f.openOrders("other", 20)
				watched := f.openOrders("hangs", 1)[0]
				_, stop := f.Watch(watched.SessionID)
				f.sweepAsTheWorker(4 * time.Second)
				stop()
				for _, a := range other {
					if f.readAttempt(a).Queries == 0 {
						t.Fatal("an order of another merchant was not queried within 4 s")
					}
				}
			}
		},
		"a query for a notification does not wait": func(t *testing.T, f *fixture) {
			f.bound(map[string]int{"busy": 1})
			all := f.openOrders("busy", 100)
			f.sweepAsTheWorker(4 * time.Second)
			a := all[99]
			f.gateway.pay(a.OutTradeNo)
			f.notify(a, nil)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"queries that do not wait are counted, up to four": func(t *testing.T, f *fixture) {
			f.bound(map[string]int{"busy": 10})
			all := f.openOrders("busy", 101)
			f.memory.setNextQuery(all[:100], time.Now().Add(time.Hour))
			var wg sync.WaitGroup
			for _, a := range all[:100] {
				wg.Go(func() { _, _ = f.Confirm(t.Context(), a.ID, checkout.CauseBrowser) })
			}
			synctest.Wait()
			began := time.Now()
			wantError(t, f.Sweep(t.Context()), nil)
			if took := time.Since(began); took < 400*time.Millisecond || took > 500*time.Millisecond {
				t.Errorf("the sweep's query was answered after %s, want 400 ms and the gateway's 50 ms", took)
			}
			wg.Wait()
		},
		"due work keeps a quarter beside queries that exceed the rate": func(t *testing.T, f *fixture) {
			f.bound(map[string]int{"busy": 20})
			all := f.openOrders("busy", 600)
			f.memory.setNextQuery(all[:400], time.Now().Add(time.Hour))
			var shoppers sync.WaitGroup
			for i := range 400 { // in 10 s: twice the rate
				shoppers.Go(func() {
					time.Sleep(time.Duration(i) * time.Second / 40)
					_, _ = f.Confirm(t.Context(), all[i].ID, checkout.CauseBrowser)
				})
			}
			f.sweepAsTheWorker(10 * time.Second)
			shoppers.Wait()
			if due := f.queried(all[400:]); due < 40 {
				t.Errorf("%d queries that were due in 10 s, want 50", due)
			}
		},
		"attempts that have ended get a quarter at most": func(t *testing.T, f *fixture) {
			f.bound(map[string]int{"busy": 20})
			all := f.openOrders("busy", 400)
			f.memory.end(all[200:])
			f.sweepAsTheWorker(8 * time.Second)
			live, ended := f.queried(all[:200]), f.queried(all[200:])
			if live < 116 || ended < 30 || ended > 42 {
				t.Errorf("%d queries about live attempts and %d about ended ones in 8 s, want 120 and 40", live, ended)
			}
		},
		"calls to end sessions wait, and sessions without an order do not": func(t *testing.T, f *fixture) {
			f.bound(map[string]int{"busy": 20, "none": 1})
			all := f.openOrders("busy", 300)
			empty := f.openOrders("none", 300)
			f.memory.expire(all)
			f.memory.expire(empty)
			for _, a := range empty {
				delete(f.memory.attempts, a.ID)
			}
			calls := f.noteCalls()
			f.sweepAsTheWorker(4 * time.Second)
			for _, a := range empty {
				same(t, "status of a session without an order", f.readSession(a.SessionID).Status, checkout.StatusExpired)
			}
			f.sweepAsTheWorker(28 * time.Second)
			if most := calls.most("busy", time.Second); most > 20+3 {
				t.Errorf("%d calls in a second, want 20", most)
			}
			if n := calls.count("busy"); n < 600 {
				t.Errorf("%d calls in 32 s, want a query and a close of each of 300 orders", n)
			}
		},
		"a store that takes no changes does not keep the sweep busy": func(t *testing.T, f *fixture) {
			all := f.openOrders("shop", 300)
			f.memory.expire(all)
			for i, a := range all {
				delete(f.memory.attempts, a.ID)
				session := f.memory.sessions[a.SessionID]
				session.ConcludeAt = session.ConcludeAt.Add(-time.Duration(i) * time.Second)
				f.memory.sessions[session.ID] = session
			}
			reads := 0
			f.memory.broken = func(method string) error {
				switch method {
				case "Apply", "PostponeConclusion":
					return errors.New("the disk is full")
				case "ExpiringSessions":
					if reads++; reads > 20 {
						return errors.New("the sweep does not end")
					}
				default:
				}
				return nil
			}
			wantError(t, f.Sweep(t.Context()), nil)
			f.memory.broken = nil
			wantError(t, f.Sweep(t.Context()), nil)
			for _, a := range all {
				same(t, "status of a session", f.readSession(a.SessionID).Status, checkout.StatusExpired)
			}
		},
		"a restart with many pages is no herd": func(t *testing.T, f *fixture) {
			f.bound(map[string]int{"busy": 100})
			all := f.openOrders("busy", 2500)
			f.memory.setNextQuery(all, time.Now().Add(time.Hour))
			calls := f.noteCalls()
			for _, a := range all {
				_, stop := f.Watch(a.SessionID)
				defer stop()
			}
			f.sweepAsTheWorker(30 * time.Second)
			if most := calls.most("busy", time.Second); most > 100+11 {
				t.Errorf("%d queries in a second, want 100", most)
			}
			same(t, "watched orders that were queried", f.queried(all), 2500)
		},
	})
}

// queried returns how many of some attempts were queried.
func (f *fixture) queried(some []checkout.Attempt) int {
	f.t.Helper()
	n := 0
	for _, a := range some {
		if f.readAttempt(a).Queries > 0 {
			n++
		}
	}
	return n
}

// setNextQuery sets when attempts are queried next.
func (m *memory) setNextQuery(some []checkout.Attempt, at time.Time) {
	m.change(some, func(a *checkout.Attempt, _ *checkout.Session) { a.NextQueryAt = at })
}

// end ends attempts, which are still due.
func (m *memory) end(some []checkout.Attempt) {
	m.change(some, func(a *checkout.Attempt, s *checkout.Session) {
		a.State, a.EndedAt, s.Status = checkout.AttemptClosed, time.Now(), checkout.StatusExpired
	})
}

// expire lets the sessions of attempts expire. The attempts are not due.
func (m *memory) expire(some []checkout.Attempt) {
	m.change(some, func(a *checkout.Attempt, s *checkout.Session) {
		a.NextQueryAt, s.ExpiresAt, s.ConcludeAt = time.Now().Add(time.Hour), time.Now(), time.Now()
	})
}

// change changes attempts and their sessions.
func (m *memory) change(some []checkout.Attempt, do func(*checkout.Attempt, *checkout.Session)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range some {
		stored, session := m.attempts[a.ID], m.sessions[a.SessionID]
		do(&stored.Attempt, &session)
		m.attempts[a.ID], m.sessions[session.ID] = stored, session
	}
}

// TestSweepsOverlap checks that a sweep does not begin what another one is beginning.
func TestSweepsOverlap(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		f.bound(map[string]int{"shop": 20})
		all := f.openOrders("shop", 100)
		calls := f.noteCalls()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { wantError(t, f.Sweep(t.Context()), nil) })
		}
		wg.Wait()
		same(t, "queries", calls.count("shop"), len(all))
		same(t, "merchants", slices.Collect(maps.Keys(calls.all)), []string{"shop"})
	})
}
