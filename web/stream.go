package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	heartbeat = 15 * time.Second
	// streamBeats is the number of heartbeats of one stream, so it lasts 10 minutes.
	// Then the page opens the next one.
	streamBeats = 40
	// strayBytes is how many bytes a client may send after its request.
	strayBytes = 16 << 10
)

// events is the stream of a page.
func (s *Server) events(c echo.Context) error {
	return s.stream(c, c.Param("id"))
}

// returnedEvents is the stream of a return URL's page.
func (s *Server) returnedEvents(c echo.Context) error {
	id, err := s.service.SessionOfReturn(c.Request().Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return s.stream(c, id)
}

// stream sends the status of a session as server-sent events: at once, and after each
// change. It returns before the stream has ended if it can take over the connection.
func (s *Server) stream(c echo.Context, sessionID string) error {
	if isHead(c) {
		_, err := s.service.View(c.Request().Context(), sessionID)
		if err == nil {
			setStreamHeaders(c)
		}
		return err
	}
	sessionID = strings.Clone(sessionID) // the ID in a path shares the memory of the whole request line
	end, refused := s.streams.begin(clientOf(c), sessionID)
	if refused != nil {
		return s.refuseStream(c, refused)
	}
	changed, stop := s.service.Watch(sessionID)
	l := &liveStream{server: s, session: sessionID, route: c.Path(), audience: audienceOf(c), changed: changed, stop: stop, end: end}
	took := false
	defer func() { // also if reading the session panics
		if !took {
			l.close()
		}
	}()
	took, err := l.open(c)
	return err
}

// liveStream is an open stream. It keeps nothing of its request: see
// BenchmarkStreamMemory.
type liveStream struct {
	server         *Server
	session, route string
	audience       audience
	// changed has a token after each change of the session.
	changed <-chan struct{}
	// stop and end undo what the stream has begun.
	stop, end func()
	// send writes text to the page at once.
	send func(text []byte) error
}

func (l *liveStream) close() {
	l.stop()
	l.end()
}

// open sends the first event, unless the session cannot be read, and serves the stream.
// took is true if that goes on after open has returned, on the connection of the request.
func (l *liveStream) open(c echo.Context) (took bool, err error) {
	first, err := l.status(c.Request().Context())
	if err != nil {
		return false, err
	}
	setStreamHeaders(c)
	conn, took := takeConn(c)
	if took {
		go l.serveConn(conn, append(streamHead(c), first...))
	} else {
		l.serveRequest(c, first)
	}
	return took, nil
}

func setStreamHeaders(c echo.Context) {
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
}

// serveRequest serves the stream as the answer to a request.
func (l *liveStream) serveRequest(c echo.Context, first []byte) {
	c.Response().WriteHeader(http.StatusOK)
	w := c.Response().Writer
	l.send = func(text []byte) error {
		if _, err := w.Write(text); err != nil {
			return err
		}
		return http.NewResponseController(w).Flush() // Echo's Flush hides an error
	}
	l.serve(c.Request().Context(), first)
}

// serveConn serves the stream on the connection of its request, which has ended, and
// closes it. So the buffers, the headers and the stack of the request are free: they are
// most of what an open stream would take.
func (l *liveStream) serveConn(conn net.Conn, first []byte) {
	defer func() { _ = conn.Close() }()
	defer func() {
		if p := recover(); p != nil {
			l.server.logPanic(l.route, p)
		}
	}()
	defer l.close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer cancel()
		awaitEnd(conn)
	}()
	l.send = func(text []byte) error {
		if err := conn.SetWriteDeadline(time.Now().Add(paceWait)); err != nil {
			return err
		}
		_, err := conn.Write(text)
		return err
	}
	l.serve(ctx, first)
}

// awaitEnd returns when the client has closed the connection. A page sends nothing more, but
// a proxy may send the end of an empty body. That is read and dropped: a system resets a
// connection that is closed with unread bytes. A client that sends much more is not awaited.
func awaitEnd(conn net.Conn) {
	dropped := make([]byte, 64)
	for left := strayBytes; left > 0; {
		n, err := conn.Read(dropped)
		if err != nil {
			return
		}
		left -= n
	}
}

// serve sends the first event, and the status after each change, until the page has
// closed the stream, the server closes, or the stream has lasted long enough.
func (l *liveStream) serve(ctx context.Context, first []byte) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	err := l.send(first)
	for beats := 0; err == nil && beats < streamBeats; {
		select {
		case <-l.changed:
			err = l.sendStatus(ctx)
		case <-beat.C:
			beats++
			err = l.send([]byte(": still here\n\n"))
		case <-l.server.closing:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (l *liveStream) sendStatus(ctx context.Context) error {
	event, err := l.status(ctx)
	if err != nil {
		return err
	}
	return l.send(event)
}

// status reads the session and returns the event of its status. It is called after Watch,
// so that no change is missed.
func (l *liveStream) status(ctx context.Context) ([]byte, error) {
	v, err := l.server.service.WatchedView(ctx, l.session)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(l.server.liveStatus(l.audience, l.server.visible(l.audience, v)))
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "event: status\ndata: %s\n\n", data), nil
}
