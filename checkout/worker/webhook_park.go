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
	// ParkWebhook parks an event for an endpoint until somebody replays it. at is the time
	// of parking, and tries is how often delivery was tried.
	ParkWebhook(ctx context.Context, e checkout.Event, endpoint string, at time.Time, tries int, reason string) error
	// UnparkWebhook undoes ParkWebhook.
	UnparkWebhook(ctx context.Context, k checkout.WebhookKey) error
	// DisableWebhooks disables an endpoint until somebody enables it.
	DisableWebhooks(ctx context.Context, merchant, endpoint string, at time.Time, reason string) error
	// WebhooksDisabled reports whether an endpoint is disabled.
	WebhooksDisabled(ctx context.Context, merchant, endpoint string) (bool, error)
	// RecordWebhookTries stores tries, and ends what was pending until one of them. For
	// such a try it calls retry in its transaction, if another try follows.
	RecordWebhookTries(ctx context.Context, tries []checkout.WebhookTry, retry func(context.Context, *sql.Tx, checkout.WebhookTry) error) error
	// PostponeWebhooks changes when pending webhooks are due.
	PostponeWebhooks(ctx context.Context, keys []checkout.WebhookKey, due time.Time) error
	// HandOverWebhooks ends up to limit pending webhooks that were due before a time, and
	// calls enqueue with them in the same transaction. It returns how many there were.
	HandOverWebhooks(ctx context.Context, before time.Time, limit int,
		enqueue func(context.Context, *sql.Tx, []checkout.PendingWebhook) error) (int, error)
	// ForgetWebhookTries deletes up to limit tries that were made before a time.
	ForgetWebhookTries(ctx context.Context, before time.Time, limit int) error
	// WebhookEndpointsVersion returns a number that rises with each change of an endpoint
	// that was made through the API.
	WebhookEndpointsVersion(ctx context.Context) (int64, error)
	// AllWebhookEndpoints returns the endpoints of all merchants that were made through the
	// API, with those that were deleted and not forgotten yet.
	AllWebhookEndpoints(ctx context.Context) ([]checkout.WebhookEndpoint, error)
	// ForgetWebhookEndpoints removes the endpoints that were deleted before a time.
	ForgetWebhookEndpoints(ctx context.Context, before time.Time) error
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
	to := w.outlets.find(e.Merchant, job.Args.endpoint())
	if to == nil && checkout.IsMadeByAPI(job.Args.endpoint()) || to != nil && to.isDeleted {
		return river.JobCancel(errDeleted)
	}
	return w.workFor(ctx, e, to, job)
}

// workFor runs the job of an event. It parks the event without a try if the endpoint is
// disabled, or if it is nil: this process does not know it.
func (w *webhookWorker) workFor(ctx context.Context, e checkout.Event, to *outlet, job *river.Job[webhookArgs]) error {
	tries := triesOf(job)
	disabled, err := w.events.WebhooksDisabled(ctx, e.Merchant, job.Args.endpoint())
	if err != nil {
		return w.postpone(e.ID, err)
	}
	reason := errDisabled
	if to == nil {
		reason = errNoEndpoint
	}
	if disabled || to == nil {
		if err := w.park(ctx, e, job.Args.endpoint(), tries-1, reason); err != nil {
			return w.postpone(e.ID, err)
		}
		return river.JobCancel(reason)
	}
	release, ok := w.slot(ctx, to.lane)
	if !ok {
		return river.JobSnooze(slotRetry)
	}
	defer release()
	return w.deliver(ctx, e, to, job)
}

// slot waits for a slot of an endpoint. It returns false if there is none in time.
func (w *webhookWorker) slot(ctx context.Context, l *lane) (release func(), ok bool) {
	ctx, stop := cancelOn(ctx, w.stopping)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, slotWait)
	defer cancel()
	return l.release, l.acquire(ctx)
}

