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
	db       *DB
	webhooks Webhooks
}

// New returns a store over db. It stores with each event to which endpoints it is still to
// be sent, and tells webhooks of it after the commit. webhooks may be nil: then events are
// sent to nobody.
func New(db *DB, webhooks Webhooks) *Store { return &Store{db: db, webhooks: webhooks} }

var _ checkout.Store = (*Store)(nil)

// inTx runs do in a transaction, and commits unless do fails. do must use the context
// that it gets, and may be called again after its first call was undone.
func (s *Store) inTx(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	if s.db.group == nil {
		return s.db.inTx(ctx, do)
	}
	err := s.db.group.write(ctx, do)
	s.db.noteDiskError(err)
	return err
}

// inTx runs do in a transaction of its own.
func (d *DB) inTx(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := d.begin(ctx)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if err := do(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// exec runs one statement, and reports whether it changed a row.
func (s *Store) exec(ctx context.Context, statement string, args ...any) (changed bool, err error) {
	if s.db.group == nil {
		return changesRow(ctx, s.db.writer, statement, args...)
	}
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		changed, err = changesRow(ctx, tx, statement, args...)
		return err
	})
	return changed, err
}

// Apply implements [checkout.Store].
func (s *Store) Apply(ctx context.Context, c checkout.Change) error {
	steps, err := s.changeSteps(c)
	if err != nil {
		return err
	}
	err = s.write(ctx, steps...)
	if errors.Is(err, errAttemptChanged) {
		return s.attemptConflict(ctx, *c.Attempt)
	}
	return s.stored(err, c.SessionID(), c.Events...)
}

// stored tells that a change of a session is stored with its events. err is the error of
// storing them, which it returns. Where the connection broke, the change may be stored
// all the same: the nodes look, and the webhooks wait until they are due.
func (s *Store) stored(err error, sessionID string, events ...checkout.Event) error {
	if s.db.changes != nil && sessionID != "" && (err == nil || Unreachable(err)) {
		s.db.changes.add(sessionID)
	}
	if err != nil {
		return err
	}
	if s.webhooks != nil && len(events) > 0 {
		s.webhooks.Committed(events...)
	}
	return nil
}

func (s *Store) changeSteps(c checkout.Change) ([]step, error) {
	var steps []step
	if c.Session != nil {
		steps = append(steps, updateSession(*c.Session, len(c.Events)))
	}
	if c.Attempt != nil {
		steps = append(steps, updateAttempt(c))
		if c.Payment != (checkout.Payment{}) {
			steps = append(steps, bindPayment(c.Payment, *c.Attempt))
		}
	}
	if c.Refund != nil {
		steps = append(steps, updateRefund(*c.Refund, c.RefundLease))
	}
	entries := c.Entries // before those of the events
	for _, e := range c.Events {
		added, err := s.addEvent(e, entries...)
		if err != nil {
			return nil, err
		}
		steps, entries = append(steps, added...), nil
	}
	steps = append(steps, addEntries(entries...)...)
	if c.NewRefund != nil {
		added, err := addRefund(*c.NewRefund, time.Time{})
		if err != nil {
			return nil, err
		}
		steps = append(steps, added...)
	}
	return steps, nil
}

// requireRow returns missing if a statement changed no row.
func requireRow(result sql.Result, missing error) error {
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
