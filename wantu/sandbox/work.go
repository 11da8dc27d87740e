package sandbox

import (
	"context"
	"time"
)

// begin counts a piece of work that Close waits for; false after Close.
func (s *Sandbox) begin() bool {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.lifetime.Err() != nil {
		return false
	}
	s.running.Add(1)
	return true
}

// alarm calls f after wait, unless stop comes first: in a goroutine of its own,
// or, with a Clock, in that of the Advance that reaches the moment.
func (s *Sandbox) alarm(wait time.Duration, f func()) (stop func()) {
	if s.config.Clock != nil {
		return s.config.Clock.set(wait, f)
	}
	timer := time.AfterFunc(wait, f)
	return func() { timer.Stop() }
}

// after calls f after wait, unless ctx or the sandbox has ended by then. It
// never calls f itself, so the ledger's lock may be held.
func (s *Sandbox) after(ctx context.Context, wait time.Duration, f func()) {
	stop := s.alarm(wait, func() {
		if ctx.Err() != nil || !s.begin() {
			return
		}
		defer s.running.Done()
		f()
	})
	context.AfterFunc(ctx, stop)
}

// settle does what is due now on a clock that stands. The system's needs none.
func (s *Sandbox) settle() {
	if s.config.Clock != nil {
		s.config.Clock.Advance(0)
	}
}
