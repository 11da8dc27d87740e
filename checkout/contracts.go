package checkout

import (
	"context"
	"iter"
	"time"

	"github.com/wantukit/wantukit/checkout/flow"
)

// Clock tells the time. The wall clock is moved by people and daemons, so it
// stamps and schedules, and decides nothing that a query does not confirm.
type Clock interface {
	Now() time.Time
}

// Store keeps sessions, attempts, refunds, events and the timeline. All methods are
// safe for concurrent use, on several machines where the store allows it. A
// method that writes has written durably when it returns nil, and nothing when
// it returns an error, unless the connection broke while committing: the next
// read tells.
type Store interface {
	// CreateSession stores a new session, and its Entry begins its timeline.
	CreateSession(ctx context.Context, s Session) error
	// Session returns a session, or ErrNotFound.
	Session(ctx context.Context, id string) (Session, error)
	// ExpiringSessions returns up to limit open sessions whose ConcludeAt is
	// not after now: the merchants in turn, of each the longest due first.
	ExpiringSessions(ctx context.Context, now time.Time, limit int) ([]Session, error)
	// PostponeConclusion sets the ConcludeAt of an open session.
	PostponeConclusion(ctx context.Context, id string, at time.Time) error

	// CreateAttempt stores a new attempt that its creator holds until
	// leaseUntil, with its Entry, and counts up its session's version. It returns
	// ErrConflict where the session's version is not sessionVersion, where it is
	// not open, and where it has an open attempt for the wallet already.
	CreateAttempt(ctx context.Context, a Attempt, sessionVersion int64, leaseUntil time.Time) error
	// Attempt returns an attempt, or ErrNotFound.
	Attempt(ctx context.Context, id string) (Attempt, error)
	// Attempts returns all attempts of a session, the oldest first.
	Attempts(ctx context.Context, sessionID string) ([]Attempt, error)
	// AttemptByNotifyToken and AttemptByReturnToken return the attempt whose
	// URL carries the token, or ErrNotFound.
	AttemptByNotifyToken(ctx context.Context, token string) (Attempt, error)
	AttemptByReturnToken(ctx context.Context, token string) (Attempt, error)
	// DueAttempts returns up to limit attempts that nobody holds, that are
	// neither paid nor in quarantine, and whose NextQueryAt is not after now:
	// first those that have no EndedAt, then the others; of both the merchants in
	// turn, of each the longest due first.
	DueAttempts(ctx context.Context, now time.Time, limit int) ([]Attempt, error)

	// Hold claims an attempt for one conversation with the gateway, counts it
	// as a query and stamps it with now: it succeeds where nobody holds the
	// attempt at now and it was last asked about not after askedBefore (zero:
	// whenever that was). Then nobody else can until `until`, or Release.
	// NextQueryAt becomes `until`, so that the sweep finds what a killed
	// holder left.
	LeaseAttempt(ctx context.Context, id string, now, askedBefore, until time.Time) (bool, error)
	// Release ends the hold that lasts until `until` and says when to ask
	// next (zero: never), unless a notification asked for sooner meanwhile.
	// It does nothing to somebody else's hold.
	ReleaseAttempt(ctx context.Context, id string, until, next time.Time) error

	// CreateRefund stores a new refund that its creator holds until leaseUntil,
	// with its Entry. It returns ErrConflict, and does nothing, where the attempt is not paid,
	// where its refunds that have not failed would pass its amount, where the
	// session has a refund of the same ClientReferenceID or IdempotencyKey, where the
	// ID or the OutRefundNo was used, and where the refund is automatic and the attempt
	// has an automatic one already.
	CreateRefund(ctx context.Context, r Refund, leaseUntil time.Time) error
	// Refund returns a refund, or ErrNotFound.
	Refund(ctx context.Context, id string) (Refund, error)
	// Refunds returns all refunds of a session, the oldest first.
	Refunds(ctx context.Context, sessionID string) ([]Refund, error)
	// DueRefunds returns up to limit pending refunds that nobody holds and
	// whose NextTryAt is not after now, the merchants in turn, of each the
	// longest due first.
	DueRefunds(ctx context.Context, now time.Time, limit int) ([]Refund, error)
	// LeaseRefund claims a pending refund for one call of the gateway, and
	// counts it as a try at now, in a new version: an outcome that was decided before
	// is ErrConflict. It succeeds where nobody holds the refund at now.
	// Then nobody else can until `until`, or ReleaseRefund. NextTryAt becomes
	// `until`, so that the sweep finds what a killed holder left.
	LeaseRefund(ctx context.Context, id string, now, until time.Time) (bool, error)
	// ReleaseRefund ends the hold that lasts until `until` and says when to
	// try next. It does nothing to somebody else's hold, or once the refund is
	// settled.
	ReleaseRefund(ctx context.Context, id string, until, next time.Time) error

	// Apply makes a change in one transaction with its entries, its events, their
	// jobs and their entries, and forgets the SealedOpenID of a session that it
	// ends; or returns ErrConflict and does nothing when a version is not the
	// stored one. A changed session's version rises by one, or by the number of
	// the events where there are more. It ends the hold of Change.AttemptLease on the
	// changed attempt, and no other; what a notification asked for during the
	// hold stays, unless the attempt is paid or in quarantine. Where Change.Fenced
	// is set and the attempt's hold is not that of Change.AttemptLease it returns
	// ErrLeaseLost, and where Change.Payment is another attempt's it returns
	// ErrPaymentTaken; it does nothing then. Of the holds on the changed refund it
	// ends the one that lasts until RefundLease, and no other's. It stores the
	// new refund, which nobody holds, as CreateRefund does: with its ErrConflict. The
	// versions in the change are the ones that were read.
	Apply(ctx context.Context, c Change) error

	// AddNotification counts what arrived in its attempt, by its verdict, and
	// stores the Entry of the first KeptNotifications of each. In the same transaction
	// it brings the NextQueryAt of an attempt that is neither paid nor in
	// quarantine forward to askAt, if that is set. Of an
	// attempt that is neither paid nor in quarantine it keeps the first
	// NotifiedTradeID; where n.Paid is set and it has no ReportedAt, that becomes
	// n.ReceivedAt and its version rises. It stores first, if
	// that is not nil and the attempt had none of the same verdict before. Then it sets
	// the session's version to the event's, or returns ErrConflict and does
	// nothing where the stored version is not the one before it.
	AddNotification(ctx context.Context, n Notification, askAt time.Time, first *Event) error

	// Record adds entries to the timelines of their sessions: all or none.
	Record(ctx context.Context, entries ...Entry) error
	// RecordFew adds an entry that anybody outside can cause, counts it, and
	// reports whether it did. It does nothing where enough are counted: for
	// EntryReturn and EntryBridge in the attempt (MaxReturns, and none within
	// ReturnInterval after ReturnedAt; MaxBridgeAnswers), for EntryCancel in the
	// session (MaxCancelWishes, and none once it is not open). The attempt's
	// BridgeFailed becomes true with an EntryBridge of the result BridgeFail in
	// any case. No other kind is taken.
	RecordFew(ctx context.Context, e Entry) (bool, error)
	// Timeline returns what happened to a session, in the order in which it was
	// stored, whatever the clocks said. Nothing ever changes or removes an entry.
	Timeline(ctx context.Context, sessionID string) ([]Entry, error)

	// Events returns all events of a session in the order of their versions.
	Events(ctx context.Context, sessionID string) ([]Event, error)
	// Event returns an event, or ErrNotFound.
	Event(ctx context.Context, id string) (Event, error)

	// AttemptsByNumber returns the attempts that have one of up to 500 numbers
	// (OutTradeNo), of any merchant and in any order.
	AttemptsByNumber(ctx context.Context, numbers []string) ([]Attempt, error)
	// RefundsOfAttempts returns all refunds of up to 500 attempts, in any order.
	RefundsOfAttempts(ctx context.Context, attemptIDs []string) ([]Refund, error)
	// PaidAttempts returns up to limit attempts of a merchant whose PaidAt is
	// in [from, to), ordered by that and then by their ID. Of those paid at
	// from only the ones are returned whose ID comes after afterID: so the last
	// of one page begins the next.
	PaidAttempts(ctx context.Context, merchant string, from, to time.Time, afterID string, limit int) ([]Attempt, error)
	// SucceededRefunds is PaidAttempts for refunds that succeeded, by their
	// SettledAt.
	SucceededRefunds(ctx context.Context, merchant string, from, to time.Time, afterID string, limit int) ([]Refund, error)
	// AddDifference stores an event with its jobs, unless the merchant has one
	// whose Difference has the same Key. It reports whether it did. The version
	// of its session, if it has one, is set as by AddNotification, with the same
	// ErrConflict.
	AddDifference(ctx context.Context, e Event) (bool, error)
	// SaveReconciliation stores a report, over the one of its ID if there is
	// one.
	SaveReconciliation(ctx context.Context, r Reconciliation) error
	// Reconciliation returns a report, or ErrNotFound.
	Reconciliation(ctx context.Context, id string) (Reconciliation, error)
	// Reconciliations returns up to limit reports of a merchant, or of all
	// where merchant is "", without what they found: the one that started last
	// first.
	Reconciliations(ctx context.Context, merchant string, limit int) ([]Reconciliation, error)
}

