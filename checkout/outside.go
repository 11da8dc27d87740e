package checkout

import (
	"context"
	"errors"
	"slices"
	"time"
)

// takeInTries bounds the rounds in which a refund from outside is stored. One
// that cannot be stored is told as a difference again by the next run.
const takeInTries = 5

// takeIn records a refund that was made past the checkout, such as by `wantukit
// refund`, as the gateway's statement lists it. It reports whether it did: a row
// without the refund's number, or beyond what is left of the payment, is left for
// a person.
func (s *Service) takeIn(ctx context.Context, d Difference) (bool, error) {
	if !d.canBeTakenIn() {
		return false, nil
	}
	for range takeInTries {
		taken, err := s.tryTakeIn(ctx, d)
		if !errors.Is(err, ErrConflict) {
			return taken, err
		}
	}
	return false, nil
}

// canBeTakenIn reports whether a row has what a refund in the books needs.
func (d Difference) canBeTakenIn() bool {
	return d.OutRefundNo != "" && CheckText("out_refund_no", d.OutRefundNo) == nil && d.There.Amount > 0
}

func (s *Service) tryTakeIn(ctx context.Context, d Difference) (bool, error) {
	session, a, refunds, err := s.booksOf(ctx, d)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(refunds, func(r Refund) bool { return r.OutRefundNo == d.OutRefundNo }) {
		return true, nil // another run was first
	}
	if a.State != AttemptPaid || d.There.Currency != a.Currency || d.There.Amount > refundable(a, refunds) {
		return false, nil
	}
	now := s.clock.Now()
	r, err := s.newRefund(a, now)
	if err != nil {
		return false, err
	}
	r.Reason, r.OutRefundNo, r.Amount = RefundOutside, d.OutRefundNo, d.There.Amount
	if d.There.At != nil {
		r.CreatedAt = d.There.At.Truncate(time.Millisecond)
	}
	r.succeed(d.GatewayRefundID, now)
	session.refunded(r)
	e, err := s.refundEvent(EventRefundSucceeded, session, r)
	if err != nil {
		return false, err
	}
	if err := s.store.Apply(ctx, Change{Session: &session, NewRefund: &r, Events: []Event{e}}); err != nil {
		return false, err
	}
	s.watchers.changed(session.ID)
	return true, nil
}

// booksOf reads what a difference is about.
func (s *Service) booksOf(ctx context.Context, d Difference) (session Session, a Attempt, refunds []Refund, err error) {
	if session, err = s.store.Session(ctx, d.session); err != nil {
		return session, a, nil, err
	}
	if a, err = s.store.Attempt(ctx, d.attemptID); err != nil {
		return session, a, nil, err
	}
	refunds, err = s.store.Refunds(ctx, d.session)
	return session, a, refunds, err
}
