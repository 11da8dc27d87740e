// Package watch keeps the log short while the database is away, and says when
// the process stood still. Make a [Watch], log through its Logger, and call Run.
package watch

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// lookEvery is how often Run looks.
	lookEvery = time.Second
	// stoodMost is how late a look may be before the process is said to have
	// stood still.
	stoodMost = 5 * time.Second
)

// Config is what a Watch is made of. All but Now is needed.
type Config struct {
	// Log is where the lines go.
	Log slog.Handler
	// Unreachable reports whether an error may say that the database is away.
	Unreachable func(error) bool
	// Ping asks the database, and returns within seconds.
	Ping func(context.Context) error
	// Now is the time, which goes on while the process stands still. Defaults to
	// time.Now.
	Now func() time.Time
}

// Watch knows whether the database is away.
type Watch struct {
	config Config
	log    *slog.Logger
	mu     sync.Mutex
	// away is since when it is away, or zero.
	away time.Time
}

// New returns a Watch.
func New(c Config) *Watch {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Watch{config: c, log: slog.New(c.Log)}
}

// Logger is for all that works with the database. When the database goes, one line
// says so; until it is back, the lines whose error is that it is away are for
// debugging.
func (w *Watch) Logger() *slog.Logger { return slog.New(handler{w.config.Log, w}) }

// Run says when the database is back, and when the process stood still, until ctx
// is done.
func (w *Watch) Run(ctx context.Context) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for last := w.config.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		w.sayStood(w.config.Now().Sub(last))
		w.look(ctx)
		last = w.config.Now()
	}
}

// sayStood says that the process stood still where a look came late.
func (w *Watch) sayStood(since time.Duration) {
	if late := since - lookEvery; late > stoodMost {
		w.log.Warn("this process stood still: it was stopped, or the machine was suspended or overloaded", "for", late.Round(time.Second).String())
	}
}

// look asks a database that was away whether it is back.
func (w *Watch) look(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away.IsZero() || w.config.Ping(ctx) != nil {
		return
	}
	w.log.Info("the database is back", "away_for", w.config.Now().Sub(w.away).Round(100*time.Millisecond).String())
	w.away = time.Time{}
}

// isAway reports whether err is that the database is away. It asks the database,
// for the connections to others break with the same errors.
func (w *Watch) isAway(ctx context.Context, err error) bool {
	if !w.config.Unreachable(err) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.away.IsZero() {
		return true
	}
	if w.config.Ping(context.WithoutCancel(ctx)) == nil {
		return false
	}
	w.away = w.config.Now()
	w.log.Error("the database is away; what needs it is answered with 503 and tried again", "error", err)
	return true
}
