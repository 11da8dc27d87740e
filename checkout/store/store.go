// Package store is the SQL [checkout.Store]. Open a database with
// [OpenSQLite] or [OpenPostgres], then make a store with [New]. Where several
// nodes share it, [DB.Listen] tells each what the others have changed.
//
// Every change is a compare-and-set in one transaction with its events and
// their jobs. The queries are the common part of SQLite and PostgreSQL.
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

// Enqueue inserts the jobs that an event makes necessary, in the event's own
// transaction.
type Enqueue func(ctx context.Context, tx *sql.Tx, e checkout.Event) error

// New returns a store over db that calls enqueue for every event.
func New(db *DB, enqueue Enqueue) *Store { return &Store{db: db, enqueue: enqueue} }

var _ checkout.Store = (*Store)(nil)

// inTx runs do in a transaction.
func (s *Store) inTx(ctx context.Context, do func(tx *sql.Tx) error) (err error) {
	defer func() { s.db.note(err) }()
	tx, err := s.db.begin(ctx)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
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
		return s.changed(ctx, tx, c.SessionID())
	})
}

// one turns "no row was changed" into missing.
func one(result sql.Result, err error, missing error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return missing
	}
	return err
}

// found turns "no rows" into ErrNotFound.
func found[T any](v T, err error) (T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return v, checkout.ErrNotFound
	}
	return v, err
}

// row is a *sql.Row or *sql.Rows.
type row interface{ Scan(into ...any) error }

// all scans every row of a query.
func all[T any](ctx context.Context, db *sql.DB, scan func(row) (T, error), query string, args ...any) (_ []T, err error) {
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

// clean makes text from outside storable: PostgreSQL takes neither NUL nor what
// is not UTF-8, and a notification that cannot be stored would come again and
// again.
func clean(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// millis scans and stores a time as Unix milliseconds, the zero time as 0.
type millis struct{ at *time.Time }

// Scan implements sql.Scanner.
func (m millis) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is a %T in the database", v)
	}
	*m.at = time.Time{}
	if n != 0 {
		*m.at = time.UnixMilli(n).UTC()
	}
	return nil
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// inTurn selects the first $2 rows of a table that are due, the merchants in
// turn and of each the longest due first: one whose gateway does not answer
// must not fill the batch of all.
func inTurn(columns, table, due, by string) string {
	return `SELECT ` + columns + ` FROM (SELECT ` + columns + `, row_number() OVER (PARTITION BY merchant ORDER BY ` + by + `) AS turn
		FROM ` + table + ` WHERE ` + due + `) AS due ORDER BY turn, ` + by + ` LIMIT $2`
}
