// Package outage keeps the log short while the database cannot be reached, and
// logs when the process stood still. Make a [Monitor], log through its Logger,
// and call Run.
package outage

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// checkInterval is how often Run checks the database and the time.
	checkInterval = time.Second
	// maxDelay is how late a check may be before the process is said to have
	// stood still.
	maxDelay = 5 * time.Second
)

// Config is what a Monitor is made of. All but Now is needed.
type Config struct {
	// Log receives the lines.
	Log slog.Handler
	// Unreachable reports whether an error may mean that the database cannot be
	// reached.
	Unreachable func(error) bool
	// Ping queries the database, and returns within seconds.
	Ping func(context.Context) error
	// Now is a clock that goes on while the process stands still. Defaults to
	// time.Now.
	Now func() time.Time
}

// Monitor knows whether the database can be reached.
type Monitor struct {
	config Config
	log    *slog.Logger
	mu     sync.Mutex
	// awaySince is when the database was found unreachable, or zero.
	awaySince time.Time
}

// New returns a Monitor.
func New(c Config) *Monitor {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Monitor{config: c, log: slog.New(c.Log)}
}

// Logger returns the logger for everything that uses the database. When the
// database becomes unreachable, it writes one line about that. Until the database
// is back, lines whose error comes from the outage are at level debug.
func (m *Monitor) Logger() *slog.Logger { return slog.New(handler{m.config.Log, m}) }

// Run logs when the database is back, and when the process stood still, until ctx
// is done.
func (m *Monitor) Run(ctx context.Context) {
	ticker := time.NewTicker(checkInterval)
	defer ticker.Stop()
	for last := m.config.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		m.checkDelay(m.config.Now().Sub(last))
		m.checkDatabase(ctx)
		last = m.config.Now()
	}
}

// checkDelay logs that the process stood still if too much time passed since the
// last check.
func (m *Monitor) checkDelay(sinceLast time.Duration) {
	if late := sinceLast - checkInterval; late > maxDelay {
		m.log.Warn("this process stood still: it was stopped, or the machine was suspended or overloaded", "for", late.Round(time.Second).String())
	}
}

// checkDatabase logs that the database is back, if it was unreachable and answers
// now.
func (m *Monitor) checkDatabase(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.awaySince.IsZero() || m.config.Ping(ctx) != nil {
		return
	}
	m.log.Info("the database is back", "away_for", m.config.Now().Sub(m.awaySince).Round(100*time.Millisecond).String())
	m.awaySince = time.Time{}
}

// isOutage reports whether err comes from a database that cannot be reached. It
// pings the database, because connections to other hosts break with the same
// errors.
func (m *Monitor) isOutage(ctx context.Context, err error) bool {
	if !m.config.Unreachable(err) {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.awaySince.IsZero() {
		return true
	}
	if m.config.Ping(context.WithoutCancel(ctx)) == nil {
		return false
	}
	m.awaySince = m.config.Now()
	m.log.Error("the database is away; requests that need it are answered with 503, and jobs are retried", "error", err)
	return true
}
