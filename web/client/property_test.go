package client_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

// world is a browser that behaves: it answers what it was asked, runs the
// timers that were set, and otherwise does as it likes.
type world struct {
	t      *testing.T
	rand   *rand.Rand
	now    client.Millis
	timers map[client.Timer]client.Millis
	polls  int
	stream bool
	gone   bool
	// replacing says that the page's new content is on its way.
	replacing bool
	shown     page.State
}

// carryOut does the commands and checks what must never be.
func (w *world) carryOut(commands []client.Command) {
	for _, c := range commands {
		switch c.Kind {
		case client.CommandPoll:
			w.polls++
		case client.CommandSetTimer:
			if c.After <= 0 {
				w.t.Fatalf("timer %s after %v would spin", c.Timer, c.After)
			}
			w.timers[c.Timer] = w.now + c.After
		case client.CommandClearTimer:
			delete(w.timers, c.Timer)
		case client.CommandOpenStream:
			w.stream = true
		case client.CommandCloseStream:
			w.stream = false
		case client.CommandShow:
			if !w.shown.CanMove(c.State) {
				w.t.Fatalf("moved from %s to %s", w.shown, c.State)
			}
			w.shown = c.State
		case client.CommandReload, client.CommandRenew:
			w.replacing = true
		case client.CommandNavigate:
			w.gone = true
		default: // looks only
		}
	}
	if w.polls > 1 {
		w.t.Fatal("two polls in flight")
	}
}

// next makes up an event that could happen now.
func (w *world) next() client.Event {
	w.now += client.Millis(w.rand.IntN(3000))
	e := w.pick()
	e.At = w.now
	return e
}

func (w *world) pick() client.Event {
	if w.replacing && w.rand.IntN(2) == 0 {
		w.replacing = false
		return client.Event{Kind: client.EventReplaced, Page: w.content()}
	}
	switch n := w.rand.IntN(10); {
	case n < 2 && w.polls > 0:
		w.polls--
		if w.rand.IntN(3) == 0 {
			return client.Event{Kind: client.EventPollFailed}
		}
		return client.Event{Kind: client.EventPolled, Status: w.status()}
	case n < 4 && w.stream:
		if w.rand.IntN(3) == 0 {
			w.stream = false
			return client.Event{Kind: client.EventStreamLost}
		}
		return client.Event{Kind: client.EventStreamed, Status: w.status()}
	case n < 7:
		if name, ok := w.due(); ok {
			delete(w.timers, name)
			return client.Event{Kind: client.EventTimer, Timer: name}
		}
	}
	anything := []client.Event{
		{Kind: client.EventVisible}, {Kind: client.EventHidden}, {Kind: client.EventPosted}, {Kind: client.EventBridgeReady},
		{Kind: client.EventClicked, Action: client.ActionPay}, {Kind: client.EventClicked, Action: client.ActionStay},
		{Kind: client.EventBridgeAnswered, Result: client.ResultOK},
		{Kind: client.EventBridgeAnswered, Result: client.ResultFail},
	}
	return anything[w.rand.IntN(len(anything))]
}

// due returns the timer that runs out first, and lets it.
func (w *world) due() (client.Timer, bool) {
	names := make([]client.Timer, 0, len(w.timers))
	for name := range w.timers {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "", false
	}
	slices.Sort(names)
	first := slices.MinFunc(names, func(a, b client.Timer) int { return int(w.timers[a] - w.timers[b]) })
	w.now = max(w.now, w.timers[first])
	return first, true
}

// content is what the server's page holds at last.
func (w *world) content() client.Page {
	s := w.status()
	w.shown = s.State
	return client.Page{State: s.State, Attempt: s.Attempt, Remaining: s.Remaining, Next: s.Next, Renew: w.rand.IntN(100) - 1}
}

func (w *world) status() client.Status {
	states := page.States()
	state := states[w.rand.IntN(len(states))]
	if state == page.Paid && w.rand.IntN(4) > 0 {
		state = page.Code
	}
	attempt := "a"
	if w.rand.IntN(50) == 0 {
		attempt = "b"
	}
	return client.Status{State: state, Attempt: attempt, Remaining: w.rand.IntN(900) - 1, Next: "https://shop.example/ok"}
}

func TestWhateverHappens(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		w := &world{t: t, rand: rand.New(rand.NewPCG(seed, 1)), timers: map[client.Timer]client.Millis{}, shown: page.Redirecting}
		loaded := client.Page{State: w.shown, Attempt: "a", Remaining: 600, JSAPI: true}
		one, other := client.New(loaded), client.New(loaded)
		e := client.Event{Kind: client.EventStarted}
		for range 200 {
			commands := one.Handle(e)
			if diff := cmp.Diff(commands, other.Handle(e)); diff != "" {
				t.Fatalf("seed %d: not deterministic:\n%s", seed, diff)
			}
			w.carryOut(commands)
			if w.gone {
				break
			}
			if one.State() != w.shown {
				t.Fatalf("seed %d: the machine is at %s, the page at %s", seed, one.State(), w.shown)
			}
			w.checkWaiting(seed)
			e = w.next()
		}
	}
}

// checkWaiting: a page that can still change is always about to learn of it.
func (w *world) checkWaiting(seed uint64) {
	if w.shown.Final() {
		if w.stream {
			w.t.Fatalf("seed %d: %s keeps the stream", seed, w.shown)
		}
		return
	}
	if _, due := w.timers["poll"]; !due && w.polls == 0 && !w.replacing {
		w.t.Fatalf("seed %d: %s waits for nothing", seed, w.shown)
	}
}