// deliver tries once to deliver an event. It has River retry a failed try by returning
// the error, and cancels the job of an event that it parked.
func (w *webhookWorker) deliver(ctx context.Context, e checkout.Event, to *outlet, job *river.Job[webhookArgs]) error {
	tries := triesOf(job)
	try, problem := w.try(ctx, e, to, tries)
	if problem == nil {
		w.record(ctx, try)
		return w.delivered(ctx, try)
	}
	if ctx.Err() != nil { // the process shuts down: not the shop's failure
		return problem
	}
	next, err := w.handleFailure(ctx, e, to.key.id, tries, problem)
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
func (c *courier) handleFailure(ctx context.Context, e checkout.Event, endpoint string, tries int, problem error) (next time.Time, err error) {
	if isGone(problem) {
		if err := c.events.DisableWebhooks(ctx, e.Merchant, endpoint, c.clock.Now(), problem.Error()); err != nil {
			return next, err
		}
		c.logger.Error("webhooks are disabled until an operator or the shop enables them", "merchant", e.Merchant, "endpoint", endpoint, "reason", problem)
	}
	if isGone(problem) || tries >= maxWebhookTries() {
		return next, c.park(ctx, e, endpoint, tries, problem)
	}
	c.logger.Warn("webhook not delivered", "event", e.ID, "type", e.Type, "session", e.SessionID,
		"merchant", e.Merchant, "endpoint", endpoint, "try", tries, "error", problem)
	return c.clock.Now().Add(retryDelay(tries, c.random(), requestedDelay(problem))), nil
}

// errDisabled and errNoEndpoint are the reasons to park an event without a try, and
// errDeleted is the reason to end its delivery.
var (
	errDisabled   = errors.New("the endpoint is disabled")
	errNoEndpoint = errors.New("the merchant has no webhook endpoint any more")
	errDeleted    = errors.New("the endpoint was deleted")
)

// park parks an event for an endpoint. If the process crashes before it ends the event's
// job, the job runs again and parks the event again.
func (c *courier) park(ctx context.Context, e checkout.Event, endpoint string, tries int, reason error) error {
	if err := c.events.ParkWebhook(ctx, e, endpoint, c.clock.Now(), tries, reason.Error()); err != nil {
		return err
	}
	c.logger.Error("webhook is parked", "event", e.ID, "type", e.Type, "session", e.SessionID,
		"merchant", e.Merchant, "endpoint", endpoint, "tries", tries, "reason", reason)
	return nil
}

// delivered ends the job of an event that the shop received. It also removes a parked
// record left by a crashed process.
func (w *webhookWorker) delivered(ctx context.Context, try checkout.WebhookTry) error {
	if try.Number <= maxWebhookTries() {
		return nil
	}
	if err := w.events.UnparkWebhook(ctx, try.Key()); err != nil {
		w.logger.Warn("a delivered webhook may still be listed as parked", "event", try.EventID, "endpoint", try.Endpoint, "error", err)
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

// webhookOpts returns the options of a webhook's job. An event has one job for an endpoint
// that waits or runs.
func webhookOpts(merchant, endpoint string) *river.InsertOpts {
	return &river.InsertOpts{
		MaxAttempts: maxRuns, Queue: queueOf(merchant, endpoint), UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinishedStates()},
	}
}

// insert writes the job of an event unless one is waiting or running. It returns
// the id of the job, and whether it is new.
func (q *Queue) insert(ctx context.Context, tx *sql.Tx, e checkout.Event, endpoint string) (job int64, isNew bool, err error) {
	inserted, err := q.client.InsertTx(ctx, tx, newArgs(e.ID, endpoint), webhookOpts(e.Merchant, endpoint))
	if err != nil {
		return 0, false, err
	}
	return inserted.Job.ID, !inserted.UniqueSkippedAsDuplicate, nil
}

// Replay delivers an event to an endpoint again at once, with the same id and a new retry schedule.
// It is a store.Enqueue. It writes the job even if the merchant has no such endpoint. It
// replaces a job that waits for its next try. A pending webhook and a running job stay,
// because they deliver the event at this moment or soon. If the event is parked already,
// Replay writes a job all the same.
func (q *Queue) Replay(ctx context.Context, tx *sql.Tx, e checkout.Event, endpoint string) error {
	isPending, err := hasEvent(ctx, tx, `SELECT count(*) FROM delivery_pending WHERE event_id = $1 AND endpoint = $2`, e.ID, endpoint)
	if err != nil {
		return err
	}
	if isPending {
		return q.replayPending(ctx, tx, e, endpoint)
	}
	waiting, isNew, err := q.insert(ctx, tx, e, endpoint)
	if err != nil || isNew {
		return err
	}
	if _, err := q.client.JobDeleteTx(ctx, tx, waiting); errors.Is(err, rivertype.ErrJobRunning) {
		return q.replayParked(ctx, tx, e, endpoint)
	} else if err != nil {
		return fmt.Errorf("deleting the waiting job: %w", err)
	}
	_, _, err = q.insert(ctx, tx, e, endpoint)
	return err
}

// RetryWaiting has up to limit events sent to an endpoint at once that wait for their next
// try there. It returns how many there were. Their schedules go on.
func (q *Queue) RetryWaiting(ctx context.Context, tx *sql.Tx, merchant, endpoint string, limit int) (int, error) {
	waiting, err := q.client.JobListTx(ctx, tx, river.NewJobListParams().Queues(queueOf(merchant, endpoint)).
		States(rivertype.JobStateRetryable, rivertype.JobStateScheduled, rivertype.JobStateAvailable).First(limit)) // one that is due within seconds is available
	if err != nil {
		return 0, fmt.Errorf("listing jobs: %w", err)
	}
	for _, job := range waiting.Jobs {
		if _, err := q.client.JobRetryTx(ctx, tx, job.ID); err != nil {
			return 0, fmt.Errorf("retrying a job: %w", err)
		}
	}
	return len(waiting.Jobs), nil
}

// hasEvent runs a query that counts the rows of an event and an endpoint.
func hasEvent(ctx context.Context, tx *sql.Tx, count, eventID, endpoint string) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, count, eventID, endpoint).Scan(&n)
	return n > 0, err
}

