package checkout

import (
	"context"
	"errors"
	"time"
)

// Cause is why the gateway is called about an attempt.
type Cause string

// The causes of a call.
const (
	// CauseSchedule: the attempt was due, a page watches it, or the statement lists a
	// payment of it.
	CauseSchedule Cause = "schedule"
	// CauseNotification: a signed notification reported a payment.
	CauseNotification Cause = "notification"
	// CauseBrowser: a browser returned from the wallet, asked, or became visible.
	// An outsider can cause it, so it causes no query within 2 s of the last query.
	CauseBrowser Cause = "browser"
	// CauseDenial: a signed notification reported a failed payment, or a status that the
	// kit does not know.
	CauseDenial Cause = "denial"
	// CauseOtherPaid: another attempt of the session was paid, or the session ended or
	// got a mismatch while the order was placed.
	CauseOtherPaid Cause = "other paid"
	// CauseStart: the shopper starts a payment.
	CauseStart Cause = "start"
	// CauseExpiry and CauseCancel: the session is to end.
	CauseExpiry Cause = "expiry"
	CauseCancel Cause = "cancel"
)

// waits reports whether a query with this cause waits for its turn: see [callRates].
func (c Cause) waits() bool { return c == CauseSchedule || c == CauseExpiry }

const (
	// notTakenAfter is the age at which an attempt without the gateway's answer
	// fails where the gateway does not know its order. By then no request of ours
	// is on its way.
	notTakenAfter = 2 * time.Minute
	// queriedAfterExpiry is how long after its session's expiry an attempt that has
	// ended is still queried.
	queriedAfterExpiry = 24 * time.Hour
)

// confirmer queries the gateway about attempts and stores what follows from the
// answers. Only [payments.settlePaid] records a payment, and only from an answer to
// query: confirmer and [closer] call it.
type confirmer struct {
	store interface {
		Attempt(ctx context.Context, id string) (Attempt, error)
		Session(ctx context.Context, id string) (Session, error)
	}
	clock    Clock
	ledger   *ledger
	leases   leases
	schedule schedule
	calls    calls
	payments payments
	closer   closer
	alert    func(Alert)
}

// confirm is [Service.Confirm].
func (c *confirmer) confirm(ctx context.Context, attemptID string, cause Cause) (Attempt, error) {
	_, queryErr := c.tryQuery(ctx, attemptID, cause)
	a, err := c.store.Attempt(ctx, attemptID)
	return a, errors.Join(err, queryErr)
}

// tryQuery queries the gateway about an attempt, unless the attempt has a lease. It
// reports whether no further query is needed now: it returns false where a lease
// prevented the query.
func (c *confirmer) tryQuery(ctx context.Context, attemptID string, cause Cause) (bool, error) {
	a, err := c.store.Attempt(ctx, attemptID)
	if err != nil {
		return false, err
	}
	return c.queryRead(ctx, a, cause)
}

// queryFound queries the gateway about an attempt that was due when it was found, unless
// it was queried since. An error raises an alert where it arises.
func (c *confirmer) queryFound(ctx context.Context, found Attempt) {
	a, err := c.store.Attempt(ctx, found.ID)
	if err == nil && a.QueriedAt.Equal(found.QueriedAt) {
		_, _ = c.queryRead(ctx, a, CauseSchedule)
	}
}

// queryRead is tryQuery for an attempt that was just read.
func (c *confirmer) queryRead(ctx context.Context, a Attempt, cause Cause) (bool, error) {
	if a.settled() {
		return true, nil
	}
	leased, ok, err := c.leases.leaseAttempt(ctx, a, cause)
	if err != nil || !ok {
		return false, err
	}
	return true, c.queryUnlessSettled(context.WithoutCancel(ctx), leased)
}

// queryUnlessSettled queries the gateway about a leased attempt, unless the attempt was
// settled under the lease before. The lease is over when it returns.
func (c *confirmer) queryUnlessSettled(ctx context.Context, leased leasedAttempt) error {
	if leased.settled() {
		return c.leases.release(ctx, leased)
	}
	_, err := c.query(ctx, leased)
	if errors.Is(err, ErrConflict) { // a newer answer is stored
		return nil
	}
	return err
}

