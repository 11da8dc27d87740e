package kit

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// alarmInterval is how often an alarm that lasts is logged again.
const alarmInterval = time.Hour

// alarms logs problems that last. Each alarm has a name, and is logged when it is
// first raised, then at most once an hour while it is raised again, and when it
// is cleared.
type alarms struct {
	logger *slog.Logger
	now    func() time.Time

	mu       sync.Mutex
	loggedAt map[string]time.Time // of each alarm that is not cleared, by name
}

func newAlarms(logger *slog.Logger, now func() time.Time) *alarms {
	return &alarms{logger: logger, now: now, loggedAt: map[string]time.Time{}}
}

// raise logs the alarm as an error, unless it was logged within the last hour.
func (a *alarms) raise(name, message string, attributes ...any) {
	now := a.now()
	a.mu.Lock()
	last, isRaised := a.loggedAt[name]
	due := !isRaised || now.Sub(last) >= alarmInterval
	if due {
		a.loggedAt[name] = now
	}
	a.mu.Unlock()
	if due {
		a.logger.Log(context.Background(), slog.LevelError, message, attributes...)
	}
}

// clear logs that the alarm is over, if it was raised.
func (a *alarms) clear(name, message string, attributes ...any) {
	a.mu.Lock()
	_, wasRaised := a.loggedAt[name]
	delete(a.loggedAt, name)
	a.mu.Unlock()
	if wasRaised {
		a.logger.Log(context.Background(), slog.LevelInfo, message, attributes...)
	}
}
