package checkout

import (
	"context"
	"errors"
	"time"
)

// lease is the right to be the only one who calls the gateway about an attempt or
// a refund.
type lease struct {
	// until is when the lease ends, as it is stored. No other lease of the same
	// record ends then, so it names this one. Zero means that there is no lease.
	until time.Time
	// deadline is the same moment by the process's own monotonic clock, which goes
	// on while the process is frozen.
	deadline time.Time
	// entries are the timeline's entries that are not written yet.
	entries *pendingEntries
}

// leasedAttempt is an attempt as it was when its lease began.
type leasedAttempt struct {
	Attempt
	lease
	// cause is why it is leased.
	cause Cause
	// overdue says that a reported payment was unconfirmed for too long when the
	// lease began.
	overdue bool
	// answer is what query answered last, zero before.
	answer *OrderStatus
}

// leasedRefund is a refund as it was when its lease began. It has no lease where
// its outcome is known without a call of the gateway.
type leasedRefund struct {
	Refund
	lease
}

// errLeaseOver says that the process stood still for so long that a call could
// outlast its lease. Nothing was sent.
var errLeaseOver = errors.New("the lease ended while this node stood still: another node may be calling the gateway")

// callContext returns the context of one call of the gateway, which lasts for
// timeout at most. It returns ErrOutcomeUnknown where the call could outlast the
// lease: two nodes must never call the gateway about the same record at once.
func (l lease) callContext(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc, error) {
	end := time.Now().Add(timeout)
	if !end.Before(l.deadline) {
		return nil, nil, errors.Join(ErrOutcomeUnknown, errLeaseOver)
	}
	ctx, cancel := context.WithDeadline(ctx, end)
	return ctx, cancel, nil
}

// leases grants and ends the leases of attempts and refunds.
type leases struct {
	store interface {
		LeaseStore
		AddNotificationAndLease(ctx context.Context, n Notification, until time.Time) (Attempt, bool, error)
		Attempt(ctx context.Context, id string) (Attempt, error)
		Refund(ctx context.Context, id string) (Refund, error)
	}
	clock    Clock
	schedule schedule
	timeline timeline
	watchers *watchers
	// callTimeout bounds one call of the gateway.
	callTimeout time.Duration
}

// duration returns how long a lease lasts: three calls of the gateway (query,
// close, and query again where close says that the order is paid), and the time to
// store the answers.
func (l leases) duration() time.Duration { return 3*l.callTimeout + 5*time.Second }

// begin returns a lease that begins now. Call it before the lease is stored.
//
// The monotonic clock is read first: a process that is frozen between the two
// reads must not believe that its lease lasts longer than it does.
func (l leases) begin() lease {
	deadline := time.Now().Add(l.duration())
	return lease{until: l.clock.Now().Add(l.duration()), deadline: deadline, entries: &pendingEntries{}}
}

// start returns when a lease began.
func (l leases) start(of lease) time.Time { return of.until.Add(-l.duration()) }

// beginAttempt returns a lease of an attempt that begins now. Call it before the
// lease is stored.
func (l leases) beginAttempt(a Attempt, cause Cause) leasedAttempt {
	return leasedAttempt{Attempt: a, lease: l.begin(), cause: cause, answer: &OrderStatus{}}
}

// leaseAttempt leases an attempt, and reports false where that is not possible
// now. It does not end with ctx: a lease that is stored must be used or ended.
func (l leases) leaseAttempt(ctx context.Context, a Attempt, cause Cause) (leasedAttempt, bool, error) {
	ctx = context.WithoutCancel(ctx)
	leased := l.beginAttempt(a, cause)
	now := l.start(leased.lease)
	var queriedBefore time.Time
	if cause == CauseBrowser {
		queriedBefore = now.Add(-minQueryInterval)
	}
	stored, ok, err := l.store.LeaseAttempt(ctx, a.ID, now, queriedBefore, leased.until)
	if err != nil || !ok {
		return leasedAttempt{}, false, err
	}
	return leased.with(stored, now), true, nil
}

// with returns the lease with the attempt as it was stored when the lease began at now.
func (leased leasedAttempt) with(stored Attempt, now time.Time) leasedAttempt {
	leased.overdue = leased.Attempt.overdue(now) // before the lease counted a query
	leased.Attempt = stored
	leased.entries.onlyWithChange = stored.Queries > notedQueries
	return leased
}

