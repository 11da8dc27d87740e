package modeltest

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// verdict is what becomes of one call of a Store or a Gateway.
type verdict int

const (
	proceed verdict = iota
	// failBefore: nothing was done, and the caller gets an error.
	failBefore
	// failAfter: it was done, and the caller gets an error: a connection that
	// breaks while committing, an answer of the gateway's that is lost.
	failAfter
	// late: the caller gets an error, and it is done a while later.
	late
	// refuse: the gateway says no to this call.
	refuse
	// refuseForGood: the gateway says no, and never does what was asked.
	refuseForGood
	// dieBefore and dieAfter: the process ends before it was done, or before
	// the answer was seen.
	dieBefore
	dieAfter
	// stall: it was done, and the process stops with the answer in hand.
	stall
)

// verdictNames are the verdicts in words.
var verdictNames = map[verdict]string{
	proceed: "goes well", failBefore: "fails before", failAfter: "fails after", late: "arrives late", refuse: "refused",
	refuseForGood: "refused for good", dieBefore: "crash before", dieAfter: "crash after", stall: "stops with the answer in hand",
}

func (v verdict) String() string { return verdictNames[v] }

// kind is what a call is for, which decides what may become of it.
type kind int

const (
	reading kind = iota
	writing
	creating
	asking
	closing
	refunding
	// stalled is not a call: a process has stopped with an answer in hand.
	stalled
)

// verdicts are what may become of a call, besides that it proceeds.
var verdicts = map[kind][]verdict{
	reading:   {failBefore, dieBefore},
	writing:   {failBefore, failAfter, dieBefore, dieAfter},
	creating:  {failBefore, failAfter, late, refuse, dieBefore, dieAfter},
	asking:    {failBefore, failAfter, dieBefore, dieAfter},
	closing:   {failBefore, failAfter, refuse, dieBefore, dieAfter},
	refunding: {failBefore, failAfter, late, refuse, refuseForGood, dieBefore, dieAfter},
}

// call is a goroutine that waits to be let through.
type call struct {
	life   *life
	thread *thread
	name   string
	kind   kind
	// since is when it was made.
	since   time.Time
	verdict chan verdict
}

// gate stops every call of every Store and Gateway until the test lets it
// through: the interleaving is the test's to choose, and crashes are too.
type gate struct {
	mu      sync.Mutex
	parked  []*call
	threads threads
	// open, where it is set, decides without stopping anybody.
	open func(*thread, kind) verdict
}

// waiting returns the calls that wait, in an order that does not depend on
// which came first.
func (g *gate) waiting() []*call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.SortedStableFunc(slices.Values(g.parked), func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.thread.task, b.thread.task), cmp.Compare(a.name, b.name), cmp.Compare(a.thread.name, b.thread.name))
	})
}

// park has a call wait. It reports false where its process has ended.
func (g *gate) park(c *call) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.life.dead {
		return false
	}
	g.parked = append(g.parked, c)
	return true
}

// release lets a call go on. One that has been released already stays as it
// is: a process that ends may be told so by several goroutines at once.
func (g *gate) release(c *call, v verdict) {
	g.mu.Lock()
	i := slices.Index(g.parked, c)
	if i >= 0 {
		g.parked = slices.Delete(g.parked, i, i+1)
	}
	g.mu.Unlock()
	if i >= 0 {
		c.verdict <- v
	}
}

// life is a process, from its start to its crash. Whatever it still does after
// that has no effect: its goroutines end at their next call.
type life struct {
	gate *gate
	dead bool // under the gate's lock
}

// pass waits until the call may go on, and says how. It does not return where
// the process has ended, or ends here.
func (l *life) pass(ctx context.Context, k kind, name string) verdict {
	l.check()
	t := l.gate.threads.of(ctx, name)
	var v verdict
	if l.gate.open != nil {
		v = l.gate.open(t, k)
	} else {
		c := &call{life: l, thread: t, name: name, kind: k, since: time.Now(), verdict: make(chan verdict, 1)}
		if !l.gate.park(c) {
			runtime.Goexit()
		}
		v = c.wait(ctx)
	}
	if v == dieBefore {
		l.crash()
	}
	l.check()
	return v
}

// wait waits for a verdict. A call of the gateway's does not wait longer than
// its caller. That its answer is lost is all that is known then; and one that
// was held up for too long does not arrive at all.
func (c *call) wait(ctx context.Context) verdict {
	if c.kind == reading || c.kind == writing || c.kind == stalled {
		return <-c.verdict
	}
	select {
	case v := <-c.verdict:
		return v
	case <-ctx.Done():
	}
	v := <-c.verdict
	switch {
	case v != proceed && v != refuse && v != refuseForGood && v != stall:
		return v
	case time.Since(c.since) > onItsWay:
		return failBefore
	default:
		return failAfter
	}
}

// passed ends the process after the call, or stops it, if that is the verdict.
func (l *life) passed(ctx context.Context, v verdict, name string) {
	switch v {
	case dieAfter:
		l.crash()
	case stall:
		l.pass(ctx, stalled, "answer of "+name)
	default:
	}
	l.check()
}

// crash ends the process, wherever its goroutines are. It returns how many
// calls were under way.
func (l *life) crash() int {
	l.gate.mu.Lock()
	l.dead = true
	l.gate.mu.Unlock()
	ended := 0
	for _, c := range l.gate.waiting() {
		if c.life == l {
			l.gate.release(c, dieBefore)
			ended++
		}
	}
	return ended
}

// ended reports whether the process has.
func (l *life) ended() bool {
	l.gate.mu.Lock()
	defer l.gate.mu.Unlock()
	return l.dead
}

// check ends a goroutine of a process that has ended.
func (l *life) check() {
	if l.ended() {
		runtime.Goexit()
	}
}
