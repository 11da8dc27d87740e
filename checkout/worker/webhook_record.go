package worker

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// recordEvery is how long tries are gathered, and recordAtOnce is how many are
	// recorded in one transaction at most.
	recordEvery  = 20 * time.Millisecond
	recordAtOnce = 256
	// recordRetry is the wait after an error of the database. recordFor is after how
	// long tries are given up: then their events are sent again.
	recordRetry = time.Second
	recordFor   = 30 * time.Second
)

// recorder records tries of webhooks, many in one transaction.
type recorder struct {
	tries   chan checkout.WebhookTry
	events  Events
	retry   func(context.Context, *sql.Tx, checkout.WebhookTry) error
	flight  *inFlight
	logger  *slog.Logger
	stopped chan struct{}
	done    chan struct{}
}

func newRecorder(events Events, retry func(context.Context, *sql.Tx, checkout.WebhookTry) error, flight *inFlight, logger *slog.Logger) *recorder {
	return &recorder{
		tries: make(chan checkout.WebhookTry, 4*recordAtOnce), events: events, retry: retry, flight: flight, logger: logger,
		stopped: make(chan struct{}), done: make(chan struct{}),
	}
}

// add implements courier.record. It waits while the database does not keep up, so that
// few events are sent whose tries may be lost.
func (r *recorder) add(ctx context.Context, try checkout.WebhookTry) bool {
	select {
	case r.tries <- try:
		return true
	case <-ctx.Done():
	case <-r.done:
	}
	return false
}

// run records tries until stop is called.
func (r *recorder) run() {
	defer close(r.done)
	for {
		select {
		case try := <-r.tries:
			r.save(r.gather(try))
		case <-r.stopped:
			for batch := r.rest(nil); len(batch) > 0; batch = r.rest(nil) {
				r.save(batch)
			}
			return
		}
	}
}

// gather returns the first try and those that follow it soon.
func (r *recorder) gather(first checkout.WebhookTry) []checkout.WebhookTry {
	batch, end := []checkout.WebhookTry{first}, time.After(recordEvery)
	for len(batch) < recordAtOnce {
		select {
		case try := <-r.tries:
			batch = append(batch, try)
		case <-end:
			return batch
		case <-r.stopped:
			return r.rest(batch)
		}
	}
	return batch
}

// rest appends the tries that wait now to a batch.
func (r *recorder) rest(batch []checkout.WebhookTry) []checkout.WebhookTry {
	for len(batch) < recordAtOnce {
		select {
		case try := <-r.tries:
			batch = append(batch, try)
		default:
			return batch
		}
	}
	return batch
}

// save records a batch. It tries again while the database fails, until recordFor is over
// or stop is called.
func (r *recorder) save(batch []checkout.WebhookTry) {
	defer r.forget(batch)
	ctx, cancel := context.WithTimeout(context.Background(), recordFor)
	defer cancel()
	for {
		err := r.events.RecordWebhookTries(ctx, batch, r.retry)
		if err == nil {
			return
		}
		r.logger.Warn("tries of webhooks are not recorded yet, because the database failed", "tries", len(batch), "error", err)
		select {
		case <-time.After(recordRetry):
		case <-ctx.Done():
			return
		case <-r.stopped:
			return
		}
	}
}

// forget ends the flight of the events that were pending.
func (r *recorder) forget(batch []checkout.WebhookTry) {
	var ended []checkout.WebhookKey
	for _, try := range batch {
		if try.EndsPending {
			ended = append(ended, try.Key())
		}
	}
	r.flight.end(ended...)
}

// stop records what waits, and returns when that is done or ctx is done.
func (r *recorder) stop(ctx context.Context) error {
	close(r.stopped)
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
