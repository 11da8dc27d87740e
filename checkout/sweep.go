package checkout

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	sweepBatch = 100
	// endedBatch and refundBatch are small: attempts that have ended, and refunds,
	// must not delay the next sweep of live attempts while the gateway does not
	// answer.
	endedBatch  = 16
	refundBatch = 16
	// sweepWorkers is how many items of a merchant are worked on at once.
	sweepWorkers = 8
)

// sweeper does the work that is due.
type sweeper struct {
	store interface {
		Reader
		DueWork
	}
	clock     Clock
	confirmer *confirmer
	ender     *ender
	refunder  *refunder
	rates     *rates
	watchers  *watchers
}

// sweep is [Service.Sweep].
func (s *sweeper) sweep(ctx context.Context) error {
	var queried, ended, sent error
	var wg sync.WaitGroup
	wg.Go(func() {
		queried = doDue(ctx, s.clock, s.dueAttempts, sweepBatch, func(a Attempt) { _, _ = s.confirmer.tryQuery(ctx, a.ID, CauseSchedule) })
	})
	wg.Go(func() {
		ended = doDue(ctx, s.clock, s.store.ExpiringSessions, sweepBatch, func(session Session) { s.ender.expire(ctx, session) })
	})
	wg.Go(func() {
		sent = doDue(ctx, s.clock, s.store.DueRefunds, refundBatch, func(r Refund) { s.refunder.sendDue(ctx, r.ID) })
	})
	wg.Wait()
	return errors.Join(queried, ended, sent)
}

// dueAttempts returns a batch of due attempts: all that are live, and up to
// endedBatch of those that have ended, which come last.
func (s *sweeper) dueAttempts(ctx context.Context, now time.Time, limit int) ([]Attempt, error) {
	due, err := s.store.DueAttempts(ctx, now, limit)
	ended := 0
	for i, a := range due {
		if a.EndedAt.IsZero() {
			continue
		}
		if ended++; ended > endedBatch {
			return due[:i], err
		}
	}
	return due, err
}

// sweepWatched is [Service.SweepWatched].
func (s *sweeper) sweepWatched(ctx context.Context) {
	s.rates.refresh()
	now := s.clock.Now()
	each(ctx, s.watchers.due(now), func(id string) { s.queryWatched(ctx, id, now) })
}

// queryWatched queries the pending attempts of a watched session whose last query is
// older than watchedInterval: they were scheduled while nobody watched.
func (s *sweeper) queryWatched(ctx context.Context, sessionID string, now time.Time) {
	attempts, err := s.store.Attempts(ctx, sessionID)
	if err != nil {
		return // the next sweep returns the error
	}
	for _, a := range attempts {
		if a.State == AttemptPending && !now.Before(a.QueriedAt.Add(watchedInterval)) && !now.Before(a.CreatedAt.Add(watchedInterval)) {
			_, _ = s.confirmer.tryQuery(ctx, a.ID, CauseSchedule)
		}
	}
}

// doDue calls do for each item of a batch of due work.
func doDue[T ownedByMerchant](ctx context.Context, clock Clock, due func(context.Context, time.Time, int) ([]T, error), batch int, do func(T)) error {
	items, err := due(ctx, clock.Now(), batch)
	if err != nil {
		return err
	}
	eachMerchant(ctx, items, do)
	return nil
}

// ownedByMerchant is a record that belongs to a merchant.
type ownedByMerchant interface{ merchant() string }

func (a Attempt) merchant() string { return a.Merchant }
func (s Session) merchant() string { return s.Merchant }
func (r Refund) merchant() string  { return r.Merchant }

// eachMerchant calls each for the items of every merchant, all at once: a merchant
// whose gateway does not answer does not delay the others.
func eachMerchant[T ownedByMerchant](ctx context.Context, items []T, do func(T)) {
	byMerchant := map[string][]T{}
	for _, item := range items {
		byMerchant[item.merchant()] = append(byMerchant[item.merchant()], item)
	}
	var wg sync.WaitGroup
	for _, its := range byMerchant {
		wg.Go(func() { each(ctx, its, do) })
	}
	wg.Wait()
}

// each calls do for every item, up to sweepWorkers at once, and waits for all. Once
// ctx is done it begins with no other item.
func each[T any](ctx context.Context, items []T, do func(T)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, sweepWorkers)
	for _, item := range items {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			do(item)
		})
	}
	wg.Wait()
}
