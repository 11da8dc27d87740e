// Package store implements [checkout.Store] on SQLite and PostgreSQL. Open a
// database with [OpenSQLite] or [OpenPostgres], then make a store with [New]. If
// several nodes share the database, [DB.Listen] tells each node which sessions the
// others have changed.
//
// Every change is a compare-and-set in one transaction with its events and their
// jobs. The queries use the SQL that both databases understand.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// Store keeps the checkout in a database. It implements [checkout.Store].
type Store struct {
	db      *DB
	enqueue Enqueue
}

// Enqueue inserts the jobs of an event in the event's transaction.
type Enqueue func(ctx context.Context, tx *sql.Tx, e checkout.Event) error

// New returns a store over db that calls enqueue for every event.
func New(db *DB, enqueue Enqueue) *Store { return &Store{db: db, enqueue: enqueue} }

var _ checkout.Store = (*Store)(nil)

// inTx runs do in a transaction, and commits unless do fails.
func (s *Store) inTx(ctx context.Context, do func(tx *sql.Tx) error) (err error) {
	defer func() { s.db.noteDiskError(err) }()
	tx, err := s.db.begin(ctx)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// Apply implements [checkout.Store].
func (s *Store) Apply(ctx context.Context, c checkout.Change) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if c.Session != nil {
			if err := updateSession(ctx, tx, *c.Session, len(c.Events)); err != nil {
				return err
			}
		}
		if c.Attempt != nil {
			if err := updateAttempt(ctx, tx, c); err != nil {
				return err
			}
			if err := bindPayment(ctx, tx, c.Payment, *c.Attempt); err != nil {
				return err
			}
		}
		if c.Refund != nil {
			if err := updateRefund(ctx, tx, *c.Refund, c.RefundLease); err != nil {
				return err
			}
		}
		if err := addEntries(ctx, tx, c.Entries...); err != nil {
			return err
		}
		for _, e := range c.Events {
			if err := s.addEvent(ctx, tx, e); err != nil {
				return err
			}
		}
		if c.NewRefund != nil {
			if err := addRefund(ctx, tx, *c.NewRefund, time.Time{}); err != nil {
				return err
			}
		}
		return s.notifyNodes(ctx, tx, c.SessionID())
	})
}

// requireRow returns err, or missing if a statement changed no row.
func requireRow(result sql.Result, err error, missing error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return missing
	}
	return err
}

// execer is a *sql.Tx or *sql.DB.
type execer interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
}

// changesRow runs a statement and reports whether it changed a row.
func changesRow(ctx context.Context, db execer, statement string, args ...any) (bool, error) {
	result, err := db.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// orNotFound replaces the error sql.ErrNoRows by ErrNotFound.
func orNotFound[T any](v T, err error) (T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return v, checkout.ErrNotFound
	}
	return v, err
}

// row is a *sql.Row or *sql.Rows.
type row interface{ Scan(into ...any) error }

// queryAll returns every row of a query, each read by scan.
func queryAll[T any](ctx context.Context, db *sql.DB, scan func(row) (T, error), query string, args ...any) (_ []T, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, rows.Err()
}

// storableText replaces NUL and invalid UTF-8 in text from outside. PostgreSQL
// refuses both, and the gateway would resend a notification that cannot be stored
// again and again.
func storableText(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// millis scans a time from Unix milliseconds, the zero time from 0.
type millis struct{ at *time.Time }

// Scan implements sql.Scanner.
func (m millis) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time in the database has the type %T, want int64", v)
	}
	*m.at = time.Time{}
	if n != 0 {
		*m.at = time.UnixMilli(n).UTC()
	}
	return nil
}

// toMillis returns a time as Unix milliseconds, the zero time as 0.
func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
