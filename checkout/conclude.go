package checkout

import (
	"context"
	"errors"
)

// Cancel calls an open session off: its orders are queried, then closed at the
// gateway, and only then is it canceled. One that turns out to be paid is
// complete instead. A session that has ended already stays as it is.
func (s *Service) Cancel(ctx context.Context, sessionID string) (Session, error) {
	if !validID(sessionID, SessionPrefix) {
		return Session{}, ErrNotFound
	}
	err := s.conclude(context.WithoutCancel(ctx), sessionID, StatusCanceled)
	session, readErr := s.Session(ctx, sessionID)
	return session, errors.Join(err, readErr)
}

// conclude ends an open session as expired or canceled, after each of its open
// orders was found unpaid and closed.
func (s *Service) conclude(ctx context.Context, sessionID string, as Status) error {
	for range updateTries {
		session, err := s.Session(ctx, sessionID)
		if err != nil || session.Status != StatusOpen {
			return err
		}
		// A new attempt counts up the version that was read above, so
		// that the last step fails where one was placed meanwhile.
		if err := s.closeAttempts(ctx, sessionID); err != nil {
			return err
		}
		o := session.end(as)
		if err := s.apply(ctx, session, nil, o); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return errors.New("giving up on a session that keeps changing")
}

// closeAttempts ends every open attempt of a session but those in quarantine,
// which are a person's to end.
func (s *Service) closeAttempts(ctx context.Context, sessionID string) error {
	attempts, err := s.store.Attempts(ctx, sessionID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if !a.State.Open() || a.Quarantined {
			continue
		}
		h, err := s.holdPatiently(ctx, a)
		if err != nil {
			return err
		}
		if _, err := s.closeHeld(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// closeHeld ends a held attempt: it is queried, then closed at the gateway. It
// returns nil once the attempt has ended, be it as paid. ErrNumberUsed and
// answers that nobody expects leave it open, to be asked about again.
func (s *Service) closeHeld(ctx context.Context, h held) (Attempt, error) {
	if !h.State.Open() {
		return h.Attempt, s.release(ctx, h)
	}
	status, err := s.query(ctx, h.Attempt)
	if err == nil && status.State != OrderUnpaid {
		return s.settle(ctx, h.Attempt, status)
	}
	if err == nil || errors.Is(err, ErrNoOrder) {
		err = s.closeOrder(ctx, h.Attempt)
	}
	if err != nil {
		s.report(Report{Problem: "close failed", SessionID: h.SessionID, AttemptID: h.ID, Err: err})
		return h.Attempt, errors.Join(err, s.release(ctx, h))
	}
	return s.update(ctx, h.ID, func(session *Session, a *Attempt) outcome {
		return session.unprocess().and(a.close())
	})
}

// closeOrder closes an order at the gateway. One that the gateway does not
// know needs no closing.
func (s *Service) closeOrder(ctx context.Context, a Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err := s.gateway.Close(ctx, a.ref())
	if errors.Is(err, ErrNoOrder) {
		return nil
	}
	return err
}
