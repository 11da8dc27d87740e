package checkout

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	sweepBatch = 100
	// endedBatch is small for the same reason as refundBatch: what has ended
	// must not keep what is live waiting.
	endedBatch = 16
	// refundBatch is small: the refunds of a gateway that does not answer
	// must not keep the next sweep waiting for long.
	refundBatch  = 16
	sweepWorkers = 8
	// concludeAgain and concludeMost bound how long to wait with a session whose
	// end the gateway did not answer for: a hundredth of the time since its expiry.
	concludeAgain = 15 * time.Second
	concludeMost  = time.Hour
)

// Sweep does what is due: it asks about attempts whose time has come, ends
// sessions that have expired and sends refunds again, side by side, so that a
// gateway that does not answer for one kind keeps none of the others waiting. It
// takes a batch of each, the merchants in turn, and begins nothing more once ctx is done; what is left
// is still due at the next sweep. An error is the store's: the gateway's are
// reported and scheduled again.
func (s *Service) Sweep(ctx context.Context) error {
	var asked, ended, sent error
	var wg sync.WaitGroup
	wg.Go(func() {
		asked = sweepKind(ctx, s.clock, s.dueAttempts, sweepBatch, func(a Attempt) { _, _ = s.tryAsk(ctx, a.ID, CauseSchedule) })
	})
	wg.Go(func() {
		ended = sweepKind(ctx, s.clock, s.store.ExpiringSessions, sweepBatch, func(session Session) { s.expire(ctx, session) })
	})
	wg.Go(func() {
		sent = sweepKind(ctx, s.clock, s.store.DueRefunds, refundBatch, func(r Refund) { s.sendDueRefund(ctx, r.ID) })
	})
	wg.Wait()
	return errors.Join(asked, ended, sent)
}

// dueAttempts returns all attempts of a batch that are live, and a few of those
// that have ended, which come after them.
func (s *Service) dueAttempts(ctx context.Context, now time.Time, limit int) ([]Attempt, error) {
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

// sweepKind does a batch of what is due of one kind.
func sweepKind[T ofMerchant](ctx context.Context, clock Clock, due func(context.Context, time.Time, int) ([]T, error), batch int, do func(T)) error {
	items, err := due(ctx, clock.Now(), batch)
	if err != nil {
		return err
	}
	eachMerchant(ctx, items, do)
	return nil
}

// ofMerchant is what is a merchant's.
type ofMerchant interface{ merchant() string }

func (a Attempt) merchant() string { return a.Merchant }
func (s Session) merchant() string { return s.Merchant }
func (r Refund) merchant() string  { return r.Merchant }

// eachMerchant is each for every merchant's items side by side: one whose
// gateway does not answer keeps no other waiting.
func eachMerchant[T ofMerchant](ctx context.Context, items []T, do func(T)) {
	theirs := map[string][]T{}
	for _, item := range items {
		theirs[item.merchant()] = append(theirs[item.merchant()], item)
	}
	var wg sync.WaitGroup
	for _, some := range theirs {
		wg.Go(func() { each(ctx, some, do) })
	}
	wg.Wait()
}

// askWatched asks about the pending attempts of a session that a page watches,
// where the last query is older than it should be then: it was scheduled when
// nobody watched.
func (s *Service) askWatched(ctx context.Context, sessionID string, now time.Time) {
	attempts, err := s.store.Attempts(ctx, sessionID)
	if err != nil {
		return // the next sweep fails too, and says so
	}
	for _, a := range attempts {
		if a.State == AttemptPending && !now.Before(a.QueriedAt.Add(watchedInterval)) && !now.Before(a.CreatedAt.Add(watchedInterval)) {
			_, _ = s.tryAsk(ctx, a.ID, CauseSchedule)
		}
	}
}

// expire ends a session whose time is over, or says when to try again.
func (s *Service) expire(ctx context.Context, session Session) {
	ctx = context.WithoutCancel(ctx)
	err := s.conclude(ctx, session.ID, StatusExpired)
	if err == nil {
		return
	}
	now := s.clock.Now()
	wait := min(max(now.Sub(session.ExpiresAt)/100, concludeAgain), concludeMost)
	err = errors.Join(err, s.store.PostponeConclusion(ctx, session.ID, now.Add(wait)))
	s.alert(Alert{Problem: "a session could not be ended yet", SessionID: session.ID, Err: err})
}

// each calls do for every item, a few at a time, and waits for all. Once ctx is
// done it begins with no other.
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
