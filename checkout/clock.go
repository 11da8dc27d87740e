package checkout

import (
	"sync"
	"time"
)

// Clock tells the time. People and daemons change the system's clock, so its time
// schedules and is recorded, and decides nothing that a query does not confirm.
type Clock interface {
	Now() time.Time
}

// SteadyClock is a [Clock] that ignores large steps of the system's clock. It adds the
// time that has passed since the last read. If the system's clock then differs by up to
// 10 s, it takes the system's time at once, so it can go back by up to 10 s. While the
// difference is greater, it ignores the system's clock, because nobody can tell whether
// the step is right. So a jump ahead ends no session early, and a step back delays
// nothing. Only a new SteadyClock takes the time after such a step.
type SteadyClock struct {
	wall    func() time.Time
	onMoved func(by time.Duration)

	mu sync.Mutex
	// readAt is when the clock was last read, by the monotonic clock, and shown is
	// what it returned.
	readAt, shown time.Time
	// told is the argument of the last call of onMoved, 0 before.
	told time.Duration
}

// maxCorrection is the greatest step of the wall clock that is followed.
const maxCorrection = 10 * time.Second

// NewSteadyClock returns a clock that begins with the time of wall. It calls onMoved
// when the wall clock has made a step that is not followed, with how far the wall clock
// is ahead, and with 0 when the wall clock is right again. It notices both when it is
// read. onMoved must not read the clock.
func NewSteadyClock(wall func() time.Time, onMoved func(by time.Duration)) *SteadyClock {
	return &SteadyClock{wall: wall, onMoved: onMoved, readAt: time.Now(), shown: wall().Round(0)}
}

// Now implements [Clock].
func (c *SteadyClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	step := c.advance()
	if isNews := step == 0 && c.told != 0 || (step-c.told).Abs() > maxCorrection; isNews {
		c.told = step
		c.onMoved(step)
	}
	return c.shown
}

// advance adds the time that has passed, and returns how far the wall clock is ahead of
// that, 0 where it is followed.
func (c *SteadyClock) advance() time.Duration {
	now := time.Now()
	c.readAt, c.shown = now, c.shown.Add(now.Sub(c.readAt))
	step := c.wall().Round(0).Sub(c.shown)
	if step.Abs() > maxCorrection {
		return step
	}
	c.shown = c.shown.Add(step)
	return 0
}
