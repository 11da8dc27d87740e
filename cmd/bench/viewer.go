package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/cmd/bench/internal/rig"
	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
	"github.com/wantukit/wantukit/web/client"
)

// viewer is an open page without a browser. It does what the page's own machine says:
// it keeps the stream open, polls, and waits as long as the page would.
type viewer struct {
	addr, from, session string
	begun               time.Time
	machine             *client.Machine
	stream              *wire.Conn // nil while it is closed
	timers              map[client.Timer]time.Time
	// pending are events that commands have caused.
	pending []client.Event

	// isLive is true after the stream has sent a status. paidAt is when the page learned
	// that its session is paid.
	isLive atomic.Bool
	paidAt atomic.Pointer[time.Time]
}

// forever is longer than any timer.
const forever = time.Hour

func newViewer(addr, from, session string) *viewer {
	return &viewer{
		addr: addr, from: from, session: session, begun: time.Now(), timers: map[client.Timer]time.Time{},
		machine: client.New(client.Page{State: page.Code, Attempt: session, Remaining: -1}),
	}
}

// run keeps the page open until ctx is done. It calls opened once the page has
// connected.
func (v *viewer) run(ctx context.Context, opened func()) {
	defer v.close()
	v.handle(ctx, client.Event{Kind: client.EventStarted})
	opened()
	for ctx.Err() == nil {
		timer, due := v.nextTimer()
		if v.stream == nil {
			wire.SleepUntil(ctx, due)
		} else if err := v.stream.Lines(due, v.read); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			v.close()
			v.pending = append(v.pending, client.Event{Kind: client.EventStreamLost})
		}
		for len(v.pending) > 0 {
			e := v.pending[0]
			v.pending = v.pending[1:]
			v.handle(ctx, e)
		}
		if timer != "" && !time.Now().Before(due) {
			delete(v.timers, timer)
			v.handle(ctx, client.Event{Kind: client.EventTimer, Timer: timer})
		}
	}
}

// nextTimer returns the timer that is due first, or "" and a time far away.
func (v *viewer) nextTimer() (timer client.Timer, due time.Time) {
	due = time.Now().Add(forever)
	for name, at := range v.timers {
		if at.Before(due) {
			timer, due = name, at
		}
	}
	return timer, due
}

// read handles a line of the stream. It returns false after a status, so that the
// machine learns of it at once.
func (v *viewer) read(line []byte) bool {
	data, isData := bytes.CutPrefix(line, []byte("data: "))
	if !isData {
		return true
	}
	v.isLive.Store(true)
	v.pending = append(v.pending, client.Event{Kind: client.EventStreamed, Status: v.status(data)})
	return false
}

// status notes what a status says. It keeps the attempt of newViewer and no countdown:
// another attempt would reload the page.
func (v *viewer) status(data []byte) client.Status {
	state := page.State(rig.Text(data, "state"))
	if state == page.Paid && v.paidAt.Load() == nil {
		now := time.Now()
		v.paidAt.Store(&now)
	}
	return client.Status{State: state, Attempt: v.session, Remaining: -1}
}

// handle passes an event to the machine and carries out its commands.
func (v *viewer) handle(ctx context.Context, e client.Event) {
	e.At = client.Millis(time.Since(v.begun).Milliseconds())
	for _, c := range v.machine.Handle(e) {
		switch c.Kind {
		case client.CommandOpenStream:
			v.open(ctx)
		case client.CommandCloseStream:
			v.close()
		case client.CommandPoll:
			v.pending = append(v.pending, v.poll(ctx))
		case client.CommandSetTimer:
			v.timers[c.Timer] = time.Now().Add(time.Duration(c.After) * time.Millisecond)
		case client.CommandClearTimer:
			delete(v.timers, c.Timer)
		default: // a viewer shows nothing
		}
	}
}

// open opens the stream. If that fails, the stream is lost.
func (v *viewer) open(ctx context.Context) {
	v.close()
	stream, err := wire.Dial(ctx, v.addr, v.from)
	if err == nil {
		err = stream.Send(get(v.addr, "/c/"+v.session+"/events", "identity"))
	}
	if err != nil {
		v.pending = append(v.pending, client.Event{Kind: client.EventStreamLost})
		return
	}
	v.stream = stream
}

func (v *viewer) close() {
	v.isLive.Store(false)
	if v.stream != nil {
		_ = v.stream.Close()
		v.stream = nil
	}
}

// poll gets the status once.
func (v *viewer) poll(ctx context.Context) client.Event {
	failed := client.Event{Kind: client.EventPollFailed}
	c, err := wire.Dial(ctx, v.addr, v.from)
	if err != nil {
		return failed
	}
	defer func() { _ = c.Close() }()
	r, err := c.Do(get(v.addr, "/c/"+v.session+"/status", "identity"))
	if err != nil || r.Status != 200 {
		return failed
	}
	return client.Event{Kind: client.EventPolled, Status: v.status(r.Body)}
}
