package store

import (
	"context"
	"database/sql"
)

// DueQueries are the queries of DueAttempts, by the index that each must use.
var DueQueries = map[string]string{"attempts_due_live": dueQuery(dueLive), "attempts_due_ended": dueQuery(dueEnded)}

// CheckSQLite exports checkSQLite for tests.
var CheckSQLite = checkSQLite

// Reader returns the connections that read, for tests.
func (d *DB) Reader() *sql.DB { return d.reader }

// CheckPostgres exports checkPostgres for tests.
var CheckPostgres = checkPostgres

// GroupWriter exports groupWriter for tests.
type GroupWriter = groupWriter

// NewGroupWriter exports newGroupWriter for tests.
var NewGroupWriter = newGroupWriter

// Write exports write for tests.
func (w *groupWriter) Write(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	return w.write(ctx, do)
}

// Stop exports stop for tests.
func (w *groupWriter) Stop() { w.stop() }

// MaxGroup exports maxGroup for tests.
const MaxGroup = maxGroup

// Payloads exports payloads for tests.
var Payloads = payloads
