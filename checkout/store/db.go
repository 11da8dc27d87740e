package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// DB is an open database whose schema is current. SQLite has one connection for
// writing, which avoids its locking errors, and several for reading. PostgreSQL
// has one pool for both.
type DB struct {
	writer, reader *sql.DB
	pool           *pgxpool.Pool
	// group makes the changes of SQLite, nil for PostgreSQL.
	group *groupWriter
	// changes notifies the nodes of PostgreSQL, nil for SQLite.
	changes *nodeNotifier
	// diskFull is set when SQLite reports a full disk or a write error, and
	// cleared when Ping can commit again.
	diskFull atomic.Bool
	// serverLock is set in the program that serves from an SQLite database.
	serverLock *fileLock
	// closing makes Close do its work once. closeErr is what it returned.
	closing  sync.Once
	closeErr error
	// keepSchema means that the schema is checked and never changed.
	keepSchema bool
}

// withOptions applies options and returns d.
func (d *DB) withOptions(options []Option) *DB {
	for _, change := range options {
		change(d)
	}
	return d
}

// Writer returns the connections that write. The queue writes its jobs with them.
func (d *DB) Writer() *sql.DB { return d.writer }

// Postgres returns the pool behind Writer, or nil for SQLite.
func (d *DB) Postgres() *pgxpool.Pool { return d.pool }

// pingTimeout is how long a database may take to answer Ping.
const pingTimeout = 2 * time.Second

// Ping returns an error if the database does not answer within 2 s. After a full
// disk it also returns an error until a commit succeeds again.
func (d *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := errors.Join(d.writer.PingContext(ctx), d.reader.PingContext(ctx))
	if err == nil && d.diskFull.Load() {
		err = d.checkDiskSpace(ctx)
	}
	return err
}

// Close ends the work in the background, closes all connections, and releases the lock of
// OpenSQLiteAlone. It does so once, and later returns the same error.
func (d *DB) Close() error {
	d.closing.Do(func() { d.closeErr = d.close() })
	return d.closeErr
}

func (d *DB) close() error {
	if d.group != nil {
		d.group.stop()
	}
	if d.changes != nil {
		d.changes.stop()
	}
	err := errors.Join(d.reader.Close(), d.writer.Close())
	if d.pool != nil {
		d.pool.Close()
	}
	if d.serverLock != nil {
		err = errors.Join(err, d.serverLock.Close())
	}
	return err
}
