package worker

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// maxPerEndpoint is how many webhooks one process sends to a shop at once.
	maxPerEndpoint = 5
	// maxRuns is after how many runs River would discard a job. It is much higher
	// than maxWebhookTries, so that a run whose process crashes is never the last.
	maxRuns = 1000
	// databaseRetry is how long a webhook waits after an error of the database. It
	// does not count as a try.
	databaseRetry = 10 * time.Second
	// pollPerEndpoint times the number of endpoints is how often each endpoint's
	// queue is polled. So there are at most 200 polls a second for all endpoints.
	pollPerEndpoint = 5 * time.Millisecond
)

// Events reads events and parks those that could not be delivered. It is a
// *store.Store.
type Events interface {
	// Event returns an event, or checkout.ErrNotFound.
	Event(ctx context.Context, id string) (checkout.Event, error)
	// ParkWebhook parks an event until an operator replays it. at is the time of
	// parking, and tries is how often delivery was tried.
	ParkWebhook(ctx context.Context, e checkout.Event, at time.Time, tries int, reason string) error
	// UnparkWebhook undoes ParkWebhook.
	UnparkWebhook(ctx context.Context, eventID string) error
	// DisableWebhooks disables a merchant's webhooks until an operator enables them.
	DisableWebhooks(ctx context.Context, merchant string, at time.Time, reason string) error
	// WebhooksDisabled reports whether a merchant's webhooks are disabled.
	WebhooksDisabled(ctx context.Context, merchant string) (bool, error)
}

// Work implements river.Worker.
func (w *webhookWorker) Work(ctx context.Context, job *river.Job[webhookArgs]) error {
	e, err := w.events.Event(ctx, job.Args.EventID)
	if errors.Is(err, checkout.ErrNotFound) {
		return river.JobCancel(fmt.Errorf("event %s: %w", job.Args.EventID, err))
	}
	if err != nil {
		return w.postpone(job.Args.EventID, err)
	}
	disabled, err := w.events.WebhooksDisabled(ctx, e.Merchant)
	if err != nil {
		return w.postpone(e.ID, err)
	}
	if disabled {
		return w.park(ctx, e, job.Attempt-1, errDisabled)
	}
	err = w.sender.send(ctx, e)
	if err == nil {
		return w.delivered(ctx, e, job.Attempt)
	}
	if ctx.Err() != nil { // the process shuts down: not the shop's failure
		return err
	}
	return w.handleFailure(ctx, e, job, err)
}

// handleFailure parks an event after a failed try, or has River retry it by
// returning the error. It disables the endpoint after a 410.
func (w *webhookWorker) handleFailure(ctx context.Context, e checkout.Event, job *river.Job[webhookArgs], problem error) error {
	if isGone(problem) {
		if err := w.events.DisableWebhooks(ctx, e.Merchant, w.clock.Now(), problem.Error()); err != nil {
			return w.postpone(e.ID, err)
		}
		w.logger.Error("webhooks are disabled until an operator enables them", "merchant", e.Merchant, "reason", problem)
	}
	if isGone(problem) || errors.Is(problem, errNoEndpoint) || job.Attempt >= maxWebhookTries() {
		return w.park(ctx, e, job.Attempt, problem)
	}
	w.logger.Warn("webhook not delivered", "event", e.ID, "type", e.Type, "session", e.SessionID,
		"merchant", e.Merchant, "try", job.Attempt, "error", problem)
	job.Args.delay = requestedDelay(problem)
	return problem
}

// errDisabled and errNoEndpoint are the reasons to park an event without a try.
var (
	errDisabled   = errors.New("the endpoint is disabled")
	errNoEndpoint = errors.New("the merchant has no webhook endpoint any more")
)

