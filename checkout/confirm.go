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
	// CauseDenial: the gateway hinted, and reported no payment.
	CauseDenial Cause = "denial"
	// CauseOtherPaid: another attempt of the session was paid.
	CauseOtherPaid Cause = "other paid"
	// CauseStart: the shopper wished to pay, and the wallet has an order.
	CauseStart Cause = "start"
	// CauseExpiry and CauseCancel: the session is to end.
	CauseExpiry Cause = "expiry"
	CauseCancel Cause = "cancel"
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
	if a.settled() {
		return true, nil
	}
	h, ok, err := s.hold(ctx, a, cause)
	if err != nil || !ok {
		return false, err
	}
	if h.settled() { // by who held it until just now
		return true, s.release(context.WithoutCancel(ctx), h)
	}
	_, err = s.ask(context.WithoutCancel(ctx), h)
	return true, err
}

// held is an attempt that this Service alone may talk to the gateway about.
type held struct {
	Attempt
	until time.Time
	// cause is why it is held.
	cause Cause
	said  *journal
}

// hold claims an attempt. It sees the claim through whatever becomes of the
// caller, so that none is taken and then forgotten.
func (s *Service) hold(ctx context.Context, a Attempt, cause Cause) (held, bool, error) {
	ctx = context.WithoutCancel(ctx)
	now := s.clock.Now()
	var askedBefore time.Time
	if cause == CauseBrowser {
		askedBefore = now.Add(-minQueryInterval)
	}
	h := held{a, now.Add(s.holdFor()), cause, &journal{}}
	ok, err := s.store.Hold(ctx, a.ID, now, askedBefore, h.until)
	if err != nil || !ok {
		return held{}, false, err
	}
	h.Attempt, err = s.store.Attempt(ctx, a.ID)
	h.said.quiet = h.Queries > notedQueries
	return h, err == nil, err
}

// ask queries the gateway about a held attempt, settles the answer and ends
// the hold.
func (s *Service) ask(ctx context.Context, h held) (Attempt, error) {
	status, err := s.query(ctx, h)
	unknown := errors.Is(err, ErrNoOrder)
	if err != nil && !unknown {
		s.report(Report{Problem: "query failed", SessionID: h.SessionID, AttemptID: h.ID, Err: err})
		return h.Attempt, errors.Join(err, s.release(ctx, h))
	}
	if status.State == OrderPaid {
		return s.settlePaid(ctx, h, status)
	}
	session, err := s.store.Session(ctx, h.SessionID)
	// A code that was lost with the gateway's answer cannot be paid.
	lost := h.State == AttemptCreating && !unknown
	switch {
	case err != nil:
		return h.Attempt, errors.Join(err, s.release(ctx, h))
	case !h.live():
		return s.settleEnded(ctx, h, session)
	case lost || session.Status != StatusOpen:
		return s.endHeld(ctx, h, status)
	case unknown:
		return s.settleNoOrder(ctx, h)
	case status.State == OrderFailed:
		return s.settleFailed(ctx, h, status)
	default:
		return s.settleUnpaid(ctx, h, session)
	}
}

// query asks the gateway about a held attempt.
func (s *Service) query(ctx context.Context, h held) (OrderStatus, error) {
	status, err := s.callQuery(ctx, h.Attempt)
	detail := status.Detail
	if problem := h.disagreement(status); err == nil && problem != "" {
		detail += ": " + problem
	}
	h.said.add(h.call(EntryQuery, s.clock.Now()).answered(string(status.State), detail, err))
	return status, err
}

// callQuery asks the gateway. An answer that does not say which order it is
// about is none.
func (s *Service) callQuery(ctx context.Context, a Attempt) (OrderStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	status, err := s.gateway.Query(ctx, a.ref())
	switch {
	case err != nil:
		return OrderStatus{}, err
	case status.OutTradeNo == "" || status.Currency == "":
		return OrderStatus{}, errors.Join(ErrOutcomeUnknown, errors.New("the answer leaves out which order it is about"))
	case status.State == OrderUnknown:
		s.report(Report{
			Problem: "query reports a status that nobody knows", SessionID: a.SessionID, AttemptID: a.ID,
			Alarm: true, Err: errors.New(quote(status.Detail)),
		})
	}
	return status, nil
}

func (a Attempt) ref() OrderRef {
	return OrderRef{Merchant: a.Merchant, Channel: a.Wallet.Channel(), OutTradeNo: a.OutTradeNo}
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
	return s.store.Release(ctx, h.ID, h.until, next)
}

