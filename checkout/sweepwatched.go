package checkout

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// watchedQueue has the attempts of watched sessions that wait for their query.
type watchedQueue struct {
	mu sync.Mutex
	// waiting has the attempts of each merchant, the first found first.
	waiting map[string][]Attempt
	// queued has the IDs of all that wait.
	queued map[string]bool
}

// add adds an attempt, unless it waits already.
func (q *watchedQueue) add(a Attempt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queued[a.ID] {
		return
	}
	q.queued[a.ID] = true
	q.waiting[a.Merchant] = append(q.waiting[a.Merchant], a)
}

// next removes up to limit attempts of a merchant and returns their tasks.
func (q *watchedQueue) next(merchant string, limit int, newTask func(Attempt) task) []task {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting[merchant]
	n := min(limit, len(waiting))
	tasks := make([]task, n)
	for i, a := range waiting[:n] {
		tasks[i] = newTask(a)
		delete(q.queued, a.ID)
	}
	if q.waiting[merchant] = waiting[n:]; n == len(waiting) {
		delete(q.waiting, merchant)
	}
	return tasks
}

// merchants returns the merchants that have waiting attempts.
func (q *watchedQueue) merchants() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Collect(maps.Keys(q.waiting))
}

// sweepWatched is [Service.SweepWatched].
func (s *sweeper) sweepWatched(ctx context.Context) {
	s.rates.refresh()
	now := s.clock.Now()
	s.findWatched(ctx, s.watchers.due(now, watchedBatch), now)
	for _, merchant := range s.watched.merchants() {
		s.background.run(func() {
			var started sync.WaitGroup
			_ = s.lane(workWatched, merchant).sweep(ctx, &started) // its due returns no error
			started.Wait()
		})
	}
}

// findWatched queues the attempts of watched sessions that need a query. It reads up to
// watchedReads sessions at once.
func (s *sweeper) findWatched(ctx context.Context, sessionIDs []string, now time.Time) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, watchedReads)
	for _, id := range sessionIDs {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			s.queueWatched(ctx, id, now)
		})
	}
	wg.Wait()
}

// queueWatched queues the pending attempts of a watched session whose last query is
// older than watchedInterval: they were scheduled while nobody watched. It also wakes the
// watchers of a session that another node has changed without saying so, because it was
// killed right after the commit.
func (s *sweeper) queueWatched(ctx context.Context, sessionID string, now time.Time) {
	session, attempts, err := s.store.SessionWithAttempts(ctx, sessionID)
	if err != nil {
		return // the next sweep returns the error
	}
	s.watchers.stored(viewRead{session: session, shown: shownAttempt(attempts)})
	for _, a := range attempts {
		if a.State == AttemptPending && !now.Before(a.QueriedAt.Add(watchedInterval)) && !now.Before(a.CreatedAt.Add(watchedInterval)) {
			s.watched.add(a)
		}
	}
}
