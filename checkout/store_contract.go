package checkout

import (
	"context"
	"time"
)

// Store keeps sessions, attempts, refunds, events and the timeline. It is made of
// roles, so that code can ask for the part that it needs.
//
// All methods are safe for concurrent use, on several machines where the store
// allows it. A method that writes has written durably when it returns nil. It has
// written nothing when it returns an error, unless the connection broke during
// the commit: then only the next read tells.
type Store interface {
	Reader
	ListStore
	Changer
	LeaseStore
	DueWork
	TimelineStore
	ReconciliationStore
}

// Reader reads what is stored. A method that returns one record returns
// ErrNotFound where there is none.
type Reader interface {
	Session(ctx context.Context, id string) (Session, error)
	Attempt(ctx context.Context, id string) (Attempt, error)
	// Attempts returns all attempts of a session, the oldest first.
	Attempts(ctx context.Context, sessionID string) ([]Attempt, error)
	// SessionWithAttempts returns a session and all of its attempts, the oldest first.
	// The session is read after the attempts.
	SessionWithAttempts(ctx context.Context, id string) (Session, []Attempt, error)
	// AttemptByNotifyToken returns the attempt whose notify_url has the token.
	AttemptByNotifyToken(ctx context.Context, token string) (Attempt, error)
	// AttemptByReturnToken returns the attempt whose return_url has the token.
	AttemptByReturnToken(ctx context.Context, token string) (Attempt, error)
	Refund(ctx context.Context, id string) (Refund, error)
	// Refunds returns all refunds of a session, the oldest first.
	Refunds(ctx context.Context, sessionID string) ([]Refund, error)
	// Claim returns a claim of a merchant, also one that is free.
	Claim(ctx context.Context, merchant string, kind ClaimKind, name string) (Claim, error)
	Event(ctx context.Context, id string) (Event, error)
	// Events returns all events of a session in the order of their versions.
	Events(ctx context.Context, sessionID string) ([]Event, error)
}

// Changer writes sessions, attempts, refunds and events.
type Changer interface {
	// CreateSession stores a new session with its claims. Its Entry begins its timeline. It
	// returns ErrClaimed and stores nothing where another session has one of the claims, and
	// the claim is not free.
	CreateSession(ctx context.Context, s Session, claims ...Claim) error

	// CreateSessionWithAttempt stores a new session with its claims, as CreateSession does,
	// and its first attempt with its Entry. The attempt is leased to its creator until
	// leaseUntil.
	CreateSessionWithAttempt(ctx context.Context, s Session, a Attempt, leaseUntil time.Time, claims ...Claim) error

	// CreateAttempt stores a new attempt with its Entry, leased to its creator
	// until leaseUntil. The session's version rises by one. It returns ErrConflict
	// and stores nothing where
	//   - the session's version is not sessionVersion,
	//   - the session is not open,
	//   - the session has an open attempt for the wallet,
	//   - a payment of one of the session's attempts is reported.
	CreateAttempt(ctx context.Context, a Attempt, sessionVersion int64, leaseUntil time.Time) error

	// CreateRefund stores a new refund with its Entry, leased to its creator until
	// leaseUntil. The session's version rises by one. It returns ErrConflict and stores nothing where
	//   - the attempt is not paid,
	//   - the attempt's refunds that have not failed would exceed its amount,
	//   - the session has a refund with the same ClientReferenceID or
	//     IdempotencyKey,
	//   - the ID or the OutRefundNo is in use,
	//   - the refund is automatic and the attempt has an automatic refund.
	CreateRefund(ctx context.Context, r Refund, leaseUntil time.Time) error

	// Apply makes a change in one transaction. It writes
	//   - the session, the attempt and the refund of the change,
	//   - the new refund, without a lease, as CreateRefund does,
	//   - the events with the jobs that deliver them,
	//   - the entries of the change, then those of the events, then that of the
	//     new refund.
	//
	// A changed session's version rises by one, or by the number of the events
	// where that is more. A session that ends loses its SealedOpenID.
	//
	// Leases: the lease that ends at Change.AttemptLease ends on the changed
	// attempt, and the one that ends at Change.RefundLease on the changed refund.
	// A lease of somebody else stays. A NextQueryAt that a notification set during
	// the lease stays, unless the attempt is paid or quarantined.
	//
	// Errors, with nothing written:
	//   - ErrConflict where a version is not the stored one, and as CreateRefund,
	//   - ErrLeaseLost where Change.Fenced is set and the attempt's lease does not
	//     end at Change.AttemptLease,
	//   - ErrPaymentTaken where Change.Payment is bound to another attempt, or another
	//     attempt of the same account has its TradeID.
	Apply(ctx context.Context, c Change) error

	// AddNotification counts a notification in its attempt, by its verdict, and
	// stores the Entry of the first KeptNotifications of each verdict. In the same
	// transaction, for an attempt that is neither paid nor quarantined,
	//   - NextQueryAt becomes queryAt if queryAt is set, and NextQueryAt is zero or later,
	//   - NotifiedTradeID becomes n.TradeID if it is empty,
	//   - ReportedAt becomes n.ReceivedAt if n.Paid is set and ReportedAt is zero,
	//   - the version rises if n.Paid is set, and ReportedAt is zero or DeniedAt is set.
	//
	// The parameter `first` is an event for the first notification of a verdict, or nil.
	// AddNotification stores that event only if the attempt had no notification of this
	// verdict before. The session's version then becomes the event's version. It returns
	// ErrConflict and writes nothing if the stored version is not one less.
	// It returns ErrNotFound for an unknown attempt.
	AddNotification(ctx context.Context, n Notification, queryAt time.Time, first *Event) error

	// AddNotificationAndLease is AddNotification without an event, with n.ReceivedAt as
	// queryAt, and in the same transaction LeaseAttempt at n.ReceivedAt until `until`. It
	// returns the leased attempt, or false where the attempt has a lease.
	AddNotificationAndLease(ctx context.Context, n Notification, until time.Time) (Attempt, bool, error)
}

