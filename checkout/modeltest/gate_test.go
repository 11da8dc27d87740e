package modeltest

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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
)

// kind is what a call is for, which decides what may become of it.
type kind int

const (
	reading kind = iota
	writing
	creating
	asking
	closing
	refunding
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
	life     *life
	task     string
	name     string
	kind     kind
	timedOut bool
	verdict  chan verdict
}

// gate stops every call of every Store and Gateway until the test lets it
// through: the interleaving is the test's to choose, and crashes are too.
type gate struct {
	mu     sync.Mutex
	parked []*call
	// open, where it is set, decides without stopping anybody.
	open func(kind) verdict
}

// waiting returns the calls that wait, in an order that does not depend on
// which came first.
func (g *gate) waiting() []*call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.SortedStableFunc(slices.Values(g.parked), func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.task, b.task), cmp.Compare(a.name, b.name))
	})
}

func (g *gate) park(c *call) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.parked = append(g.parked, c)
}

func (g *gate) release(c *call, v verdict) {
	g.mu.Lock()
	g.parked = slices.DeleteFunc(g.parked, func(p *call) bool { return p == c })
	g.mu.Unlock()
	c.verdict <- v
}

// life is a process, from its start to its crash. Whatever it still does after
// that has no effect: its goroutines end at their next call.
type life struct {
	gate *gate
	dead atomic.Bool
}

type taskKey struct{}

// taskOf names who calls: kicks run on a context of their own.
func taskOf(ctx context.Context) string {
	if name, ok := ctx.Value(taskKey{}).(string); ok {
		return name
	}
	return "kick"
}

// pass waits until the call may go on, and says how. It does not return where
// the process has ended, or ends here.
func (l *life) pass(ctx context.Context, k kind, name string) verdict {
	l.check()
	var v verdict
	if l.gate.open != nil {
		v = l.gate.open(k)
	} else {
		c := &call{life: l, task: taskOf(ctx), name: name, kind: k, verdict: make(chan verdict, 1)}
		l.gate.park(c)
		v = c.wait(ctx)
	}
	if v == dieBefore {
		l.crash()
	}
	l.check()
	return v
}

// wait waits for a verdict. A call of the gateway's does not wait longer than
// its caller; that its answer is lost is all that is known then.
func (c *call) wait(ctx context.Context) verdict {
	if c.kind == reading || c.kind == writing {
		return <-c.verdict
	}
	select {
	case v := <-c.verdict:
		return v
	case <-ctx.Done():
	}
	c.life.gate.mu.Lock()
	c.timedOut = true
	c.life.gate.mu.Unlock()
	if v := <-c.verdict; v != proceed && v != refuse && v != refuseForGood {
		return v
	}
	return failAfter
}

// passed ends the process after the call, if that is the verdict.
func (l *life) passed(v verdict) {
	if v == dieAfter {
		l.crash()
	}
	l.check()
}

// crash ends the process, wherever its goroutines are.
func (l *life) crash() {
	l.dead.Store(true)
	for _, c := range l.gate.waiting() {
		if c.life == l {
			l.gate.release(c, dieBefore)
		}
	}
}

// check ends a goroutine of a process that has ended.
func (l *life) check() {
	if l.dead.Load() {
		runtime.Goexit()
	}
}
