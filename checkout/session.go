package checkout

import (
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Status is where a session stands as an offer to pay.
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

// PaymentStatus is where a session's money stands, apart from its [Status]:
// money that arrives after expiry makes an expired session paid.
//
//	unpaid ◄──► processing ──► paid ──► partially_refunded ──► refunded
//	  └─────────────────────────▲ └────────────────────────────▲
type PaymentStatus string

// The payment statuses of a session. Paid absorbs: only refunds leave it.
const (
	PaymentUnpaid            PaymentStatus = "unpaid"
	PaymentProcessing        PaymentStatus = "processing"
	PaymentPaid              PaymentStatus = "paid"
	PaymentPartiallyRefunded PaymentStatus = "partially_refunded"
	PaymentRefunded          PaymentStatus = "refunded"
)

// statusMoves and paymentMoves are the transition tables: a change that is not
// in them is a programming error and is refused.
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

// CanMove reports whether a session's money may go from p to next.
func (p PaymentStatus) CanMove(next PaymentStatus) bool {
	return slices.Contains(paymentMoves[p], next)
}

// Settled reports whether the money has arrived, whatever was refunded since.
func (p PaymentStatus) Settled() bool {
	return p == PaymentPaid || p == PaymentPartiallyRefunded || p == PaymentRefunded
}

// Session is what a shop wants paid: one amount, once.
type Session struct {
	// ID is "cs_" and 128 random bits. Whoever knows it may see and pay it.
	ID string
	// Merchant is the configured shop that owns the session.
	Merchant string
	// Version counts the changes; each is a compare-and-set on it.
	Version int64

	Status        Status
	PaymentStatus PaymentStatus

	// Amount is in minor units of Currency (cents), 1 to 99,999,999,999.
	Amount int64
	// Currency is an ISO 4217 code, such as HKD.
	Currency string
	// Subject is what the shopper buys, 1 to 128 characters.
	Subject string
	// ClientReferenceID is the shop's own number, 128 characters at most.
	ClientReferenceID string
	// SuccessURL and CancelURL lead back to the shop.
	// {CHECKOUT_SESSION_ID} in them has been replaced.
	SuccessURL, CancelURL string
	// Wallets are those that the shopper may pick, in order.
	Wallets []flow.Wallet
	// Locale is the language the shop asked for, or "".
	Locale string
	// Metadata is the shop's, given back as it came.
	Metadata map[string]string
	// SealedOpenID is the WeChat user that the shop named, encrypted: whoever
	// starts a payment by flow.JSAPI can read it. It is forgotten when the
	// session ends; "" for none.
	SealedOpenID string

	CreatedAt time.Time
	// ExpiresAt is when no new order is placed any more.
	ExpiresAt time.Time
	// ConcludeAt is when the next try to end the session is due: ExpiresAt,
	// or later after a try that the gateway did not answer.
	ConcludeAt time.Time
	// PaidAt is when the payment was confirmed here, zero before.
	PaidAt time.Time
	// PaidBy is the ID of the attempt that paid it, "" before.
	PaidBy string
	// AmountRefunded is what of that attempt went back, in minor units.
	AmountRefunded int64

	// PaidLate says that money arrived after the session had ended.
	PaidLate bool
	// PaidTwice says that more than one attempt was paid.
	PaidTwice bool
	// AmountMismatch says that the gateway reported another order than the
	// one placed. Such a session takes no further attempt; a person looks.
	AmountMismatch bool
}

// Accepts reports whether w is one of the wallets the shopper may pick.
func (s Session) Accepts(w flow.Wallet) bool { return slices.Contains(s.Wallets, w) }

// Payable reports whether an order may be placed for s at now. While a payment
// is reported and not confirmed none may: the shopper would pay twice.
func (s Session) Payable(now time.Time) bool {
	return s.Status == StatusOpen && s.PaymentStatus == PaymentUnpaid && !s.AmountMismatch && now.Before(s.ExpiresAt)
}
