package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"golang.org/x/sync/errgroup"

	"github.com/wantukit/wantukit/checkout"
)

const (
	reconcileQueue = "reconcile"
	// reconcileEvery is how often the leader starts a round of reconciliation.
	reconcileEvery = 10 * time.Minute
	// reconcileTimeout ends one round. What is left is due in the next.
	reconcileTimeout = 20 * time.Minute
	// reconcileLimit is how many spans are reconciled at once.
	reconcileLimit = 4
)

// Reconciler compares the gateway's statements with the store. It is a
// *reconcile.Reconciler.
type Reconciler interface {
	// ReconciliationsDue returns the spans that are due now.
	ReconciliationsDue(ctx context.Context) ([]checkout.Span, error)
	// Reconcile reconciles [from, to) of a merchant. It raises an alert if the comparison
	// fails or its report cannot be stored. It raises none for a wrong argument.
	Reconcile(ctx context.Context, merchant string, from, to time.Time) (checkout.Reconciliation, error)
}

// reconcileArgs is the periodic job that runs one round of reconciliation.
type reconcileArgs struct{}

// Kind implements river.JobArgs.
func (reconcileArgs) Kind() string { return "reconcile" }

// reconcileOpts allows one round at a time, waiting or running, on all nodes.
func reconcileOpts() *river.InsertOpts {
	return &river.InsertOpts{MaxAttempts: 1, Queue: reconcileQueue, UniqueOpts: river.UniqueOpts{ByState: unfinishedStates()}}
}

type reconcileWorker struct {
	river.WorkerDefaults[reconcileArgs]
	reconciler Reconciler
	logger     *slog.Logger
	// stopping is closed when the worker stops. It ends a round, because a round
	// may take longer than the shutdown. What is left is due again.
	stopping <-chan struct{}
}

// Timeout implements river.Worker.
func (w *reconcileWorker) Timeout(*river.Job[reconcileArgs]) time.Duration { return reconcileTimeout }

// Work reconciles all spans that are due. A failure of one does not stop the others.
func (w *reconcileWorker) Work(ctx context.Context, _ *river.Job[reconcileArgs]) error {
	ctx, cancel := cancelOn(ctx, w.stopping)
	defer cancel()
	due, err := w.reconciler.ReconciliationsDue(ctx)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(reconcileLimit)
	for _, span := range due {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			w.reconcile(ctx, span)
			return nil
		})
	}
	_ = group.Wait() // it can only be the error of ctx
	return ctx.Err()
}

// cancelOn returns a context that is also done when stopping is closed.
func cancelOn(ctx context.Context, stopping <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// reconcile reconciles a span and logs the result. It ignores an error, because
// Reconcile has raised an alert if the comparison failed.
func (w *reconcileWorker) reconcile(ctx context.Context, span checkout.Span) {
	r, err := w.reconciler.Reconcile(ctx, span.Merchant, span.From, span.To)
	if err != nil {
		return
	}
	level := slog.LevelInfo
	if r.Differences > 0 {
		level = slog.LevelWarn
	}
	w.logger.Log(ctx, level, "reconciled", "merchant", r.Merchant, "from", r.From, "to", r.To, "payments", r.Payments,
		"refunds", r.Refunds, "elsewhere", r.Elsewhere, "differences", r.Differences, "new", r.Told, "healed", r.Healed, "report", r.ID)
}
