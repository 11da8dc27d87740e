package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/rig"
	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
)

// The measures of a round, on each engine.
const (
	sessionsRate measure = "sessions with an order"
	pagesRate    measure = "pages"
	pageSize     measure = "a page on the wire"
	pageHead     measure = "its headers"
	booksRate    measure = "payments confirmed in the books"
	wholeRate    measure = "whole payments"
	gatewayConns measure = "connections to the gateway for 100 payments"
	gatewayCalls measure = "queries for 100 payments"
	idleLatency  measure = "from notification to webhook, one at a time: median"
	busyLatency  measure = "from notification to webhook, at half of the peak: 99th percentile"
	webhooksRate measure = "webhooks to one shop"
	lastWebhook  measure = "the last webhook, after the last payment"
	startTime    measure = "from the start until ready"
	restMemory   measure = "memory at rest"
)

// rates measures the round of one checkout.
type rates struct {
	*sale
	scale  scale
	report func(measure, float64)
	// profile runs f while it takes a profile, if a profile of that measure is wanted.
	profile func(m measure, f func() error) error
	// keepPage keeps a page for the reference.
	keepPage func(body []byte, session string)
	// skipBurst is true if the webhooks of an earlier burst were not there in time.
	skipBurst bool

	mu       sync.Mutex
	sessions []*payment
	sizes    []float64
	took     []time.Duration
}

// run measures everything in turn. The burst is the last, because webhooks may be left
// over from it.
func (r *rates) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.rest, r.createSessions, r.getPages, r.confirm, r.payWhole, r.payAlone, r.burst} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// rest reports how the checkout started, and its memory before the first request.
func (r *rates) rest(context.Context) error {
	time.Sleep(time.Second)
	memory, err := r.node.Memory()
	r.report(startTime, float64(r.node.ReadyAfter.Microseconds())/1000)
	r.report(restMemory, float64(memory)/(1<<20))
	return err
}

// createSessions creates sessions of a shop without webhooks.
func (r *rates) createSessions(ctx context.Context) error {
	return r.timed(ctx, sessionsRate, r.scale.phase, func(c *wire.Conn, _ int) error {
		p, err := r.create(c, rig.Quiet)
		if err == nil {
			r.mu.Lock()
			r.sessions = append(r.sessions, p)
			r.mu.Unlock()
		}
		return err
	})
}

// timed runs a closed loop for some time and reports its rate.
func (r *rates) timed(ctx context.Context, m measure, lasts time.Duration, do func(*wire.Conn, int) error) error {
	return r.profile(m, func() error {
		ctx, cancel := context.WithTimeout(ctx, lasts)
		defer cancel()
		begin := time.Now()
		n, err := r.target.Closed(ctx, clients, 0, do)
		r.report(m, perSecond(n, time.Since(begin)))
		return err
	})
}

