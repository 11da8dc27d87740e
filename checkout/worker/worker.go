// Package worker sends webhooks, and runs the background jobs on River: sweeps,
// reconciliation and what is left of the webhooks. Make a [Queue] first, because the
// store tells it what is committed. Then make a [Worker] with [New] and start it.
//
// A webhook is sent from memory right after the commit of its event, which has also
// stored that the webhook is pending. What fails, or is not sent in time, becomes a job:
// after an error, a kill of the process, or too many events at once.
package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/wantukit/wantukit/checkout"
)

const (
	sweepEvery = 2 * time.Second
	// sweepQueue is separate, so that webhooks to slow shops do not delay the sweep.
	sweepQueue = "sweep"
	// sweepsAtOnce is greater than the number of sweeps that can run. A sweep that has
	// much to do lasts for jobTimeout and its last calls. The next one begins meanwhile
	// and does what is due for other merchants.
	sweepsAtOnce = 64
	// fetchEvery is the longest wait of a job that is due. fetchCooldown is the least
	// time between two fetches of a queue that has more jobs than it may run at once.
	fetchEvery    = 300 * time.Millisecond
	fetchCooldown = 10 * time.Millisecond
	// jobTimeout ends a job's context. After rescueAfter another process runs the
	// job of a killed one.
	jobTimeout  = 30 * time.Second
	rescueAfter = time.Minute
	// keepCompleted is how long completed jobs are kept.
	keepCompleted = time.Hour
)

// Queue receives events that are committed, and writes jobs. It is a store.Webhooks.
type Queue struct {
	client    client
	endpoints map[string][]Endpoint
	// direct sends new events while a worker runs.
	direct atomic.Pointer[direct]
}

// NewQueue brings River's tables up to date, one node at a time, and returns a Queue.
// endpoints are by merchant ID. clock is the worker's clock, or nil for the system's.
// NewQueue fails if the tables are of a newer version. If db keeps its schema, NewQueue
// only checks the tables, and also fails if they are of an older version.
func NewQueue(ctx context.Context, db Database, clock checkout.Clock, endpoints map[string][]Endpoint) (*Queue, error) {
	if err := migrate(ctx, db); err != nil {
		return nil, fmt.Errorf("migrating the queue: %w", err)
	}
	client, err := newClient(db, clock, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("opening the queue: %w", err)
	}
	return &Queue{client: client, endpoints: endpoints}, nil
}

// Endpoints returns the configured endpoints that receive an event. If the merchant is not
// configured here, its webhooks wait for a node that knows the endpoint: a new merchant
// is added to one node after the other.
func (q *Queue) Endpoints(e checkout.Event) (ids []string) {
	list, configured := q.endpoints[e.Merchant]
	if !configured {
		return []string{checkout.DefaultEndpoint}
	}
	for _, one := range list {
		if one.URL != "" && checkout.WantsEvent(one.Events, e.Type) {
			ids = append(ids, one.id())
		}
	}
	return ids
}

// Committed sends events to their shops as soon as they have a free slot. It does not
// block. It does nothing while no worker runs in this process.
func (q *Queue) Committed(events ...checkout.Event) {
	if d := q.direct.Load(); d != nil {
		d.add(events)
	}
}

// unfinishedStates returns the states of jobs that wait or run.
func unfinishedStates() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}

// Sweeper does the due work of the checkout. It is a *checkout.Service.
type Sweeper interface {
	// Sweep does the due work of all nodes, until nothing is due or ctx is done. Sweeps
	// may overlap.
	Sweep(ctx context.Context) error
	// SweepWatched does the due work for sessions whose page is open on this node.
	SweepWatched(ctx context.Context)
}

