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
	if errors.Is(err, ErrConflict) { // what another has found since is newer
		err = nil
	}
	return true, err
}

// ask queries the gateway about a held attempt, settles the answer and ends
// the hold. ErrConflict says that the answer was out of date when it was to be
// stored.
func (s *Service) ask(ctx context.Context, h held) (Attempt, error) {
	status, err := s.query(ctx, h)
	unknown := errors.Is(err, ErrNoOrder)
	if err != nil && !unknown {
		return s.settleUnanswered(ctx, h, err)
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
	case h.live() && (lost || session.Status != StatusOpen):
		return s.endHeld(ctx, h, status)
	case h.doubtful():
		return s.doubt(ctx, h)
	case !h.live():
		return s.settleEnded(ctx, h, session)
	case unknown:
		return s.settleNoOrder(ctx, h)
	case status.State == OrderFailed:
		return s.settleFailed(ctx, h, status)
	default:
		return s.settleUnpaid(ctx, h, session)
	}
}

// query asks the gateway about a held attempt, and reports an answer that
// contradicts what is known of the order.
func (s *Service) query(ctx context.Context, h held) (OrderStatus, error) {
	status, err := s.callQuery(ctx, h)
	detail := status.Detail
	problem := h.disagreement(status)
	if err == nil && problem != "" {
		detail += ": " + problem
		if status.State != OrderPaid { // settlePaid says more of a payment
			s.reportContradiction(h, "query is about another order than was placed", problem)
		}
	}
	h.said.add(h.call(EntryQuery, s.clock.Now()).answered(string(status.State), detail, err))
	if err == nil && problem == "" {
		*h.heard = status // nothing is learned from an answer about another order
	}
	if errors.Is(err, ErrNoOrder) && h.live() && h.State != AttemptCreating {
		s.alert(Alert{Problem: "the gateway does not know an order that it took", SessionID: h.SessionID, AttemptID: h.ID, Alarm: true})
	}
	s.reportUnconfirmed(h, status, err)
	return status, err
}

// callQuery asks the gateway. An answer that does not say which order it is
// about is none, and neither is one of a payment that does not say which.
func (s *Service) callQuery(ctx context.Context, h held) (OrderStatus, error) {
	ctx, cancel, err := h.forCall(ctx, s.timeout)
	if err != nil {
		return OrderStatus{}, err
	}
	defer cancel()
	a := h.Attempt
	status, err := s.gateway.Query(ctx, a.ref())
	switch {
	case err != nil:
		return OrderStatus{}, err
	case status.OutTradeNo == "" || status.Currency == "":
		return OrderStatus{}, errors.Join(ErrOutcomeUnknown, errors.New("the answer leaves out which order it is about"))
	case status.State == OrderPaid && status.TradeID == "":
		return OrderStatus{}, errors.Join(ErrOutcomeUnknown, errors.New("the answer leaves out which payment it is about"))
	case status.State == OrderUnknown:
		s.alert(Alert{
			Problem: "query reports a status that nobody knows", SessionID: a.SessionID, AttemptID: a.ID,
			Alarm: true, Err: errors.New(quote(status.Detail)),
		})
	}
	return status, nil
}

func (a Attempt) ref() OrderRef {
	return OrderRef{Merchant: a.Merchant, Account: a.Account, Channel: a.Wallet.Channel(), OutTradeNo: a.OutTradeNo}
}

// settleNoOrder handles an order that the gateway does not know. While it is
// young its request may still be on the way; then it is given up. An order that
// the gateway took is never given up for such an answer: the gateway may have
// been asked about another account.
func (s *Service) settleNoOrder(ctx context.Context, h held) (Attempt, error) {
	young := s.clock.Now().Sub(h.CreatedAt) < notTakenAfter
	if h.State != AttemptCreating || young {
		return h.Attempt, s.release(ctx, h)
	}
	return s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
		return a.withdraw().and(a.fail("not taken by the gateway", time.Time{}))
	})
}

// settleUnpaid keeps an attempt for the next query.
func (s *Service) settleUnpaid(ctx context.Context, h held, session Session) (Attempt, error) {
	if !h.changedBy(session) {
		return h.Attempt, s.release(ctx, h)
	}
	next := s.nextQuery(h.Attempt, s.clock.Now())
	return s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
		a.NextQueryAt = next
		return a.withdraw().and(outcome{attempt: true})
	})
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
	if !h.changedBy(session) {
		return h.Attempt, s.releaseUntil(ctx, h, next)
	}
	return s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
		a.NextQueryAt = next
		return a.withdraw().and(outcome{attempt: true})
	})
}

// settleFailed records that the wallet refused the payment. The order stays
// at the gateway, where the wallet may take another, so it is asked about on.
func (s *Service) settleFailed(ctx context.Context, h held, status OrderStatus) (Attempt, error) {
	next := s.nextQuery(h.Attempt, s.clock.Now())
	return s.update(ctx, h, func(_ *Session, a *Attempt) outcome {
		return a.withdraw().and(a.fail(status.Detail, next))
	})
}

// settlePaid records a payment, or quarantines what is not the order placed.
func (s *Service) settlePaid(ctx context.Context, h held, status OrderStatus) (Attempt, error) {
	if problem := h.disagreement(status); problem != "" {
		return s.settleMismatch(ctx, h, problem)
	}
	now := s.clock.Now()
	whole, err := s.newRefund(h.Attempt, now) // in case the shop's policy gives it back
	if err != nil {
		return h.Attempt, errors.Join(err, s.release(ctx, h))
	}
	a, err := s.update(ctx, h, func(session *Session, a *Attempt) outcome {
		if a.settled() {
			return outcome{}
		}
		return s.shops[a.Merchant].receive(session, *a, whole, now).and(a.pay(status.TradeID, now))
	})
	if errors.Is(err, ErrPaymentTaken) {
		return s.settleMismatch(ctx, h, "a payment of another order")
	}
	if err == nil && a.State == AttemptPaid {
		s.retireOthers(ctx, a)
	}
	return a, err
}

// settleMismatch puts an attempt of which query reports another order or
// another's payment into quarantine: it is never paid, and a person looks.
func (s *Service) settleMismatch(ctx context.Context, h held, problem string) (Attempt, error) {
	s.alert(Alert{Problem: "quarantined: " + problem, SessionID: h.SessionID, AttemptID: h.ID, Alarm: true})
	*h.heard = OrderStatus{} // nothing of it is the order's
	return s.update(ctx, h, func(session *Session, a *Attempt) outcome {
		if a.settled() {
			return outcome{}
		}
		return session.mismatch().and(a.quarantine(problem))
	})
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
	case o.TradeID != "" && a.NotifiedTradeID != "" && o.TradeID != a.NotifiedTradeID:
		return "another trade_id than a notification named"
	case o.Amount != a.Amount:
		return "another amount"
	case o.Currency != "" && o.Currency != a.Currency:
		return "another currency"
	default:
		return ""
	}
}
