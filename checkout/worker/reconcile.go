package worker

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/wantukit/wantukit/checkout"
)

const (
	reconcileQueue = "reconcile"
	// reconcileEvery is how often the node that leads looks for what is due.
	reconcileEvery = 10 * time.Minute
	// reconcileTimeout ends one round; what it leaves is due at the next.
	reconcileTimeout = 20 * time.Minute
	// reconcileAtOnce is how many merchants' days are reconciled at once.
	reconcileAtOnce = 4
)

// Reconciler holds the gateway's statements against the books:
// *checkout.Service.
type Reconciler interface {
	// ReconciliationsDue returns what is to be reconciled now.
	ReconciliationsDue(ctx context.Context) ([]checkout.Span, error)
	// Reconcile reconciles [from, to) of a merchant, and reports what fails.
	Reconcile(ctx context.Context, merchant string, from, to time.Time) (checkout.Reconciliation, error)
}

// reconcileArgs is the periodic job that reconciles what is due.
type reconcileArgs struct{}

// Kind implements river.JobArgs.
func (reconcileArgs) Kind() string { return "reconcile" }

// reconcileOpts lets no round begin, on any node, while another waits or runs.
func reconcileOpts() *river.InsertOpts {
	return &river.InsertOpts{MaxAttempts: 1, Queue: reconcileQueue, UniqueOpts: river.UniqueOpts{ByState: unfinished()}}
}

type reconcileWorker struct {
	river.WorkerDefaults[reconcileArgs]
	reconciler Reconciler
	logger     *slog.Logger
	// ending is closed when the worker stops: a round may take longer than a
	// process has to end, and what it leaves is due again.
	ending <-chan struct{}
}

// Timeout implements river.Worker.
func (w *reconcileWorker) Timeout(*river.Job[reconcileArgs]) time.Duration { return reconcileTimeout }

// Work reconciles what is due: one merchant's gateway that fails stops no
// other.
func (w *reconcileWorker) Work(ctx context.Context, _ *river.Job[reconcileArgs]) error {
	ctx, cancel := w.untilTheEnd(ctx)
	defer cancel()
	due, err := w.reconciler.ReconciliationsDue(ctx)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, reconcileAtOnce)
	for _, span := range due {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			w.reconcile(ctx, span)
		})
	}
	wg.Wait()
	return ctx.Err()
}

// untilTheEnd returns a context that is done when the worker stops, too.
func (w *reconcileWorker) untilTheEnd(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-w.ending:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// reconcile says aloud what came of it. What failed was reported.
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
