package reference

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// pipelines is how many connections send transactions at the same time: as many as
	// one node of the checkout has by default.
	pipelines = 16
	// statements is how many statements a transaction of PostgresTransactions has.
	statements = 4
)

// PostgresCommits returns how many rows a second one writer commits one by one.
func PostgresCommits(ctx context.Context, url string, lasts time.Duration) (rate float64, err error) {
	conn, err := openTable(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return rateOf(lasts, 1, func() error {
		_, err := conn.Exec(ctx, "INSERT INTO reference (text) VALUES ($1)", row)
		return err
	})
}

// PostgresTransactions returns how many transactions of four statements a second 16
// connections commit, each transaction in one round trip.
func PostgresTransactions(ctx context.Context, url string, lasts time.Duration) (float64, error) {
	conn, err := openTable(ctx, url)
	if err != nil {
		return 0, err
	}
	if err := conn.Close(ctx); err != nil {
		return 0, err
	}
	var done atomic.Int64
	var all sync.WaitGroup
	failures := make([]error, pipelines)
	begin := time.Now()
	for i := range pipelines {
		all.Go(func() { failures[i] = pipeline(ctx, url, begin.Add(lasts), &done) })
	}
	all.Wait()
	return float64(done.Load()) / time.Since(begin).Seconds(), errors.Join(failures...)
}

func pipeline(ctx context.Context, url string, end time.Time, done *atomic.Int64) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for time.Now().Before(end) {
		var batch pgx.Batch
		batch.Queue("BEGIN")
		for range statements {
			batch.Queue("INSERT INTO reference (text) VALUES ($1)", row)
		}
		batch.Queue("COMMIT")
		if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		done.Add(1)
	}
	return nil
}

// openTable returns a connection to a database that has the table reference.
func openTable(ctx context.Context, url string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS reference (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text TEXT)")
	return conn, err
}
