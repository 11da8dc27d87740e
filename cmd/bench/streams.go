package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/rig"
	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
)

// The measures of open pages.
const (
	openStreams    measure = "open streams of the following lines"
	streamsPerGiB  measure = "streams in one GiB"
	streamLatency  measure = "from notification to an open page: 99th percentile"
	stopTime       measure = "from the signal to stop until the end"
	backAfter      measure = "from the next start until all streams are back"
	queriesBefore  measure = "queries a second in the 10 s before the stop"
	queriesAfter   measure = "queries a second in the 15 s from the next start"
	queriesHighest measure = "queries in the busiest of these seconds"
)

const (
	// sources is how many addresses of the loopback interface the pages come from,
	// because one client may have 512 streams.
	sources = 32
	// opening is how many pages connect at the same time.
	opening = 64
	// changes is how many sessions are paid while all pages are open, changeRate how
	// many a second.
	changes    = 300
	changeRate = 50
	// liveWithin is how long the bench waits until all streams are live.
	liveWithin = time.Minute
	// countBefore and countFor are how long queries are counted before and after a restart.
	countBefore = 10 * time.Second
	countFor    = 15 * time.Second
)

// streams measures many open pages.
func (b *bench) streams(ctx context.Context) error {
	n, err := b.streamCount()
	if err != nil {
		return err
	}
	for _, name := range b.names {
		b.progress("%d streams: %s", n, name)
		of := subject{name, sqlite}
		w := &watched{bench: b, of: of}
		if err := w.measure(ctx, n); err != nil {
			return fmt.Errorf("%s with %d streams: %w", name, n, err)
		}
		b.results.add(of, openStreams, float64(n))
	}
	return nil
}

// streamCount returns how many streams this process can open: b.scale.streams, or fewer
// where a process may open few files. The checkout allows streams for half of them.
func (b *bench) streamCount() (int, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	return int(min(uint64(b.scale.streams), limit.Max/2-limit.Max/20)), nil // #nosec G115 -- at most b.scale.streams
}

// watched is a checkout whose pages are open.
type watched struct {
	*bench
	*sale
	of       subject
	sessions []*payment
	viewers  []*viewer
	// memoryBefore is the memory of the checkout without a page, in bytes.
	memoryBefore int64
}

