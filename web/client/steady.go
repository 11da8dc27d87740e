package client

// Steady is a clock that never goes back. It goes on while the device sleeps, though the
// browser's monotonic clock may stop then, and it ignores changes of the device's
// clock to an earlier time. The zero value is ready to use.
type Steady struct {
	elapsed    float64
	mono, wall float64
	hasStarted bool
}

// Tell returns the time since its first call. mono and wall are the times of the
// browser's monotonic clock and wall clock in milliseconds.
func (s *Steady) Tell(mono, wall float64) Millis {
	if s.hasStarted {
		s.elapsed += max(mono-s.mono, wall-s.wall, 0)
	}
	s.mono, s.wall, s.hasStarted = mono, wall, true
	return Millis(s.elapsed)
}
