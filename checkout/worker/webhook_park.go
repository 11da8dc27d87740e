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
	// maxRuns is after how many runs River would discard a job. It is much higher
	// than maxWebhookTries, so that a run whose process crashes is never the last.
	maxRuns = 1000
	// databaseRetry is how long a webhook waits after an error of the database. It
	// does not count as a try.
	databaseRetry = 10 * time.Second
	// slotWait is how long a retry waits for a slot of its shop, and slotRetry when it
	// waits again. It does not count as a try.
	slotWait  = 10 * time.Second
	slotRetry = time.Second
	// pollPerEndpoint times the number of endpoints is how often each endpoint's
	// queue is polled. So there are at most 200 polls a second for all endpoints.
	pollPerEndpoint = 5 * time.Millisecond
)

// Events reads events, knows which webhooks are pending, records tries, and parks events
// that could not be delivered. It is a *store.Store.
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
	// RecordWebhookTries stores tries, and ends what was pending until one of them. For
	// such a try it calls retry in its transaction, if another try follows.
	RecordWebhookTries(ctx context.Context, tries []checkout.WebhookTry, retry func(context.Context, *sql.Tx, checkout.WebhookTry) error) error
	// PostponeWebhooks changes when pending webhooks are due.
	PostponeWebhooks(ctx context.Context, eventIDs []string, due time.Time) error
	// HandOverWebhooks ends up to limit pending webhooks that were due before a time, and
	// calls enqueue with them in the same transaction. It returns how many there were.
	HandOverWebhooks(ctx context.Context, before time.Time, limit int,
		enqueue func(context.Context, *sql.Tx, []checkout.PendingWebhook) error) (int, error)
	// ForgetWebhookTries deletes up to limit tries that were made before a time.
	ForgetWebhookTries(ctx context.Context, before time.Time, limit int) error
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
	tries := triesOf(job)
	disabled, err := w.events.WebhooksDisabled(ctx, e.Merchant)
	if err != nil {
		return w.postpone(e.ID, err)
	}
	if disabled {
		if err := w.park(ctx, e, tries-1, errDisabled); err != nil {
			return w.postpone(e.ID, err)
		}
		return river.JobCancel(errDisabled)
	}
	release, ok := w.slot(ctx, e.Merchant)
	if !ok {
		return river.JobSnooze(slotRetry)
	}
	defer release()
	return w.deliver(ctx, e, job)
}

// slot waits for a slot of a shop. It returns false if there is none in time. Without an
// endpoint there is nothing to wait for.
func (w *webhookWorker) slot(ctx context.Context, merchant string) (release func(), ok bool) {
	l := w.lanes[merchant]
	if l == nil {
		return func() {}, true
	}
	ctx, stop := cancelOn(ctx, w.stopping)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, slotWait)
	defer cancel()
	return l.release, l.acquire(ctx)
}

// deliver tries once to deliver an event. It has River retry a failed try by returning
// the error, and cancels the job of an event that it parked.
func (w *webhookWorker) deliver(ctx context.Context, e checkout.Event, job *river.Job[webhookArgs]) error {
	tries := triesOf(job)
	try, problem := w.try(ctx, e, tries)
	if problem == nil {
		w.record(ctx, try)
		return w.delivered(ctx, e, tries)
	}
	if ctx.Err() != nil { // the process shuts down: not the shop's failure
		return problem
	}
	next, err := w.handleFailure(ctx, e, tries, problem)
	try.NextAt = next
	w.record(ctx, try)
	switch {
	case err != nil:
		return w.postpone(e.ID, err)
	case next.IsZero():
		return river.JobCancel(problem)
	default:
		job.Args.next = next
		return problem
	}
}

// handleFailure decides what follows a failed try. It returns when the next one is due,
// or the zero time if it has parked the event. It disables the endpoint after a 410. It
// fails if the database does.
func (c *courier) handleFailure(ctx context.Context, e checkout.Event, tries int, problem error) (next time.Time, err error) {
	if isGone(problem) {
		if err := c.events.DisableWebhooks(ctx, e.Merchant, c.clock.Now(), problem.Error()); err != nil {
			return next, err
		}
		c.logger.Error("webhooks are disabled until an operator enables them", "merchant", e.Merchant, "reason", problem)
	}
	if isGone(problem) || errors.Is(problem, errNoEndpoint) || tries >= maxWebhookTries() {
		return next, c.park(ctx, e, tries, problem)
	}
	c.logger.Warn("webhook not delivered", "event", e.ID, "type", e.Type, "session", e.SessionID,
		"merchant", e.Merchant, "try", tries, "error", problem)
	return c.clock.Now().Add(retryDelay(tries, c.random(), requestedDelay(problem))), nil
}

