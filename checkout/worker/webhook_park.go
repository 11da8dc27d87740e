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
	// perEndpoint is how many webhooks a shop gets at once from one process.
	perEndpoint = 5
	// maxRuns is when River would throw a webhook away. It is out of reach: the
	// schedule ends long before, and a run that dies with its process must not
	// be the last.
	maxRuns = 1000
	// databaseWait is how long a webhook waits for a database that failed. It
	// costs no try.
	databaseWait = 10 * time.Second
	// pollEach is how often an endpoint's queue is looked at, for each endpoint
	// there is: 200 looks a second in all, however many endpoints.
	pollEach = 5 * time.Millisecond
)

// Events is where events are read, and where one is kept that its shop could
// not be told: a *store.Store.
type Events interface {
	// Event returns an event, or checkout.ErrNotFound.
	Event(ctx context.Context, id string) (checkout.Event, error)
	// ParkWebhook keeps an event that was not told, for an operator to replay.
	ParkWebhook(ctx context.Context, e checkout.Event, at time.Time, tries int, reason string) error
	// UnparkWebhook undoes it.
	UnparkWebhook(ctx context.Context, eventID string) error
	// DisableWebhooks has WebhooksDisabled report true from now on, until an
	// operator says otherwise.
	DisableWebhooks(ctx context.Context, merchant string, at time.Time, reason string) error
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
		return w.told(ctx, e, job.Attempt)
	}
	if ctx.Err() != nil { // this process ends, and the shop is not to blame
		return err
	}
	return w.failed(ctx, e, job, err)
}

// failed decides what comes after a try that failed.
func (w *webhookWorker) failed(ctx context.Context, e checkout.Event, job *river.Job[webhookArgs], problem error) error {
	if gone(problem) {
		if err := w.events.DisableWebhooks(ctx, e.Merchant, w.clock.Now(), problem.Error()); err != nil {
			return w.postpone(e.ID, err)
		}
		w.logger.Error("webhooks are disabled until an operator enables them", "merchant", e.Merchant, "reason", problem)
	}
	if gone(problem) || errors.Is(problem, errNoEndpoint) || job.Attempt >= webhookTries() {
		return w.park(ctx, e, job.Attempt, problem)
	}
	w.logger.Warn("webhook not delivered", "event", e.ID, "type", e.Type, "session", e.SessionID,
		"merchant", e.Merchant, "try", job.Attempt, "error", problem)
	job.Args.asked = asked(problem)
	return problem
}

// errDisabled and errNoEndpoint are why an event is parked without a try.
var (
	errDisabled   = errors.New("the endpoint is disabled")
	errNoEndpoint = errors.New("the merchant has no webhook endpoint any more")
)

// park keeps an event for an operator, and ends its job. A process that dies in
// between does it again.
func (w *webhookWorker) park(ctx context.Context, e checkout.Event, tries int, reason error) error {
	if err := w.events.ParkWebhook(ctx, e, w.clock.Now(), tries, reason.Error()); err != nil {
		return w.postpone(e.ID, err)
	}
	w.logger.Error("webhook is parked", "event", e.ID, "type", e.Type, "session", e.SessionID,
		"merchant", e.Merchant, "tries", tries, "reason", reason)
	return river.JobCancel(reason)
}

// told ends the job of an event that the shop has. One that was parked by a
// process that died then is not any more.
func (w *webhookWorker) told(ctx context.Context, e checkout.Event, try int) error {
	if try <= webhookTries() {
		return nil
	}
	if err := w.events.UnparkWebhook(ctx, e.ID); err != nil {
		w.logger.Warn("a webhook that was delivered may be listed as parked", "event", e.ID, "error", err)
	}
	return nil
}

// postpone waits for a database that failed. It is no try.
func (w *webhookWorker) postpone(eventID string, problem error) error {
	w.logger.Warn("webhook waits for the database", "event", eventID, "error", problem)
	return river.JobSnooze(databaseWait)
}

// insert writes the job of an event, where none waits or runs. It returns the job
// and whether it is a new one.
func (q *Queue) insert(ctx context.Context, tx *sql.Tx, e checkout.Event) (job int64, isNew bool, err error) {
	inserted, err := q.client.InsertTx(ctx, tx, webhookArgs{EventID: e.ID}, &river.InsertOpts{
		MaxAttempts: maxRuns, Queue: queueOf(e.Merchant), UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()},
	})
	if err != nil {
		return 0, false, err
	}
	return inserted.Job.ID, !inserted.UniqueSkippedAsDuplicate, nil
}

// Replay has an event told at once and under its own id, with a schedule from the
// beginning. It is a store.Enqueue, and writes the job whether the merchant has an
// endpoint or not. A job that waits for its next try gives way to the new one; one
// that runs is telling the shop at this moment, and stays.
func (q *Queue) Replay(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	waiting, isNew, err := q.insert(ctx, tx, e)
	if err != nil || isNew {
		return err
	}
	if _, err := q.client.JobDeleteTx(ctx, tx, waiting); errors.Is(err, rivertype.ErrJobRunning) {
		return q.replayParked(ctx, tx, e)
	} else if err != nil {
		return fmt.Errorf("removing the job that waits: %w", err)
	}
	_, _, err = q.insert(ctx, tx, e)
	return err
}

// replayParked writes another job beside one that runs, where that has parked the
// event already and only ends. Where it has not, it is telling the shop.
func (q *Queue) replayParked(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	var parked int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM webhook_parked WHERE event_id = $1`, e.ID).Scan(&parked); err != nil || parked == 0 {
		return err
	}
	_, err := q.client.InsertTx(ctx, tx, webhookArgs{EventID: e.ID}, &river.InsertOpts{MaxAttempts: maxRuns, Queue: queueOf(e.Merchant)})
	return err
}

// queueOf is the queue of a merchant's webhooks: each has its own, so that a
// shop that is slow or dead uses up its own places alone.
func queueOf(merchant string) string {
	sum := sha256.Sum256([]byte(merchant)) // River is particular about names
	return "webhook_" + hex.EncodeToString(sum[:12])
}

// webhookQueues are the queues of the merchants that have an endpoint. The jobs
// of others wait until they have one again, here or on another node.
func webhookQueues(endpoints map[string]Endpoint) map[string]river.QueueConfig {
	poll := max(fetchEvery, time.Duration(len(endpoints))*pollEach)
	queues := map[string]river.QueueConfig{}
	for merchant, e := range endpoints {
		if e.URL != "" {
			queues[queueOf(merchant)] = river.QueueConfig{MaxWorkers: perEndpoint, FetchPollInterval: poll}
		}
	}
	return queues
}
