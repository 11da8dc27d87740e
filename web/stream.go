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
	// streamBeats is the number of heartbeats of one stream, so it lasts 10 minutes.
	// Then the page opens the next one.
	streamBeats = 40
)

// events is the stream of a page.
func (s *Server) events(c echo.Context) error {
	return s.stream(c, c.Param("id"), redirectAsConfirming)
}

// returnedEvents is the stream of a return URL's page.
func (s *Server) returnedEvents(c echo.Context) error {
	id, err := s.service.SessionOfReturn(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return s.stream(c, id, statusOnly)
}

// stream sends the status of a session as server-sent events: at once, and after each
// change. visible returns what the page may show of a view. stream returns nil when
// the page has closed the stream.
func (s *Server) stream(c echo.Context, sessionID string, visible func(echo.Context, checkout.View) checkout.View) error {
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
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for beats := 0; beats < streamBeats; {
		// The view is read after Watch, so that no change is missed.
		if err := s.sendStatusEvent(c, sessionID, visible); err != nil {
			if c.Response().Committed {
				return nil // the page has closed the stream, or opens another one
			}
			return err
		}
		if !s.waitForChange(c, changed, beat.C, &beats) {
			return nil
		}
	}
	return nil
}

// sendStatusEvent reads the session and sends its status. The first event begins the
// answer, unless the session cannot be read.
//
// The view is a large value. It is here and not in stream, whose stack frame lasts as
// long as the stream: see BenchmarkStreamMemory.
func (s *Server) sendStatusEvent(c echo.Context, sessionID string, visible func(echo.Context, checkout.View) checkout.View) error {
	v, err := s.service.WatchedView(c.Request().Context(), sessionID)
	if err != nil {
		return err
	}
	data, err := json.Marshal(s.liveStatus(c, visible(c, v)))
	if err != nil {
		return err
	}
	if !c.Response().Committed {
		beginEvents(c)
	}
	return send(c, fmt.Sprintf("event: status\ndata: %s\n\n", data))
}

// beginEvents sends the header of a stream.
func beginEvents(c echo.Context) {
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
}

// waitForChange waits until the session changes. It sends heartbeats meanwhile and counts
// them in beats. It returns false if the stream has ended.
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

// send writes text and flushes it. It does not use Echo's Flush, which hides an error.
func send(c echo.Context, text string) error {
	w := c.Response().Writer
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
