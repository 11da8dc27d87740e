package sandbox

import (
	"slices"
	"sync"
	"time"
)

// Clock is a clock that stands still until it is moved, for [Config].Clock. It is safe
// for concurrent use.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	end    time.Time // the time that Advance moves to
	moving bool
	timers []*clockTimer // by the time when they are due; timers of the same time in the order of their start
}

type clockTimer struct {
	due time.Time
	run func()
}

// NewClock returns a clock that stands at start.
func NewClock(start time.Time) *Clock { return &Clock{now: start, end: start} }

// Now returns the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward by d; a negative d counts as 0. On the way it does
// everything that becomes due, one after the other, at its time. So a run can be
// repeated: when Advance returns, every notification that became due has been answered,
// or has timed out after ten seconds of real time.
//
// If Advance is called while the clock moves, it adds d to that move and returns at
// once. So a merchant may call it while it handles a notification.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.end = c.end.Add(max(d, 0))
	busy := c.moving
	c.moving = true
	c.mu.Unlock()
	if busy {
		return
	}
	arrived := false
	defer func() {
		if !arrived {
			c.stopMoving()
		}
	}()
	for run := c.nextTimer(); run != nil; run = c.nextTimer() {
		run()
	}
	arrived = true
}

// stopMoving ends a move after a panic or runtime.Goexit. The next Advance does what is
// still due.
func (c *Clock) stopMoving() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moving = false
}

// nextTimer moves the clock to the next timer and returns the function to run. It
// returns nil when the clock has reached the end of its move.
func (c *Clock) nextTimer() func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.timers) == 0 || c.timers[0].due.After(c.end) {
		c.now, c.moving = c.end, false
		return nil
	}
	t := c.timers[0]
	c.timers = slices.Delete(c.timers, 0, 1)
	if t.due.After(c.now) {
		c.now = t.due
	}
	return t.run
}

// addTimer adds a timer that calls run after wait; stop removes it.
func (c *Clock) addTimer(wait time.Duration, run func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &clockTimer{due: c.now.Add(wait), run: run}
	at := slices.IndexFunc(c.timers, func(other *clockTimer) bool { return other.due.After(t.due) })
	if at < 0 {
		at = len(c.timers)
	}
	c.timers = slices.Insert(c.timers, at, t)
	return func() { c.removeTimer(t) }
}

func (c *Clock) removeTimer(t *clockTimer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := slices.Index(c.timers, t); at >= 0 {
		c.timers = slices.Delete(c.timers, at, at+1)
	}
}