func isParked(ctx context.Context, tx *sql.Tx, eventID, endpoint string) (bool, error) {
	return hasEvent(ctx, tx, `SELECT count(*) FROM delivery_parked WHERE event_id = $1 AND endpoint = $2`, eventID, endpoint)
}

// replayPending writes the job of a pending webhook if the event is parked already: then
// it is recorded soon that the webhook is not pending any more. Otherwise it does nothing.
func (q *Queue) replayPending(ctx context.Context, tx *sql.Tx, e checkout.Event, endpoint string) error {
	parked, err := isParked(ctx, tx, e.ID, endpoint)
	if err != nil || !parked {
		return err
	}
	_, _, err = q.insert(ctx, tx, e, endpoint)
	return err
}

// replayParked writes a second job next to the running one if the running one has
// already parked the event. Otherwise it does nothing: the running job is
// delivering the event.
func (q *Queue) replayParked(ctx context.Context, tx *sql.Tx, e checkout.Event, endpoint string) error {
	parked, err := isParked(ctx, tx, e.ID, endpoint)
	if err != nil || !parked {
		return err
	}
	_, err = q.client.InsertTx(ctx, tx, newArgs(e.ID, endpoint), &river.InsertOpts{MaxAttempts: maxRuns, Queue: queueOf(e.Merchant, endpoint)})
	return err
}

// queueOf returns the name of an endpoint's queue. Each endpoint has its own, so that a
// slow one only delays its own webhooks.
func queueOf(merchant, endpoint string) string {
	name := merchant
	if endpoint != checkout.DefaultEndpoint { // that one has the name from before there were others
		name += "\x00" + endpoint
	}
	sum := sha256.Sum256([]byte(name)) // River restricts the names of queues
	return "webhook_" + hex.EncodeToString(sum[:12])
}

// webhookQueues returns the queues of the endpoints. The jobs of other endpoints wait until
// a node knows them.
func webhookQueues(list []*outlet) map[string]river.QueueConfig {
	queues := map[string]river.QueueConfig{}
	for _, one := range list {
		queues[queueOf(one.key.merchant, one.key.id)] = queueConfig(one, len(list))
	}
	return queues
}

// queueConfig returns the configuration of an endpoint's queue, if there are n endpoints.
func queueConfig(one *outlet, n int) river.QueueConfig {
	return river.QueueConfig{MaxWorkers: one.lane.max, FetchPollInterval: max(fetchEvery, time.Duration(n)*pollPerEndpoint)}
}