// Config configures a worker. DB, Queue, Sweeper, Reconciler, Events and Clock are
// required.
type Config struct {
	DB Database
	// Queue is the queue of the store. While the worker runs, it sends what the store
	// commits.
	Queue   *Queue
	Sweeper Sweeper
	// Reconciler reconciles every 10 minutes what is due.
	Reconciler Reconciler
	Events     Events
	// Endpoints are those of the configuration, by merchant ID.
	Endpoints map[string][]Endpoint
	// Unseal decrypts the secret of an endpoint that was made through the API. Without it
	// nothing is sent to such an endpoint.
	Unseal func(sealed string) (string, error)
	// Clock is the time of signatures, retries and parked webhooks. On SQLite it also
	// decides when a job is due; on PostgreSQL the database's clock decides that.
	Clock checkout.Clock
	// Transport sends the webhooks. By default each endpoint has its own, which
	// connects only to public addresses and to those that the endpoint allows.
	Transport http.RoundTripper
	// Resolver resolves the names of endpoints. It is not used if Transport is set.
	// Defaults to net.DefaultResolver.
	Resolver *net.Resolver
	// Random returns the jitter of retries, in [0, 1). Defaults to rand.Float64 of
	// math/rand/v2.
	Random func() float64
	// Logger defaults to slog.Default().
	Logger *slog.Logger
}

// Worker runs the jobs of the queue. Start it once, and stop it once.
type Worker struct {
	client   client
	queue    *Queue
	events   Events
	outlets  *outlets
	logger   *slog.Logger
	direct   *direct
	recorder *recorder
	handOver *handOver
	// background are functions that run until stop is called.
	background []func(context.Context)
	wg         sync.WaitGroup
	stop       context.CancelFunc
	// stopping is closed by Stop.
	stopping chan struct{}
	// prepareElection is called before the leader election begins.
	prepareElection func(context.Context) error
	// isAlone says that no other process sends webhooks.
	isAlone bool
}

// New returns a Worker. It fails if a required field is missing; the error lists the
// required fields. It also fails if a URL or a secret is malformed; the error names the
// merchant and the endpoint.
func New(c Config) (*Worker, error) {
	if c.DB == nil || c.Queue == nil || c.Sweeper == nil || c.Reconciler == nil || c.Events == nil || c.Clock == nil {
		return nil, errors.New("worker: Config.DB, Config.Queue, Config.Sweeper, Config.Reconciler, Config.Events and Config.Clock are required")
	}
	if c.Random == nil {
		c.Random = mathrand.Float64
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	delivery := &courier{events: c.Events, random: c.Random, clock: c.Clock, logger: c.Logger}
	direct := newDirect(delivery)
	var err error
	if delivery.outlets, err = newOutlets(c, direct.newLane); err != nil {
		return nil, err
	}
	recorder := newRecorder(c.Events, c.Queue.retry, direct.inFlight, c.Logger)
	delivery.record = recorder.add
	workers, stopping := river.NewWorkers(), make(chan struct{})
	river.AddWorker(workers, &sweepWorker{sweeper: c.Sweeper, stopping: stopping})
	river.AddWorker(workers, &reconcileWorker{reconciler: c.Reconciler, logger: c.Logger, stopping: stopping})
	river.AddWorker(workers, &webhookWorker{courier: delivery, stopping: stopping})
	queues := webhookQueues(delivery.outlets.all())
	queues[sweepQueue] = river.QueueConfig{MaxWorkers: sweepsAtOnce}
	queues[reconcileQueue] = river.QueueConfig{MaxWorkers: 1}
	id := "wantukit_" + rand.Text()
	client, err := newClient(c.DB, c.Clock, &river.Config{
		ID:     id,
		Logger: slog.New(queueLog{c.Logger.Handler()}), Workers: workers, ErrorHandler: jobErrors{c.Logger},
		Queues:                      queues,
		FetchPollInterval:           fetchEvery,
		FetchCooldown:               fetchCooldown,
		JobTimeout:                  jobTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		CompletedJobRetentionPeriod: keepCompleted,
		PeriodicJobs:                periodicJobs(),
	})
	if err != nil {
		return nil, fmt.Errorf("opening the queue: %w", err)
	}
	w := &Worker{
		client: client, queue: c.Queue, events: c.Events, outlets: delivery.outlets, logger: c.Logger, direct: direct, recorder: recorder, stopping: stopping, isAlone: c.DB.Postgres() == nil,
		handOver:        &handOver{events: c.Events, queue: c.Queue, flight: direct.inFlight, clock: c.Clock, logger: c.Logger},
		prepareElection: func(ctx context.Context) error { return deleteLeader(ctx, c.DB) },
	}
	w.background = append(w.background, func(ctx context.Context) { sweepWatched(ctx, c.Sweeper) }, w.handOver.run, w.followEndpoints)
	if pool := c.DB.Postgres(); pool != nil {
		l := &nodeLock{pool: pool, id: id, logger: c.Logger}
		w.prepareElection = l.connect
		w.background = append(w.background, l.run)
	}
	return w, nil
}

// periodicJobs returns the jobs that the leader writes.
func periodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(sweepEvery), func() (river.JobArgs, *river.InsertOpts) {
			return sweepArgs{}, &river.InsertOpts{MaxAttempts: 1, Queue: sweepQueue}
		}, &river.PeriodicJobOpts{ID: "sweep", RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(reconcileEvery), func() (river.JobArgs, *river.InsertOpts) {
			return reconcileArgs{}, reconcileOpts()
		}, &river.PeriodicJobOpts{ID: "reconcile", RunOnStart: true}),
	}
}

