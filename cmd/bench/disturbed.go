package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/rig"
	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
)

// Each disturbance has an acknowledgement and a rate: see ackOf and rateOf.
const (
	undisturbed  = "nothing disturbs"
	hangingShop  = "one shop hangs"
	slowAccount  = "one shop's gateway takes 5 s"
	slowVisitors = "5,000 clients are slow"
)

// slowConnected is how many of the slow clients are connected at the end.
const slowConnected measure = "slow clients that are connected"

func ackOf(disturbance string) measure {
	return measure(disturbance + ": acknowledgement of a notification, 99th percentile")
}

func rateOf(disturbance string) measure {
	return measure(disturbance + ": webhooks of the other shop")
}

const (
	// calm is how many clients take payments in a closed loop while something disturbs
	// the checkout.
	calm = 16
	// disturbing is how many payments of the disturbed shop there are.
	disturbing = 200
)

// disturbed measures the payments of one shop while something disturbs the checkout.
func (b *bench) disturbed(ctx context.Context) error {
	for _, d := range []struct {
		name    string
		disturb func(*victim, context.Context, *sync.WaitGroup) error
	}{
		{undisturbed, func(*victim, context.Context, *sync.WaitGroup) error { return nil }},
		{hangingShop, (*victim).hang}, {slowAccount, (*victim).slowGateway}, {slowVisitors, (*victim).slowClients},
	} {
		for _, name := range b.names {
			b.progress("%s: %s", d.name, name)
			if err := b.disturb(ctx, subject{name, sqlite}, d.name, d.disturb); err != nil {
				return fmt.Errorf("%s while %s: %w", name, d.name, err)
			}
		}
	}
	return nil
}

// victim is a checkout that something disturbs.
type victim struct {
	*sale
	slow      int // how many slow clients there are
	connected atomic.Int64

	mu   sync.Mutex
	acks []time.Duration
	// failure is why the disturbing payments ended early.
	failure error
}

// disturb starts a checkout, disturbs it, and measures it meanwhile.
func (b *bench) disturb(ctx context.Context, of subject, what string, begin func(*victim, context.Context, *sync.WaitGroup) error) (err error) {
	s, err := b.town.open(ctx, place{binary: b.paths[of.binary], engine: sqlite})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	v := &victim{sale: s, slow: b.scale.slowClients}
	disturbing, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	if err := begin(v, disturbing, &all); err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, b.scale.whole)
	defer cancel()
	start := time.Now()
	n, err := v.target.Closed(timed, calm, 0, func(c *wire.Conn, _ int) error { return v.payment(ctx, c) })
	b.results.add(of, rateOf(what), perSecond(n, time.Since(start)))
	if connected := v.connected.Load(); connected > 0 {
		b.results.add(of, slowConnected, float64(connected))
	}
	ack, failure := v.outcome()
	b.results.add(of, ackOf(what), millis(ack))
	return errors.Join(err, failure)
}

// outcome returns the 99th percentile of the acknowledgements, and why the disturbing
// payments ended early. They may still go on.
func (v *victim) outcome() (ack time.Duration, failure error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return percentile(v.acks, .99), v.failure
}

// payment takes one payment of the shop that is not disturbed.
func (v *victim) payment(ctx context.Context, c *wire.Conn) error {
	p, err := v.create(c, rig.Told)
	if err != nil {
		return err
	}
	if err := v.acknowledged(c, p); err != nil {
		return err
	}
	_, err = v.told.Await(ctx, p.reference)
	return err
}

// acknowledged pays a session and notes how long the acknowledgement took.
func (v *victim) acknowledged(c *wire.Conn, p *payment) error {
	took, err := v.pay(c, p)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.acks = append(v.acks, took)
	return nil
}

// hang pays sessions of the shop that hangs. Their acknowledgements count too.
func (v *victim) hang(ctx context.Context, _ *sync.WaitGroup) error {
	_, err := v.target.Closed(ctx, clients, disturbing, func(c *wire.Conn, _ int) error {
		p, err := v.create(c, rig.Hanging)
		if err == nil {
			err = v.acknowledged(c, p)
		}
		return err
	})
	return err
}

// slowGateway creates sessions of a shop whose gateway is slow, and then pays them one
// after the other. Their acknowledgements count too.
func (v *victim) slowGateway(ctx context.Context, all *sync.WaitGroup) error {
	sessions := make([]*payment, disturbing)
	_, err := v.target.Closed(ctx, disturbing, disturbing, func(c *wire.Conn, n int) (err error) {
		sessions[n], err = v.create(c, rig.Slow)
		return err
	})
	if err != nil {
		return err
	}
	all.Go(func() {
		_, _, err := v.target.Open(ctx, changeRate, calm, func(c *wire.Conn, n int) error {
			if n >= len(sessions) {
				return nil
			}
			return v.acknowledged(c, sessions[n])
		})
		v.mu.Lock()
		defer v.mu.Unlock()
		v.failure = err
	})
	return nil
}

// slowClients opens connections that send one byte of a request a second, and open
// again when the checkout has closed them.
func (v *victim) slowClients(ctx context.Context, all *sync.WaitGroup) error {
	for i := range v.slow {
		all.Go(func() {
			for wire.SleepUntil(ctx, time.Now().Add(rand.N(time.Second))) { // #nosec G404 -- so that they do not come together
				v.sendSlowly(ctx, fmt.Sprintf("127.0.1.%d", 1+i%sources))
			}
		})
	}
	deadline := time.Now().Add(patience)
	for int(v.connected.Load()) < v.slow && time.Now().Before(deadline) && wire.SleepUntil(ctx, time.Now().Add(10*time.Millisecond)) {
	}
	return nil
}

func (v *victim) sendSlowly(ctx context.Context, from string) {
	c, err := wire.Dial(ctx, v.node.Addr, from)
	if err != nil {
		return
	}
	v.connected.Add(1)
	defer func() {
		v.connected.Add(-1)
		_ = c.Close()
	}()
	err = c.Send([]byte("GET /c/ HTTP/1.1\r\nHost: localhost\r\nX-Slow: "))
	for err == nil && wire.SleepUntil(ctx, time.Now().Add(time.Second)) {
		err = c.Send([]byte("x"))
	}
}