// errDisabled and errNoEndpoint are the reasons to park an event without a try.
var (
	errDisabled   = errors.New("the endpoint is disabled")
	errNoEndpoint = errors.New("the merchant has no webhook endpoint any more")
)

// park parks an event for an operator. If the process crashes before it ends the event's
// job, the job runs again and parks the event again.
func (c *courier) park(ctx context.Context, e checkout.Event, tries int, reason error) error {
	if err := c.events.ParkWebhook(ctx, e, c.clock.Now(), tries, reason.Error()); err != nil {
		return err
	}
	c.logger.Error("webhook is parked", "event", e.ID, "type", e.Type, "session", e.SessionID,
		"merchant", e.Merchant, "tries", tries, "reason", reason)
	return nil
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
	w.logPostponed(eventID, problem)
	return river.JobSnooze(databaseRetry)
}

func (c *courier) logPostponed(eventID string, problem error) {
	c.logger.Warn("webhook is postponed, because the database failed", "event", eventID, "error", problem)
}

// webhookOpts returns the options of a webhook's job. An event has one job that waits or
// runs.
func webhookOpts(merchant string) *river.InsertOpts {
	return &river.InsertOpts{
		MaxAttempts: maxRuns, Queue: queueOf(merchant), UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinishedStates()},
	}
}

// insert writes the job of an event unless one is waiting or running. It returns
// the id of the job, and whether it is new.
func (q *Queue) insert(ctx context.Context, tx *sql.Tx, e checkout.Event) (job int64, isNew bool, err error) {
	inserted, err := q.client.InsertTx(ctx, tx, webhookArgs{EventID: e.ID}, webhookOpts(e.Merchant))
	if err != nil {
		return 0, false, err
	}
	return inserted.Job.ID, !inserted.UniqueSkippedAsDuplicate, nil
}

// Replay delivers an event again at once, with the same id and a new retry schedule.
// It is a store.Enqueue. It writes the job even if the merchant has no endpoint. It
// replaces a job that waits for its next try. A pending webhook and a running job stay,
// because they deliver the event at this moment or soon. If the event is parked already,
// Replay writes a job all the same.
func (q *Queue) Replay(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	isPending, err := hasEvent(ctx, tx, `SELECT count(*) FROM webhook_pending WHERE event_id = $1`, e.ID)
	if err != nil {
		return err
	}
	if isPending {
		return q.replayPending(ctx, tx, e)
	}
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

// hasEvent runs a query that counts the rows of an event.
func hasEvent(ctx context.Context, tx *sql.Tx, count, eventID string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, count, eventID).Scan(&n)
	return n > 0, err
}

func isParked(ctx context.Context, tx *sql.Tx, eventID string) (bool, error) {
	return hasEvent(ctx, tx, `SELECT count(*) FROM webhook_parked WHERE event_id = $1`, eventID)
}

// replayPending writes the job of a pending webhook if the event is parked already: then
// it is recorded soon that the webhook is not pending any more. Otherwise it does nothing.
func (q *Queue) replayPending(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	parked, err := isParked(ctx, tx, e.ID)
	if err != nil || !parked {
		return err
	}
	_, _, err = q.insert(ctx, tx, e)
	return err
}

// replayParked writes a second job next to the running one if the running one has
// already parked the event. Otherwise it does nothing: the running job is
// delivering the event.
func (q *Queue) replayParked(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	parked, err := isParked(ctx, tx, e.ID)
	if err != nil || !parked {
		return err
	}
	_, err = q.client.InsertTx(ctx, tx, webhookArgs{EventID: e.ID}, &river.InsertOpts{MaxAttempts: maxRuns, Queue: queueOf(e.Merchant)})
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
			queues[queueOf(merchant)] = river.QueueConfig{MaxWorkers: e.maxRequests(), FetchPollInterval: poll}
		}
	}
	return queues
}
