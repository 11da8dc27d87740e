package checkout

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// NewRefund is a shop's request to refund a session.
type NewRefund struct {
	// Amount is in minor units of the session's currency. 0 means all that is left of the
	// payment.
	Amount int64
	// ClientReferenceID is the shop's own number of the refund, at most 128
	// characters. A second request with it returns the same refund, whatever became
	// of it. Without a ClientReferenceID and without a Key, two requests refund
	// twice.
	ClientReferenceID string
	// Key is the request's Idempotency-Key, at most 128 characters. A second request
	// with it returns the refund of the first. Unlike ClientReferenceID, the shop never
	// sees it again.
	Key string
	// Second refunds the second payment of a session that was paid twice and kept
	// both (Merchant.KeepPaidTwice).
	Second bool
	// Metadata is stored as it is. See [NewSession].
	Metadata map[string]string
}

func (n NewRefund) check() error {
	if n.Amount < 0 || n.Amount > MaxAmount {
		return &FieldError{Field: "amount", Problem: "must be a whole number of minor units from 1 to what was paid"}
	}
	return errors.Join(CheckText("client_reference_id", n.ClientReferenceID), CheckText(keyField, n.Key), checkMetadata(n.Metadata))
}

// keyField is the name of a request's key in an error.
const keyField = "Idempotency-Key"

const (
	// createTries is how often a store that fails is asked to store a new refund,
	// and createPause the time between.
	createTries = 4
	createPause = 250 * time.Millisecond
)

// refunder makes refunds: it stores a refund, and sends it to the gateway until the
// gateway answers.
type refunder struct {
	store interface {
		Reader
		Changer
	}
	gateway  interface{ CanRefund(w flow.Wallet) bool }
	clock    Clock
	random   io.Reader
	ledger   *ledger
	leases   leases
	schedule schedule
	calls    calls
}

// request is [Service.Refund].
func (f *refunder) request(ctx context.Context, sessionID string, n NewRefund) (Refund, error) {
	if err := n.check(); err != nil {
		return Refund{}, err
	}
	for range maxUpdates {
		leased, err := f.reserve(ctx, sessionID, n)
		switch {
		case errors.Is(err, ErrConflict):
		case err != nil || leased.Repeated:
			return leased.Refund, err
		default:
			return f.send(context.WithoutCancel(ctx), leased), nil
		}
	}
	return Refund{}, tooManyUpdates("a refund of session " + sessionID)
}

// reserve stores a leased refund, or returns the refund of an earlier request with
// the same reference or key. ErrConflict means: call it again.
func (f *refunder) reserve(ctx context.Context, sessionID string, n NewRefund) (leasedRefund, error) {
	session, err := readSession(ctx, f.store, sessionID)
	if err != nil {
		return leasedRefund{}, err
	}
	refunds, err := f.store.Refunds(ctx, sessionID)
	if err != nil {
		return leasedRefund{}, err
	}
	if r, found, err := n.earlier(refunds, session); found || err != nil {
		return leasedRefund{Refund: r}, err
	}
	if !session.PaymentStatus.Settled() {
		return leasedRefund{}, ErrNotRefundable
	}
	paid, err := f.payment(ctx, session, n, refunds)
	switch {
	case err != nil:
		return leasedRefund{}, err
	case !f.gateway.CanRefund(paid.Wallet):
		return leasedRefund{}, &FieldError{Field: "payment", Problem: "was made with a wallet that cannot refund: " + string(paid.Wallet)}
	}
	amount, err := n.amountOf(refundable(paid, refunds))
	if err != nil {
		return leasedRefund{}, err
	}
	now := f.clock.Now()
	r, err := newRefund(f.random, paid, now)
	if err != nil {
		return leasedRefund{}, err
	}
	leased := leasedRefund{Refund: r, lease: f.leases.begin()}
	leased.Amount, leased.ClientReferenceID, leased.IdempotencyKey = amount, n.ClientReferenceID, n.Key
	leased.Metadata, leased.TestMode = n.Metadata, session.TestMode
	leased.NextTryAt, leased.Tries, leased.TriedAt = leased.until, 1, now
	return leased, f.create(context.WithoutCancel(ctx), leased)
}

// amountOf returns how much is refunded where so much is left of the payment. It returns a
// *FieldError where that is not enough.
func (n NewRefund) amountOf(left int64) (int64, error) {
	switch {
	case n.Amount > left, left < 1:
		return 0, &FieldError{Field: "amount", Problem: "is more than what is left to refund: " + strconv.FormatInt(left, 10)}
	case n.Amount == 0:
		return left, nil
	default:
		return n.Amount, nil
	}
}

// create stores a new refund. A store that fails may have stored it all the same,
// because the answer to the commit was lost. So the store is asked again with the
// same ID, which stores the refund at most once.
func (f *refunder) create(ctx context.Context, leased leasedRefund) error {
	err := f.store.CreateRefund(ctx, leased.Refund, leased.until)
	for range createTries - 1 {
		if err == nil || errors.Is(err, ErrConflict) {
			return err
		}
		time.Sleep(createPause)
		err = f.createUnlessStored(ctx, leased)
	}
	return err
}

// createUnlessStored stores a new refund unless it is stored.
func (f *refunder) createUnlessStored(ctx context.Context, leased leasedRefund) error {
	err := f.store.CreateRefund(ctx, leased.Refund, leased.until)
	if err == nil {
		return nil
	}
	_, readErr := f.store.Refund(ctx, leased.ID)
	if errors.Is(readErr, ErrNotFound) {
		return err
	}
	return readErr
}

// payment returns the attempt that a refund is for: the one that paid the session.
// For NewRefund.Second it is another paid attempt, if possible one with enough left.
func (f *refunder) payment(ctx context.Context, session Session, n NewRefund, refunds []Refund) (Attempt, error) {
	if !n.Second {
		return f.store.Attempt(ctx, session.PaidBy)
	}
	attempts, err := f.store.Attempts(ctx, session.ID)
	if err != nil {
		return Attempt{}, err
	}
	var second Attempt
	for _, a := range attempts {
		if a.State == AttemptPaid && a.ID != session.PaidBy && (second.ID == "" || refundable(second, refunds) < max(n.Amount, 1)) {
			second = a
		}
	}
	if second.ID == "" {
		return second, &FieldError{Field: "payment", Problem: "the session was not paid a second time"}
	}
	return second, nil
}

// earlier returns the refund of an earlier request with the same key or reference.
// It returns a *UsedError where that request asked for something else. A request without an
// amount asks for the amount of the refund.
func (n NewRefund) earlier(refunds []Refund, session Session) (Refund, bool, error) {
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
	case n.Amount != 0 && r.Amount != n.Amount:
		return Refund{}, false, &UsedError{Field: field, Problem: "names a refund of another amount already", ID: r.ID}
	case n.Second == (r.AttemptID == session.PaidBy):
		return Refund{}, false, &UsedError{Field: field, Problem: "names a refund of another payment already", ID: r.ID}
	case r.ClientReferenceID != n.ClientReferenceID:
		return Refund{}, false, &UsedError{Field: field, Problem: "names a refund of another client_reference_id already", ID: r.ID}
	}
	r.Repeated = true
	return r, true, nil
}

// newRefund returns a refund of the full amount of an attempt, as requested by the
// shop and due at now.
func newRefund(random io.Reader, a Attempt, now time.Time) (Refund, error) {
	ids, err := newIDs(random, 2)
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
