package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/wantukit/wantukit/checkout"
)

// row is a row of a query.
type row interface{ Scan(into ...any) error }

// query is a SELECT whose rows are each read by scan.
type query struct {
	text string
	args []any
	scan func(row) error
}

// collect returns a query that appends what scan returns to list.
func collect[T any](list *[]T, scan func(row) (T, error), text string, args ...any) query {
	return query{text, args, func(r row) error {
		item, err := scan(r)
		if err == nil {
			*list = append(*list, item)
		}
		return err
	}}
}

// queryAll returns every row of a query, each read by scan.
func queryAll[T any](ctx context.Context, s *Store, scan func(row) (T, error), text string, args ...any) (list []T, err error) {
	err = s.read(ctx, func() []query {
		list = nil
		return []query{collect(&list, scan, text, args...)}
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// queryOne returns the row of a query, or ErrNotFound.
func queryOne[T any](ctx context.Context, s *Store, scan func(row) (T, error), text string, args ...any) (item T, err error) {
	list, err := queryAll(ctx, s, scan, text, args...)
	if err == nil && len(list) == 0 {
		err = checkout.ErrNotFound
	}
	if err != nil {
		return item, err
	}
	return list[0], nil
}

// read makes queries on one of the reading connections, in their order. PostgreSQL gets
// all of them at once. Each sees what is committed when it begins. It calls queries again
// where the connection broke. On SQLite ctx ends the wait for a connection, and no query.
func (s *Store) read(ctx context.Context, queries func() []query) error {
	if s.db.pool != nil {
		return s.db.readPostgres(ctx, queries)
	}
	conn, err := s.db.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // it returns to the pool
	// The driver starts a goroutine for each query that can be canceled, which costs as
	// much as the query.
	ctx = context.WithoutCancel(ctx)
	for _, q := range queries() {
		if err := q.run(ctx, conn); err != nil {
			return err
		}
	}
	return nil
}

// rowsQuerier is a *sql.Conn or *sql.Tx.
type rowsQuerier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (q query) run(ctx context.Context, on rowsQuerier) (err error) {
	rows, err := on.QueryContext(ctx, q.text, q.args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := q.scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// readPostgres makes the queries in one round trip. It reads again on another connection
// if the first one is broken.
func (d *DB) readPostgres(ctx context.Context, queries func() []query) error {
	return d.onConnection(ctx, func() (bool, error) {
		err := d.tryReadPostgres(ctx, queries())
		return isConnectionBroken(err) || isUndone(err), err
	})
}

func (d *DB) tryReadPostgres(ctx context.Context, queries []query) error {
	var batch pgx.Batch
	for _, q := range queries {
		batch.Queue(q.text, q.args...)
	}
	results := d.pool.SendBatch(ctx, &batch)
	for _, q := range queries {
		if err := q.result(results); err != nil {
			_ = results.Close() // it has the same error
			return err
		}
	}
	return results.Close()
}

// result reads the rows of the query.
func (q query) result(results pgx.BatchResults) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := q.scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
