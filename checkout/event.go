package checkout

import "time"

// EventType names what happened, in the words a shop's webhook receives.
type EventType string

// The types of events.
const (
	// EventPaid: the session is paid, to be fulfilled. It comes once.
	EventPaid EventType = "session.paid"
	// EventExpired: the time is over and nothing was paid.
	EventExpired EventType = "session.expired"
	// EventCanceled: the shopper called it off and nothing was paid.
	EventCanceled EventType = "session.canceled"
	// EventPaidLate: money arrived after the session had ended.
	EventPaidLate EventType = "session.paid_late"
	// EventPaidTwice: a second attempt of a paid session was paid too.
	EventPaidTwice EventType = "session.paid_twice"
	// EventAmountMismatch: the gateway reports another order than was placed.
	EventAmountMismatch EventType = "session.amount_mismatch"
	// EventNotificationMismatch: the gateway's signed notification was not
	// about the order placed. It comes at most once an attempt, and decides
	// nothing.
	EventNotificationMismatch EventType = "attempt.notification_mismatch"
	// EventAttemptFailed: one try to pay failed; the session goes on.
	EventAttemptFailed EventType = "attempt.failed"
	// EventRefundSucceeded: money went back.
	EventRefundSucceeded EventType = "refund.succeeded"
	// EventRefundFailed: the gateway refused to give money back.
	EventRefundFailed EventType = "refund.failed"
	// EventRefundDelayed: a refund has had no outcome for a day. It stays pending,
	// and is sent again each hour. It comes once.
	EventRefundDelayed EventType = "refund.delayed"
	// EventDifference: the gateway's statement and the books differ. It comes
	// once for each difference.
	EventDifference EventType = "reconciliation.difference"
)

// Event is a fact that a shop is told, written in the transaction that made it
// true and never changed.
type Event struct {
	// ID is "evt_" and 128 random bits; a webhook repeats it at each try.
	ID       string
	Type     EventType
	Merchant string
	// SessionID is "", and Session zero, in an EventDifference about an order
	// that the checkout did not place.
	SessionID string
	// AttemptID is the attempt that caused it, or "".
	AttemptID string
	CreatedAt time.Time
	// Version is the version of the session that the event made. It rises with
	// each event of a session, whatever the clocks of the nodes say, and no two
	// events of a session share one. It is 0 where SessionID is "".
	Version int64
	// Session is the session as the event left it, with the same Version.
	Session PublicSession
	// Refund is the refund that the event is about, or nil.
	Refund *PublicRefund
	// Difference is what an EventDifference is about, or nil.
	Difference *Difference
}

// Verdict is what was made of a notification.
type Verdict string

// The verdicts on a notification.
const (
	// VerdictAccepted: signed by the gateway and about this order; a query
	// was caused.
	VerdictAccepted Verdict = "accepted"
	// VerdictRejected: not signed, or malformed.
	VerdictRejected Verdict = "rejected"
	// VerdictMismatch: signed, but for another account, order, amount or
	// currency.
	VerdictMismatch Verdict = "mismatch"
)

// Notification is one that arrived at an attempt's notify_url.
type Notification struct {
	ID         string
	SessionID  string
	AttemptID  string
	ReceivedAt time.Time
	// Body is what arrived, cut to 4 KiB, without its signature.
	Body    string
	Verdict Verdict
	// TradeID is the gateway's number of the order, and Paid says that a payment
	// is reported, in a notification that was accepted.
	TradeID string
	Paid    bool
	// Detail says why it was not accepted.
	Detail string
}