// LeaseStore grants and ends leases. Whoever has the lease of an attempt or a
// refund is the only one who calls the gateway about it.
type LeaseStore interface {
	// LeaseAttempt leases an attempt until `until`, counts a query and sets
	// QueriedAt to now. It returns the attempt as it then is. It reports false where
	// the attempt has a lease at now, where its last query was after queriedBefore
	// (zero: it does not matter), and where there is no such attempt. NextQueryAt
	// becomes `until`, so that the sweep finds what a killed process leaves.
	LeaseAttempt(ctx context.Context, id string, now, queriedBefore, until time.Time) (Attempt, bool, error)
	// ReleaseAttempt ends the lease that ends at `until` and sets NextQueryAt to
	// next (zero: never), unless a notification has set an earlier time. It does
	// nothing to another lease.
	ReleaseAttempt(ctx context.Context, id string, until, next time.Time) error

	// LeaseRefund leases a pending refund until `until`, counts a try at now and raises
	// the version by one. So an Apply with the version from before returns ErrConflict.
	// It reports false if the refund is not pending or has a lease at now. NextTryAt
	// becomes `until`.
	LeaseRefund(ctx context.Context, id string, now, until time.Time) (bool, error)
	// ReleaseRefund ends the lease that ends at `until` and sets NextTryAt to next.
	// It does nothing to another lease, and nothing to a refund that is settled.
	ReleaseRefund(ctx context.Context, id string, until, next time.Time) error
}

// DueWork finds the work whose time has come. Each list is of one merchant, and the
// longest due comes first. The time that a method takes does not depend on how much is
// stored, nor on how much is due.
type DueWork interface {
	// DueMerchants returns the merchants that have due work of a kind: those for which
	// the method of the kind returns something. They need not be configured.
	DueMerchants(ctx context.Context, work Work, now time.Time) ([]string, error)
	// DueAttempts is for WorkLive. It returns up to limit attempts without a lease and
	// without an EndedAt that are neither paid nor quarantined and whose NextQueryAt is
	// not after now.
	DueAttempts(ctx context.Context, merchant string, now time.Time, limit int) ([]Attempt, error)
	// DueEndedAttempts is for WorkEnded. It is DueAttempts for attempts with an EndedAt.
	DueEndedAttempts(ctx context.Context, merchant string, now time.Time, limit int) ([]Attempt, error)
	// DueRefunds is for WorkRefunds. It returns up to limit pending refunds without a
	// lease whose NextTryAt is not after now.
	DueRefunds(ctx context.Context, merchant string, now time.Time, limit int) ([]Refund, error)
	// ExpiringSessions is for WorkSessions. It returns up to limit open sessions whose
	// ConcludeAt is not after now.
	ExpiringSessions(ctx context.Context, merchant string, now time.Time, limit int) ([]Session, error)
	// PostponeConclusion sets the ConcludeAt of an open session.
	PostponeConclusion(ctx context.Context, id string, at time.Time) error
}

