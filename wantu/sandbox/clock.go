package sandbox

import (
	"slices"
	"sync"
	"time"
)

// Clock is a time that stands still until it is moved, for [Config.Clock]. It
// is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	end    time.Time // where Advance goes to
	moving bool
	alarms []*alarm // the next first; of two for one moment, the older
}

type alarm struct {
	due time.Time
	run func()
}

// NewClock returns a clock that shows start.
func NewClock(start time.Time) *Clock { return &Clock{now: start, end: start} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d; a negative d counts as 0. It stops at every
// moment at which something is due and does that, one after the other, so a
// run can be repeated: when it returns, every notification that fell due has
// been answered, or its ten seconds of real time are over. While it is at work
// another Advance lengthens the way and returns at once, so that a merchant may
// call it from inside a notification.
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
			c.halt()
		}
	}()
	for run := c.next(); run != nil; run = c.next() {
		run()
	}
	arrived = true
}

// halt ends a move that a panic or runtime.Goexit cut short. What was not
// reached is left to the next Advance.
func (c *Clock) halt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moving = false
}

// next moves to the next alarm and returns what it runs, or nil at the end.
func (c *Clock) next() func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.alarms) == 0 || c.alarms[0].due.After(c.end) {
		c.now, c.moving = c.end, false
		return nil
	}
	a := c.alarms[0]
	c.alarms = slices.Delete(c.alarms, 0, 1)
	if a.due.After(c.now) {
		c.now = a.due
	}
	return a.run
}

// set makes an alarm that calls run after wait; stop takes it back.
func (c *Clock) set(wait time.Duration, run func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{due: c.now.Add(wait), run: run}
	at := slices.IndexFunc(c.alarms, func(other *alarm) bool { return other.due.After(a.due) })
	if at < 0 {
		at = len(c.alarms)
	}
	c.alarms = slices.Insert(c.alarms, at, a)
	return func() { c.remove(a) }
}

func (c *Clock) remove(a *alarm) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := slices.Index(c.alarms, a); at >= 0 {
		c.alarms = slices.Delete(c.alarms, at, at+1)
	}
}
