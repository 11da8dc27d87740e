package worker

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/wantukit/wantukit/checkout"
)

// RetryDelay and RetryAfter decide when a webhook is retried.
var (
	RetryDelay = retryDelay
	RetryAfter = retryAfter
)

// ReadEndpointsEvery exports readEndpointsEvery for tests.
const ReadEndpointsEvery = readEndpointsEvery

// Try is the result of one try to deliver a webhook.
type Try struct {
	Err error
	// Next is when the queue would retry.
	Next time.Time
	// Recorded is the try that was recorded, or zero.
	Recorded checkout.WebhookTry
}

// Deliver returns the function that the queue calls for each try to deliver the
// event evt_1.
func Deliver(t *testing.T, c Config) func(ctx context.Context, try int) Try {
	t.Helper()
	if c.Random == nil {
		c.Random = func() float64 { return 0.5 }
	}
	if c.Clock == nil {
		c.Clock = checkout.NewSteadyClock(time.Now, func(time.Duration) {})
	}
	outlets, err := newOutlets(c, newDirect(nil).newLane)
	if err != nil {
		t.Fatal(err)
	}
	var recorded checkout.WebhookTry
	w := &webhookWorker{courier: &courier{
		events: c.Events, outlets: outlets, random: c.Random, clock: c.Clock, logger: c.Logger,
		record: func(_ context.Context, try checkout.WebhookTry) bool { recorded = try; return true },
	}}
	return func(ctx context.Context, try int) Try {
		recorded = checkout.WebhookTry{}
		job := &river.Job[webhookArgs]{JobRow: &rivertype.JobRow{Attempt: try}, Args: webhookArgs{EventID: "evt_1"}}
		err := w.Work(ctx, job)
		return Try{Err: err, Next: w.NextRetry(job), Recorded: recorded}
	}
}

// Enqueue writes the jobs of pending webhooks, as the hand-over does.
func (q *Queue) Enqueue(ctx context.Context, tx *sql.Tx, pending []checkout.PendingWebhook) error {
	return q.enqueue(ctx, tx, pending)
}

// ReconcileJob returns the function that the queue calls for each round of
// reconciliation.
func ReconcileJob(r Reconciler, logger *slog.Logger) func(context.Context) error {
	w := &reconcileWorker{reconciler: r, logger: logger}
	return func(ctx context.Context) error { return w.Work(ctx, nil) }
}

// WriteReconcileJob writes the job of a round of reconciliation, as the leader does.
func WriteReconcileJob(ctx context.Context, db Database) error {
	c, err := newClient(db, nil, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	tx, err := db.Writer().BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = c.InsertTx(ctx, tx, reconcileArgs{}, reconcileOpts())
	return errors.Join(err, tx.Commit())
}
