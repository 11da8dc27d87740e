package worker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/wantukit/wantukit/checkout"
)

// Database is where the jobs are: a *store.DB.
type Database interface {
	// Writer is what transactions begin with.
	Writer() *sql.DB
	// Postgres is the pool that Writer draws from, or nil for SQLite.
	Postgres() *pgxpool.Pool
}

// client is River's, whatever the database.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	InsertTx(ctx context.Context, tx *sql.Tx, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

func newClient(db Database, clock checkout.Clock, config *river.Config) (client, error) {
	if clock != nil {
		config.Test.Time = queueTime{clock, db.Postgres() == nil}
	}
	if pool := db.Postgres(); pool != nil {
		c, err := river.NewClient(riverpgxv5.New(pool), config)
		return postgresClient{c}, err
	}
	return river.NewClient(riversqlite.New(db.Writer()), config)
}

// queueTime has River go by our clock, for which its configuration has a place
// among what is for tests: by the system's, a clock that jumps back would stop
// the periodic work until the old time has come again.
type queueTime struct {
	checkout.Clock
	// rules says that the database has no clock of its own.
	rules bool
}

// NowOrNil implements rivertype.TimeGenerator: nil leaves it to the database.
func (t queueTime) NowOrNil() *time.Time {
	if !t.rules {
		return nil
	}
	now := t.Now()
	return &now
}

// postgresClient writes jobs in transactions of database/sql, which River's
// driver for PostgreSQL does not know.
type postgresClient struct{ *river.Client[pgx.Tx] }

// InsertTx implements client.
func (c postgresClient) InsertTx(ctx context.Context, tx *sql.Tx, args river.JobArgs, opts *river.InsertOpts) (result *rivertype.JobInsertResult, err error) {
	in := inside{do: func(ctx context.Context, tx pgx.Tx) error {
		result, err = c.Client.InsertTx(ctx, tx, args, opts)
		return err
	}}
	_, err = tx.ExecContext(ctx, "", &in)
	if in.done {
		err = in.err
	}
	return result, err
}

// inside does something with the PostgreSQL connection of a transaction of
// database/sql. That has no door to it, but pgx shows it to an argument that
// would rewrite the query, while database/sql holds the connection's lock.
type inside struct {
	do   func(ctx context.Context, tx pgx.Tx) error
	done bool
	err  error
}

// errInside ends the query before it is sent: there is nothing to ask.
var errInside = errors.New("done")

// RewriteQuery implements pgx.QueryRewriter.
func (i *inside) RewriteQuery(ctx context.Context, conn *pgx.Conn, _ string, _ []any) (string, []any, error) {
	i.done, i.err = true, i.within(ctx, conn)
	return "", nil, errInside
}

// within goes on with the connection's transaction by a savepoint, which ends
// with it.
func (i *inside) within(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: "SAVEPOINT jobs", CommitQuery: "RELEASE SAVEPOINT jobs"})
	if err != nil {
		return err
	}
	if err := i.do(ctx, tx); err != nil {
		return err // the whole transaction is rolled back
	}
	return tx.Commit(ctx)
}

// migrate brings River's tables up to date.
func migrate(ctx context.Context, db Database) error {
	if pool := db.Postgres(); pool != nil {
		return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
			return locked(ctx, conn, func() error { return migrateWith(ctx, riverpgxv5.New(pool)) })
		})
	}
	return migrateWith(ctx, riversqlite.New(db.Writer()))
}

func migrateWith[T any](ctx context.Context, driver riverdriver.Driver[T]) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// migrationLock is the advisory lock of whoever migrates the queue.
const migrationLock = 0x77616e74_00000002

// locked calls do while no other node migrates.
func locked(ctx context.Context, conn *pgxpool.Conn, do func() error) error {
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("waiting to migrate: %w", err)
	}
	err := do()
	_, unlock := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
	return errors.Join(err, unlock)
}
