package checkout

import (
	"io"
	"time"
)

// The schedule of queries for a pending attempt: the first 3 s after creation,
// then at growing intervals up to a limit. The limit depends on whether a page
// watches the session.
const (
	firstQueryAfter = 3 * time.Second
	// watchedInterval is the limit while a page watches, unwatchedInterval the
	// limit otherwise.
	watchedInterval   = 30 * time.Second
	unwatchedInterval = 5 * time.Minute
	// minQueryInterval is the least time between two queries that browsers cause.
	minQueryInterval = 2 * time.Second
	// endedInterval is the longest time between two queries about an attempt that
	// has ended.
	endedInterval = 4 * time.Hour
)

// refundIntervals are the times from the first, second… try of a refund to the
// next. The last one repeats.
var refundIntervals = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}

const (
	// refundDelayedAfter is the age at which a refund without an outcome raises an
	// alarm, and the shop is told that it is delayed.
	refundDelayedAfter = 24 * time.Hour
	// delayedRefundInterval is the time between two tries of such a refund. It
	// leaves the operator the time to settle it by the statement: see
	// [notListedAfter].
	delayedRefundInterval = 3 * notListedAfter
)

// schedule says when the gateway is queried next.
type schedule struct {
	watchers *watchers
	random   io.Reader
}

// queryInterval returns the time between two queries about an attempt of this
// age: half the age, between 3 s and the limit. So a payment is found within half
// of the time that it took. Jitter is in [0, 1) and shortens the interval by up to
// a tenth.
func queryInterval(age time.Duration, watched bool, jitter float64) time.Duration {
	limit := unwatchedInterval
	if watched {
		limit = watchedInterval
	}
	return shorten(min(max(age/2, firstQueryAfter), limit), jitter)
}

// refundInterval returns the time from this try of a refund to the next. Jitter is
// in [0, 1) and shortens the interval by up to a tenth.
func refundInterval(tries int, jitter float64) time.Duration {
	return shorten(refundIntervals[min(max(tries, 1), len(refundIntervals))-1], jitter)
}

// shorten subtracts up to a tenth of an interval, by jitter in [0, 1).
func shorten(interval time.Duration, jitter float64) time.Duration {
	return interval - time.Duration(jitter*float64(interval)/10)
}

// nextQuery returns when an attempt is due after a query at now. An attempt with a
// reported, unconfirmed payment has the schedule of a new attempt that is watched.
func (s schedule) nextQuery(a Attempt, now time.Time) time.Time {
	since, watched := a.CreatedAt, s.watchers.watched(a.SessionID, now)
	if !a.ReportedAt.IsZero() {
		since, watched = a.ReportedAt, true
	}
	return now.Add(queryInterval(now.Sub(since), watched, s.jitter()))
}

// nextEndedQuery returns when an attempt that has ended is due after a query at
// now: after 5 minutes at first, then after half of the time since its end, up to
// 4 hours. The shopper's payment may have been on its way when the attempt ended.
func (s schedule) nextEndedQuery(a Attempt, now time.Time) time.Time {
	interval := unwatchedInterval
	if !a.EndedAt.IsZero() {
		interval = min(max(now.Sub(a.EndedAt)/2, unwatchedInterval), endedInterval)
	}
	return now.Add(interval)
}

// nextRefundTry returns when a refund is sent again after a try at now.
func (s schedule) nextRefundTry(r Refund, now time.Time) time.Time {
	if r.delayed(now) {
		return now.Add(delayedRefundInterval)
	}
	return now.Add(refundInterval(r.Tries, s.jitter()))
}

// delayed reports whether the refund, if it is still pending, is overdue at now.
func (r Refund) delayed(now time.Time) bool { return now.Sub(r.CreatedAt) >= refundDelayedAfter }

// jitter returns a random number in [0, 1).
func (s schedule) jitter() float64 { return jitter(s.random) }

func jitter(random io.Reader) float64 {
	var b [1]byte
	_, _ = random.Read(b[:]) // on an error there is no jitter, which is harmless
	return float64(b[0]) / 256
}
