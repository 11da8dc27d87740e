// Package worker does the durable work, on River: it sweeps what is due and
// delivers webhooks. Make a [Queue] first, because the store writes jobs with
// it in its own transactions; then make a worker with [New], and start it.
package worker

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/wantukit/wantukit/checkout"
)

const (
	sweepEvery = 2 * time.Second
	// sweepQueue keeps the sweep clear of webhooks that wait for slow shops.
	// It has room for two, so that one that finds another running can end.
	sweepQueue = "sweep"
	// fetchEvery bounds how long a webhook waits for its first try.
	fetchEvery = 300 * time.Millisecond
	// jobTimeout ends a job's context; rescueAfter gives a job that a killed
	// process left behind to another.
	jobTimeout  = 30 * time.Second
	rescueAfter = time.Minute
	// keepDone is how long finished jobs stay: the events are the record.
	keepDone = time.Hour
)

// Queue writes jobs.
type Queue struct {
	client    client
	endpoints map[string]Endpoint
}

// NewQueue brings River's own tables up to date, one node at a time, and returns a Queue that
// writes webhooks for all merchants but those whose endpoint is empty. The clock is that
// of the worker which will do them, or nil for the system's.
func NewQueue(ctx context.Context, db Database, clock checkout.Clock, endpoints map[string]Endpoint) (*Queue, error) {
	if err := migrate(ctx, db); err != nil {
		return nil, fmt.Errorf("migrating the queue: %w", err)
	}
	client, err := newClient(db, clock, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("opening the queue: %w", err)
	}
	return &Queue{client: client, endpoints: endpoints}, nil
}

// Enqueue writes the webhook of an event in the event's transaction. It is a
// store.Enqueue. That of a merchant who is not configured waits for a node that
// knows the endpoint, as while a merchant is being added to one after the other.
func (q *Queue) Enqueue(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	if endpoint, configured := q.endpoints[e.Merchant]; configured && endpoint.URL == "" {
		return nil
	}
	_, _, err := q.insert(ctx, tx, e)
	return err
}

// unfinished are the states of a job that will run or runs.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}

// Sweeper does what is due: *checkout.Service.
type Sweeper interface {
	// Sweep does what is due, of all nodes.
	Sweep(ctx context.Context) error
	// SweepWatched does what is due because a page of this node's watches.
	SweepWatched(ctx context.Context)
}

// Config is what a worker is made of.
type Config struct {
	DB      Database
	Sweeper Sweeper
	// Reconciler is asked every 10 minutes what is to be reconciled.
	Reconciler Reconciler
	Events     Events
	Endpoints  map[string]Endpoint
	// Clock says when a job is due; in PostgreSQL the database's does.
	Clock checkout.Clock
	// Transport carries the webhooks. Defaults to one for each endpoint that
	// connects to public addresses only, and to those the endpoint allows.
	Transport http.RoundTripper
	// Resolver finds the addresses of endpoints. Defaults to
	// net.DefaultResolver.
	Resolver *net.Resolver
	// Random is in [0, 1) and spreads what is tried again. Defaults to
	// rand.Float64 of math/rand/v2.
	Random func() float64
	// Logger defaults to slog.Default().
	Logger *slog.Logger
}

// Worker works the queue. Start it once; Stop lets the running jobs end.
type Worker struct {
	client client
	// beside is what runs beside the queue, until stop is called.
	beside []func(context.Context)
	wg     sync.WaitGroup
	stop   context.CancelFunc
	// ending is closed by Stop.
	ending chan struct{}
	// before prepares the leader's election.
	before func(context.Context) error
}

// New returns a Worker, or an error that names the field that is wrong.
func New(c Config) (*Worker, error) {
	if c.DB == nil || c.Sweeper == nil || c.Reconciler == nil || c.Events == nil || c.Clock == nil {
		return nil, errors.New("worker: Config.DB, Config.Sweeper, Config.Reconciler, Config.Events and Config.Clock are needed")
	}
	if c.Random == nil {
		c.Random = mathrand.Float64
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	sender, err := newSender(c)
	if err != nil {
		return nil, err
	}
	workers, ending := river.NewWorkers(), make(chan struct{})
	river.AddWorker(workers, &sweepWorker{sweeper: c.Sweeper})
	river.AddWorker(workers, &reconcileWorker{reconciler: c.Reconciler, logger: c.Logger, ending: ending})
	river.AddWorker(workers, &webhookWorker{events: c.Events, sender: sender, random: c.Random, clock: c.Clock, logger: c.Logger})
	queues := webhookQueues(c.Endpoints)
	queues[sweepQueue] = river.QueueConfig{MaxWorkers: 2}
	queues[reconcileQueue] = river.QueueConfig{MaxWorkers: 1}
	id := "wantukit_" + rand.Text()
	client, err := newClient(c.DB, c.Clock, &river.Config{
		ID:     id,
		Logger: slog.New(queueLog{c.Logger.Handler()}), Workers: workers, ErrorHandler: jobErrors{c.Logger},
		Queues:                      queues,
		FetchPollInterval:           fetchEvery,
		JobTimeout:                  jobTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		CompletedJobRetentionPeriod: keepDone,
		PeriodicJobs:                periodicJobs(),
	})
	if err != nil {
		return nil, fmt.Errorf("opening the queue: %w", err)
	}
	w := &Worker{client: client, ending: ending, before: func(ctx context.Context) error { return forgetLeader(ctx, c.DB) }}
	w.beside = append(w.beside, func(ctx context.Context) { sweepWatched(ctx, c.Sweeper) })
	if pool := c.DB.Postgres(); pool != nil {
		l := &lifeline{pool: pool, id: id, logger: c.Logger}
		w.before = l.connect
		w.beside = append(w.beside, l.hold)
	}
	return w, nil
}

// periodicJobs are written by the node that leads.
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

// Start begins to work; it ends with Stop.
func (w *Worker) Start(ctx context.Context) error {
	if err := w.before(ctx); err != nil {
		return err
	}
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	for _, run := range w.beside {
		w.wg.Go(func() { run(beside) })
	}
	return w.client.Start(ctx)
}

// Stop lets running jobs end until ctx is done, but for a reconciliation, which
// it calls off. Call it once.
func (w *Worker) Stop(ctx context.Context) error {
	close(w.ending)
	err := w.client.Stop(ctx)
	w.stop()
	ended := make(chan struct{})
	go func() { w.wg.Wait(); close(ended) }()
	select {
	case <-ended:
		return err
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

// sweepWatched sweeps what this node's pages watch, which no other node knows.
func sweepWatched(ctx context.Context, s Sweeper) {
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		s.SweepWatched(ctx)
	}
}

// sweepArgs is the periodic job that finds what is due by a column.
type sweepArgs struct{}

// Kind implements river.JobArgs.
func (sweepArgs) Kind() string { return "sweep" }

type sweepWorker struct {
	river.WorkerDefaults[sweepArgs]
	sweeper Sweeper
	running sync.Mutex
}

// Work sweeps, unless the last sweep still runs: the next one finds the rest.
func (w *sweepWorker) Work(ctx context.Context, _ *river.Job[sweepArgs]) error {
	if !w.running.TryLock() {
		return nil
	}
	defer w.running.Unlock()
	return w.sweeper.Sweep(ctx)
}
