package checkout

import (
	"context"
	"errors"
	"time"
)

const (
	// concludeInterval is the least time between two tries to end a session, and
	// maxConcludeInterval the most. Between the two it is a hundredth of the time
	// since the session's expiry.
	concludeInterval    = 15 * time.Second
	maxConcludeInterval = time.Hour
)

// ender ends sessions that expire or are canceled.
type ender struct {
	store interface {
		Session(ctx context.Context, id string) (Session, error)
		Attempts(ctx context.Context, sessionID string) ([]Attempt, error)
		PostponeConclusion(ctx context.Context, id string, at time.Time) error
	}
	clock     Clock
	ledger    *ledger
	leases    leases
	timeline  timeline
	closer    closer
	confirmer *confirmer
	rates     *callRates
	alert     func(Alert)
}

// cancel is [Service.Cancel].
func (e *ender) cancel(ctx context.Context, sessionID string) (Session, error) {
	return e.endNow(ctx, StatusCanceled, Entry{SessionID: sessionID, Kind: EntryCancel})
}

// end is [Service.End].
func (e *ender) end(ctx context.Context, sessionID string, as Status) (Session, error) {
	return e.endNow(ctx, as, Entry{SessionID: sessionID, Kind: EntryCancel, Result: CanceledByShop, Detail: string(as)})
}

// endNow ends an open session because somebody asked for it, which entry records. It
// returns the session as it then is.
func (e *ender) endNow(ctx context.Context, as Status, entry Entry) (Session, error) {
	id := entry.SessionID
	if !validID(id, SessionPrefix) {
		return Session{}, ErrNotFound
	}
	entry.At = e.clock.Now()
	e.timeline.recordFew(ctx, entry)
	err := e.conclude(context.WithoutCancel(ctx), id, as, CauseCancel)
	session, readErr := e.store.Session(ctx, id)
	return session, errors.Join(err, readErr)
}

// expire ends a session that has expired, or schedules the next try.
func (e *ender) expire(ctx context.Context, session Session) {
	ctx = context.WithoutCancel(ctx)
	err := e.conclude(ctx, session.ID, StatusExpired, CauseExpiry)
	if err == nil {
		return
	}
	now := e.clock.Now()
	wait := min(max(now.Sub(session.ExpiresAt)/100, concludeInterval), maxConcludeInterval)
	err = errors.Join(err, e.store.PostponeConclusion(ctx, session.ID, now.Add(wait)))
	e.alert(Alert{Problem: "a session could not be ended yet", SessionID: session.ID, Err: err})
}

// conclude ends an open session as expired or canceled, once each of its orders is
// known to be unpaid and is closed. cause is why the orders are queried.
func (e *ender) conclude(ctx context.Context, sessionID string, as Status, cause Cause) error {
	for range maxUpdates {
		session, err := e.store.Session(ctx, sessionID)
		if err != nil || session.Status != StatusOpen {
			return err
		}
		// A new attempt increments the session's version. So the last step fails
		// where one was placed after the session was read.
		err = e.closeAttempts(ctx, sessionID, cause)
		if err == nil {
			err = e.ledger.apply(ctx, Change{}, session, nil, session.end(as))
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return tooManyUpdates("session " + sessionID)
}

// closeAttempts ends each live attempt of a session, and queries each attempt that
// has ended and has a reported payment. An operator ends the quarantined ones.
func (e *ender) closeAttempts(ctx context.Context, sessionID string, cause Cause) error {
	attempts, err := e.store.Attempts(ctx, sessionID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.Quarantined || !a.live() && !a.reported() {
			continue
		}
		if cause == CauseExpiry { // a query and a close
			if err := e.rates.of(a.Merchant).wait(ctx, WorkSessions, 2); err != nil {
				return err
			}
		}
		leased, err := e.leases.retryLease(ctx, a, cause)
		if err != nil {
			return err
		}
		if err := e.endAttempt(ctx, leased); err != nil {
			return err
		}
	}
	return nil
}

// errStillReported says that a session cannot end yet.
var errStillReported = errors.New("a payment is reported that query neither confirms nor has denied twice")

// endAttempt ends a leased attempt. It returns nil once the attempt has ended, also
// where it has ended as paid, and no payment of it is reported.
func (e *ender) endAttempt(ctx context.Context, leased leasedAttempt) error {
	if leased.live() || !leased.reported() {
		return e.closer.end(ctx, leased)
	}
	a, err := e.confirmer.query(ctx, leased)
	if err == nil && a.reported() {
		err = errStillReported
	}
	return err
}