// leaseNotified stores a notification and leases its attempt, in one transaction. It
// reports false where the attempt has a lease: the notification is stored all the same.
func (l leases) leaseNotified(ctx context.Context, a Attempt, n Notification, cause Cause) (leasedAttempt, bool, error) {
	ctx = context.WithoutCancel(ctx)
	leased := l.beginAttempt(a, cause)
	n.ReceivedAt = l.start(leased.lease)
	stored, ok, err := l.store.AddNotificationAndLease(ctx, n, leased.until)
	if err != nil || !ok {
		return leasedAttempt{}, false, err
	}
	return leased.with(stored, n.ReceivedAt), true, nil
}

// retryLease leases an attempt once its present lease has ended, for example that
// of the first click of a double click. It returns ErrConflict where the attempt
// has changed meanwhile, and ErrOutcomeUnknown where its lease does not end in
// time.
func (l leases) retryLease(ctx context.Context, a Attempt, cause Cause) (leasedAttempt, error) {
	changed, stop := l.watchers.add(a.SessionID)
	defer stop()
	for deadline := l.clock.Now().Add(l.duration()); ; {
		leased, ok, err := l.leaseAttempt(ctx, a, cause)
		if err != nil || ok {
			return leased, err
		}
		// The clock decides: where a timer and a change are both ready, select may
		// take either.
		if !l.clock.Now().Before(deadline) {
			return leasedAttempt{}, errors.Join(ErrOutcomeUnknown, errors.New("another request is busy with the attempt"))
		}
		retry := time.NewTimer(leaseRetryInterval)
		select {
		case <-changed:
		case <-retry.C:
		case <-ctx.Done():
			return leasedAttempt{}, ctx.Err()
		}
		retry.Stop()
		stored, err := l.store.Attempt(ctx, a.ID)
		if err != nil {
			return leasedAttempt{}, err
		}
		if stored.Version != a.Version {
			return leasedAttempt{}, ErrConflict
		}
	}
}

// release ends the lease of an attempt and schedules the next query, if there is
// one. An attempt that has ended stays on its slow schedule until
// [confirmer.settleEnded] ends that: a query that failed must not be the last.
func (l leases) release(ctx context.Context, leased leasedAttempt) error {
	var next time.Time
	switch now := l.clock.Now(); {
	case leased.settled():
	case leased.live():
		next = l.schedule.nextQuery(leased.Attempt, now)
	default:
		next = l.schedule.nextEndedQuery(leased.Attempt, now)
	}
	return l.releaseUntil(ctx, leased, next)
}

// releaseUntil ends the lease of an attempt, writes its entries, and schedules the
// next query at next. Where a browser caused the query, it wakes the watchers of the session:
// the page of a shopper who is back from the wallet waits for the answer, also where it
// changes nothing else.
func (l leases) releaseUntil(ctx context.Context, leased leasedAttempt, next time.Time) error {
	l.timeline.flush(ctx, leased.entries)
	err := l.store.ReleaseAttempt(ctx, leased.ID, leased.until, next)
	if leased.cause == CauseBrowser {
		l.watchers.changed(leased.SessionID)
	}
	return err
}

// leaseRefund leases a pending refund. It reports false where the refund has a
// lease or is settled.
func (l leases) leaseRefund(ctx context.Context, id string) (leasedRefund, bool, error) {
	leased := leasedRefund{lease: l.begin()}
	ok, err := l.store.LeaseRefund(ctx, id, l.start(leased.lease), leased.until)
	if err != nil || !ok {
		return leased, false, err
	}
	leased.Refund, err = l.store.Refund(ctx, id)
	return leased, err == nil && leased.State == RefundPending, err
}

// releaseRefund ends the lease of a refund, writes its entries, and schedules the
// next try. It returns the refund with that time.
func (l leases) releaseRefund(ctx context.Context, leased leasedRefund) (Refund, error) {
	l.timeline.flush(ctx, leased.entries)
	leased.NextTryAt = l.schedule.nextRefundTry(leased.Refund, l.clock.Now())
	return leased.Refund, l.store.ReleaseRefund(ctx, leased.ID, leased.until, leased.NextTryAt)
}
