package checkout

import (
	"context"
	"errors"
	"time"
)

// Cause is why the gateway is asked about an attempt.
type Cause string

// The causes of a query.
const (
	// CauseSchedule: the attempt was due.
	CauseSchedule Cause = "schedule"
	// CauseNotification: the gateway itself hinted, with its signature.
	CauseNotification Cause = "notification"
	// CauseBrowser: a browser returned, asked, or became visible. Anybody can
	// cause it, so it is heard at most every 2 s.
	CauseBrowser Cause = "browser"
)

// notTakenAfter is the age at which an order that the gateway does not know is
// given up: no request of ours is on its way any more.
const notTakenAfter = 2 * time.Minute

// Confirm asks the gateway about an attempt and settles what it says. Where
// somebody else is asking, or did so within the last 2 s, it does nothing; the
// attempt that it returns is as it stands then. An error that matches
// ErrOutcomeUnknown means that the gateway could not be asked: it will be.
func (s *Service) Confirm(ctx context.Context, attemptID string, cause Cause) (Attempt, error) {
	_, askErr := s.tryAsk(ctx, attemptID, cause)
	a, err := s.store.Attempt(ctx, attemptID)
	return a, errors.Join(err, askErr)
}

// tryAsk reports whether the attempt needs no asking any more, now or at all;
// false means that another's conversation stood in the way.
func (s *Service) tryAsk(ctx context.Context, attemptID string, cause Cause) (bool, error) {
	a, err := s.store.Attempt(ctx, attemptID)
	if err != nil {
		return false, err
	}
	if a.State == AttemptPaid || a.Quarantined {
		return true, nil
	}
	h, ok, err := s.hold(ctx, a, cause)
	if err != nil || !ok {
		return false, err
	}
	_, err = s.ask(context.WithoutCancel(ctx), h, cause)
	return true, err
}

// held is an attempt that this Service alone may talk to the gateway about.
type held struct {
	Attempt
	until time.Time
}

func (s *Service) hold(ctx context.Context, a Attempt, cause Cause) (held, bool, error) {
	now := s.clock.Now()
	askedBefore := now
	if cause == CauseBrowser {
		askedBefore = now.Add(-minQueryInterval)
	}
	h := held{a, now.Add(s.holdFor())}
	ok, err := s.store.Hold(ctx, a.ID, now, askedBefore, h.until)
	if err != nil || !ok {
		return held{}, false, err
	}
	h.Attempt, err = s.store.Attempt(ctx, a.ID)
	return h, err == nil, err
}

// ask queries the gateway about a held attempt, settles the answer and ends
// the hold.
func (s *Service) ask(ctx context.Context, h held, cause Cause) (Attempt, error) {
	status, err := s.query(ctx, h.Attempt)
	switch {
	case errors.Is(err, ErrNoOrder):
		return s.settleNoOrder(ctx, h)
	case err != nil:
		s.report(Report{Problem: "query failed", SessionID: h.SessionID, AttemptID: h.ID, Err: err})
		return h.Attempt, errors.Join(err, s.release(ctx, h))
	case status.State == OrderUnpaid:
		return s.settleUnpaid(ctx, h, cause)
	default:
		return s.settle(ctx, h.Attempt, status)
	}
}

func (s *Service) query(ctx context.Context, a Attempt) (OrderStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return s.gateway.Query(ctx, a.ref())
}

func (a Attempt) ref() OrderRef {
	return OrderRef{Merchant: a.Merchant, Channel: a.Wallet.Channel(), OutTradeNo: a.OutTradeNo}
}

// release ends a hold and schedules the next query, if there is to be one.
func (s *Service) release(ctx context.Context, h held) error {
	var next time.Time
	if h.State.Open() {
		next = s.nextQuery(h.Attempt, s.clock.Now())
	}
	return s.store.Release(ctx, h.ID, h.until, next)
}

// settleNoOrder handles an order that the gateway does not know. While it is
// young its request may still be on the way.
func (s *Service) settleNoOrder(ctx context.Context, h held) (Attempt, error) {
	young := s.clock.Now().Sub(h.CreatedAt) < notTakenAfter
	if h.State == AttemptCreating && !young {
		return s.update(ctx, h.ID, func(_ *Session, a *Attempt) outcome { return a.fail("not taken by the gateway") })
	}
	if h.State == AttemptPending {
		s.report(Report{Problem: "the gateway does not know an order that it took", SessionID: h.SessionID, AttemptID: h.ID, Alarm: true})
	}
	return h.Attempt, s.release(ctx, h)
}

// settleUnpaid keeps a pending attempt for the next query. One whose code was
// lost with the gateway's answer is closed: nobody can pay it.
func (s *Service) settleUnpaid(ctx context.Context, h held, cause Cause) (Attempt, error) {
	if h.State == AttemptCreating {
		return s.closeHeld(ctx, h)
	}
	if cause != CauseNotification || !h.State.Open() {
		return h.Attempt, s.release(ctx, h)
	}
	s.report(Report{Problem: "a notification reports a payment that query does not", SessionID: h.SessionID, AttemptID: h.ID, Alarm: true})
	if err := s.release(ctx, h); err != nil {
		return h.Attempt, err
	}
	return s.update(ctx, h.ID, func(session *Session, _ *Attempt) outcome { return session.process() })
}

// settle applies a final answer of query.
func (s *Service) settle(ctx context.Context, asked Attempt, status OrderStatus) (Attempt, error) {
	now := s.clock.Now()
	if status.State == OrderFailed {
		return s.update(ctx, asked.ID, func(session *Session, a *Attempt) outcome {
			return session.unprocess().and(a.fail(status.Detail))
		})
	}
	if problem := asked.disagreement(status); problem != "" {
		s.report(Report{Problem: "quarantined: " + problem, SessionID: asked.SessionID, AttemptID: asked.ID, Alarm: true})
		return s.update(ctx, asked.ID, func(session *Session, a *Attempt) outcome {
			if a.State == AttemptPaid || a.Quarantined {
				return outcome{}
			}
			return session.mismatch().and(a.quarantine(problem))
		})
	}
	return s.update(ctx, asked.ID, func(session *Session, a *Attempt) outcome {
		if a.State == AttemptPaid {
			return outcome{}
		}
		return session.pay(now).and(a.pay(status.TradeID, now))
	})
}

// disagreement says in what a reported order is not the one that was placed,
// or "". What the report leaves out does not disagree.
func (a Attempt) disagreement(o OrderStatus) string {
	switch {
	case o.OutTradeNo != "" && o.OutTradeNo != a.OutTradeNo:
		return "another out_trade_no"
	case o.TradeID != "" && a.TradeID != "" && o.TradeID != a.TradeID:
		return "another trade_id"
	case o.Amount != 0 && o.Amount != a.Amount:
		return "another amount"
	case o.Currency != "" && o.Currency != a.Currency:
		return "another currency"
	default:
		return ""
	}
}
