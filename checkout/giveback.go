package checkout

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"
)

// NewRefund is a shop's request to give money of a session back.
type NewRefund struct {
	// Amount is in minor units of the session's currency.
	Amount int64
	// ClientReferenceID is the shop's own number of the refund, at most 128
	// characters: asking again with it finds the same refund, whatever became
	// of it. Without one and without a Key, asking twice refunds twice.
	ClientReferenceID string
	// Key names the request, at most 128 characters: asking again with it finds
	// the refund that the request made.
	Key string
	// Second gives back of the second payment of a session that was paid twice
	// and kept it (Merchant.KeepPaidTwice).
	Second bool
}

func (n NewRefund) check() error {
	if n.Amount < 1 || n.Amount > MaxAmount {
		return &FieldError{"amount", "must be a whole number of minor units from 1 to what was paid"}
	}
	return errors.Join(CheckText("client_reference_id", n.ClientReferenceID), CheckText(keyField, n.Key))
}

// keyField is the name of a request's key, for whoever sent it.
const keyField = "Idempotency-Key"

// Refund gives back money of a session's payment. The refund is stored before
// the gateway is asked; one that is pending when Refund returns is sent again
// until the gateway answers, and one that the gateway refused has failed, which
// is no error. Errors are ErrNotFound, ErrNotRefundable, *FieldError (for an
// amount beyond what is left, and for a reference or a key that names another
// refund), and the store's.
func (s *Service) Refund(ctx context.Context, sessionID string, n NewRefund) (Refund, error) {
	if err := n.check(); err != nil {
		return Refund{}, err
	}
	for range updateTries {
		h, err := s.reserve(ctx, sessionID, n)
		switch {
		case errors.Is(err, ErrConflict):
		case err != nil || h.Repeated:
			return h.Refund, err
		default:
			return s.sendRefund(context.WithoutCancel(ctx), h), nil
		}
	}
	return Refund{}, errors.New("giving up on a refund that lost every round")
}

// Refunds returns all refunds of a session, the oldest first.
func (s *Service) Refunds(ctx context.Context, sessionID string) ([]Refund, error) {
	if !validID(sessionID, SessionPrefix) {
		return nil, ErrNotFound
	}
	return s.store.Refunds(ctx, sessionID)
}

// reserve stores a refund and holds it, or finds the one that was asked for
// before under the same reference. ErrConflict says to look again.
func (s *Service) reserve(ctx context.Context, sessionID string, n NewRefund) (heldRefund, error) {
	session, err := s.Session(ctx, sessionID)
	if err != nil {
		return heldRefund{}, err
	}
	refunds, err := s.store.Refunds(ctx, sessionID)
	if err != nil {
		return heldRefund{}, err
	}
	if r, found, err := n.among(refunds, session); found || err != nil {
		return heldRefund{Refund: r}, err
	}
	if !session.PaymentStatus.Settled() {
		return heldRefund{}, ErrNotRefundable
	}
	paid, err := s.payment(ctx, session, n, refunds)
	if err != nil {
		return heldRefund{}, err
	}
	if left := refundable(paid, refunds); n.Amount > left {
		return heldRefund{}, &FieldError{"amount", "is more than what is left to refund: " + strconv.FormatInt(left, 10)}
	}
	now := s.clock.Now()
	r, err := s.newRefund(paid, now)
	if err != nil {
		return heldRefund{}, err
	}
	until, deadline := s.lease()
	h := heldRefund{Refund: r, until: until, deadline: deadline, said: &journal{}}
	h.Amount, h.ClientReferenceID, h.IdempotencyKey = n.Amount, n.ClientReferenceID, n.Key
	h.NextTryAt, h.Tries, h.TriedAt = h.until, 1, now
	return h, s.createRefund(context.WithoutCancel(ctx), h)
}

// createTries and createPause bound how often, and how far apart, the store is
// asked to keep a refund.
const (
	createTries = 4
	createPause = 250 * time.Millisecond
)

// createRefund stores a held refund, under an id of its own. Where the store
// fails, the refund may be stored all the same, because the answer to the commit
// was lost. So the store is asked again under the same id, which stores it once
// and tells what became of the commit. ErrConflict says to look again.
func (s *Service) createRefund(ctx context.Context, h heldRefund) error {
	err := s.store.CreateRefund(ctx, h.Refund, h.until)
	for range createTries - 1 {
		if err == nil || errors.Is(err, ErrConflict) {
			return err
		}
		time.Sleep(createPause)
		err = s.createAgain(ctx, h)
	}
	return err
}

// createAgain stores a refund unless it is stored.
func (s *Service) createAgain(ctx context.Context, h heldRefund) error {
	err := s.store.CreateRefund(ctx, h.Refund, h.until)
	if err == nil {
		return nil
	}
	_, readErr := s.store.Refund(ctx, h.ID)
	if errors.Is(readErr, ErrNotFound) {
		return err
	}
	return readErr
}

// payment is the one that a refund gives back of: the session's own, or of the
// others one that has as much left.
func (s *Service) payment(ctx context.Context, session Session, n NewRefund, refunds []Refund) (Attempt, error) {
	if !n.Second {
		return s.store.Attempt(ctx, session.PaidBy)
	}
	attempts, err := s.store.Attempts(ctx, session.ID)
	if err != nil {
		return Attempt{}, err
	}
	var second Attempt
	for _, a := range attempts {
		if a.State == AttemptPaid && a.ID != session.PaidBy && (second.ID == "" || refundable(second, refunds) < n.Amount) {
			second = a
		}
	}
	if second.ID == "" {
		return second, &FieldError{"payment", "the session was not paid a second time"}
	}
	return second, nil
}

// among finds the refund that the key or the reference names.
func (n NewRefund) among(refunds []Refund, session Session) (Refund, bool, error) {
	field := keyField
	i := slices.IndexFunc(refunds, func(r Refund) bool { return n.Key != "" && r.IdempotencyKey == n.Key })
	if i < 0 {
		field = "client_reference_id"
		i = slices.IndexFunc(refunds, func(r Refund) bool {
			return n.ClientReferenceID != "" && r.ClientReferenceID == n.ClientReferenceID
		})
	}
	if i < 0 {
		return Refund{}, false, nil
	}
	r := refunds[i]
	switch {
	case r.Amount != n.Amount:
		return Refund{}, false, &FieldError{field, "names a refund of another amount already"}
	case n.Second == (r.AttemptID == session.PaidBy):
		return Refund{}, false, &FieldError{field, "names a refund of another payment already"}
	case r.ClientReferenceID != n.ClientReferenceID:
		return Refund{}, false, &FieldError{field, "names a refund of another client_reference_id already"}
	}
	r.Repeated = true
	return r, true, nil
}

// newRefund is a refund of all of an attempt, on the shop's request, that is
// due at once.
func (s *Service) newRefund(a Attempt, now time.Time) (Refund, error) {
	ids, err := newIDs(s.random, 2)
	if err != nil {
		return Refund{}, err
	}
	return Refund{
		ID: RefundPrefix + ids[0], OutRefundNo: ids[1],
		SessionID: a.SessionID, AttemptID: a.ID, Merchant: a.Merchant, Version: 1,
		OutTradeNo: a.OutTradeNo, TradeID: a.TradeID, State: RefundPending, Reason: RefundRequested, Amount: a.Amount, Currency: a.Currency,
		CreatedAt: now, NextTryAt: now,
	}, nil
}
