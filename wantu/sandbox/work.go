package sandbox

import (
	"context"
	"time"
)

// beginWork registers work that Close waits for. It returns false after Close.
func (s *Sandbox) beginWork() bool {
	s.startMu.Lock()
	defer s.startMu.Unlock()
	if s.lifetime.Err() != nil {
		return false
	}
	s.running.Add(1)
	return true
}

// startTimer calls f after wait, unless stop is called first. f runs in a new goroutine.
// With a Clock it runs in the goroutine that calls Advance.
func (s *Sandbox) startTimer(wait time.Duration, f func()) (stop func()) {
	if s.config.Clock != nil {
		return s.config.Clock.addTimer(wait, f)
	}
	timer := time.AfterFunc(wait, f)
	return func() { timer.Stop() }
}

// after calls f after wait, unless ctx is done or the sandbox is closed by then. It never
// calls f in the caller's goroutine, so the caller may hold the order store's lock.
func (s *Sandbox) after(ctx context.Context, wait time.Duration, f func()) {
	stop := s.startTimer(wait, func() {
		if ctx.Err() != nil || !s.beginWork() {
			return
		}
		defer s.running.Done()
		f()
	})
	context.AfterFunc(ctx, stop)
}

// runDue does what is due now, if there is a Clock. The timers of the system clock run by
// themselves.
func (s *Sandbox) runDue() {
	if s.config.Clock != nil {
		s.config.Clock.Advance(0)
	}
}
