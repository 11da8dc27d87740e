package modeltest

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// outcome is how one call of a Store or a Gateway ends.
type outcome int

const (
	proceed outcome = iota
	// failBefore: the call is not done, and the caller gets an error.
	failBefore
	// failAfter: the call is done, and the caller gets an error, as when a connection
	// breaks during a commit or the gateway's answer is lost.
	failAfter
	// late: the caller gets an error, and the call is done later.
	late
	// refuse: the gateway refuses this call.
	refuse
	// refuseForGood: the gateway refuses this call and all later ones for the same
	// refund.
	refuseForGood
	// dieBefore and dieAfter: the process crashes before the call is done, or before
	// it gets the answer.
	dieBefore
	dieAfter
	// stall: the call is done, and the process freezes before it handles the answer.
	stall
)

// outcomeNames are the outcomes in words.
var outcomeNames = map[outcome]string{
	proceed: "succeeds", failBefore: "fails before", failAfter: "fails after", late: "arrives late", refuse: "refused",
	refuseForGood: "refused for good", dieBefore: "crash before", dieAfter: "crash after", stall: "freezes after",
}

func (v outcome) String() string { return outcomeNames[v] }

// callKind is the purpose of a call. It decides which outcomes are possible.
type callKind int

const (
	reading callKind = iota
	writing
	creating
	querying
	closing
	refunding
	// stalled is not a call: the process is frozen after a call.
	stalled
)

// outcomes are the possible outcomes of a call, besides proceed.
var outcomes = map[callKind][]outcome{
	reading:   {failBefore, dieBefore},
	writing:   {failBefore, failAfter, dieBefore, dieAfter},
	creating:  {failBefore, failAfter, late, refuse, dieBefore, dieAfter},
	querying:  {failBefore, failAfter, dieBefore, dieAfter},
	closing:   {failBefore, failAfter, refuse, dieBefore, dieAfter},
	refunding: {failBefore, failAfter, late, refuse, refuseForGood, dieBefore, dieAfter},
}

// call is a call that waits at the gate.
type call struct {
	process *process
	thread  *thread
	name    string
	kind    callKind
	// since is when the call was made.
	since   time.Time
	outcome chan outcome
}

// gate stops every call of every Store and Gateway until the test releases it. So the
// test chooses the interleaving of calls, and their outcomes.
type gate struct {
	mu      sync.Mutex
	calls   []*call
	threads threads
	// decide, if set, decides outcomes at once: no call stops at the gate.
	decide func(*thread, callKind) outcome
}

// waiting returns the calls that wait. Their order does not depend on which came first.
func (g *gate) waiting() []*call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.SortedStableFunc(slices.Values(g.calls), func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.thread.task, b.thread.task), cmp.Compare(a.name, b.name), cmp.Compare(a.thread.name, b.thread.name))
	})
}

// add adds a call to the waiting ones. It returns false if its process has crashed.
func (g *gate) add(c *call) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.process.dead {
		return false
	}
	g.calls = append(g.calls, c)
	return true
}

// release lets a call through with an outcome. It does nothing if the call was released
// before: in a crash several goroutines may release it.
func (g *gate) release(c *call, v outcome) {
	g.mu.Lock()
	i := slices.Index(g.calls, c)
	if i >= 0 {
		g.calls = slices.Delete(g.calls, i, i+1)
	}
	g.mu.Unlock()
	if i >= 0 {
		c.outcome <- v
	}
}

// process is a process from its start to its crash. After the crash its goroutines end
// at their next call, so they have no further effect.
type process struct {
	gate *gate
	dead bool // guarded by the gate's lock
}

// enter waits until the call is released and returns its outcome. It ends the goroutine
// if the process has crashed, or crashes with this outcome.
func (p *process) enter(ctx context.Context, k callKind, name string) outcome {
	p.exitIfDead()
	t := p.gate.threads.current(ctx, name)
	var v outcome
	if p.gate.decide != nil {
		v = p.gate.decide(t, k)
	} else {
		c := &call{process: p, thread: t, name: name, kind: k, since: time.Now(), outcome: make(chan outcome, 1)}
		if !p.gate.add(c) {
			runtime.Goexit()
		}
		v = c.wait(ctx)
	}
	if v == dieBefore {
		p.crash()
	}
	p.exitIfDead()
	return v
}

// wait waits for the call's outcome. If the context of a gateway call ends before, the
// answer is lost: the outcome is failAfter, or failBefore if the call waited longer than
// maxDelay.
func (c *call) wait(ctx context.Context) outcome {
	if c.kind == reading || c.kind == writing || c.kind == stalled {
		return <-c.outcome
	}
	select {
	case v := <-c.outcome:
		return v
	case <-ctx.Done():
	}
	v := <-c.outcome
	switch {
	case v != proceed && v != refuse && v != refuseForGood && v != stall:
		return v
	case time.Since(c.since) > maxDelay:
		return failBefore
	default:
		return failAfter
	}
}

// leave crashes or freezes the process after the call, if that is the outcome.
func (p *process) leave(ctx context.Context, v outcome, name string) {
	switch v {
	case dieAfter:
		p.crash()
	case stall:
		p.enter(ctx, stalled, "answer of "+name)
	default:
	}
	p.exitIfDead()
}

// crash ends the process wherever its goroutines are. It returns how many calls were
// waiting.
func (p *process) crash() int {
	p.gate.mu.Lock()
	p.dead = true
	p.gate.mu.Unlock()
	released := 0
	for _, c := range p.gate.waiting() {
		if c.process == p {
			p.gate.release(c, dieBefore)
			released++
		}
	}
	return released
}

// isDead reports whether the process has crashed.
func (p *process) isDead() bool {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	return p.dead
}

// exitIfDead ends the goroutine if its process has crashed.
func (p *process) exitIfDead() {
	if p.isDead() {
		runtime.Goexit()
	}
}
