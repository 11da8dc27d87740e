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

// Misses is misses at a clock of its own.
type Misses struct{ m *misses }

// MissClients is how many clients are remembered at least.
const MissClients = missClients

// NewMisses returns empty accounts.
func NewMisses(now func() time.Time) Misses { return Misses{newMisses(now)} }

// Wait is how long a client has to wait.
func (m Misses) Wait(client netip.Prefix) time.Duration { return m.m.wait(client) }

// Charge takes a miss from a client's account.
func (m Misses) Charge(client netip.Prefix) { m.m.charge(client) }

// Remembered is the number of clients in memory.
func (m Misses) Remembered() int { return len(m.m.recent) + len(m.m.older) }

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