// getPages gets the page of each session in turn.
func (r *rates) getPages(ctx context.Context) error {
	if len(r.sessions) == 0 {
		return errors.New("no session was created")
	}
	var head int
	err := r.timed(ctx, pagesRate, r.scale.phase, func(c *wire.Conn, n int) error {
		got, err := r.page(c, r.sessions[n%len(r.sessions)])
		if err != nil || n%16 != 0 {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.sizes = append(r.sizes, float64(len(got.Body)))
		if head = got.Head; n == 0 {
			r.keepPage(bytes.Clone(got.Body), r.sessions[0].session)
		}
		return nil
	})
	r.report(pageSize, median(r.sizes))
	r.report(pageHead, float64(head))
	return err
}

// confirm pays all sessions that were created, and waits until the books have the
// payments.
func (r *rates) confirm(ctx context.Context) (err error) {
	books, err := rig.OpenBooks(r.plan)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	before, err := books.Paid(ctx, rig.Quiet)
	if err != nil {
		return err
	}
	return r.profile(booksRate, func() error {
		begin := time.Now()
		if err := r.payAll(ctx, r.sessions); err != nil {
			return err
		}
		if err := awaitPaid(ctx, books, before+len(r.sessions)); err != nil {
			return err
		}
		r.report(booksRate, perSecond(len(r.sessions), time.Since(begin)))
		return nil
	})
}

// payAll pays sessions, as fast as the notifications are acknowledged.
func (s *sale) payAll(ctx context.Context, sessions []*payment) error {
	_, err := s.target.Closed(ctx, clients, len(sessions), func(c *wire.Conn, n int) error {
		_, err := s.pay(c, sessions[n])
		return err
	})
	return err
}

// awaitPaid waits until the books have n payments of the shop without webhooks.
func awaitPaid(ctx context.Context, books *rig.Books, n int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		paid, err := books.Paid(ctx, rig.Quiet)
		if err != nil {
			return fmt.Errorf("%d of %d payments are in the books: %w", paid, n, err)
		}
		if paid >= n {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// payWhole takes whole payments in a closed loop, and then at half of that rate.
func (r *rates) payWhole(ctx context.Context) error {
	var rate float64
	var n int
	before := r.gateway.Counts()
	err := r.profile(wholeRate, func() (err error) {
		rate, n, err = r.wholePayments(ctx, r.scale.whole)
		return err
	})
	if err != nil {
		return err
	}
	after := r.gateway.Counts()
	r.report(wholeRate, rate)
	r.report(gatewayConns, 100*float64(after.Connections-before.Connections)/float64(n))
	r.report(gatewayCalls, 100*float64(after.Queries-before.Queries)/float64(n))
	return r.payAtHalf(ctx, rate/2)
}

// payAtHalf takes payments at a steady rate.
func (r *rates) payAtHalf(ctx context.Context, rate float64) error {
	timed, cancel := context.WithTimeout(ctx, r.scale.whole)
	defer cancel()
	_, _, err := r.target.Open(timed, rate, openClients, func(c *wire.Conn, _ int) error {
		latency, err := r.whole(ctx, c)
		r.mu.Lock()
		r.took = append(r.took, latency)
		r.mu.Unlock()
		return err
	})
	r.report(busyLatency, millis(percentile(r.took, .99)))
	return err
}

// openClients is how many payments may be under way at a steady rate.
const openClients = 256

// payAlone takes one payment after the other.
func (r *rates) payAlone(ctx context.Context) error {
	var took []time.Duration
	_, err := r.target.Closed(ctx, 1, r.scale.alone, func(c *wire.Conn, _ int) error {
		latency, err := r.whole(ctx, c)
		took = append(took, latency)
		return err
	})
	r.report(idleLatency, millis(percentile(took, .5)))
	return err
}

// missing is the time of what did not happen within patience.
const missing = time.Duration(math.MaxInt64)

// millis returns a time in milliseconds, and never for missing.
func millis(d time.Duration) float64 {
	if d == missing {
		return never
	}
	return float64(d.Microseconds()) / 1000
}

// burst pays many sessions at once, and measures the webhooks.
func (r *rates) burst(ctx context.Context) error {
	if r.skipBurst {
		return nil
	}
	sessions := make([]*payment, r.scale.burst)
	_, err := r.target.Closed(ctx, clients, len(sessions), func(c *wire.Conn, n int) (err error) {
		sessions[n], err = r.create(c, rig.Told)
		return err
	})
	if err != nil {
		return err
	}
	return r.profile(webhooksRate, func() error {
		if err := r.payAll(ctx, sessions); err != nil {
			return err
		}
		paid := time.Now()
		r.awaitTold(ctx, sessions)
		first, last, n := r.toldOf(sessions)
		r.report(webhooksRate, perSecond(n-1, last.Sub(first)))
		if n < len(sessions) {
			r.report(lastWebhook, never)
		} else {
			r.report(lastWebhook, max(0, last.Sub(paid).Seconds())) // it may come before the last acknowledgement
		}
		return nil
	})
}

// awaitTold waits until the shop was told of the sessions, for 10 s at most.
func (r *rates) awaitTold(ctx context.Context, sessions []*payment) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, p := range sessions {
		if _, err := r.told.Await(ctx, p.reference); err != nil {
			return // toldOf counts what is missing
		}
	}
}

// toldOf returns when the shop was told of the first and of the last of the sessions,
// and of how many it was told.
func (r *rates) toldOf(sessions []*payment) (first, last time.Time, n int) {
	for _, p := range sessions {
		at := r.told.ToldAt(p.reference)
		if at.IsZero() {
			continue
		}
		n++
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	return first, last, n
}
