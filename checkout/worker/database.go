package worker

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/wantukit/wantukit/checkout"
)

// Database holds the jobs. It is a *store.DB.
type Database interface {
	// Writer returns the connections that write.
	Writer() *sql.DB
	// Postgres returns the pool behind Writer, or nil for SQLite.
	Postgres() *pgxpool.Pool
	// KeepsSchema reports whether the database was opened with store.KeepSchema, so
	// that NewQueue must not change River's tables.
	KeepsSchema() bool
	// WithLock waits for an advisory lock, calls do and releases the lock. On SQLite,
	// which has one node, it only calls do. It returns the errors of do and of the
	// release, or an error without a call of do if it does not get the lock.
	WithLock(ctx context.Context, lock int64, do func() error) error
}

// client is River's.
type client = *river.Client[*sql.Tx]

// newDriver returns River's driver for the database. For PostgreSQL it uses the
// store's pool, and a connection of its own to listen.
func newDriver(db Database) riverdriver.Driver[*sql.Tx] {
	if pool := db.Postgres(); pool != nil {
		return riverdatabasesql.NewWithPgxListener(db.Writer(), pool)
	}
	return riversqlite.New(db.Writer())
}

func newClient(db Database, clock checkout.Clock, config *river.Config) (client, error) {
	if clock != nil {
		config.Test.Time = queueTime{clock, db.Postgres() == nil}
	}
	return river.NewClient(newDriver(db), config)
}

// queueTime makes River use our clock. With the system's clock, a jump back would
// stop the periodic jobs until the old time comes again. River's configuration only
// has a test option for this.
type queueTime struct {
	checkout.Clock
	// replacesDatabase means that the database has no clock of its own.
	replacesDatabase bool
}

// NowOrNil implements rivertype.TimeGenerator. With nil the database's clock is used.
func (t queueTime) NowOrNil() *time.Time {
	if !t.replacesDatabase {
		return nil
	}
	now := t.Now()
	return &now
}

// migrate brings River's tables up to date. It only checks them if the database
// keeps its schema.
func migrate(ctx context.Context, db Database) error {
	migrator, err := rivermigrate.New(newDriver(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if db.KeepsSchema() {
		return migrateUp(ctx, db, migrator)
	}
	return db.WithLock(ctx, migrationLock, func() error { return migrateUp(ctx, db, migrator) })
}

func migrateUp(ctx context.Context, db Database, migrator *rivermigrate.Migrator[*sql.Tx]) error {
	if err := checkSchema(ctx, db, migrator); err != nil || db.KeepsSchema() {
		return err
	}
	_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// checkSchema returns an error if the tables are of a newer River, because this one
// may not understand them. It also does if they are of an older River and the
// database keeps its schema.
func checkSchema(ctx context.Context, db Database, migrator *rivermigrate.Migrator[*sql.Tx]) error {
	known := newestVersion(migrator.AllVersions())
	existing, err := migrator.ExistingVersions(ctx)
	if err != nil { // also if River does not know one of them
		var applied int
		row := db.Writer().QueryRowContext(ctx, "SELECT max(version) FROM river_migration")
		if row.Scan(&applied) == nil && applied > known {
			return fmt.Errorf("the queue's schema has version %d and this program knows version %d at most: a newer wantukit has migrated it, run that one", applied, known)
		}
		return err
	}
	if applied := newestVersion(existing); applied < known && db.KeepsSchema() {
		return fmt.Errorf("the queue's schema has version %d and this program needs version %d: run `wantukit migrate`", applied, known)
	}
	return nil
}

func newestVersion(migrations []rivermigrate.Migration) (version int) {
	for _, m := range migrations {
		version = max(version, m.Version)
	}
	return version
}

// migrationLock is the advisory lock of a node that migrates the queue. It differs
// from the store's.
const migrationLock = 0x77616e74_00000002
