package worker

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// webhookSchedule is how long after a try the next one comes: 75 hours of
// patience with a shop that is down.
var webhookSchedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	// webhookJitter spreads what failed at one moment: each wait is up to this
	// share longer or shorter.
	webhookJitter = 0.1
	// maxRetryAfter bounds what a shop may ask for.
	maxRetryAfter = 24 * time.Hour
)

// webhookTries is how often a shop is told before the event is parked.
func webhookTries() int { return len(webhookSchedule) + 1 }

// wait returns how long after its tries-th try a webhook is tried again. random
// is in [0, 1); asked is what the shop's answer asked for.
func wait(tries int, random float64, asked time.Duration) time.Duration {
	i := min(max(tries, 1), len(webhookSchedule)) - 1
	spread := 1 + webhookJitter*(2*random-1)
	return max(time.Duration(float64(webhookSchedule[i])*spread), min(asked, maxRetryAfter))
}

// answerError is an answer of a shop's that is not 2xx.
type answerError struct {
	status int
	// after is what Retry-After asked for, 0 for nothing.
	after time.Duration
}

// Error implements error.
func (e *answerError) Error() string { return fmt.Sprintf("the shop answered %d", e.status) }

// asked returns what the answer behind err asked to wait, 0 for nothing.
func asked(err error) time.Duration {
	var answer *answerError
	if errors.As(err, &answer) {
		return answer.after
	}
	return 0
}

// gone reports whether the answer behind err says that the endpoint is no more.
func gone(err error) bool {
	var answer *answerError
	return errors.As(err, &answer) && answer.status == http.StatusGone
}

// retryAfter reads Retry-After: seconds or a date. What is malformed or past
// asks for nothing.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
