package client_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/web/client"
)

// browser is a simulated browser. It answers requests, runs the timers that are set, and
// otherwise makes up events at random.
type browser struct {
	t      *testing.T
	rand   *rand.Rand
	now    client.Millis
	timers map[client.Timer]client.Millis
	polls  int
	stream bool
	gone   bool
	// replacing reports whether the new content of the page is being loaded.
	replacing bool
	hidden    bool
	shown     page.State
}

// carryOut carries out the commands, and checks that they are allowed.
func (w *browser) carryOut(commands []client.Command) {
	for _, c := range commands {
		switch c.Kind {
		case client.CommandPoll:
			w.polls++
		case client.CommandSetTimer:
			if c.After <= 0 {
				w.t.Fatalf("timer %s is set to %v, want more than 0", c.Timer, c.After)
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
				w.t.Fatalf("the page moved from %s to %s, which the table does not allow", w.shown, c.State)
			}
			w.shown = c.State
		case client.CommandReload, client.CommandRenew:
			w.replacing = true
		case client.CommandNavigate:
			w.gone = true
		default: // these change only how the page looks
		}
	}
	if w.polls > 1 {
		w.t.Fatal("two polls in flight")
	}
}

// next returns a random event that is possible now.
func (w *browser) next() client.Event {
	w.now += client.Millis(w.rand.IntN(3000))
	e := w.pick()
	e.At = w.now
	switch e.Kind {
	case client.EventHidden:
		w.hidden = true
	case client.EventVisible:
		w.hidden = false
	default:
	}
	return e
}

func (w *browser) pick() client.Event {
	if w.replacing && w.rand.IntN(2) == 0 {
		w.replacing = false
		return client.Event{Kind: client.EventReplaced, Page: w.content()}
	}
	switch n := w.rand.IntN(10); {
	case n < 2 && w.polls > 0:
		w.polls--
		if w.rand.IntN(3) == 0 {
			return client.Event{Kind: client.EventPollFailed, IsUnreached: w.rand.IntN(2) == 0}
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
		{Kind: client.EventVisible}, {Kind: client.EventHidden}, {Kind: client.EventOffline}, {Kind: client.EventPosted}, {Kind: client.EventBridgeReady},
		{Kind: client.EventClicked, Action: client.ActionPay}, {Kind: client.EventClicked, Action: client.ActionStay},
		{Kind: client.EventBridgeAnswered, Result: client.ResultOK},
		{Kind: client.EventBridgeAnswered, Result: client.ResultFail},
	}
	return anything[w.rand.IntN(len(anything))]
}

// due returns the timer that runs out first, and advances the time to its end.
func (w *browser) due() (client.Timer, bool) {
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

// content returns the page of a reload.
func (w *browser) content() client.Page {
	s := w.status()
	w.shown = s.State
	return client.Page{State: s.State, Attempt: s.Attempt, Remaining: s.Remaining, Next: s.Next, Renew: w.rand.IntN(100) - 1}
}

func (w *browser) status() client.Status {
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

// TestRandomEvents checks that the machine is deterministic and keeps its rules whatever
// happens.
func TestRandomEvents(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		w := &browser{t: t, rand: rand.New(rand.NewPCG(seed, 1)), timers: map[client.Timer]client.Millis{}, shown: page.Redirecting}
		loaded := client.Page{State: w.shown, Attempt: "a", Remaining: 600, JSAPI: true}
		one, other := client.New(loaded), client.New(loaded)
		e := client.Event{Kind: client.EventStarted}
		for range 200 {
			commands := one.Handle(e)
			if diff := cmp.Diff(commands, other.Handle(e)); diff != "" {
				t.Fatalf("seed %d: the two machines differ:\n%s", seed, diff)
			}
			w.carryOut(commands)
			if w.gone {
				break
			}
			if one.State() != w.shown {
				t.Fatalf("seed %d: the machine's state is %s, the page shows %s", seed, one.State(), w.shown)
			}
			w.checkWaiting(seed)
			e = w.next()
		}
	}
}

// checkWaiting checks that a page that can still change polls, is being replaced or is
// hidden, and that a final page and a hidden page have no stream.
func (w *browser) checkWaiting(seed uint64) {
	if w.shown.Final() || w.hidden {
		if w.stream {
			w.t.Fatalf("seed %d: a page in state %s, hidden: %t, has a stream", seed, w.shown, w.hidden)
		}
		return
	}
	if _, due := w.timers["poll"]; !due && w.polls == 0 && !w.replacing {
		w.t.Fatalf("seed %d: a page in state %s will never poll", seed, w.shown)
	}
}
