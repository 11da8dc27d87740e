package checkout

import (
	"context"
	"errors"
	"time"
)

// StatementMargin is how much of the statement before and after a span of time is
// read too, because the clocks of the gateway and of this machine differ.
const StatementMargin = time.Hour

// Reconciliation is the report of one comparison of the gateway's statement with
// the checkout's records.
type Reconciliation struct {
	ID       string
	Merchant string
	// The window is [From, To).
	From, To time.Time
	// StartedAt and FinishedAt are the times of the run. FinishedAt is zero while it
	// runs, and for ever where its process died.
	StartedAt, FinishedAt time.Time
	// Payments and Refunds count the rows in the window that are about the
	// merchant's own orders. Elsewhere counts the other rows in the window.
	Payments, Refunds, Elsewhere int
	// Differences counts all differences. Told counts those that the shop was told
	// of for the first time. Healed counts those that the run settled.
	Differences, Told, Healed int
	// Found lists the first 1,000 differences.
	Found []Difference
	// Error is why the run was given up, or "".
	Error string
}

// Complete reports whether the run compared all of its window.
func (r Reconciliation) Complete() bool { return !r.FinishedAt.IsZero() && r.Error == "" }

// Span is a window of time to reconcile for a merchant.
type Span struct {
	Merchant string
	From, To time.Time
}

// differences tells the shops of differences, and settles what can be settled.
type differences struct {
	store interface {
		Session(ctx context.Context, id string) (Session, error)
		Attempt(ctx context.Context, id string) (Attempt, error)
		AddDifference(ctx context.Context, e Event) (bool, error)
	}
	merchants  map[string]Merchant
	ledger     *ledger
	background *background
	refunder   *refunder
	settler    *refundSettler
}

// tell is [Service.TellDifference].
func (d *differences) tell(ctx context.Context, merchant string, found Finding) (bool, error) {
	for range maxUpdates {
		first, err := d.tryTell(ctx, merchant, found)
		if !errors.Is(err, ErrConflict) {
			return first, err
		}
	}
	return false, tooManyUpdates("the difference of session " + found.SessionID)
}

func (d *differences) tryTell(ctx context.Context, merchant string, found Finding) (bool, error) {
	session := Session{Merchant: merchant, TestMode: d.merchants[merchant].TestMode}
	if found.SessionID != "" {
		var err error
		if session, err = d.store.Session(ctx, found.SessionID); err != nil {
			return false, err
		}
		session.Version++
	}
	e, err := d.ledger.newEvent(EventDifference, session, nil)
	if err != nil {
		return false, err
	}
	if found.SessionID == "" {
		e.Session = PublicSession{}
	}
	e.AttemptID, e.Difference = found.AttemptID, &found.Difference
	return d.store.AddDifference(ctx, e)
}

// settle is [Service.SettleDifference].
func (d *differences) settle(ctx context.Context, found Finding) (bool, error) {
	switch found.Kind {
	case DifferencePaidThere:
		d.background.retryQuery(ctx, found.AttemptID, CauseSchedule)
		a, err := d.store.Attempt(ctx, found.AttemptID)
		return a.State == AttemptPaid, err
	case DifferenceRefundPending:
		d.refunder.sendDue(ctx, found.RefundID)
		return d.settler.settleListed(ctx, found)
	case DifferenceRefundThere:
		if found.RefundID == "" {
			return d.settler.storeOutside(ctx, found)
		}
		return d.settler.settleListed(ctx, found)
	default:
		return false, nil
	}
}