// Change is what one transaction does to a session, one of its attempts and
// one of its refunds. Each may be nil.
type Change struct {
	Session *Session
	Attempt *Attempt
	// AttemptLease is when the lease ends under which Attempt was decided. Zero is none.
	AttemptLease time.Time
	// Fenced refuses the change where Attempt is held by somebody else by now.
	Fenced bool
	// Payment, if it is not zero, is bound to Attempt for ever.
	Payment Payment
	Refund  *Refund
	// RefundLease is until when whoever changes the refund holds it, or zero.
	RefundLease time.Time
	// NewRefund is stored, with the money that it reserves.
	NewRefund *Refund
	Events    []Event
	// Entries say what led to it. They come first in the timeline, then those
	// of its events, then that of the new refund.
	Entries []Entry
}

// SessionID is the session that is changed.
func (c Change) SessionID() string {
	switch {
	case c.Session != nil:
		return c.Session.ID
	case c.Attempt != nil:
		return c.Attempt.SessionID
	case c.Refund != nil:
		return c.Refund.SessionID
	case c.NewRefund != nil:
		return c.NewRefund.SessionID
	case len(c.Events) > 0:
		return c.Events[0].SessionID
	}
	return ""
}

// Gateway places and asks about orders. Implementations are safe for
// concurrent use and return errors that match one of ErrOutcomeUnknown,
// ErrRefused, ErrNoOrder, ErrNumberUsed, ErrAlreadyPaid.
type Gateway interface {
	// Create places an order. After ErrOutcomeUnknown only Query knows
	// whether the gateway has it.
	Create(ctx context.Context, o Order) (Created, error)
	// Query returns what the gateway knows of an order, or ErrNoOrder.
	Query(ctx context.Context, r OrderRef) (OrderStatus, error)
	// Close ends an unpaid order, or returns ErrAlreadyPaid or ErrNoOrder.
	Close(ctx context.Context, r OrderRef) error
	// Refund gives back money of a paid order. The same OutRefundNo refunds
	// once, however often it is sent: so an ErrOutcomeUnknown, the only error
	// beside ErrRefused, is settled by sending it again. A refusal is best a
	// *RefusedError.
	Refund(ctx context.Context, r RefundOrder) (RefundResult, error)
	// Statement returns the payments and the refunds of a merchant's account
	// from one moment to another, by the gateway's clock, in any order and each
	// once. It ends at the first error, which comes with a zero Trade: rows
	// before it say what is there, and nothing says what is not.
	Statement(ctx context.Context, merchant string, from, to time.Time) iter.Seq2[Trade, error]
	// ReadNotification verifies what arrived for an order and then parses
	// it; an error means that nothing in it may be believed, and matches
	// ErrOtherAccount where it is signed but not for the order's account. The
	// text is what may be kept of the body either way, without its signature.
	ReadNotification(r OrderRef, body []byte) (n OrderStatus, text string, err error)
	// Account names the account at which a merchant's new orders are placed, ""
	// for a merchant that is not configured. The name stays the same while the
	// account does. An OrderRef carries it back.
	Account(merchant string) string
}

