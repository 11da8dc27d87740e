package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

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

// others are the migrations that are not for a dialect, by the end of their
// names: where the two databases have no statement in common, each has a file.
var others = map[goose.Dialect]string{goose.DialectSQLite3: "*_postgres.sql", goose.DialectPostgres: "*_sqlite.sql"}

// migrate brings the schema up to date.
func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	foreign, err := fs.Glob(files, others[dialect])
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, db, files, goose.WithExcludeNames(foreign), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}