// TimelineStore keeps the timeline of each session. No method changes or removes
// an entry.
type TimelineStore interface {
	// Record adds entries to the timelines of their sessions: all or none.
	Record(ctx context.Context, entries ...Entry) error
	// RecordFew adds an entry that an outsider can cause, counts it, and reports
	// whether it did. It adds nothing beyond these bounds:
	//   - EntryReturn: MaxReturns for an attempt, and one in ReturnInterval,
	//   - EntryBridge: MaxBridgeAnswers for an attempt,
	//   - EntryCancel: MaxCancelRequests for a session, while it is open.
	// An EntryBridge with the result BridgeFail sets the attempt's BridgeFailed in
	// any case. Other kinds are an error.
	RecordFew(ctx context.Context, e Entry) (bool, error)
	// Timeline returns a session's entries in the order in which they were stored,
	// whatever their times are.
	Timeline(ctx context.Context, sessionID string) ([]Entry, error)
}

// ReconciliationStore reads what a reconciliation compares, and keeps what it
// finds.
type ReconciliationStore interface {
	// AttemptsByNumber returns the attempts with one of up to 500 OutTradeNo, of
	// any merchant and in any order.
	AttemptsByNumber(ctx context.Context, numbers []string) ([]Attempt, error)
	// RefundsOfAttempts returns all refunds of up to 500 attempts, in any order.
	RefundsOfAttempts(ctx context.Context, attemptIDs []string) ([]Refund, error)
	// PaidAttempts returns up to limit attempts of a merchant whose PaidAt is in
	// [from, to), ordered by PaidAt and then by ID. Of the attempts paid exactly at
	// from it returns those whose ID is after afterID. So the PaidAt and the ID of
	// the last attempt of a page begin the next page.
	PaidAttempts(ctx context.Context, merchant string, from, to time.Time, afterID string, limit int) ([]Attempt, error)
	// SucceededRefunds is PaidAttempts for refunds that succeeded, by SettledAt.
	SucceededRefunds(ctx context.Context, merchant string, from, to time.Time, afterID string, limit int) ([]Refund, error)
	// AddDifference stores an event with its jobs, and reports true, unless the
	// merchant has an event whose Difference has the same Key. The version of the
	// event's session, if it has one, becomes the event's. It returns ErrConflict
	// and writes nothing where the stored version is not the one before.
	AddDifference(ctx context.Context, e Event) (bool, error)
	// SaveReconciliation stores a report. It replaces a report with the same ID.
	SaveReconciliation(ctx context.Context, r Reconciliation) error
	// Reconciliation returns a report, or ErrNotFound.
	Reconciliation(ctx context.Context, id string) (Reconciliation, error)
	// Reconciliations returns up to limit reports of a merchant, or of all
	// merchants where merchant is "", without their differences. The run that
	// started last comes first.
	Reconciliations(ctx context.Context, merchant string, limit int) ([]Reconciliation, error)
}

// Change is what one transaction does to a session, one of its attempts and
// one of its refunds. Each may be nil. The versions in it are those that were
// read.
type Change struct {
	Session *Session
	Attempt *Attempt
	// AttemptLease is the end of the lease under which Attempt was decided. Zero
	// means that there was none.
	AttemptLease time.Time
	// Fenced refuses the change where the attempt's lease is not AttemptLease.
	Fenced bool
	// Payment, unless it is zero, is bound to Attempt for ever.
	Payment Payment
	Refund  *Refund
	// RefundLease is the end of the lease under which Refund was decided, or zero.
	RefundLease time.Time
	// NewRefund is stored and reserves its amount.
	NewRefund *Refund
	Events    []Event
	// Entries say what led to the change.
	Entries []Entry
}

// SessionID returns the session that the change is about.
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