// OrderRef names an order at the gateway.
type OrderRef struct {
	Merchant string
	// Account is what [Gateway] named when the order was placed. "" is that of an
	// order from before accounts were kept: the one that is configured.
	Account    string
	Channel    flow.Channel
	OutTradeNo string
}

// Order is what a Gateway needs to place one.
type Order struct {
	OrderRef
	Wallet   flow.Wallet
	Flow     flow.Flow
	Amount   int64
	Currency string
	Subject  string
	// ProductID is a short name for what is bought, for the gateway's books.
	ProductID string
	// NotifyURL and ReturnURL are where the gateway and the browser report.
	NotifyURL, ReturnURL string
	// ExpiresAt is when the session ends, and Remaining how long that is from
	// now: the two differ where the system's clock was moved.
	ExpiresAt time.Time
	Remaining time.Duration
	// OpenID is the WeChat user, for flow.JSAPI only.
	OpenID string
	// FrameWidth is the width of a framed QR code in CSS pixels.
	FrameWidth int
}

// Created is the gateway's answer to an order.
type Created struct {
	TradeID string
	Placed  Placed
}

// RefundOrder is what a Gateway needs to give money back.
type RefundOrder struct {
	OrderRef
	OutRefundNo string
	// Paid is what the order was for, and Amount what of it goes back.
	Paid, Amount int64
	Currency     string
}

// RefundResult is the gateway's word that the money went back.
type RefundResult struct {
	// GatewayID is the gateway's own number of the refund.
	GatewayID string
}

// OrderStatus is what the gateway says of an order, by query or notification.
// Text fields that it left out are ""; it never leaves out the amount.
type OrderStatus struct {
	OutTradeNo string
	// TradeID is the gateway's own number of the order, and Payee the account
	// that it numbers its orders for.
	TradeID, Payee string
	Amount         int64
	Currency       string
	State          OrderState
	// Detail is the gateway's own word for the state.
	Detail string
}

// Payment names a payment at the gateway. The zero Payment names none.
type Payment struct {
	// Account is the gateway's account that was paid, and TradeID the gateway's
	// number, which is unique within the account.
	Account, TradeID string
}

// payment is the payment that the gateway reports, zero where it names none.
func (o OrderStatus) payment() Payment {
	if o.TradeID == "" {
		return Payment{}
	}
	return Payment{Account: o.Payee, TradeID: o.TradeID}
}

// OrderState is what an order's status means.
type OrderState string

// The meanings of an order's status. A word that nobody knows is reported and
// then counts as unpaid: it is asked about again.
const (
	OrderUnpaid  OrderState = "unpaid"
	OrderPaid    OrderState = "paid"
	OrderFailed  OrderState = "failed"
	OrderUnknown OrderState = "unknown"
)
