package sandbox

import (
	"errors"
	"net/http"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// maxAdvance is the largest move of the clock in one request.
const maxAdvance = 10 * 366 * 24 * time.Hour

// lastYear is the last year that the clock may show. A time one day later must still
// have a year of four digits.
const lastYear = 9998

// errSystemClock: the sandbox uses the system clock, so the clock cannot be moved.
var errSystemClock = errors.New("sandbox: the system clock cannot be moved")

// showClock answers GET /sandbox/clock with {"now":"2026-03-01T12:00:00Z","stands":true}.
func (s *Sandbox) showClock(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"now": s.config.Now().UTC(), "stands": s.config.Clock != nil})
}

// postClock answers POST /sandbox/clock {"advance":"30m"}: it moves the clock. It
// answers 409 when the sandbox uses the system clock.
func (s *Sandbox) postClock(w http.ResponseWriter, r *http.Request) {
	var by string
	if err := readMembers(r, map[string]func(string) error{"advance": text(&by)}); err != nil {
		writeError(w, err)
		return
	}
	if err := s.advance(by); err != nil {
		writeError(w, err)
		return
	}
	s.showClock(w, r)
}

func (s *Sandbox) advance(by string) error {
	if s.config.Clock == nil {
		return errSystemClock
	}
	d, err := time.ParseDuration(by)
	if err != nil || d < 0 || d > maxAdvance {
		return &wantu.FieldError{Field: "advance", Problem: `must be a duration such as "30m", of ten years at most`}
	}
	if s.config.Now().UTC().Add(d).Year() > lastYear {
		return &wantu.FieldError{Field: "advance", Problem: "must not move the clock beyond the year 9998"}
	}
	s.config.Clock.Advance(d)
	return nil
}
