package checkout

import (
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// AttemptState is the state of one order at the gateway.
//
//	creating ──► pending ──► paid
//	   │            ├──────► failed ──► paid, closed
//	   │            └──────► closed ──► paid
//	   └──────────► paid, failed, closed
type AttemptState string

// The states of an attempt. Paid is final. A failed or closed attempt can still become
// paid: the shopper's payment may have been on its way.
const (
	// AttemptCreating: stored here. The gateway may or may not have the order.
	AttemptCreating AttemptState = "creating"
	// AttemptPending: the gateway has the order, and the shopper can pay it.
	AttemptPending AttemptState = "pending"
	// AttemptPaid: query answered SUCCESS, for the order that was placed.
	AttemptPaid AttemptState = "paid"
	// AttemptFailed: the gateway refused the order or never received it, or the wallet
	// refused the payment.
	AttemptFailed AttemptState = "failed"
	// AttemptClosed: the attempt ended unpaid. Its order is closed at the gateway, unless
	// the gateway has no such order, or still refused to close it an hour after the
	// session's expiry.
	AttemptClosed AttemptState = "closed"
)

var attemptMoves = map[AttemptState][]AttemptState{
	AttemptCreating: {AttemptPending, AttemptPaid, AttemptFailed, AttemptClosed},
	AttemptPending:  {AttemptPaid, AttemptFailed, AttemptClosed},
	AttemptFailed:   {AttemptPaid, AttemptClosed},
	AttemptClosed:   {AttemptPaid},
}

// CanMove reports whether an attempt may go from a to next.
func (a AttemptState) CanMove(next AttemptState) bool {
	return slices.Contains(attemptMoves[a], next)
}

// Open reports whether an attempt in this state is creating or pending. A session has at
// most one open attempt for each wallet.
func (a AttemptState) Open() bool { return a == AttemptCreating || a == AttemptPending }

// Attempt is one order at the gateway, with an out_trade_no of its own.
type Attempt struct {
	ID        string
	SessionID string
	Merchant  string
	// Version rises with each Changer.Apply of the attempt, and when a notification
	// reports a payment. Apply is a compare-and-set on it. A lease does not change it.
	Version int64
	State   AttemptState

	Wallet flow.Wallet
	Flow   flow.Flow
	// Reason explains to an operator why this flow was chosen.
	Reason string
	// Payer is an opaque tag of the WeChat user that a JSAPI order is for. It is never
	// the openid.
	Payer string

	// OutTradeNo is the order's number at the gateway, 26 letters and digits.
	OutTradeNo string
	// Account names the gateway's account that the order was placed with. It stays when
	// the merchant's account changes. "" means the account that is configured.
	Account string
	// TradeID is the gateway's own number, "" until an answer contains it.
	TradeID string
	// NotifiedTradeID is the gateway's number in the first accepted notification that
	// names one, or "".
	NotifiedTradeID string
	// ReportedAt is when the gateway reported a payment that query has not confirmed, by
	// a signed notification or by refusing to close the order as paid. It is zero where
	// there is no such report. DeniedAt is when query first denied it after that. The
	// second denial withdraws the report and clears both.
	ReportedAt, DeniedAt time.Time
	// Amount and Currency are those of the session.
	Amount   int64
	Currency string

	// NotifyToken and ReturnToken are the random last path elements of notify_url and
	// return_url: nobody can guess them.
	NotifyToken, ReturnToken string

	// Placed is what the shopper pays with.
	Placed Placed

	// Failure is why the attempt failed or is quarantined, or "". If the wallet refused
	// the payment, it is the gateway's word.
	Failure string
	// Quarantined says that query reported a payment that is not the payment of this
	// order: it has another amount, currency or number, or belongs to another attempt. A
	// quarantined attempt is never paid and not queried again.
	Quarantined bool

	CreatedAt time.Time
	PaidAt    time.Time
	// EndedAt is when the attempt was paid or closed, or failed before its order was
	// placed. A payment after that does not change it. It is zero while the shopper can
	// pay the order, also after the wallet has refused one payment. A quarantine does not
	// set it.
	EndedAt time.Time

	// NextQueryAt is when the sweep queries it next. Zero means never.
	NextQueryAt time.Time
	// QueriedAt is when it was last queried. Zero means never.
	QueriedAt time.Time
	// Queries counts its queries.
	Queries int
	// LeasedUntil is when the lease of a query or another call of the gateway ends at the
	// latest, zero if nobody has a lease. The Store sets it; a Change does not.
	LeasedUntil time.Time

	// Notifications counts the notifications that arrived for it, but not each one of a
	// flood (see [KeptNotifications]). NotificationAt is when the last one was counted.
	Notifications  NotificationCounts
	NotificationAt time.Time
	// Returns counts the returns of a browser in the timeline. ReturnedAt is the time of
	// the last one.
	Returns    int
	ReturnedAt time.Time
	// BridgeAnswers counts the answers of WeChat's payment sheet in the timeline.
	// BridgeFailed says that an answer was a failure, in the timeline or not.
	BridgeAnswers int
	BridgeFailed  bool
}

// NotificationCounts counts an attempt's notifications by their verdict. The timeline has
// the first [KeptNotifications] of each verdict.
type NotificationCounts struct{ Accepted, Mismatched, Rejected int }

// Of returns the count of one verdict.
func (n NotificationCounts) Of(v Verdict) int {
	switch v {
	case VerdictAccepted:
		return n.Accepted
	case VerdictMismatch:
		return n.Mismatched
	default:
		return n.Rejected
	}
}

// live reports whether the order can still be paid: the attempt is open, or the wallet
// refused one payment and may accept the next.
func (a Attempt) live() bool {
	return a.State.Open() || a.State == AttemptFailed && !a.Placed.Empty()
}

// settled reports whether the order needs no further query.
func (a Attempt) settled() bool { return a.State == AttemptPaid || a.Quarantined }

// Placed is the gateway's answer to an order. The flow decides which one field is set.
type Placed struct {
	// Code is the text to draw as a QR code ([flow.Native]).
	Code string
	// URL is the wallet's page to redirect to, or the page to show in a frame ([flow.Web],
	// [flow.WAP], [flow.Iframe]).
	URL string
	// JSAPI are the parameters of WeixinJSBridge as a JSON object
	// ([flow.JSAPI]).
	JSAPI string
}

// Empty reports whether there is nothing to pay with.
func (p Placed) Empty() bool { return p == Placed{} }
