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
