package web

import (
	"net/netip"
	"time"
)

// Routes are the server's, such as "GET /c/:id".
func (s *Server) Routes() []string {
	var routes []string
	for _, r := range s.echo.Routes() {
		routes = append(routes, r.Method+" "+r.Path)
	}
	return routes
}

// Limiter is a limiter with a clock of its own.
type Limiter struct{ l *limiter }

// LimiterClients is the least number of clients that a limiter remembers.
const LimiterClients = limiterClients

// NewLimiter returns a limiter without clients.
func NewLimiter(now func() time.Time) Limiter { return Limiter{newLimiter(now)} }

// Wait returns how long a client has to wait.
func (l Limiter) Wait(client netip.Prefix) time.Duration { return l.l.wait(client) }

// Charge counts a miss of a client.
func (l Limiter) Charge(client netip.Prefix) { l.l.charge(client) }

// Remembered returns the number of clients in memory.
func (l Limiter) Remembered() int { return len(l.l.recent) + len(l.l.older) }

// Streams counts the live streams that are open.
type Streams struct{ s *streams }

// NewStreams returns none.
func NewStreams(limits StreamLimits) Streams { return Streams{newStreams(limits)} }

// Begin counts a stream, or returns what the limit is for that it exceeds.
func (s Streams) Begin(client netip.Prefix, session string) (end func(), full string) {
	end, refused := s.s.begin(client, session)
	if refused != nil {
		return nil, refused.of
	}
	return end, ""
}

// Remembered is the number of clients and sessions in memory.
func (s Streams) Remembered() int { return len(s.s.clients) + len(s.s.sessions) }

// PacePiece is how much of an answer has to be taken within PaceWait.
const (
	PacePiece = pacePiece
	PaceWait  = paceWait
)
