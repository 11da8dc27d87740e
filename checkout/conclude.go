package checkout

import (
	"context"
	"errors"
	"time"
)

// Cancel calls an open session off: its orders are queried, then closed at the
// gateway, and only then is it canceled. One that turns out to be paid is
// complete instead. A session that has ended already stays as it is.
func (s *Service) Cancel(ctx context.Context, sessionID string) (Session, error) {
	if !validID(sessionID, SessionPrefix) {
		return Session{}, ErrNotFound
	}
	s.recordFew(ctx, Entry{SessionID: sessionID, At: s.clock.Now(), Kind: EntryCancel})
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
		err = s.closeAttempts(ctx, sessionID, causes[as])
		if err == nil {
			err = s.apply(ctx, Change{}, session, nil, session.end(as))
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return errors.New("giving up on a session that keeps changing")
}

// causes are why a session's attempts end with it.
var causes = map[Status]Cause{StatusExpired: CauseExpiry, StatusCanceled: CauseCancel}

// closeAttempts ends every live attempt of a session, and waits for what query
// says of one that has ended and has a payment reported. Those in quarantine are
// a person's to end.
func (s *Service) closeAttempts(ctx context.Context, sessionID string, cause Cause) error {
	attempts, err := s.store.Attempts(ctx, sessionID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		if a.Quarantined || !a.live() && !a.reported() {
			continue
		}
		h, err := s.holdPatiently(ctx, a, cause)
		if err != nil {
			return err
		}
		if err := s.closeHeld(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// errStillReported says that a session cannot end yet.
var errStillReported = errors.New("a payment is reported that query neither confirms nor has denied twice")

// closeHeld ends a held attempt: it is queried, then closed at the gateway. It
// returns nil once the attempt has ended, be it as paid, and no payment of it is
// reported.
func (s *Service) closeHeld(ctx context.Context, h held) error {
	if h.reported() && !h.live() {
		a, err := s.ask(ctx, h)
		if err == nil && a.reported() {
			err = errStillReported
		}
		return err
	}
	if !h.live() {
		return s.release(ctx, h)
	}
	status, err := s.query(ctx, h)
	if err != nil && !errors.Is(err, ErrNoOrder) {
		return s.keepOpen(ctx, h, err)
	}
	_, err = s.endHeld(ctx, h, status)
	return err
}

// endHeld ends a held, live attempt by what query said of it: as paid, or
// closed at the gateway. It stays open, to be asked about again, where the
// gateway does not know an order that it took, where close says that it is paid
// and query does not, and where close has another answer that nobody expects.
func (s *Service) endHeld(ctx context.Context, h held, status OrderStatus) (Attempt, error) {
	if status.State == OrderPaid {
		return s.settlePaid(ctx, h, status)
	}
	if h.State != AttemptCreating && status.OutTradeNo == "" {
		return h.Attempt, s.keepOpen(ctx, h, errors.Join(ErrNoOrder, errors.New("an order that the gateway took is not given up for that")))
	}
	err := s.closeOrder(ctx, h, status)
	if errors.Is(err, ErrAlreadyPaid) { // it was paid after the query
		status, queryErr := s.query(ctx, h)
		if queryErr == nil && status.State == OrderPaid {
			return s.settlePaid(ctx, h, status)
		}
		return h.Attempt, s.settlePaidByClose(ctx, h, errors.Join(err, queryErr))
	}
	if err != nil && !s.mustEndHere(ctx, h, err) {
		return h.Attempt, s.keepOpen(ctx, h, err)
	}
	return s.closed(ctx, h, status)
}

// closed records that an attempt has ended unpaid. It is asked about on, now
// and then: a wallet's payment may have crossed the close.
func (s *Service) closed(ctx context.Context, h held, status OrderStatus) (Attempt, error) {
	next := s.clock.Now().Add(unwatchedMost)
	return s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
		o := a.withdraw()
		if status.State == OrderFailed {
			o = o.and(a.fail(status.Detail, time.Time{}))
		}
		return o.and(a.close(next))
	})
}

// refusedPatience is how long after its expiry a session waits for a gateway
// that refuses to close its order, in case a person mends the cause.
const refusedPatience = time.Hour

// mustEndHere reports whether an attempt ends without the gateway's word,
// because query says that it is unpaid, close is refused for good, and its
// session's time has long been over. A person should know.
func (s *Service) mustEndHere(ctx context.Context, h held, refusal error) bool {
	session, err := s.store.Session(ctx, h.SessionID)
	forGood := errors.Is(refusal, ErrRefused) || errors.Is(refusal, ErrNoOrder)
	if err != nil || !forGood || s.clock.Now().Before(session.ExpiresAt.Add(refusedPatience)) {
		return false
	}
	s.alert(Alert{
		Problem: "ended here, but the gateway refuses to close the order", SessionID: h.SessionID, AttemptID: h.ID,
		Alarm: true, Err: refusal,
	})
	return true
}

// keepOpen releases an attempt that could not be closed.
func (s *Service) keepOpen(ctx context.Context, h held, why error) error {
	s.alert(Alert{Problem: "close failed", SessionID: h.SessionID, AttemptID: h.ID, Err: why})
	return errors.Join(why, s.release(ctx, h))
}

// closeOrder closes a held attempt's order at the gateway, after query said what it knows of
// it. One that query does not know either needs no closing; from one that it
// knows, the same answer means that it cannot be closed now, as while a
// shopper is paying it.
func (s *Service) closeOrder(ctx context.Context, h held, known OrderStatus) error {
	call, cancel, err := h.forCall(ctx, s.timeout)
	if err != nil {
		return err
	}
	defer cancel()
	err = s.gateway.Close(call, h.ref())
	h.said.add(h.call(EntryClose, s.clock.Now()).answered("closed", "", err))
	if errors.Is(err, ErrNoOrder) && known.OutTradeNo == "" {
		return nil
	}
	return err
}
