package checkout

import (
	"strconv"
	"time"
)

// What anybody outside can cause is bounded. The bounds are part of the contract
// of a [Store].
const (
	// MaxAttempts is how many orders a session may have.
	MaxAttempts = 20
	// KeptNotifications is how many notifications of each verdict an attempt's
	// timeline keeps, with their bodies. Those after them are counted.
	KeptNotifications = 5
	// MaxReturns is how many returns of a browser an attempt's timeline keeps.
	MaxReturns = 20
	// ReturnInterval is the least time between two returns that are kept.
	ReturnInterval = time.Minute
	// MaxBridgeAnswers is how many answers of WeChat's payment sheet an
	// attempt's timeline keeps.
	MaxBridgeAnswers = 10
	// MaxCancelWishes is how many wishes to cancel a session's timeline keeps.
	MaxCancelWishes = 10
)

const (
	// quickAttempts is how many orders a session may have one right after the
	// other. Each further one comes attemptInterval after the one before it.
	quickAttempts   = 5
	attemptInterval = 30 * time.Second
	// junkInterval is the least time between two notifications of one attempt
	// that are counted, once enough are kept.
	junkInterval = time.Second
	// notedQueries is how many conversations with the gateway about an attempt
	// are noted in the timeline. After them only those are noted that change
	// something.
	notedQueries = 200
)

// StartLimitError says that a session has had too many orders to get another
// now.
type StartLimitError struct {
	// Wait is how long to wait for the next one. 0 means that there will be none.
	Wait time.Duration
}

func (e *StartLimitError) Error() string {
	if e.Wait > 0 {
		return "the session gets its next order in " + e.Wait.String()
	}
	return "the session has had " + strconv.Itoa(MaxAttempts) + " orders and gets no more"
}

// orderCount is how many orders a session has, and when it got the last.
type orderCount struct {
	count int
	last  time.Time
}

// countOrders counts the attempts of a session, the oldest first.
func countOrders(attempts []Attempt) orderCount {
	if len(attempts) == 0 {
		return orderCount{}
	}
	return orderCount{len(attempts), attempts[len(attempts)-1].CreatedAt}
}

// limit says why the session may not get another order at now; nil where it may.
func (o orderCount) limit(now time.Time) *StartLimitError {
	switch {
	case o.count < quickAttempts:
		return nil
	case o.count >= MaxAttempts:
		return &StartLimitError{}
	}
	since := now.Sub(o.last)
	if since < 0 || since >= attemptInterval { // a clock that was moved back keeps nobody waiting
		return nil
	}
	return &StartLimitError{Wait: attemptInterval - since}
}
