package checkout

import "time"

// EventType names what happened. It is the type of the shop's webhook.
type EventType string

// The types of events.
const (
	// EventPaid: the session is paid, and the shop should fulfil the order. It comes
	// once.
	EventPaid EventType = "session.paid"
	// EventExpired: the session has expired unpaid.
	EventExpired EventType = "session.expired"
	// EventCanceled: the shopper or the shop has canceled the session, unpaid.
	EventCanceled EventType = "session.canceled"
	// EventPaidLate: a payment arrived after the session had ended.
	EventPaidLate EventType = "session.paid_late"
	// EventPaidTwice: a second attempt of a paid session was paid too.
	EventPaidTwice EventType = "session.paid_twice"
	// EventAmountMismatch: query reports a payment that is not the payment of the order
	// that was placed. See Attempt.Quarantined.
	EventAmountMismatch EventType = "session.amount_mismatch"
	// EventNotificationMismatch: a signed notification is not about the order that was
	// placed. It comes at most once for an attempt, and decides nothing.
	EventNotificationMismatch EventType = "attempt.notification_mismatch"
	// EventAttemptFailed: one attempt has failed, and the session goes on.
	EventAttemptFailed EventType = "attempt.failed"
	// EventRefundSucceeded: the gateway has made a refund.
	EventRefundSucceeded EventType = "refund.succeeded"
	// EventRefundFailed: the gateway has refused a refund, or an operator or the
	// statement has settled it as failed.
	EventRefundFailed EventType = "refund.failed"
	// EventRefundDelayed: a refund has had no outcome for a day. It stays pending and is
	// sent again. The event comes once for a refund.
	EventRefundDelayed EventType = "refund.delayed"
	// EventDifference: the gateway's statement and the checkout's records differ. It
	// comes once for each difference.
	EventDifference EventType = "reconciliation.difference"
	// EventTest: somebody tests an endpoint. It goes to that endpoint alone, and is about
	// no session.
	EventTest EventType = "webhook.test"
)

// EventPrefix is the beginning of every event ID.
const EventPrefix = "evt_"

// EventTypes returns the types of events that an endpoint can ask for: all but EventTest.
func EventTypes() []EventType {
	return []EventType{
		EventPaid, EventExpired, EventCanceled, EventPaidLate, EventPaidTwice, EventAmountMismatch, EventNotificationMismatch,
		EventAttemptFailed, EventRefundSucceeded, EventRefundFailed, EventRefundDelayed, EventDifference,
	}
}

// Event is a fact that a shop is told. It is stored in the transaction that made it true,
// and never changes.
type Event struct {
	// ID is "evt_" and 128 random bits. Each try of the webhook has the same ID.
	ID       string
	Type     EventType
	Merchant string
	// SessionID is "" and Session zero in an EventDifference about an order that the
	// checkout did not place.
	SessionID string
	// TestMode says that the shop was in test mode.
	TestMode bool
	// AttemptID is the attempt that caused it, or "".
	AttemptID string
	CreatedAt time.Time
	// Version is the version of the session after the event. Each event of a session has
	// a greater version than the one before, whatever the clocks of the nodes show. It is
	// 0 where SessionID is "".
	Version int64
	// Session is the session after the event, with the same Version.
	Session PublicSession
	// Refund is the refund that the event is about, or nil.
	Refund *PublicRefund
	// Difference is the difference of an EventDifference, else nil.
	Difference *Difference
}

// PublicEvent is an event as its shop sees it: in an answer of the merchant API, and as the
// body of a webhook. A field without a value is null.
type PublicEvent struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	// Livemode is false for an event in test mode.
	Livemode  bool      `json:"livemode"`
	Type      EventType `json:"type"`
	CreatedAt time.Time `json:"created_at"`
	// Timestamp is CreatedAt, by the name that Standard Webhooks gives it.
	Timestamp time.Time `json:"timestamp"`
	// Data is the session as it was right after the event. It is nil if the event has no
	// session.
	Data *PublicSession `json:"data"`
	// Refund and Difference are set in events about one.
	Refund     *PublicRefund `json:"refund"`
	Difference *Difference   `json:"difference"`
}

// Public returns what the shop may see of e.
func (e Event) Public() PublicEvent {
	at := e.CreatedAt.UTC().Truncate(time.Millisecond) // as it is stored: each try of a webhook has the same body
	p := PublicEvent{
		ID: e.ID, Object: "event", Livemode: !e.TestMode, Type: e.Type, CreatedAt: at, Timestamp: at,
		Refund: e.Refund, Difference: e.Difference,
	}
	if e.SessionID != "" {
		p.Data = &e.Session
	}
	return p
}

// Verdict is the result of checking a notification.
type Verdict string

// The verdicts on a notification.
const (
	// VerdictAccepted: signed by the gateway and about this order. It causes a query,
	// unless it reports "unpaid" or the attempt is paid or quarantined.
	VerdictAccepted Verdict = "accepted"
	// VerdictRejected: not signed, or malformed.
	VerdictRejected Verdict = "rejected"
	// VerdictMismatch: signed, but for another account, order, amount or
	// currency.
	VerdictMismatch Verdict = "mismatch"
)

// Notification is a notification that arrived at an attempt's notify_url.
type Notification struct {
	ID         string
	SessionID  string
	AttemptID  string
	ReceivedAt time.Time
	// Body is what arrived, cut to 4 KiB, without its signature.
	Body    string
	Verdict Verdict
	// TradeID is the gateway's number of the order, and Paid says that a payment is
	// reported. Both are set only in a notification that was accepted.
	TradeID string
	Paid    bool
	// Detail says why the notification was not accepted.
	Detail string
}