func (w *watched) measure(ctx context.Context, n int) (err error) {
	if w.sale, err = w.bench.town.open(ctx, place{binary: w.paths[w.of.binary], engine: sqlite}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.sale.close()) }()
	if err := w.createSessions(ctx, n); err != nil {
		return err
	}
	if err := w.restart(ctx); err != nil { // so that the memory is that of the streams alone
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	for _, step := range []func() error{
		func() error { return w.openAll(ctx, &all) },
		func() error { return w.change(ctx) },
		func() error { return w.comeBack(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (w *watched) createSessions(ctx context.Context, n int) error {
	w.sessions = make([]*payment, n)
	_, err := w.target.Closed(ctx, clients, n, func(c *wire.Conn, i int) (err error) {
		w.sessions[i], err = w.create(c, rig.Quiet)
		return err
	})
	return err
}

// openAll opens the pages.
func (w *watched) openAll(ctx context.Context, all *sync.WaitGroup) (err error) {
	time.Sleep(time.Second)
	if w.memoryBefore, err = w.node.Memory(); err != nil {
		return err
	}
	turns := make(chan struct{}, opening)
	for i, p := range w.sessions {
		v := newViewer(w.node.Addr, fmt.Sprintf("127.0.1.%d", 1+i%sources), p.session)
		w.viewers = append(w.viewers, v)
		turns <- struct{}{}
		all.Go(func() { v.run(ctx, func() { <-turns }) })
	}
	if _, err := w.awaitLive(ctx, time.Now()); err != nil {
		return err
	}
	return nil
}

// reportMemory reports the memory that a stream takes. It is called when the streams have
// been open for some time: Go's runtime then has given back what opening them has taken.
func (w *watched) reportMemory() error {
	memory, err := w.node.Memory()
	w.results.add(w.of, streamsPerGiB, float64(len(w.viewers))*(1<<30)/float64(memory-w.memoryBefore))
	return err
}

// awaitLive waits until all streams are live. It returns how long that took since begin.
func (w *watched) awaitLive(ctx context.Context, begin time.Time) (time.Duration, error) {
	deadline := time.Now().Add(liveWithin)
	for {
		live := 0
		for _, v := range w.viewers {
			if v.isLive.Load() {
				live++
			}
		}
		if live == len(w.viewers) {
			return time.Since(begin), nil
		}
		if !time.Now().Before(deadline) || !wire.SleepUntil(ctx, time.Now().Add(10*time.Millisecond)) {
			return 0, fmt.Errorf("%d of %d streams are live after %s", live, len(w.viewers), liveWithin)
		}
	}
}

// change pays sessions one after the other, and reports when their pages show it.
func (w *watched) change(ctx context.Context) error {
	n := min(changes, len(w.sessions))
	timed, cancel := context.WithTimeout(ctx, time.Duration(n)*time.Second/changeRate)
	defer cancel()
	_, _, err := w.target.Open(timed, changeRate, clients, func(c *wire.Conn, i int) error {
		_, err := w.pay(c, w.sessions[i%n])
		return err
	})
	w.results.add(w.of, streamLatency, millis(percentile(w.latencies(ctx, n), .99)))
	// Pages of paid sessions close their streams.
	w.viewers = w.viewers[n:]
	return err
}

// latencies returns how long it took from the notification until the page showed it, for
// each of the first n pages whose session was paid. It waits for them until patience is
// over; then they are missing.
func (w *watched) latencies(ctx context.Context, n int) []time.Duration {
	var took []time.Duration
	deadline := time.Now().Add(patience)
	for i, v := range w.viewers[:n] {
		if w.sessions[i].notifiedAt.IsZero() {
			continue
		}
		for v.paidAt.Load() == nil && time.Now().Before(deadline) {
			if !wire.SleepUntil(ctx, time.Now().Add(10*time.Millisecond)) {
				break
			}
		}
		if at := v.paidAt.Load(); at != nil {
			took = append(took, at.Sub(w.sessions[i].notifiedAt))
		} else {
			took = append(took, missing)
		}
	}
	return took
}

// comeBack restarts the checkout, and reports when the streams are back and what the
// gateway sees.
func (w *watched) comeBack(ctx context.Context) error {
	before := w.gateway.Counts().Queries
	time.Sleep(countBefore)
	w.results.add(w.of, queriesBefore, perSecond(int(w.gateway.Counts().Queries-before), countBefore))
	if err := w.reportMemory(); err != nil {
		return err
	}
	stop := time.Now()
	if err := w.node.Stop(); err != nil {
		return err
	}
	w.results.add(w.of, stopTime, time.Since(stop).Seconds())
	for _, v := range w.viewers {
		v.isLive.Store(false)
	}
	begin := time.Now()
	counted := make(chan error, 1)
	go func() { counted <- w.countQueries(ctx) }()
	if err := w.start(ctx); err != nil {
		return err
	}
	back, err := w.awaitLive(ctx, begin)
	w.results.add(w.of, backAfter, back.Seconds())
	return errors.Join(err, <-counted)
}

// countQueries reports the queries of the seconds that follow.
func (w *watched) countQueries(ctx context.Context) error {
	before := w.gateway.Counts().Queries
	last, most := before, int64(0)
	for range int(countFor / time.Second) {
		if !wire.SleepUntil(ctx, time.Now().Add(time.Second)) {
			return ctx.Err()
		}
		now := w.gateway.Counts().Queries
		most, last = max(most, now-last), now
	}
	w.results.add(w.of, queriesAfter, perSecond(int(last-before), countFor))
	w.results.add(w.of, queriesHighest, float64(most))
	return nil
}

// restart stops the checkout and starts it again.
func (w *watched) restart(ctx context.Context) error {
	if err := w.node.Stop(); err != nil {
		return err
	}
	return w.start(ctx)
}

// start starts the checkout again on its address and its data.
func (w *watched) start(ctx context.Context) (err error) {
	again, err := w.bench.town.start(ctx, w.plan)
	if err == nil {
		w.sale.node = again.node
	}
	return err
}
