package checkout

import (
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// AttemptState is where one order at the gateway stands.
//
//	creating ──► pending ──► paid
//	   │            ├──────► failed ──► paid, closed
//	   │            └──────► closed ──► paid
//	   └──────────► paid, failed, closed
type AttemptState string

// The states of an attempt. Paid absorbs: failed and closed still lead to it,
// because a wallet's payment can cross our closing of the order.
const (
	// AttemptCreating: recorded here; the gateway may have the order or not.
	AttemptCreating AttemptState = "creating"
	// AttemptPending: the gateway has the order; the shopper can pay it.
	AttemptPending AttemptState = "pending"
	// AttemptPaid: query said SUCCESS, and the order is the one placed.
	AttemptPaid AttemptState = "paid"
	// AttemptFailed: the gateway refused the order, or the wallet the payment.
	AttemptFailed AttemptState = "failed"
	// AttemptClosed: the order was closed at the gateway, unpaid.
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

// Open reports whether an attempt in this state can still be paid by the code
// or the page that was shown for it. A session has at most one open attempt
// for each wallet.
func (a AttemptState) Open() bool { return a == AttemptCreating || a == AttemptPending }

// Attempt is one order at the gateway: one out_trade_no, used once.
type Attempt struct {
	ID        string
	SessionID string
	Merchant  string
	// Version counts the changes of state; each is a compare-and-set on it.
	Version int64
	State   AttemptState

	Wallet flow.Wallet
	Flow   flow.Flow
	// Reason says why this flow was chosen, for an operator.
	Reason string
	// Payer is an opaque tag of the WeChat user a JSAPI order is bound to,
	// never the openid.
	Payer string

	// OutTradeNo is the order's number at the gateway, 26 letters and digits.
	OutTradeNo string
	// Account names the gateway's account that the order was placed with. It
	// stays when the merchant's account is changed. "" is the one configured.
	Account string
	// TradeID is the gateway's own number, once its answer told it.
	TradeID string
	// NotifiedTradeID is the number that the first signed notification told.
	NotifiedTradeID string
	// ReportedAt is when the gateway reported a payment that query has not
	// confirmed, by a signed notification or by refusing to close the order as
	// paid; zero where it did not. DeniedAt is when query first answered
	// otherwise since.
	ReportedAt, DeniedAt time.Time
	// Amount and Currency are what was ordered: the session's.
	Amount   int64
	Currency string

	// NotifyToken and ReturnToken are the unguessable last path elements of
	// notify_url and return_url.
	NotifyToken, ReturnToken string

	// Placed is what the gateway gave the shopper to pay with.
	Placed Placed

	// Failure is the gateway's word for why the attempt failed, or "".
	Failure string
	// Quarantined says that the gateway reported another amount, currency,
	// number or account than was ordered; the attempt is never paid.
	Quarantined bool

	CreatedAt time.Time
	PaidAt    time.Time
	// EndedAt is when the gateway ceased to take money for it; zero while it
	// may.
	EndedAt time.Time

	// NextQueryAt is when the sweep asks about it next; zero is never.
	NextQueryAt time.Time
	// QueriedAt is when it was asked about last; zero is never.
	QueriedAt time.Time
	// Queries counts how often it was asked about.
	Queries int

	// Notifications counts those that arrived for it, and NotificationAt is when
	// the last of them was counted.
	Notifications  NotificationCounts
	NotificationAt time.Time
	// Returns counts the returns of a browser that the timeline has, and
	// ReturnedAt is when the last of them came.
	Returns    int
	ReturnedAt time.Time
	// BridgeAnswers counts the answers of WeChat's payment sheet that the
	// timeline has, and BridgeFailed says that it failed once.
	BridgeAnswers int
	BridgeFailed  bool
}

// NotificationCounts counts an attempt's notifications by their verdict. The
// timeline has the first [KeptNotifications] of each.
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

// live reports whether the gateway may still take money for the order: it is
// open, or the wallet refused one payment of it and may take the next.
func (a Attempt) live() bool {
	return a.State.Open() || a.State == AttemptFailed && !a.Placed.Empty()
}

// settled reports whether the gateway is asked about the order no more.
func (a Attempt) settled() bool { return a.State == AttemptPaid || a.Quarantined }

// Placed is what the gateway gave for an order: exactly one is set, by flow.
type Placed struct {
	// Code is the text to draw as a QR code ([flow.Native]).
	Code string
	// URL is the wallet's cashier to go to, or the page to frame ([flow.Web],
	// [flow.WAP], [flow.Iframe]).
	URL string
	// JSAPI are the parameters of WeixinJSBridge as a JSON object
	// ([flow.JSAPI]).
	JSAPI string
}

// Empty reports whether there is nothing to pay with.
func (p Placed) Empty() bool { return p == Placed{} }
