package worker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/riverqueue/river"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// handOverEvery is how often webhooks are handed over and old tries are deleted. So a
	// node deletes handOverAtOnce tries a second at most.
	handOverEvery = time.Second
	// handOverAtOnce is how many webhooks are handed over, or tries deleted, in one
	// transaction.
	handOverAtOnce = 500
	// postponeBy is for how long an event in flight is postponed.
	postponeBy = 10 * time.Second
	// keepTries is how long tries are kept.
	keepTries = 30 * 24 * time.Hour
)

// handOver gives pending webhooks to the queue that nobody has sent in time: those of a
// process that was killed, and those that waited too long in memory.
type handOver struct {
	events Events
	queue  *Queue
	flight *inFlight
	clock  checkout.Clock
	logger *slog.Logger
}

// run hands over what is due, each second until ctx is done.
func (h *handOver) run(ctx context.Context) {
	tick := time.NewTicker(handOverEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := h.round(ctx); err != nil && ctx.Err() == nil {
			h.logger.Warn("pending webhooks could not be handed over, and it will be tried again", "error", err)
		}
	}
}

// round postpones what this process sends at the moment, hands over what is due, and
// deletes old tries and endpoints that were deleted long ago.
func (h *handOver) round(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	now := h.clock.Now()
	for n := handOverAtOnce; n == handOverAtOnce; now = h.clock.Now() {
		// Postpone before each batch, because a node that has much to hand over takes
		// longer than sendMargin.
		if err := h.postpone(ctx, now); err != nil {
			return err
		}
		var err error
		if n, err = h.give(ctx, now); err != nil {
			return err
		}
	}
	return errors.Join(
		h.events.ForgetWebhookTries(ctx, now.Add(-keepTries), handOverAtOnce),
		h.events.ForgetWebhookEndpoints(ctx, now.Add(-keepDeleted)))
}

// postpone postpones the events in flight that will be due soon.
func (h *handOver) postpone(ctx context.Context, now time.Time) error {
	keys := h.flight.dueBefore(now.Add(2 * sendMargin))
	due := now.Add(postponeBy)
	for len(keys) > 0 {
		n := min(len(keys), handOverAtOnce)
		if err := h.events.PostponeWebhooks(ctx, keys[:n], due); err != nil {
			return err
		}
		h.flight.postponed(keys[:n], due)
		keys = keys[n:]
	}
	return nil
}

// give hands over up to handOverAtOnce webhooks that were due before a time. It returns how
// many there were.
func (h *handOver) give(ctx context.Context, before time.Time) (int, error) {
	return h.events.HandOverWebhooks(ctx, before, handOverAtOnce, h.queue.enqueue)
}

// giveAll hands over all that is pending. Call it while this process sends nothing.
func (h *handOver) giveAll(ctx context.Context) error {
	for n := handOverAtOnce; n == handOverAtOnce; {
		var err error
		if n, err = h.give(ctx, endOfTime); err != nil {
			return err
		}
	}
	return nil
}

// endOfTime is after every due time.
var endOfTime = time.UnixMilli(math.MaxInt64)

// enqueue writes the jobs of pending webhooks. One that has a job already gets no
// other.
func (q *Queue) enqueue(ctx context.Context, tx *sql.Tx, pending []checkout.PendingWebhook) error {
	jobs := make([]river.InsertManyParams, len(pending))
	for i, p := range pending {
		jobs[i] = river.InsertManyParams{Args: newArgs(p.EventID, p.Endpoint), InsertOpts: webhookOpts(p.Merchant, p.Endpoint)}
	}
	if _, err := q.client.InsertManyFastTx(ctx, tx, jobs); err != nil {
		return fmt.Errorf("writing jobs: %w", err)
	}
	return nil
}

// retry writes the job of a webhook that was tried from memory.
func (q *Queue) retry(ctx context.Context, tx *sql.Tx, try checkout.WebhookTry) error {
	opts := webhookOpts(try.Merchant, try.Endpoint)
	opts.ScheduledAt = try.NextAt
	args := newArgs(try.EventID, try.Endpoint)
	args.Tried = try.Number
	_, err := q.client.InsertTx(ctx, tx, args, opts)
	return err
}