// Start starts the worker and returns. It fails if the database does not answer: then do
// not call Stop. If ctx is canceled later, the running jobs are canceled and no more are
// run. Even then call Stop.
func (w *Worker) Start(ctx context.Context) error {
	if err := w.prepareElection(ctx); err != nil {
		return err
	}
	if err := w.takeOver(ctx); err != nil {
		return err
	}
	if err := w.readEndpoints(ctx); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	for _, run := range w.background {
		w.wg.Go(func() { run(background) })
	}
	if err := w.client.Start(ctx); err != nil {
		stop()
		w.wg.Wait()
		return err
	}
	go w.recorder.run()
	context.AfterFunc(ctx, w.direct.cancel)
	w.queue.direct.Store(w.direct)
	return nil
}

// takeOver hands over what an earlier process has left. Where other processes may be
// sending it, it waits until it is due.
func (w *Worker) takeOver(ctx context.Context) error {
	if !w.isAlone {
		return nil
	}
	return w.handOver.giveAll(ctx)
}

// Stop starts no more jobs and sends no more new events, cancels running sweeps and a
// running reconciliation, and waits until the running jobs and requests end or ctx is
// done. If jobs still run then, it returns an error and does not cancel them. New events
// that are not sent stay pending. Call it once.
func (w *Worker) Stop(ctx context.Context) error {
	close(w.stopping)
	w.queue.direct.CompareAndSwap(w.direct, nil)
	sent := make(chan error)
	go func() { sent <- w.direct.stop(ctx) }()
	err := errors.Join(w.client.Stop(ctx), <-sent, w.recorder.stop(ctx))
	w.stop()
	done := make(chan struct{})
	go func() { w.wg.Wait(); close(done) }()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

// readEndpointsEvery is how often a process looks for changes of the endpoints that were
// made through the API.
const readEndpointsEvery = time.Second

// followEndpoints reads the endpoints when they have changed, until ctx is done.
func (w *Worker) followEndpoints(ctx context.Context) {
	tick := time.NewTicker(readEndpointsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := w.readEndpoints(ctx); err != nil && ctx.Err() == nil {
			w.logger.Warn("the webhook endpoints could not be read, and it will be tried again", "error", err)
		}
	}
}

// readEndpoints reads the endpoints that were made through the API if they have changed. It
// begins to work off the queues of new ones, and no longer works off those of endpoints
// that are gone.
func (w *Worker) readEndpoints(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	added, gone, err := w.outlets.refresh(ctx, w.events)
	n := len(w.outlets.all())
	for _, key := range added {
		one := w.outlets.find(key.merchant, key.id)
		err = errors.Join(err, w.client.Queues().Add(queueOf(key.merchant, key.id), queueConfig(one, n)))
	}
	for _, key := range gone {
		err = errors.Join(err, w.client.Queues().Remove(ctx, queueOf(key.merchant, key.id)))
	}
	return err
}

// sweepWatched sweeps the sessions whose page is open on this node, until ctx is
// done. No other node knows these pages.
func sweepWatched(ctx context.Context, s Sweeper) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.SweepWatched(ctx)
	}
}

// sweepArgs is the periodic job that sweeps.
type sweepArgs struct{}

// Kind implements river.JobArgs.
func (sweepArgs) Kind() string { return "sweep" }

type sweepWorker struct {
	river.WorkerDefaults[sweepArgs]
	sweeper Sweeper
	// stopping is closed when the worker stops. The sweep then begins nothing more.
	stopping <-chan struct{}
}

// Work sweeps.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	ctx, cancel := cancelOn(ctx, w.stopping)
	defer cancel()
	return w.sweeper.Sweep(ctx)
}
