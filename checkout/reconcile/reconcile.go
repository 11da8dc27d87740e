package reconcile

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// minAge is how old a payment is before it is reconciled. A younger one may not
	// be in the records, or in the statement, yet.
	minAge = 10 * time.Minute
	// maxWindow is the longest window.
	maxWindow = 25 * time.Hour
	// batchSize is how many rows are looked up at once.
	batchSize = 500
	// maxListed is how many differences a report lists. It counts all of them.
	maxListed = 1000
)

// Records are the checkout's own records. A [checkout.Store] has them.
type Records interface {
	checkout.ReconciliationStore
	// Attempt returns an attempt, or checkout.ErrNotFound.
	Attempt(ctx context.Context, id string) (checkout.Attempt, error)
}

// Gateway has the statement. See [checkout.Gateway].
type Gateway interface {
	Statement(ctx context.Context, merchant string, from, to time.Time) iter.Seq2[checkout.Trade, error]
}

// Checkout handles differences. A [checkout.Service] does.
type Checkout interface {
	Now() time.Time
	// TellDifference tells the shop of a difference, once. It reports whether this
	// was the first time.
	TellDifference(ctx context.Context, merchant string, f checkout.Finding) (bool, error)
	// SettleDifference settles a difference where that is possible, and reports
	// whether the records now agree with the statement.
	SettleDifference(ctx context.Context, f checkout.Finding) (bool, error)
}

// Config is what a Reconciler needs. All fields are needed.
type Config struct {
	Records  Records
	Gateway  Gateway
	Checkout Checkout
	// Random is the source of the reports' IDs: crypto/rand.Reader, or another reader
	// that is safe for concurrent use.
	Random io.Reader
	// Merchants are the shops, by ID.
	Merchants map[string]checkout.Merchant
	// Alert is called with what an operator should see.
	Alert func(checkout.Alert)
}

// Reconciler compares the gateway's statement with the records. Its methods are safe
// for concurrent use, also by several processes.
type Reconciler struct{ config Config }

// New returns a Reconciler, or an error if a field of the Config is missing.
func New(c Config) (*Reconciler, error) {
	switch {
	case c.Records == nil || c.Gateway == nil || c.Checkout == nil:
		return nil, errors.New("reconcile: Config.Records, Config.Gateway and Config.Checkout are needed")
	case c.Random == nil || c.Alert == nil:
		return nil, errors.New("reconcile: Config.Random and Config.Alert are needed")
	case len(c.Merchants) == 0:
		return nil, errors.New("reconcile: Config.Merchants is empty")
	}
	return &Reconciler{c}, nil
}

// Reconcile compares the gateway's statement of [from, to) with the records of a
// merchant. It leaves the last 10 minutes to the next run: if `to` is later than 10
// minutes ago, the window ends 10 minutes ago. Each difference that the shop was not
// told of becomes an event, and what can be settled is settled.
//
// The window is at most 25 hours long. For a wrong window or an unknown merchant it
// returns a *checkout.FieldError and no report. Otherwise it stores the report and
// returns it, together with the gateway's or the store's error if the run failed.
func (r *Reconciler) Reconcile(ctx context.Context, merchant string, from, to time.Time) (checkout.Reconciliation, error) {
	now := r.config.Checkout.Now()
	if latest := now.Add(-minAge); to.After(latest) {
		to = latest
	}
	switch {
	case r.config.Merchants[merchant].ID == "":
		return checkout.Reconciliation{}, &checkout.FieldError{Field: "merchant", Problem: "is not configured"}
	case !from.Before(to):
		return checkout.Reconciliation{}, &checkout.FieldError{Field: "from", Problem: "must be more than 10 minutes ago, and before the end"}
	case to.Sub(from) > maxWindow:
		return checkout.Reconciliation{}, &checkout.FieldError{Field: "to", Problem: "must be at most 25 hours after the beginning"}
	}
	id, err := checkout.NewID(r.config.Random, "rc_")
	if err != nil {
		return checkout.Reconciliation{}, err
	}
	c := newComparison(r.config, checkout.Reconciliation{ID: id, Merchant: merchant, From: from.UTC(), To: to.UTC(), StartedAt: now.UTC()})
	if err := c.save(ctx); err != nil {
		return c.report, err
	}
	err = c.run(ctx)
	c.report.FinishedAt = r.config.Checkout.Now().UTC()
	if err != nil {
		c.report.Error = err.Error()
		late := r.config.Checkout.Now().Sub(to) > lateAfter
		r.config.Alert(checkout.Alert{Problem: "a reconciliation failed", Merchant: merchant, Alarm: late, Err: err})
	}
	// The report of a canceled run is stored too.
	return c.report, errors.Join(err, c.save(context.WithoutCancel(ctx)))
}

// save stores the report, and raises an alert if that fails.
func (c *comparison) save(ctx context.Context) error {
	err := c.config.Records.SaveReconciliation(ctx, c.report)
	if err != nil {
		c.config.Alert(checkout.Alert{Problem: "the report of a reconciliation was not stored", Merchant: c.report.Merchant, Err: err})
	}
	return err
}

// handle tells the shop of a difference, settles it where that is possible, and adds
// it to the report. A difference that this run has handled is skipped: the statement
// may list a row twice.
func (c *comparison) handle(ctx context.Context, f checkout.Finding) error {
	key := f.Key()
	if c.handled[key] {
		return nil
	}
	c.handled[key] = true
	told, err := c.config.Checkout.TellDifference(ctx, c.report.Merchant, f)
	if err != nil {
		return err
	}
	if told {
		c.report.Told++
	}
	if f.Healed, err = c.config.Checkout.SettleDifference(ctx, f); err != nil {
		return err
	}
	if f.Healed {
		c.report.Healed++
	}
	c.report.Differences++
	if len(c.report.Found) < maxListed {
		c.report.Found = append(c.report.Found, f.Difference)
	}
	return nil
}
