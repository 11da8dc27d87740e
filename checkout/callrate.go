package checkout

import (
	"context"
	"sync"
	"time"
)

// DefaultQueriesPerSecond is the Merchant.QueriesPerSecond of a merchant that sets none.
// It keeps up with 100,000 open orders of one merchant that no page watches: they need
// about 350 queries a second.
const DefaultQueriesPerSecond = 400

// MaxQueriesPerSecond is the greatest Merchant.QueriesPerSecond.
const MaxQueriesPerSecond = 10_000

const (
	// callBurst is the part of a second whose calls may come at once after a pause.
	callBurst = time.Second / 10
	// maxCallDebt is how many calls that did not wait the due work waits for at a time. So
	// it gets a quarter of the rate even if they alone exceed the rate.
	maxCallDebt = 4
	// endedShare is the part of the rate that attempts that have ended get at most: 1/4.
	endedShare = 4
)

// callRates bounds the calls of the gateway for each merchant. The due work waits for
// its turn. Calls that a notification or a shopper causes are counted and do not wait.
//
// The bound is that of one process. It uses the monotonic clock.
type callRates struct {
	merchants map[string]Merchant

	mu  sync.Mutex
	all map[string]*merchantRate
}

// merchantRate is the rate of one merchant.
type merchantRate struct {
	perSecond int
	calls     callBucket
	// ended is for the queries about attempts that have ended. They need both buckets.
	ended callBucket
	// turns has a place for each kind of work. One caller of each kind waits at a time,
	// so the kinds take turns, however many callers a kind has.
	turns map[Work]chan struct{}
}

func newCallRates(merchants map[string]Merchant) *callRates {
	return &callRates{merchants: merchants, all: map[string]*merchantRate{}}
}

// of returns the rate of a merchant. A merchant that is not configured has the default.
func (r *callRates) of(merchant string) *merchantRate {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.all[merchant]
	if m == nil {
		perSecond := r.merchants[merchant].QueriesPerSecond
		if perSecond <= 0 {
			perSecond = DefaultQueriesPerSecond
		}
		m = newMerchantRate(perSecond)
		r.all[merchant] = m
	}
	return m
}

func newMerchantRate(perSecond int) *merchantRate {
	interval := time.Second / time.Duration(perSecond)
	m := &merchantRate{
		perSecond: perSecond,
		calls:     callBucket{interval: interval}, ended: callBucket{interval: endedShare * interval},
		turns: map[Work]chan struct{}{},
	}
	for _, work := range append(sweptWork, workWatched) {
		m.turns[work] = make(chan struct{}, 1)
	}
	return m
}

// atOnce returns how much work of a kind is done at once: what may begin in a second, up
// to most.
func (m *merchantRate) atOnce(most int) int { return min(m.perSecond, most) }

// wait waits until due work may make n calls. It returns the error of ctx if ctx is done
// before.
func (m *merchantRate) wait(ctx context.Context, work Work, n int) error {
	select {
	case m.turns[work] <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-m.turns[work] }()
	if work == WorkEnded {
		if err := sleep(ctx, m.ended.take(n)); err != nil {
			return err
		}
	}
	return sleep(ctx, m.calls.take(n))
}

// sleep waits for d, or for ctx, whose error it then returns.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// callBucket is a token bucket of calls.
type callBucket struct {
	// interval is the time between two calls.
	interval time.Duration

	mu sync.Mutex
	// next is when the next call may begin.
	next time.Time
}

// take takes the next n calls, and returns how long to wait before the first of them.
func (b *callBucket) take(n int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.takeLocked(n, time.Now())
}

func (b *callBucket) takeLocked(n int, now time.Time) time.Duration {
	if earliest := now.Add(-callBurst); b.next.Before(earliest) {
		b.next = earliest
	}
	wait := b.next.Sub(now)
	b.next = b.next.Add(time.Duration(n) * b.interval)
	return wait
}

// count takes a call that does not wait, unless the debt is at its limit: then the call
// is not counted.
func (b *callBucket) count() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.next.Sub(now) < maxCallDebt*b.interval {
		b.takeLocked(1, now)
	}
}
