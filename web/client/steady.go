package client

// Steady is a clock that goes on while the device sleeps, when the browser's
// monotonic clock may stand still, and does not go back when somebody sets the
// device's. The zero value is ready.
type Steady struct {
	elapsed    float64
	mono, wall float64
	begun      bool
}

// Tell takes what the monotonic clock and the wall clock say, in milliseconds
// since any moment of their own, and returns the time.
func (s *Steady) Tell(mono, wall float64) Millis {
	if s.begun {
		s.elapsed += max(mono-s.mono, wall-s.wall, 0)
	}
	s.mono, s.wall, s.begun = mono, wall, true
	return Millis(s.elapsed)
}