// park parks an event for an operator and ends its job. If the process crashes in
// between, the job runs again and parks it again.
func (w *webhookWorker) park(ctx context.Context, e checkout.Event, tries int, reason error) error {
	if err := w.events.ParkWebhook(ctx, e, w.clock.Now(), tries, reason.Error()); err != nil {
		return w.postpone(e.ID, err)
	}
	w.logger.Error("webhook is parked", "event", e.ID, "type", e.Type, "session", e.SessionID,
		"merchant", e.Merchant, "tries", tries, "reason", reason)
	return river.JobCancel(reason)
}

// delivered ends the job of an event that the shop received. It also removes a parked
// record left by a crashed process.
func (w *webhookWorker) delivered(ctx context.Context, e checkout.Event, try int) error {
	if try <= maxWebhookTries() {
		return nil
	}
	if err := w.events.UnparkWebhook(ctx, e.ID); err != nil {
		w.logger.Warn("a delivered webhook may still be listed as parked", "event", e.ID, "error", err)
	}
	return nil
}

// postpone reschedules a job after an error of the database, without counting a try.
func (w *webhookWorker) postpone(eventID string, problem error) error {
	w.logger.Warn("webhook is postponed, because the database failed", "event", eventID, "error", problem)
	return river.JobSnooze(databaseRetry)
}

// insert writes the job of an event unless one is waiting or running. It returns
// the id of the job, and whether it is new.
func (q *Queue) insert(ctx context.Context, tx *sql.Tx, e checkout.Event) (job int64, isNew bool, err error) {
	inserted, err := q.client.InsertTx(ctx, tx, webhookArgs{EventID: e.ID}, &river.InsertOpts{
		MaxAttempts: maxRuns, Queue: queueOf(e.Merchant), UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinishedStates()},
	})
	if err != nil {
		return 0, false, err
	}
	return inserted.Job.ID, !inserted.UniqueSkippedAsDuplicate, nil
}

// Replay delivers an event again at once, with the same id and a new retry schedule.
// It is a store.Enqueue. It writes the job even if the merchant has no endpoint. It
// replaces a job that waits for its next try. A running job stays, because it is
// delivering the event at this moment. If it has parked the event already, Replay
// writes a second job.
func (q *Queue) Replay(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	waiting, isNew, err := q.insert(ctx, tx, e)
	if err != nil || isNew {
		return err
	}
	if _, err := q.client.JobDeleteTx(ctx, tx, waiting); errors.Is(err, rivertype.ErrJobRunning) {
		return q.replayParked(ctx, tx, e)
	} else if err != nil {
		return fmt.Errorf("deleting the waiting job: %w", err)
	}
	_, _, err = q.insert(ctx, tx, e)
	return err
}

// replayParked writes a second job next to the running one if the running one has
// already parked the event. Otherwise it does nothing: the running job is
// delivering the event.
func (q *Queue) replayParked(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	var parked int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM webhook_parked WHERE event_id = $1`, e.ID).Scan(&parked); err != nil || parked == 0 {
		return err
	}
	_, err := q.client.InsertTx(ctx, tx, webhookArgs{EventID: e.ID}, &river.InsertOpts{MaxAttempts: maxRuns, Queue: queueOf(e.Merchant)})
	return err
}

// queueOf returns the name of a merchant's queue. Each merchant has its own, so that
// a slow shop only delays its own webhooks.
func queueOf(merchant string) string {
	sum := sha256.Sum256([]byte(merchant)) // River restricts the names of queues
	return "webhook_" + hex.EncodeToString(sum[:12])
}

// webhookQueues returns the queues of the merchants that have an endpoint. The jobs
// of other merchants wait until a node has an endpoint for them.
func webhookQueues(endpoints map[string]Endpoint) map[string]river.QueueConfig {
	poll := max(fetchEvery, time.Duration(len(endpoints))*pollPerEndpoint)
	queues := map[string]river.QueueConfig{}
	for merchant, e := range endpoints {
		if e.URL != "" {
			queues[queueOf(merchant)] = river.QueueConfig{MaxWorkers: maxPerEndpoint, FetchPollInterval: poll}
		}
	}
	return queues
}
