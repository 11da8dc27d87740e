package sandbox

import (
	"errors"
	"net/http"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// maxAdvance bounds one move of the clock over HTTP.
const maxAdvance = 10 * 366 * 24 * time.Hour

// lastYear is the last that the clock may show: what is due a day later must
// still be written with four digits.
const lastYear = 9998

// errSystemClock: the sandbox runs on the system's time, which nobody moves.
var errSystemClock = errors.New("sandbox: the clock is the system's")

// showClock answers GET /sandbox/clock with {"now":"2026-03-01T12:00:00Z","stands":true}.
func (s *Sandbox) showClock(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"now": s.config.Now().UTC(), "stands": s.config.Clock != nil})
}

// postClock moves the clock: POST /sandbox/clock {"advance":"30m"}. 409 when it
// is the system's.
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
		return &wantu.FieldError{Field: "advance", Problem: "leads beyond the year 9998"}
	}
	s.config.Clock.Advance(d)
	return nil
}
