package checkout

import (
	"context"
	"errors"
	"time"
)

// endUnclosedAfter is how long after the session's expiry an attempt may end
// although the gateway refuses to close its order. It leaves an operator the time
// to mend the cause.
const endUnclosedAfter = time.Hour

// closer ends attempts: it queries an order, closes it at the gateway, and records
// the end.
type closer struct {
	store interface {
		Session(ctx context.Context, id string) (Session, error)
	}
	clock    Clock
	ledger   *ledger
	leases   leases
	calls    calls
	payments payments
	alert    func(Alert)
}

// end ends a leased, live attempt: it is queried, then closed at the gateway. It
// returns nil once the attempt has ended, also where it has ended as paid. The
// lease is over when it returns.
func (c closer) end(ctx context.Context, leased leasedAttempt) error {
	if !leased.live() {
		return c.leases.release(ctx, leased)
	}
	status, err := c.calls.query(ctx, leased)
	if err != nil && !errors.Is(err, ErrNoOrder) {
		return c.keepOpen(ctx, leased, err)
	}
	_, err = c.endQueried(ctx, leased, status)
	return err
}

// endQueried ends a leased, live attempt by what query answered: as paid, or closed
// at the gateway. It returns an error, and the attempt stays open, where
//   - the gateway does not know an order that it took,
//   - close says that the order is paid and query does not,
//   - close fails, unless [closer.mayEndUnclosed].
func (c closer) endQueried(ctx context.Context, leased leasedAttempt, status OrderStatus) (Attempt, error) {
	if status.State == OrderPaid {
		return c.payments.settlePaid(ctx, leased, status)
	}
	if leased.State != AttemptCreating && status.OutTradeNo == "" {
		return leased.Attempt, c.keepOpen(ctx, leased, errors.Join(ErrNoOrder, errors.New("an order that the gateway took is kept all the same")))
	}
	err := c.calls.close(ctx, leased, status)
	if errors.Is(err, ErrAlreadyPaid) { // it was paid after the query
		status, queryErr := c.calls.query(ctx, leased)
		if queryErr == nil && status.State == OrderPaid {
			return c.payments.settlePaid(ctx, leased, status)
		}
		return leased.Attempt, c.reportPaid(ctx, leased, errors.Join(err, queryErr))
	}
	if err != nil && !c.mayEndUnclosed(ctx, leased, err) {
		return leased.Attempt, c.keepOpen(ctx, leased, err)
	}
	return c.recordClosed(ctx, leased, status)
}

// recordClosed records that an attempt has ended unpaid. It is queried from time to
// time all the same: the shopper's payment may have been on its way.
func (c closer) recordClosed(ctx context.Context, leased leasedAttempt, status OrderStatus) (Attempt, error) {
	next := c.clock.Now().Add(unwatchedInterval)
	return c.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
		o := a.withdrawReport()
		if status.State == OrderFailed {
			o = o.and(a.fail(status.Detail, time.Time{}))
		}
		return o.and(a.close(next))
	})
}

// reportPaid records that the gateway refuses to close an order as paid, while
// query does not say so. The attempt stays open, so the session does not expire.
func (c closer) reportPaid(ctx context.Context, leased leasedAttempt, why error) error {
	alertContradiction(c.alert, leased, "close says that the order is paid, and query does not", why.Error())
	now := c.clock.Now()
	_, err := c.ledger.update(ctx, leased, func(_ *Session, a *Attempt) outcome {
		if a.ReportedAt.IsZero() {
			a.ReportedAt = now
		}
		a.NextQueryAt = now.Add(firstQueryAfter)
		return outcome{attempt: true}
	})
	return errors.Join(why, err)
}

// mayEndUnclosed reports whether an attempt ends although the gateway did not close
// its order: query says that it is unpaid, close is refused for good, and the
// session expired long ago. It raises an alarm.
func (c closer) mayEndUnclosed(ctx context.Context, leased leasedAttempt, refusal error) bool {
	session, err := c.store.Session(ctx, leased.SessionID)
	forGood := errors.Is(refusal, ErrRefused) || errors.Is(refusal, ErrNoOrder)
	if err != nil || !forGood || c.clock.Now().Before(session.ExpiresAt.Add(endUnclosedAfter)) {
		return false
	}
	c.alert(Alert{
		Problem: "ended here, but the gateway refuses to close the order", SessionID: leased.SessionID, AttemptID: leased.ID,
		Alarm: true, Err: refusal,
	})
	return true
}

// keepOpen ends the lease of an attempt whose order could not be closed, and
// returns why.
func (c closer) keepOpen(ctx context.Context, leased leasedAttempt, why error) error {
	c.alert(Alert{Problem: "close failed", SessionID: leased.SessionID, AttemptID: leased.ID, Err: why})
	return errors.Join(why, c.leases.release(ctx, leased))
}
