package reference

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
)

// riverWorkers is how many jobs River runs at the same time.
const riverWorkers = 100

// noArgs is a job that does nothing.
type noArgs struct{}

// Kind implements river.JobArgs.
func (noArgs) Kind() string { return "nothing" }

// River returns how many jobs that do nothing River inserts, works and completes a
// second, on a new SQLite database in a folder. It runs n jobs, with the shortest wait
// between two fetches that River allows.
func River(ctx context.Context, folder string, n int) (rate float64, err error) {
	path := filepath.Join(folder, "river.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.Remove(path)) }()
	db.SetMaxOpenConns(1)
	var done atomic.Int64
	all := make(chan struct{})
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[noArgs]) error {
		if done.Add(1) == int64(n) {
			close(all)
		}
		return nil
	}))
	client, err := newRiver(ctx, db, workers)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if _, err := client.InsertManyFast(ctx, jobs(n)); err != nil {
		return 0, err
	}
	if err := client.Start(ctx); err != nil {
		return 0, err
	}
	select {
	case <-all:
	case <-ctx.Done():
	}
	stopped := client.Stop(context.WithoutCancel(ctx)) // waits until the jobs are completed in the database
	return float64(done.Load()) / time.Since(begin).Seconds(), errors.Join(stopped, ctx.Err())
}

func newRiver(ctx context.Context, db *sql.DB, workers *river.Workers) (*river.Client[*sql.Tx], error) {
	quiet := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, err
	}
	return river.NewClient(riversqlite.New(db), &river.Config{
		Logger: quiet, Workers: workers, Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}},
		FetchCooldown: time.Millisecond, FetchPollInterval: time.Millisecond,
	})
}

func jobs(n int) []river.InsertManyParams {
	list := make([]river.InsertManyParams, n)
	for i := range list {
		list[i] = river.InsertManyParams{Args: noArgs{}}
	}
	return list
}
