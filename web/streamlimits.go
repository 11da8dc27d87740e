package web

import (
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

// StreamLimits are the largest numbers of live streams that are open at the same time.
// A stream over a limit is refused, and its page polls.
type StreamLimits struct {
	// Process is the limit of this process. It must be far below the number of files
	// that the process may open, because each stream has a connection. Defaults to
	// 512.
	Process int
	// Client is the limit of one client (see [ClientOf]), which may be many shoppers of
	// a carrier. Defaults to a quarter of Process.
	Client int
	// Session is the limit of one session. Defaults to 64.
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
	// streamRetryAfter is the Retry-After of a refused stream.
	streamRetryAfter = 30 * time.Second
	// streamWarnInterval is the least time between two warnings that a limit is
	// reached.
	streamWarnInterval = time.Minute
)

// streams counts the open live streams.
type streams struct {
	limits  StreamLimits
	warning rate.Sometimes

	mu       sync.Mutex
	open     int
	clients  map[netip.Prefix]int
	sessions map[string]int
}

func newStreams(limits StreamLimits) *streams {
	return &streams{
		limits: limits.orDefault(), warning: rate.Sometimes{First: 1, Interval: streamWarnInterval},
		clients: map[netip.Prefix]int{}, sessions: map[string]int{},
	}
}

// reachedLimit is a limit that a stream would exceed.
type reachedLimit struct {
	// name is process, client or session.
	name  string
	limit int
	// code is the problem's code of the refusal.
	code problemCode
}

// begin counts a stream until the caller calls end, which it must. If a limit is
// reached, begin counts nothing and returns that limit.
func (s *streams) begin(client netip.Prefix, session string) (end func(), reached *reachedLimit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.open >= s.limits.Process:
		return nil, &reachedLimit{"process", s.limits.Process, codeUnavailable}
	case s.clients[client] >= s.limits.Client:
		return nil, &reachedLimit{"client", s.limits.Client, codeTooManyRequests}
	case s.sessions[session] >= s.limits.Session:
		return nil, &reachedLimit{"session", s.limits.Session, codeTooManyRequests}
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

// countDown subtracts 1 from a count, and deletes a count of 0.
func countDown[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}

// refuseStream answers a stream over a limit. It logs a warning, at most once a minute.
func (s *Server) refuseStream(c echo.Context, reached *reachedLimit) error {
	s.streams.warning.Do(func() {
		s.logger.Warn("live streams are refused: their limit is reached; the pages poll",
			"limit_of", reached.name, "limit", reached.limit, "client", clientOf(c).String())
	})
	c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(streamRetryAfter.Seconds())))
	return s.sendProblem(c, newProblem(&refusal{reached.code, "too many live streams are open: poll the status"}))
}
