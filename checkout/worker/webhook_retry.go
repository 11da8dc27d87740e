package worker

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// webhookSchedule are the delays between tries, 75½ hours in all.
var webhookSchedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	// webhookJitter is the share by which a delay is made longer or shorter at
	// random, so that webhooks that failed together are not retried together.
	webhookJitter = 0.1
	// maxRetryAfter is the longest delay that a shop may request.
	maxRetryAfter = 24 * time.Hour
)

// maxWebhookTries returns how many tries fail before the event is parked.
func maxWebhookTries() int { return len(webhookSchedule) + 1 }

// retryDelay returns the delay after a webhook's tries-th try. random is in [0, 1),
// and requested is the delay that the shop's answer requested.
func retryDelay(tries int, random float64, requested time.Duration) time.Duration {
	i := min(max(tries, 1), len(webhookSchedule)) - 1
	spread := 1 + webhookJitter*(2*random-1)
	return max(time.Duration(float64(webhookSchedule[i])*spread), min(requested, maxRetryAfter))
}

// answerError is the error for an answer that is not 2xx.
type answerError struct {
	status int
	// retryAfter is the delay from Retry-After, 0 for none.
	retryAfter time.Duration
}

// Error implements error.
func (e *answerError) Error() string { return fmt.Sprintf("the shop answered %d", e.status) }

// requestedDelay returns the delay that the shop requested with err, 0 for none.
func requestedDelay(err error) time.Duration {
	var answer *answerError
	if errors.As(err, &answer) {
		return answer.retryAfter
	}
	return 0
}

// isGone reports whether the shop answered with 410 Gone.
func isGone(err error) bool {
	var answer *answerError
	return errors.As(err, &answer) && answer.status == http.StatusGone
}

// retryAfter parses Retry-After: seconds or a date. It returns 0 if the value is
// malformed or in the past, and at most maxRetryAfter.
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
