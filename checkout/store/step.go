package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// step is one statement of a change. A change that is a list of steps is decided by the
// statements alone: so PostgreSQL gets all of them at once.
type step struct {
	statement string
	args      []any
	// what says what the statement does, for its error.
	what string
	// missing is the error if the statement changes no row, nil if that is no error.
	missing error
	// scan reads the row that the statement returns. Without a row, row.Scan returns
	// sql.ErrNoRows to it, which is no error of the step. A step with scan has no missing.
	scan func(row) error
}

// write makes the steps in one transaction: all or, with an error, none. Where the
// connection to PostgreSQL broke, or ctx ended while a batch was on its way, the steps may
// be stored in spite of the error.
func (s *Store) write(ctx context.Context, steps ...step) error {
	if s.db.pool == nil {
		return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return runSteps(ctx, tx, steps) })
	}
	return s.db.sendBatch(ctx, steps)
}

// runSteps makes the steps one after the other. It ends at the first error.
func runSteps(ctx context.Context, tx *sql.Tx, steps []step) error {
	for _, st := range steps {
		if err := st.run(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (st step) run(ctx context.Context, tx *sql.Tx) error {
	if st.scan != nil {
		return st.wrap(ignoreNoRows(st.scan(tx.QueryRowContext(ctx, st.statement, st.args...))))
	}
	result, err := tx.ExecContext(ctx, st.statement, st.args...)
	if err != nil || st.missing == nil {
		return st.wrap(err)
	}
	return requireRow(result, st.missing)
}

func (st step) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", st.what, err)
}

func ignoreNoRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) { // pgx.ErrNoRows is sql.ErrNoRows too
		return nil
	}
	return err
}

// sendBatch sends the steps in one round trip. PostgreSQL makes a batch in a transaction
// of its own: the first error undoes all of it.
//
// It sends the batch again on another connection if the first connection was broken
// before anything was done.
func (d *DB) sendBatch(ctx context.Context, steps []step) error {
	return d.onConnection(ctx, func() (bool, error) {
		done, err := d.trySendBatch(ctx, steps)
		return done == 0 && isUndone(err), err
	})
}

// onConnection calls try, which uses one connection of the pool. It calls try again on
// another connection after an error that try reports as repeatable: a restart of the
// server breaks all pooled connections. It does not if no connection could be made, or if
// ctx is done.
func (d *DB) onConnection(ctx context.Context, try func() (isRepeatable bool, err error)) error {
	for tries := d.pool.Stat().MaxConns(); ; tries-- {
		isRepeatable, err := try()
		var unreachable *pgconn.ConnectError
		if err == nil || ctx.Err() != nil || errors.As(err, &unreachable) {
			return err
		}
		if isConnectionBroken(err) {
			d.pool.Reset() // the other connections are broken too
		}
		if tries == 0 || !isRepeatable {
			return err
		}
	}
}

// isUndone reports whether an error of a batch's first step means that nothing was done:
// nothing was sent, or the server ended the connection before the step.
func isUndone(err error) bool {
	var answer *pgconn.PgError
	return pgconn.SafeToRetry(err) || errors.As(err, &answer) && answer.Code == adminShutdown
}

// trySendBatch sends the steps once, and returns how many were made.
func (d *DB) trySendBatch(ctx context.Context, steps []step) (done int, err error) {
	var batch pgx.Batch
	for _, st := range steps {
		batch.Queue(st.batchStatement(), st.args...)
	}
	results := d.pool.SendBatch(ctx, &batch)
	for i, st := range steps {
		if err := st.result(results); err != nil {
			_ = results.Close() // it has the same error
			return i, err
		}
	}
	if err := results.Close(); err != nil {
		return len(steps), fmt.Errorf("committing: %w", err)
	}
	return len(steps), nil
}

// batchStatement returns the statement, made to fail with a division by zero if it
// changes no row and that is an error.
func (st step) batchStatement() string {
	if st.missing == nil {
		return st.statement
	}
	return `WITH changed AS (` + st.statement + ` RETURNING 1) SELECT 1 / count(*) FROM changed`
}

// PostgreSQL's codes of errors.
const (
	// divisionByZero is the error that batchStatement causes.
	divisionByZero = "22012"
	// adminShutdown says that the server ends the connection.
	adminShutdown = "57P01"
)

// result returns the error of the step.
func (st step) result(results pgx.BatchResults) error {
	if st.scan != nil {
		return st.wrap(ignoreNoRows(st.scan(results.QueryRow())))
	}
	_, err := results.Exec()
	var failed *pgconn.PgError
	if st.missing != nil && errors.As(err, &failed) && failed.Code == divisionByZero {
		return st.missing
	}
	return st.wrap(err)
}