// settleNoOrder handles an order that the gateway does not know. While it is
// young its request may still be on the way; then it is given up, and one that
// was taken once is closed first, in case the gateway remembers it.
func (s *Service) settleNoOrder(ctx context.Context, h held) (Attempt, error) {
	if h.State != AttemptCreating {
		s.report(Report{Problem: "the gateway does not know an order that it took", SessionID: h.SessionID, AttemptID: h.ID, Alarm: true})
	}
	switch young := s.clock.Now().Sub(h.CreatedAt) < notTakenAfter; {
	case young:
		return h.Attempt, s.release(ctx, h)
	case h.State == AttemptCreating:
		return s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
			return a.fail("not taken by the gateway", time.Time{})
		})
	default:
		return s.endHeld(ctx, h, OrderStatus{})
	}
}

// settleUnpaid keeps an attempt for the next query. A payment that a
// notification reports and query does not is shown as being confirmed until
// query has denied it once more.
func (s *Service) settleUnpaid(ctx context.Context, h held, session Session) (Attempt, error) {
	switch {
	case h.cause == CauseNotification:
		s.reportContradiction(h)
		return s.update(ctx, h, func(session *Session, _ *Attempt) outcome { return session.process() })
	case h.cause != CauseBrowser && session.PaymentStatus == PaymentProcessing:
		return s.update(ctx, h, func(session *Session, _ *Attempt) outcome { return session.unprocess() })
	default:
		return h.Attempt, s.release(ctx, h)
	}
}

// askedOn is for how long after its session's expiry an attempt that has ended
// is asked about.
const askedOn = 24 * time.Hour

// settleEnded keeps asking about an attempt that has ended unpaid, slowly: a
// wallet's payment may have crossed its end.
func (s *Service) settleEnded(ctx context.Context, h held, session Session) (Attempt, error) {
	now := s.clock.Now()
	next, last := s.nextEndedQuery(h.Attempt, now), session.ExpiresAt.Add(askedOn)
	switch {
	case !now.Before(last):
		next = time.Time{}
	case next.After(last):
		next = last
	}
	if h.cause == CauseNotification {
		s.reportContradiction(h)
		next = s.nextQuery(h.Attempt, now)
	}
	return h.Attempt, s.releaseUntil(ctx, h, next)
}

func (s *Service) reportContradiction(h held) {
	s.report(Report{Problem: "a notification reports a payment that query does not", SessionID: h.SessionID, AttemptID: h.ID, Alarm: true})
}

// settleFailed records that the wallet refused the payment. The order stays
// at the gateway, where the wallet may take another, so it is asked about on.
func (s *Service) settleFailed(ctx context.Context, h held, status OrderStatus) (Attempt, error) {
	next := s.nextQuery(h.Attempt, s.clock.Now())
	return s.update(ctx, h, func(session *Session, a *Attempt) outcome {
		return session.unprocess().and(a.fail(status.Detail, next))
	})
}

// settlePaid records a payment, or quarantines what is not the order placed.
func (s *Service) settlePaid(ctx context.Context, h held, status OrderStatus) (Attempt, error) {
	now := s.clock.Now()
	problem := h.disagreement(status)
	if problem != "" {
		s.report(Report{Problem: "quarantined: " + problem, SessionID: h.SessionID, AttemptID: h.ID, Alarm: true})
	}
	whole, err := s.newRefund(h.Attempt, now) // in case the shop's policy gives it back
	if err != nil {
		return h.Attempt, errors.Join(err, s.release(ctx, h))
	}
	a, err := s.update(ctx, h, func(session *Session, a *Attempt) outcome {
		switch {
		case a.settled():
			return outcome{}
		case problem != "":
			return session.mismatch().and(a.quarantine(problem))
		default:
			return s.shops[a.Merchant].receive(session, *a, whole, now).and(a.pay(status.TradeID, now))
		}
	})
	if err == nil && a.State == AttemptPaid {
		s.retireOthers(ctx, a)
	}
	return a, err
}

// retireOthers has the other live orders of a paid session closed, so that it
// is not paid twice. Where that fails the sweep does it.
func (s *Service) retireOthers(ctx context.Context, paid Attempt) {
	attempts, err := s.store.Attempts(ctx, paid.SessionID)
	if err != nil {
		return
	}
	for _, other := range attempts {
		if other.live() && !other.Quarantined {
			s.kick(other.ID, CauseOtherPaid)
		}
	}
}

// disagreement says in what a reported order is not the one that was placed,
// or "". A text that the report leaves out does not disagree.
func (a Attempt) disagreement(o OrderStatus) string {
	switch {
	case o.OutTradeNo != "" && o.OutTradeNo != a.OutTradeNo:
		return "another out_trade_no"
	case o.TradeID != "" && a.TradeID != "" && o.TradeID != a.TradeID:
		return "another trade_id"
	case o.Amount != a.Amount:
		return "another amount"
	case o.Currency != "" && o.Currency != a.Currency:
		return "another currency"
	default:
		return ""
	}
}
