package checkout

import (
	"context"
	"errors"
	"time"
)

// held is an attempt that this Service alone may talk to the gateway about.
type held struct {
	Attempt
	// until is when the hold ends, as it is stored. No other hold of the attempt
	// ends then, so it names this one.
	until time.Time
	// deadline is the same moment by the process's own monotonic clock, which
	// goes on while the process is frozen.
	deadline time.Time
	// cause is why it is held.
	cause Cause
	// overdue says that a notified payment was not settled for too long when the
	// hold began.
	overdue bool
	said    *journal
	// heard is what query said last, zero before.
	heard *OrderStatus
}

// lease returns when a hold that begins now ends, as it is stored and by the
// process's own monotonic clock. That one is read first: a process that is frozen
// between the two must not believe that its hold lasts longer than it does.
func (s *Service) lease() (until, deadline time.Time) {
	deadline = time.Now().Add(s.holdFor())
	return s.clock.Now().Add(s.holdFor()), deadline
}

// newHold is a hold that begins now. Call it before the hold is stored.
func (s *Service) newHold(a Attempt, cause Cause) held {
	until, deadline := s.lease()
	return held{
		Attempt: a, until: until, deadline: deadline, cause: cause, said: &journal{}, heard: &OrderStatus{},
	}
}

// hold claims an attempt. It sees the claim through whatever becomes of the
// caller, so that none is taken and then forgotten.
func (s *Service) hold(ctx context.Context, a Attempt, cause Cause) (held, bool, error) {
	ctx = context.WithoutCancel(ctx)
	h := s.newHold(a, cause)
	now := h.until.Add(-s.holdFor())
	var askedBefore time.Time
	if cause == CauseBrowser {
		askedBefore = now.Add(-minQueryInterval)
	}
	ok, err := s.store.LeaseAttempt(ctx, a.ID, now, askedBefore, h.until)
	if err != nil || !ok {
		return held{}, false, err
	}
	h.overdue = a.overdue(now)
	h.Attempt, err = s.store.Attempt(ctx, a.ID)
	h.said.quiet = h.Queries > notedQueries
	return h, err == nil, err
}

// errLeaseOver says that a holder was stopped for so long that an answer could
// come after its lease. Nothing was sent.
var errLeaseOver = errors.New("this node stood still for too long: another may be asking by now")

func (h held) forCall(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc, error) {
	return forCall(ctx, h.deadline, timeout)
}

// forCall returns the context of one call of the gateway under a hold that ends
// at deadline. The call lasts for timeout at most. It returns ErrOutcomeUnknown
// where the call could outlast the hold: whoever holds the attempt or the refund
// next must not meet a call of this holder.
func forCall(ctx context.Context, deadline time.Time, timeout time.Duration) (context.Context, context.CancelFunc, error) {
	end := time.Now().Add(timeout)
	if !end.Before(deadline) {
		return nil, nil, errors.Join(ErrOutcomeUnknown, errLeaseOver)
	}
	ctx, cancel := context.WithDeadline(ctx, end)
	return ctx, cancel, nil
}

// release ends a hold and schedules the next query, if there is to be one. An
// attempt that has ended stays on the slow schedule, until settleEnded takes it
// off: a query that failed must not be its last.
func (s *Service) release(ctx context.Context, h held) error {
	var next time.Time
	switch now := s.clock.Now(); {
	case h.settled():
	case h.live():
		next = s.nextQuery(h.Attempt, now)
	default:
		next = s.nextEndedQuery(h.Attempt, now)
	}
	return s.releaseUntil(ctx, h, next)
}

// releaseUntil ends a hold, and writes down what came of it.
func (s *Service) releaseUntil(ctx context.Context, h held, next time.Time) error {
	s.flush(ctx, h.said)
	return s.store.ReleaseAttempt(ctx, h.ID, h.until, next)
}
