package checkout

import (
	"slices"
	"time"
)

// RefundState is the state of a refund.
//
//	pending ──► succeeded
//	   └──────► failed ──► succeeded
type RefundState string

// The states of a refund. A refund whose outcome is unknown is pending. It is sent again
// with its number until the gateway answers.
const (
	// RefundPending: its amount is reserved here. The gateway may or may not have made
	// it.
	RefundPending RefundState = "pending"
	// RefundSucceeded: the gateway has made it.
	RefundSucceeded RefundState = "succeeded"
	// RefundFailed: the gateway refused it, or an operator or the statement settled it
	// as failed. Its amount can be refunded again. It becomes succeeded if it turns out
	// that the gateway has made it.
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

// RefundReason is why a refund is made.
type RefundReason string

// The reasons of a refund.
const (
	// RefundRequested: the shop asked for it.
	RefundRequested RefundReason = "requested"
	// RefundPaidLate: the payment arrived after the session had ended, and the shop's
	// policy is [LateRefund].
	RefundPaidLate RefundReason = "paid_late"
	// RefundPaidTwice: the payment was the second one of a session.
	RefundPaidTwice RefundReason = "paid_twice"
	// RefundOutside: it was made without the checkout, and a reconciliation found it in
	// the gateway's statement.
	RefundOutside RefundReason = "outside"
)

// Automatic reports whether the checkout makes refunds for this reason automatically. An
// attempt has at most one automatic refund.
func (r RefundReason) Automatic() bool { return r == RefundPaidLate || r == RefundPaidTwice }

// RefundPrefix is the beginning of every refund ID.
const RefundPrefix = "re_"

// Refund is a refund of all or a part of one paid attempt. The sum of an attempt's
// refunds that have not failed never exceeds the attempt's amount.
type Refund struct {
	// ID is "re_" and 128 random bits.
	ID        string
	SessionID string
	AttemptID string
	Merchant  string
	// Version rises with each Changer.Apply of the refund and with each lease. Apply is
	// a compare-and-set on it. So an outcome that was decided before another lease is
	// not stored, and is decided again.
	Version int64
	State   RefundState
	Reason  RefundReason

	// OutRefundNo is the refund's number at the gateway, 26 letters and digits. The
	// gateway refunds a number once, however often it is sent.
	OutRefundNo string
	// Amount is in minor units of Currency.
	Amount   int64
	Currency string
	// OutTradeNo and TradeID are the payment's numbers: the checkout's and the gateway's.
	// The store reads them from the attempt.
	OutTradeNo, TradeID string
	// ClientReferenceID is the shop's own number: "", or unique within the session.
	ClientReferenceID string
	// IdempotencyKey is the key of the shop's request: "", or unique within the
	// session.
	IdempotencyKey string

	// Metadata is the shop's own data, returned as it came.
	Metadata map[string]string
	// TestMode is that of the session. The store reads it from the session.
	TestMode bool

	// GatewayID is the gateway's own number, "" until the refund has succeeded.
	GatewayID string
	// Failure is why it failed: the gateway's word, the operator's reason, or that the
	// statement does not list it. It is "" if it never failed, and stays when the refund
	// succeeds after that.
	Failure string

	CreatedAt time.Time
	// SettledAt is when it succeeded or failed, zero while it is pending.
	SettledAt time.Time
	// NextTryAt is when the sweep sends it next. Zero means never.
	NextTryAt time.Time
	// Tries counts its leases. Each lease sends or queries it, except a lease of
	// [Service.SettleRefund]. TriedAt is when the last lease began, or zero.
	Tries   int
	TriedAt time.Time
	// DelayedAt is when the shop was told that the refund is delayed, or zero.
	DelayedAt time.Time

	// Repeated says that [Service.Refund] returns the refund of an earlier request. It is
	// not stored.
	Repeated bool
}

// PublicRefund is a refund as its shop sees it: the answer of the merchant API
// and part of a webhook. The amount is in minor units, times are in UTC. A field without a
// value is null.
type PublicRefund struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	// Livemode is false for a refund in test mode.
	Livemode bool `json:"livemode"`
	// Version rises with each change. Of two copies of a refund, the one with the greater
	// version is newer.
	Version int64  `json:"version"`
	Session string `json:"session"`
	// Attempt is the payment. OutTradeNo and TradeID are its numbers at the gateway.
	Attempt           string            `json:"attempt"`
	OutTradeNo        string            `json:"out_trade_no"`
	TradeID           *string           `json:"trade_id"`
	Status            RefundState       `json:"status"`
	Reason            RefundReason      `json:"reason"`
	Amount            int64             `json:"amount"`
	Currency          string            `json:"currency"`
	ClientReferenceID *string           `json:"client_reference_id"`
	Metadata          map[string]string `json:"metadata"`
	OutRefundNo       string            `json:"out_refund_no"`
	Failure           *string           `json:"failure"`
	// ReportedFailed says that the shop was told that the refund failed, before it turned
	// out that the gateway had made it.
	ReportedFailed bool       `json:"reported_failed"`
	CreatedAt      time.Time  `json:"created_at"`
	SettledAt      *time.Time `json:"settled_at"`
}

// Public returns what the shop may see of r.
func (r Refund) Public() PublicRefund {
	return PublicRefund{
		ID: r.ID, Object: "refund", Livemode: !r.TestMode, Version: r.Version, Session: r.SessionID,
		Attempt: r.AttemptID, OutTradeNo: r.OutTradeNo, TradeID: optionalText(r.TradeID), Status: r.State, Reason: r.Reason,
		Amount: r.Amount, Currency: r.Currency, ClientReferenceID: optionalText(r.ClientReferenceID), Metadata: orEmpty(r.Metadata),
		OutRefundNo: r.OutRefundNo, Failure: optionalText(r.Failure), ReportedFailed: r.State == RefundSucceeded && r.Failure != "",
		CreatedAt: r.CreatedAt.UTC(), SettledAt: optionalTime(r.SettledAt),
	}
}

// succeed records that the gateway made the refund.
func (r *Refund) succeed(gatewayID string, now time.Time) {
	r.State, r.GatewayID, r.SettledAt, r.NextTryAt = RefundSucceeded, gatewayID, now, time.Time{}
}

// fail records that the gateway refused the refund. Its amount is no longer reserved.
func (r *Refund) fail(why string, now time.Time) {
	r.State, r.Failure, r.SettledAt, r.NextTryAt = RefundFailed, why, now, time.Time{}
}

// RefundStates returns all states of a refund.
func RefundStates() []RefundState {
	return []RefundState{RefundPending, RefundSucceeded, RefundFailed}
}

// reserve records that a new refund is pending.
func (s *Session) reserve(r Refund) {
	if r.AttemptID == s.PaidBy && r.State == RefundPending {
		s.RefundsPending += r.Amount
	}
}

// settleRefund records that a refund is no longer pending.
func (s *Session) settleRefund(r Refund) {
	if r.AttemptID == s.PaidBy {
		s.RefundsPending -= r.Amount
	}
}

// refunded records that a refund succeeded. A refund of a second payment changes nothing:
// the session is still paid.
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

// refundable returns the amount of an attempt that can still be refunded.
func refundable(a Attempt, refunds []Refund) int64 {
	left := a.Amount
	for _, r := range refunds {
		if r.AttemptID == a.ID && r.State != RefundFailed {
			left -= r.Amount
		}
	}
	return left
}
