package web

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

// StreamLimits bound the live streams that are open at once. A stream beyond
// them is refused, and its page polls.
type StreamLimits struct {
	// Process is for all of them. It has to be well below the number of files
	// that the process may open, because each stream holds a connection.
	// Defaults to 512.
	Process int
	// Client is for those of one address, or of one IPv6 network of 64 bits:
	// many shoppers of a carrier may share it. Defaults to a quarter of
	// Process.
	Client int
	// Session is for those of one session. Defaults to 64.
	Session int
}

func (l StreamLimits) orDefault() StreamLimits {
	if l.Process <= 0 {
		l.Process = 512
	}
	if l.Client <= 0 {
		l.Client = max(1, l.Process/4)
	}
	if l.Session <= 0 {
		l.Session = 64
	}
	return l
}

const (
	// streamAgain is when a page that was refused may ask for a stream again.
	streamAgain = 30 * time.Second
	// limitSaid is how often a limit that is reached is said in the log.
	limitSaid = time.Minute
)

// streams counts the live streams that are open.
type streams struct {
	limits StreamLimits
	said   rate.Sometimes

	mu       sync.Mutex
	open     int
	clients  map[netip.Prefix]int
	sessions map[string]int
}

func newStreams(limits StreamLimits) *streams {
	return &streams{
		limits: limits.orDefault(), said: rate.Sometimes{First: 1, Interval: limitSaid},
		clients: map[netip.Prefix]int{}, sessions: map[string]int{},
	}
}

// fullLimit is a limit that a stream would exceed.
type fullLimit struct {
	// of is what the limit is for: process, client or session.
	of     string
	limit  int
	status int
}

// begin counts a stream until end is called, which must be, or says which limit
// is reached.
func (s *streams) begin(client netip.Prefix, session string) (end func(), full *fullLimit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.open >= s.limits.Process:
		return nil, &fullLimit{"process", s.limits.Process, http.StatusServiceUnavailable}
	case s.clients[client] >= s.limits.Client:
		return nil, &fullLimit{"client", s.limits.Client, http.StatusTooManyRequests}
	case s.sessions[session] >= s.limits.Session:
		return nil, &fullLimit{"session", s.limits.Session, http.StatusTooManyRequests}
	}
	s.open++
	s.clients[client]++
	s.sessions[session]++
	return func() { s.end(client, session) }, nil
}

func (s *streams) end(client netip.Prefix, session string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	countDown(s.clients, client)
	countDown(s.sessions, session)
}

// countDown keeps only those of whom there are some.
func countDown[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}

// refuseStream answers a stream beyond a limit, in few bytes, and says so in
// the log now and then.
func (s *Server) refuseStream(c echo.Context, full *fullLimit) error {
	s.streams.said.Do(func() {
		s.logger.Warn("live streams are refused: their limit is reached; the pages poll",
			"limit_of", full.of, "limit", full.limit, "client", clientOf(c).String())
	})
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(streamAgain.Seconds())))
	return c.JSON(full.status, problem{
		Type: "about:blank", Title: http.StatusText(full.status), Status: full.status,
		Detail: "too many live streams are open: poll the status",
	})
}
