package checkout

import (
	"sync"
	"time"
)

// SteadyClock is a [Clock] that goes on evenly when the system's clock is
// moved: it counts what has passed since it was made. So a clock that jumps
// ahead ends no session early, and one that jumps back holds nothing up.
// Corrections of up to 10 s are followed. A greater step is not, because
// nobody can tell whether it was right: only a new SteadyClock takes it over.
type SteadyClock struct {
	wall  func() time.Time
	moved func(by time.Duration)

	mu sync.Mutex
	// asked is when the clock was asked last, by the monotonic clock, and
	// shown is what it said.
	asked, shown time.Time
	// told is what moved was called with last, 0 before.
	told time.Duration
}

// followed is the greatest step of the wall clock that is a correction.
const followed = 10 * time.Second

// NewSteadyClock returns a clock that begins with what wall shows. It calls
// moved when the wall clock has been moved by more than is followed, with how
// far that is ahead, and with 0 when it is back. Both are noticed when the
// clock is asked. moved must not ask it.
func NewSteadyClock(wall func() time.Time, moved func(by time.Duration)) *SteadyClock {
	return &SteadyClock{wall: wall, moved: moved, asked: time.Now(), shown: wall().Round(0)}
}

// Now implements [Clock].
func (c *SteadyClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	step := c.advance()
	if isNews := step == 0 && c.told != 0 || (step-c.told).Abs() > followed; isNews {
		c.told = step
		c.moved(step)
	}
	return c.shown
}

// advance moves on by what has passed, and returns how far the wall clock is
// ahead of that, 0 where it is followed.
func (c *SteadyClock) advance() time.Duration {
	now := time.Now()
	c.asked, c.shown = now, c.shown.Add(now.Sub(c.asked))
	step := c.wall().Round(0).Sub(c.shown)
	if step.Abs() > followed {
		return step
	}
	c.shown = c.shown.Add(step)
	return 0
}
