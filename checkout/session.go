package checkout

import (
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Status says whether the shopper can still pay a session.
//
//	open ──► complete
//	  ├────► expired
//	  └────► canceled
type Status string

// The statuses of a session. All but open are final.
const (
	StatusOpen     Status = "open"
	StatusComplete Status = "complete"
	StatusExpired  Status = "expired"
	StatusCanceled Status = "canceled"
)

// PaymentStatus says what was paid for a session. It is independent of [Status]: a
// payment that arrives after the expiry makes an expired session paid.
//
//	unpaid ◄──► processing ──► paid ──► partially_refunded ──► refunded
//	  └─────────────────────────▲ └────────────────────────────▲
type PaymentStatus string

// The payment statuses of a session. Only a refund changes paid.
const (
	PaymentUnpaid PaymentStatus = "unpaid"
	// PaymentProcessing: the gateway has reported a payment, and query has neither
	// confirmed it nor denied it twice.
	PaymentProcessing        PaymentStatus = "processing"
	PaymentPaid              PaymentStatus = "paid"
	PaymentPartiallyRefunded PaymentStatus = "partially_refunded"
	PaymentRefunded          PaymentStatus = "refunded"
)

// Statuses returns all statuses of a session.
func Statuses() []Status {
	return []Status{StatusOpen, StatusComplete, StatusExpired, StatusCanceled}
}

// PaymentStatuses returns all payment statuses of a session.
func PaymentStatuses() []PaymentStatus {
	return []PaymentStatus{PaymentUnpaid, PaymentProcessing, PaymentPaid, PaymentPartiallyRefunded, PaymentRefunded}
}

// statusMoves and paymentMoves are the transition tables. A change that is not in them is
// a programming error: it is refused.
var (
	statusMoves = map[Status][]Status{
		StatusOpen: {StatusComplete, StatusExpired, StatusCanceled},
	}
	paymentMoves = map[PaymentStatus][]PaymentStatus{
		PaymentUnpaid:            {PaymentProcessing, PaymentPaid},
		PaymentProcessing:        {PaymentUnpaid, PaymentPaid},
		PaymentPaid:              {PaymentPartiallyRefunded, PaymentRefunded},
		PaymentPartiallyRefunded: {PaymentPartiallyRefunded, PaymentRefunded},
	}
)

// CanMove reports whether a session may go from s to next.
func (s Status) CanMove(next Status) bool { return slices.Contains(statusMoves[s], next) }

// CanMove reports whether a session's payment status may go from p to next.
func (p PaymentStatus) CanMove(next PaymentStatus) bool {
	return slices.Contains(paymentMoves[p], next)
}

// Settled reports whether the session was paid, also where it was refunded after that.
func (p PaymentStatus) Settled() bool {
	return p == PaymentPaid || p == PaymentPartiallyRefunded || p == PaymentRefunded
}

// Session is one amount that a shop wants to be paid once.
type Session struct {
	// ID is "cs_" and 128 random bits. Everyone who knows it may see and pay the
	// session.
	ID string
	// Merchant is the configured shop that owns the session.
	Merchant string
	// Version rises with each Changer.Apply of the session, with each new attempt and
	// with each event. Apply is a compare-and-set on it.
	Version int64

	Status        Status
	PaymentStatus PaymentStatus

	// Amount is in minor units of Currency (cents), 1 to 99,999,999,999.
	Amount int64
	// Currency is an ISO 4217 code, such as HKD.
	Currency string
	// Subject is what the shopper buys, 1 to 128 characters.
	Subject string
	// ClientReferenceID is the shop's own number, at most 128 characters.
	ClientReferenceID string
	// SuccessURL and CancelURL lead back to the shop. The placeholder
	// {CHECKOUT_SESSION_ID} is replaced in them.
	SuccessURL, CancelURL string
	// Wallets are the wallets on offer, in the order of the page.
	Wallets []flow.Wallet
	// Locale is the language that the shop asked for, or "".
	Locale string
	// LineItems are the lines of the bill, in their order. Their amounts add up to Amount.
	// It is empty where the shop sent none.
	LineItems []LineItem
	// Metadata is the shop's own data, returned as it came.
	Metadata map[string]string
	// RecoveredFrom is the ID of an earlier session of the shop that this session replaces,
	// or "".
	RecoveredFrom string
	// TestMode says that the shop was in test mode when the session was created: no real
	// money moves.
	TestMode bool
	// SealedOpenID is the encrypted WeChat user that the shop named, or "". Only the
	// caller of Start for flow.JSAPI can decrypt it. It is deleted when the session
	// ends.
	SealedOpenID string

	CreatedAt time.Time
	// ExpiresAt is the time from which no new order is placed.
	ExpiresAt time.Time
	// ConcludeAt is when the next try to end the session is due. It is ExpiresAt at
	// first, and later after a try that failed.
	ConcludeAt time.Time
	// PaidAt is when the payment was confirmed here, zero before.
	PaidAt time.Time
	// PaidBy is the ID of the attempt that paid it, "" before.
	PaidBy string
	// PaidWith is how that attempt paid, zero before. The store reads it from the attempt.
	PaidWith PaidWith
	// AmountRefunded is the amount of that attempt that was refunded, in minor units.
	AmountRefunded int64
	// RefundsPending is the sum of that attempt's refunds that are pending, in minor units.
	// The store reads it from the refunds.
	RefundsPending int64

	// PaidLate says that a payment arrived after the session had ended.
	PaidLate bool
	// PaidTwice says that more than one attempt was paid.
	PaidTwice bool
	// AmountMismatch says that an attempt is quarantined. Such a session gets no further
	// attempt, and an operator looks at it.
	AmountMismatch bool
}

// PaidWith is how an attempt paid its session.
type PaidWith struct {
	Wallet flow.Wallet
	Flow   flow.Flow
	// OutTradeNo is the order's number, and TradeID the gateway's own number of it.
	OutTradeNo, TradeID string
}

// PaidWith returns how the attempt pays its session.
func (a Attempt) PaidWith() PaidWith { return PaidWith{a.Wallet, a.Flow, a.OutTradeNo, a.TradeID} }

// Refundable returns how much of the payment of s can still be refunded, in minor units. A
// refund that is pending counts as refunded. It is 0 before the payment.
func (s Session) Refundable() int64 {
	if s.PaidBy == "" {
		return 0
	}
	return s.Amount - s.AmountRefunded - s.RefundsPending
}

// Accepts reports whether the session offers wallet w.
func (s Session) Accepts(w flow.Wallet) bool { return slices.Contains(s.Wallets, w) }

// Payable reports whether an order may be placed for s at now. While a payment is
// reported and not confirmed, none may: the shopper could pay twice.
func (s Session) Payable(now time.Time) bool {
	return s.Status == StatusOpen && s.PaymentStatus == PaymentUnpaid && !s.AmountMismatch && now.Before(s.ExpiresAt)
}
