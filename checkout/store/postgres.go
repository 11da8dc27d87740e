package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

const (
	// minConnections is how many connections one node needs: one for the migration
	// lock, the queue's own, and some to work with.
	minConnections = 4
	// maxConnections is the default limit of a node's pool. A node opens three more
	// to listen and to hold a lock, and PgBouncer allows 20 by default.
	maxConnections = 16
	// connectTimeout is the default timeout for opening a connection.
	connectTimeout = 10 * time.Second
	// migrationLock is the advisory lock of a node that migrates the schema.
	migrationLock = 0x77616e74_00000001
)

// ErrDatabaseURL says that the URL cannot be parsed. It quotes no part of the URL, because any part may be the password.
var ErrDatabaseURL = errors.New(
	"the database URL is malformed: write postgres://user:password@host:5432/name, with special characters of the password as %-escapes")

// OpenPostgres opens the PostgreSQL database of a URL or connection string, and
// brings its schema up to date. Nodes that start at the same time migrate one after
// the other. It fails if the server acknowledges commits before they are on the
// disk, if the encoding is not UTF8, and if a pooler shares connections between
// clients. It returns a *SchemaError if the schema is newer than this program's. No
// error shows the password.
func OpenPostgres(ctx context.Context, databaseURL string, options ...Option) (*DB, error) {
	config, err := postgresConfig(databaseURL)
	if err != nil {
		return nil, err
	}
	if err := refusePooling(ctx, config.ConnConfig); err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	config.ConnConfig.AfterConnect = setParameters(config.ConnConfig)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	sqlDB := stdlib.OpenDBFromPool(pool)
	db := (&DB{writer: sqlDB, reader: sqlDB, pool: pool, changes: newNodeNotifier(pool)}).withOptions(options)
	if err := db.preparePostgres(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database: %w", err), db.Close())
	}
	return db, nil
}

func postgresConfig(databaseURL string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil || databaseURL == "" {
		return nil, ErrDatabaseURL
	}
	if !strings.Contains(databaseURL, "pool_max_conns") {
		config.MaxConns = max(config.MaxConns, maxConnections)
	}
	config.MaxConns = max(config.MaxConns, minConnections)
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	params := config.ConnConfig.RuntimeParams
	// Each change is a compare-and-set under the lock of the row that it writes.
	params["default_transaction_isolation"] = "read committed"
	// A node that freezes in a transaction must not keep its locks.
	params["idle_in_transaction_session_timeout"] = "15000"
	if params["application_name"] == "" {
		params["application_name"] = "wantukit"
	}
	return config, nil
}

func (d *DB) preparePostgres(ctx context.Context) error {
	var encoding, commit string
	err := d.writer.QueryRowContext(ctx, "SELECT current_setting('server_encoding'), current_setting('synchronous_commit')").
		Scan(&encoding, &commit)
	if err != nil {
		return err
	}
	if err := checkPostgres(encoding, commit); err != nil {
		return err
	}
	return d.WithLock(ctx, migrationLock, func() error { return d.migrate(ctx, goose.DialectPostgres) })
}

// checkPostgres returns an error if a setting can lose commits or text.
func checkPostgres(encoding, commit string) error {
	switch {
	case encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s: UTF8 is needed", encoding)
	case commit == "off":
		return errors.New("synchronous_commit is off, which can lose commits")
	}
	return nil
}

// WithLock waits for an advisory lock of migrations and calls do while it has the lock. So
// no other node runs with the same lock at the same time. It returns do's error, or an error
// without a call of do if it does not get the lock before ctx is done. SQLite has one
// node and needs no lock.
func (d *DB) WithLock(ctx context.Context, lock int64, do func() error) (err error) {
	if d.pool == nil {
		return do()
	}
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return fmt.Errorf("waiting until no other node migrates: %w", err)
	}
	defer func() {
		_, unlock := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", lock)
		err = errors.Join(err, unlock)
	}()
	return do()
}

// begin begins a transaction. It retries on PostgreSQL, because a restart of the
// server breaks all pooled connections. A BEGIN that failed has done nothing, and
// the next one uses another connection.
func (d *DB) begin(ctx context.Context) (*sql.Tx, error) {
	tx, err := d.writer.BeginTx(ctx, nil)
	for tries := int32(0); err != nil && d.pool != nil && tries < d.pool.Stat().MaxConns(); tries++ {
		var unreachable *pgconn.ConnectError
		if ctx.Err() != nil || errors.As(err, &unreachable) {
			break
		}
		tx, err = d.writer.BeginTx(ctx, nil)
	}
	return tx, err
}
