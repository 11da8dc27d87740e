package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// missBurst is how often a client may ask for what is not there before it
	// has to wait: more than a shop with a broken link needs.
	missBurst = 100
	// missEvery is what it waits for each further one, on average.
	missEvery = time.Second
	// missClients bounds how many clients are remembered at least; at most it
	// is twice as many.
	missClients = 4096
)

// misses counts, by client, the requests for what is not there: those of
// somebody who guesses. Its memory is bounded; when there are too many clients
// it forgets those that were quiet for longest.
type misses struct {
	now func() time.Time

	mu            sync.Mutex
	recent, older map[netip.Prefix]*rate.Limiter
}

func newMisses(now func() time.Time) *misses {
	return &misses{now: now, recent: map[netip.Prefix]*rate.Limiter{}}
}

// wait is how long a client has to wait until its next miss is free, 0 for not
// at all.
func (m *misses) wait(client netip.Prefix) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.find(client)
	if l == nil {
		return 0
	}
	missing := 1 - l.TokensAt(m.now())
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(missEvery))
}

// charge takes a miss from a client's account, on credit where it has to.
func (m *misses) charge(client netip.Prefix) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.find(client)
	if l == nil {
		l = rate.NewLimiter(rate.Every(missEvery), missBurst)
		m.keep(client, l)
	}
	l.ReserveN(m.now(), 1)
}

// find returns a client's account, nil for one that is full, and keeps it
// among the recent ones.
func (m *misses) find(client netip.Prefix) *rate.Limiter {
	if l, ok := m.recent[client]; ok {
		return l
	}
	l, ok := m.older[client]
	if ok {
		m.keep(client, l)
	}
	return l
}

func (m *misses) keep(client netip.Prefix, l *rate.Limiter) {
	if len(m.recent) >= missClients {
		m.older, m.recent = m.recent, map[netip.Prefix]*rate.Limiter{}
	}
	m.recent[client] = l
}
