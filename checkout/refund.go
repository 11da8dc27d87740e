package checkout

import (
	"slices"
	"time"
)

// RefundState is where money on its way back stands.
//
//	pending ──► succeeded
//	   └──────► failed ──► succeeded
type RefundState string

// The states of a refund. A refund whose outcome is unknown is pending, and is
// sent again under its own number until the gateway answers.
const (
	// RefundPending: reserved here; the gateway may have made it or not.
	RefundPending RefundState = "pending"
	// RefundSucceeded: the gateway gave the money back.
	RefundSucceeded RefundState = "succeeded"
	// RefundFailed: the gateway refused it; the money may be refunded anew. It
	// succeeds where the gateway is found to have made it all the same.
	RefundFailed RefundState = "failed"
)

var refundMoves = map[RefundState][]RefundState{
	RefundPending: {RefundSucceeded, RefundFailed},
	RefundFailed:  {RefundSucceeded},
}

// CanMove reports whether a refund may go from r to next.
func (r RefundState) CanMove(next RefundState) bool {
	return slices.Contains(refundMoves[r], next)
}

// RefundReason is why money is given back.
type RefundReason string

// The reasons of a refund.
const (
	// RefundRequested: the shop asked for it.
	RefundRequested RefundReason = "requested"
	// RefundPaidLate: it came after the session had ended, and the shop's
	// policy is [LateRefund].
	RefundPaidLate RefundReason = "paid_late"
	// RefundPaidTwice: it was the second payment of a session.
	RefundPaidTwice RefundReason = "paid_twice"
	// RefundOutside: it was made past the checkout, and reconciliation found it
	// in the gateway's statement.
	RefundOutside RefundReason = "outside"
)

// Automatic reports whether the checkout makes refunds of this reason by
// itself. An attempt has one automatic refund at most.
func (r RefundReason) Automatic() bool { return r == RefundPaidLate || r == RefundPaidTwice }

// RefundPrefix begins the id of every refund.
const RefundPrefix = "re_"

// Refund is money of one paid attempt that goes back: all of it or a part.
// What was not refused of an attempt's refunds never passes what was paid.
type Refund struct {
	// ID is "re_" and 128 random bits.
	ID        string
	SessionID string
	AttemptID string
	Merchant  string
	// Version counts the changes of state, each a compare-and-set on it, and
	// the tries: who decided before another try decides again.
	Version int64
	State   RefundState
	Reason  RefundReason

	// OutRefundNo is the refund's number at the gateway, 26 letters and
	// digits, which refunds once however often it is sent.
	OutRefundNo string
	// Amount is in minor units of Currency.
	Amount   int64
	Currency string
	// OutTradeNo and TradeID are the numbers of the payment that it gives back:
	// the checkout's and the gateway's. The store reads them from the attempt.
	OutTradeNo, TradeID string
	// ClientReferenceID is the shop's own number, "" or unique within the
	// session.
	ClientReferenceID string
	// IdempotencyKey is what the shop's request named itself, "" or unique
	// within the session.
	IdempotencyKey string

	// GatewayID is the gateway's own number, once it succeeded.
	GatewayID string
	// Failure is the gateway's word for why it failed, or "". It stays where the
	// refund succeeds after that.
	Failure string

	CreatedAt time.Time
	// SettledAt is when it succeeded or failed, zero before.
	SettledAt time.Time
	// NextTryAt is when the sweep sends it next; zero is never.
	NextTryAt time.Time
	// Tries counts how often it was held to be sent, and TriedAt is when that
	// was last: zero before.
	Tries   int
	TriedAt time.Time
	// DelayedAt is when the shop was told that there is no outcome yet, or zero.
	DelayedAt time.Time

	// Repeated says that [Service.Refund] found the refund, and did not make
	// it. It is not stored.
	Repeated bool
}

// PublicRefund is a refund as its shop sees it: the answer of the merchant API
// and part of a webhook. The amount is in minor units, times are in UTC.
type PublicRefund struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Session string `json:"session"`
	// Attempt is the payment that it gives back, and OutTradeNo and TradeID are
	// that payment's numbers at the gateway.
	Attempt           string       `json:"attempt"`
	OutTradeNo        string       `json:"out_trade_no"`
	TradeID           string       `json:"trade_id"`
	Status            RefundState  `json:"status"`
	Reason            RefundReason `json:"reason"`
	Amount            int64        `json:"amount"`
	Currency          string       `json:"currency"`
	ClientReferenceID string       `json:"client_reference_id,omitempty"`
	OutRefundNo       string       `json:"out_refund_no"`
	Failure           string       `json:"failure,omitempty"`
	// ReportedFailed says that the shop was told that the refund failed, before
	// the gateway was found to have made it.
	ReportedFailed bool       `json:"reported_failed,omitempty"`
	CreatedAt      time.Time  `json:"created_at"`
	SettledAt      *time.Time `json:"settled_at"`
}

// Public returns what the shop may see of r.
func (r Refund) Public() PublicRefund {
	p := PublicRefund{
		ID: r.ID, Object: "refund", Session: r.SessionID,
		Attempt: r.AttemptID, OutTradeNo: r.OutTradeNo, TradeID: r.TradeID, Status: r.State, Reason: r.Reason,
		Amount: r.Amount, Currency: r.Currency, ClientReferenceID: r.ClientReferenceID,
		OutRefundNo: r.OutRefundNo, Failure: r.Failure, ReportedFailed: r.State == RefundSucceeded && r.Failure != "",
		CreatedAt: r.CreatedAt.UTC(),
	}
	if !r.SettledAt.IsZero() {
		at := r.SettledAt.UTC()
		p.SettledAt = &at
	}
	return p
}

// succeed records that the gateway gave the money back.
func (r *Refund) succeed(gatewayID string, now time.Time) {
	r.State, r.GatewayID, r.SettledAt, r.NextTryAt = RefundSucceeded, gatewayID, now, time.Time{}
}

// fail records that the gateway refused, which frees the money.
func (r *Refund) fail(why string, now time.Time) {
	r.State, r.Failure, r.SettledAt, r.NextTryAt = RefundFailed, why, now, time.Time{}
}

// refunded records that a refund succeeded. That of a second payment changes
// nothing: the order is as paid as before.
func (s *Session) refunded(r Refund) {
	if r.AttemptID != s.PaidBy {
		return
	}
	s.AmountRefunded += r.Amount
	s.PaymentStatus = PaymentPartiallyRefunded
	if s.AmountRefunded >= s.Amount {
		s.PaymentStatus = PaymentRefunded
	}
}

// refundable is what is left to refund of an attempt.
func refundable(a Attempt, refunds []Refund) int64 {
	left := a.Amount
	for _, r := range refunds {
		if r.AttemptID == a.ID && r.State != RefundFailed {
			left -= r.Amount
		}
	}
	return left
}