// query queries the gateway about a leased attempt, stores what follows from the
// answer, and ends the lease. ErrConflict means that a newer answer is stored.
func (c *confirmer) query(ctx context.Context, leased leasedAttempt) (Attempt, error) {
	status, err := c.calls.query(ctx, leased)
	noOrder := errors.Is(err, ErrNoOrder)
	if err != nil && !noOrder {
		return c.settleUnanswered(ctx, leased, err)
	}
	if status.State == OrderPaid {
		return c.payments.settlePaid(ctx, leased, status)
	}
	session, err := c.store.Session(ctx, leased.SessionID)
	// Where the answer to the order was lost, its code or URL was lost with it:
	// nobody can pay such an order.
	placedLost := leased.State == AttemptCreating && !noOrder
	switch {
	case err != nil:
		return leased.Attempt, errors.Join(err, c.leases.release(ctx, leased))
	case leased.live() && (placedLost || session.Status != StatusOpen || leased.cause == CauseOtherPaid):
		return c.closer.endQueried(ctx, leased, status)
	case leased.needsSecondDenial():
		return c.settleDenied(ctx, leased)
	case !leased.live():
		return c.settleEnded(ctx, leased, session)
	case noOrder:
		return c.settleNoOrder(ctx, leased)
	case status.State == OrderFailed:
		return c.settleFailed(ctx, leased, status)
	default:
		return c.settleUnpaid(ctx, leased, session)
	}
}

// settleUnanswered keeps an attempt for the next query after one without an answer.
// With a reported payment the session stays processing.
func (c *confirmer) settleUnanswered(ctx context.Context, leased leasedAttempt, why error) (Attempt, error) {
	c.alert(Alert{Problem: "query failed", SessionID: leased.SessionID, AttemptID: leased.ID, Err: why})
	if leased.ReportedAt.IsZero() {
		return leased.Attempt, errors.Join(why, c.leases.release(ctx, leased))
	}
	next := c.schedule.nextQuery(leased.Attempt, c.clock.Now())
	a, err := c.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
		a.NextQueryAt = next
		return outcome{attempt: true}
	})
	return a, errors.Join(why, err)
}

// settleDenied records that query denies a reported payment, and schedules the next
// query.
func (c *confirmer) settleDenied(ctx context.Context, leased leasedAttempt) (Attempt, error) {
	now := c.clock.Now()
	next := c.schedule.nextQuery(leased.Attempt, now)
	return c.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
		if a.DeniedAt.IsZero() {
			a.DeniedAt = now
		}
		a.NextQueryAt = next
		return outcome{attempt: true}
	})
}

// settleNoOrder handles an order that the gateway does not know. An attempt without
// the gateway's answer fails once it is old enough; before, its request may still
// be on its way. An order that the gateway took is kept: this answer may be about
// another account.
func (c *confirmer) settleNoOrder(ctx context.Context, leased leasedAttempt) (Attempt, error) {
	young := c.clock.Now().Sub(leased.CreatedAt) < notTakenAfter
	if leased.State != AttemptCreating || young {
		return leased.Attempt, c.leases.release(ctx, leased)
	}
	return c.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
		return a.withdrawReport().and(a.fail("not taken by the gateway", time.Time{}))
	})
}

// settleUnpaid keeps an attempt for the next query.
func (c *confirmer) settleUnpaid(ctx context.Context, leased leasedAttempt, session Session) (Attempt, error) {
	if !leased.changesBecauseUnpaid(session) {
		return leased.Attempt, c.leases.release(ctx, leased)
	}
	next := c.schedule.nextQuery(leased.Attempt, c.clock.Now())
	return c.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
		a.NextQueryAt = next
		return a.withdrawReport().and(outcome{attempt: true})
	})
}

// settleEnded schedules the next query about an attempt that has ended unpaid, or
// none from queriedAfterExpiry on. The shopper's payment may have been on its way
// when the attempt ended.
func (c *confirmer) settleEnded(ctx context.Context, leased leasedAttempt, session Session) (Attempt, error) {
	now := c.clock.Now()
	next, last := c.schedule.nextEndedQuery(leased.Attempt, now), session.ExpiresAt.Add(queriedAfterExpiry)
	switch {
	case !now.Before(last):
		next = time.Time{}
	case next.After(last):
		next = last
	}
	if !leased.changesBecauseUnpaid(session) {
		return leased.Attempt, c.leases.releaseUntil(ctx, leased, next)
	}
	return c.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
		a.NextQueryAt = next
		return a.withdrawReport().and(outcome{attempt: true})
	})
}

// settleFailed records that the wallet refused the payment. The order is still at
// the gateway, where the wallet may take another payment: so it is queried on.
func (c *confirmer) settleFailed(ctx context.Context, leased leasedAttempt, status OrderStatus) (Attempt, error) {
	next := c.schedule.nextQuery(leased.Attempt, c.clock.Now())
	return c.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
		return a.withdrawReport().and(a.fail(status.Detail, next))
	})
}
