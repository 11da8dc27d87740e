package domain

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// sayAgain is after how long an alarm that lasts is said again.
const sayAgain = time.Hour

// alarms are what is wrong and lasts. Each is said once, again each hour in
// which it is met, and once more when it is over.
type alarms struct {
	logger *slog.Logger
	now    func() time.Time

	mu   sync.Mutex
	said map[string]time.Time // by name, when it was said last
}

func newAlarms(logger *slog.Logger, now func() time.Time) *alarms {
	return &alarms{logger: logger, now: now, said: map[string]time.Time{}}
}

// raise says what is wrong, unless it said so within the last hour.
func (a *alarms) raise(name, message string, about ...any) {
	now := a.now()
	a.mu.Lock()
	said, lasts := a.said[name]
	due := !lasts || now.Sub(said) >= sayAgain
	if due {
		a.said[name] = now
	}
	a.mu.Unlock()
	if due {
		a.logger.Log(context.Background(), slog.LevelError, message, about...)
	}
}

// clear says that it is over, where it was said that it is wrong.
func (a *alarms) clear(name, message string, about ...any) {
	a.mu.Lock()
	_, lasted := a.said[name]
	delete(a.said, name)
	a.mu.Unlock()
	if lasted {
		a.logger.Log(context.Background(), slog.LevelInfo, message, about...)
	}
}
