package checkout

import "time"

// The schedule of queries for a pending attempt: 3 s after creation, then at
// growing intervals up to a limit that depends on whether a page is watching.
const (
	firstQueryAfter  = 3 * time.Second
	watchedInterval  = 30 * time.Second
	unwatchedMost    = 5 * time.Minute
	minQueryInterval = 2 * time.Second
	// endedMost is the longest wait between two queries about an attempt that
	// has ended.
	endedMost = 4 * time.Hour
)

// queryInterval is how long to wait before asking again about an attempt of
// this age: half of it, so that a payment is found within half of the time it
// took, between 3 s and the limit. Jitter is in [0, 1) and spreads attempts
// over a tenth of the interval.
func queryInterval(age time.Duration, watched bool, jitter float64) time.Duration {
	limit := unwatchedMost
	if watched {
		limit = watchedInterval
	}
	wait := min(max(age/2, firstQueryAfter), limit)
	return wait - time.Duration(jitter*float64(wait)/10)
}

// nextQuery is when attempt a is due again after a query at now. A payment that
// was reported and is not confirmed is asked about as a new attempt is.
func (s *Service) nextQuery(a Attempt, now time.Time) time.Time {
	since, watched := a.CreatedAt, s.watchers.watched(a.SessionID, now)
	if !a.ReportedAt.IsZero() {
		since, watched = a.ReportedAt, true
	}
	return now.Add(queryInterval(now.Sub(since), watched, s.jitter()))
}

// nextEndedQuery is when attempt a, which has ended, is due again after a query
// at now: after 5 minutes at first, then after half of the time since its end,
// up to 4 hours. A wallet's payment may have crossed the end.
func (s *Service) nextEndedQuery(a Attempt, now time.Time) time.Time {
	wait := unwatchedMost
	if !a.EndedAt.IsZero() {
		wait = min(max(now.Sub(a.EndedAt)/2, unwatchedMost), endedMost)
	}
	return now.Add(wait)
}

// jitter is in [0, 1).
func (s *Service) jitter() float64 {
	var b [1]byte
	_, _ = s.random.Read(b[:]) // without jitter it is as right
	return float64(b[0]) / 256
}
