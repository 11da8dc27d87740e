package store

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// DB is an open database whose schema is current. Of SQLite one connection
// writes, which spares it its locking errors, and several read; PostgreSQL has
// one pool for both.
type DB struct {
	writer, reader *sql.DB
	pool           *pgxpool.Pool
	// full says that SQLite found no room for the last of its commits that
	// needed some, or could not write at all.
	full atomic.Bool
	// alone is held by the program that serves from SQLite.
	alone *lock
	// keepSchema says that the schema is checked and never changed.
	keepSchema bool
}

// with applies options.
func (d *DB) with(options []Option) *DB {
	for _, change := range options {
		change(d)
	}
	return d
}

// Writer returns what the queue's jobs are written with.
func (d *DB) Writer() *sql.DB { return d.writer }

// Postgres returns the pool that Writer draws from, or nil for SQLite.
func (d *DB) Postgres() *pgxpool.Pool { return d.pool }

// pingPatience is how long a database may take to answer Ping.
const pingPatience = 2 * time.Second

// Ping reports whether the database answers within 2 s, and whether it takes
// commits again where the disk was full.
func (d *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	err := errors.Join(d.writer.PingContext(ctx), d.reader.PingContext(ctx))
	if err == nil && d.full.Load() {
		err = d.tryRoom(ctx)
	}
	return err
}

// Close closes all connections.
func (d *DB) Close() error {
	err := errors.Join(d.reader.Close(), d.writer.Close())
	if d.pool != nil {
		d.pool.Close()
	}
	if d.alone != nil {
		err = errors.Join(err, d.alone.Close())
	}
	return err
}
