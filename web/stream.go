package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/wantukit/wantukit/checkout"
)

const (
	heartbeat = 15 * time.Second
	// streamBeats bounds one stream, to 10 minutes: the page opens the next by
	// itself.
	streamBeats = 40
)

func (s *Server) events(c echo.Context) error {
	return s.stream(c, c.Param("id"), confirming)
}

func (s *Server) returnedEvents(c echo.Context) error {
	id, err := s.service.SessionOfReturn(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return s.stream(c, id, statusOnly)
}

// stream sends the status at once and at each change, as server-sent events.
// The page may be told what shown makes of a view.
func (s *Server) stream(c echo.Context, sessionID string, shown func(echo.Context, checkout.View) checkout.View) error {
	if isHead(c) {
		_, err := s.service.View(c.Request().Context(), sessionID)
		if err == nil {
			beginEvents(c)
		}
		return err
	}
	end, refused := s.streams.begin(clientOf(c), sessionID)
	if refused != nil {
		return s.refuseStream(c, refused)
	}
	defer end()
	changed, stop := s.service.Watch(sessionID)
	defer stop()
	// Read after Watch began, so that no change falls between.
	view := func() (checkout.View, error) {
		v, err := s.service.WatchedView(c.Request().Context(), sessionID)
		return shown(c, v), err
	}
	v, err := view()
	if err != nil {
		return err
	}
	beginEvents(c)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for beats := 0; beats < streamBeats; {
		if err := s.sendEvent(c, v); err != nil {
			return nil // the page has gone
		}
		if !s.waitForChange(c, changed, beat.C, &beats) {
			return nil
		}
		if v, err = view(); err != nil {
			return nil // the page asks again
		}
	}
	return nil
}

func beginEvents(c echo.Context) {
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
}

// waitForChange keeps the stream alive until the session changes, and counts
// the heartbeats. False means that the stream is over.
func (s *Server) waitForChange(c echo.Context, changed <-chan struct{}, beat <-chan time.Time, beats *int) bool {
	for *beats < streamBeats {
		select {
		case <-changed:
			return true
		case <-beat:
			*beats++
			if send(c, ": still here\n\n") != nil {
				return false
			}
		case <-s.closing:
			return false
		case <-c.Request().Context().Done():
			return false
		}
	}
	return false
}

func (s *Server) sendEvent(c echo.Context, v checkout.View) error {
	data, err := json.Marshal(s.liveStatus(c, v))
	if err != nil {
		return err
	}
	return send(c, fmt.Sprintf("event: status\ndata: %s\n\n", data))
}

// send has the text on its way when it returns. Echo's own Flush would hide an
// error.
func send(c echo.Context, text string) error {
	w := c.Response().Writer
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
