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
	// leastConnections is what one node needs: a lock while it migrates, the
	// queue's own, and some to work with.
	leastConnections = 4
	// connections is how many a node's pool opens at most, unless the URL says
	// so. Three more hear of changes and hold a lock: PgBouncer has 20 by default.
	connections = 16
	// connectTimeout bounds how long a connection takes to open, unless the URL
	// says so.
	connectTimeout = 10 * time.Second
	// migrationLock is the advisory lock of whoever changes the schema.
	migrationLock = 0x77616e74_00000001
)

// errDatabaseURL names no part of the URL: any may be the password.
var errDatabaseURL = errors.New(
	"the database URL cannot be read: postgres://user:password@host:5432/name, with special characters of the password as %-escapes")

// OpenPostgres opens the PostgreSQL database that a URL or a connection string
// names, and brings its schema up to date; of several nodes that start at once
// one does, and the others wait. It refuses a server that acknowledges commits
// before they are on the disk, and a pooler that gives a connection to others
// between transactions. No error shows the password.
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
	both := stdlib.OpenDBFromPool(pool)
	db := (&DB{writer: both, reader: both, pool: pool}).with(options)
	if err := db.preparePostgres(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database: %w", err), db.Close())
	}
	return db, nil
}

func postgresConfig(databaseURL string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil || databaseURL == "" {
		return nil, errDatabaseURL
	}
	if !strings.Contains(databaseURL, "pool_max_conns") {
		config.MaxConns = max(config.MaxConns, connections)
	}
	config.MaxConns = max(config.MaxConns, leastConnections)
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	params := config.ConnConfig.RuntimeParams
	// Each change compares and sets under the lock of the row that it writes.
	params["default_transaction_isolation"] = "read committed"
	// A node that freezes within a transaction must not keep its locks.
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
	return d.locked(ctx, func() error { return d.migrate(ctx, goose.DialectPostgres) })
}

// checkPostgres refuses settings that lose commits or text.
func checkPostgres(encoding, commit string) error {
	switch {
	case encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s: UTF8 is needed", encoding)
	case commit == "off":
		return errors.New("synchronous_commit is off, which can lose commits")
	}
	return nil
}

// locked calls do while no other node migrates.
func (d *DB) locked(ctx context.Context, do func() error) (err error) {
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("waiting to migrate: %w", err)
	}
	defer func() {
		_, unlock := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
		err = errors.Join(err, unlock)
	}()
	return do()
}

// begin begins a transaction. Of PostgreSQL each pooled connection may have been
// cut off, as by a restart: a BEGIN that failed has done nothing, and the next
// has another connection.
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

// channel is where nodes tell each other of a session that has changed.
const channel = "wantukit_session"

// changed tells every node, once tx is committed, that a session has changed.
// SQLite has one node, which knows.
func (s *Store) changed(ctx context.Context, tx *sql.Tx, sessionID string) error {
	if s.db.pool == nil || sessionID == "" {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, sessionID); err != nil {
		return fmt.Errorf("telling the other nodes: %w", err)
	}
	return nil
}
