package checkout

import (
	"strconv"
	"time"
)

// The bounds on the orders and the stored data that an outsider can cause. The [Service]
// checks MaxAttempts, and drops a flood of notifications. The rest is part of the contract
// of a [Store]. What bounds the queries is in lease.go, schedule.go, background.go,
// notify.go and sweep.go.
const (
	// MaxAttempts is how many orders a session may have.
	MaxAttempts = 20
	// KeptNotifications is how many notifications of each verdict an attempt's
	// timeline keeps, with their bodies. Later ones are only counted. The Service drops a
	// later one within 1 s of the last counted notification of the attempt, of any
	// verdict, unless it needs a query (see [VerdictAccepted]). A dropped one is not
	// counted.
	KeptNotifications = 5
	// MaxReturns is how many returns of a browser an attempt's timeline keeps.
	MaxReturns = 20
	// ReturnInterval is the least time between two returns that are kept.
	ReturnInterval = time.Minute
	// MaxBridgeAnswers is how many answers of WeChat's payment sheet an attempt's
	// timeline keeps.
	MaxBridgeAnswers = 10
	// MaxCancelRequests is how many requests to cancel a session's timeline keeps.
	MaxCancelRequests = 10
)

const (
	// quickAttempts is how many orders a session may have in quick succession. After
	// that there is one every attemptInterval.
	quickAttempts   = 5
	attemptInterval = 30 * time.Second
	// floodInterval is the least time between two notifications of an attempt that
	// are counted, once KeptNotifications of the verdict are kept.
	floodInterval = time.Second
	// notedQueries is how many queries of an attempt are noted in the timeline. After
	// that only those are noted that change something.
	notedQueries = 200
)

// StartLimitError says that a session has had too many orders to get another one now.
type StartLimitError struct {
	// Wait is the time until the next order may be placed. 0 means never.
	Wait time.Duration
}

func (e *StartLimitError) Error() string {
	if e.Wait > 0 {
		return "the session gets its next order in " + e.Wait.String()
	}
	return "the session has had " + strconv.Itoa(MaxAttempts) + " orders and gets no more"
}

// orderCount is how many orders a session has, and when the last was placed.
type orderCount struct {
	count int
	last  time.Time
}

// countOrders counts the attempts of a session. The oldest comes first.
func countOrders(attempts []Attempt) orderCount {
	if len(attempts) == 0 {
		return orderCount{}
	}
	return orderCount{len(attempts), attempts[len(attempts)-1].CreatedAt}
}

// limit returns why the session may not get another order at now, nil where it may.
func (o orderCount) limit(now time.Time) *StartLimitError {
	switch {
	case o.count < quickAttempts:
		return nil
	case o.count >= MaxAttempts:
		return &StartLimitError{}
	}
	since := now.Sub(o.last)
	if since < 0 || since >= attemptInterval { // after a clock that went back there is no wait
		return nil
	}
	return &StartLimitError{Wait: attemptInterval - since}
}
