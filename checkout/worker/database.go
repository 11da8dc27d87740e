package worker

import (
	"context"
	"database/sql"
	"errors"
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

// Database is where the jobs are: a *store.DB.
type Database interface {
	// Writer is what transactions begin with.
	Writer() *sql.DB
	// Postgres is the pool that Writer draws from, or nil for SQLite.
	Postgres() *pgxpool.Pool
	// KeepsSchema says that no schema may be changed.
	KeepsSchema() bool
}

// client is River's.
type client = *river.Client[*sql.Tx]

// newDriver returns River's driver for the database. For PostgreSQL it works on
// the pool that the store's transactions are of, and listens on a connection of
// its own.
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

// queueTime has River go by our clock, for which its configuration has a place
// among what is for tests: by the system's, a clock that jumps back would stop
// the periodic work until the old time has come again.
type queueTime struct {
	checkout.Clock
	// rules says that the database has no clock of its own.
	rules bool
}

// NowOrNil implements rivertype.TimeGenerator: nil leaves it to the database.
func (t queueTime) NowOrNil() *time.Time {
	if !t.rules {
		return nil
	}
	now := t.Now()
	return &now
}

// migrate brings River's tables up to date, or only checks them where the schema
// is to stay.
func migrate(ctx context.Context, db Database) error {
	migrator, err := rivermigrate.New(newDriver(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	pool := db.Postgres()
	if pool == nil || db.KeepsSchema() {
		return migrateUp(ctx, db, migrator)
	}
	return pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return locked(ctx, conn, func() error { return migrateUp(ctx, db, migrator) })
	})
}

func migrateUp(ctx context.Context, db Database, migrator *rivermigrate.Migrator[*sql.Tx]) error {
	if err := checkSchema(ctx, db, migrator); err != nil || db.KeepsSchema() {
		return err
	}
	_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// checkSchema refuses tables of a newer River, which this one may not understand,
// and those of an older one where the schema is to stay.
func checkSchema(ctx context.Context, db Database, migrator *rivermigrate.Migrator[*sql.Tx]) error {
	known := newestOf(migrator.AllVersions())
	existing, err := migrator.ExistingVersions(ctx)
	if err != nil { // as where River does not know one of them
		var made int
		row := db.Writer().QueryRowContext(ctx, "SELECT max(version) FROM river_migration")
		if row.Scan(&made) == nil && made > known {
			return fmt.Errorf("the queue's schema has version %d and this program knows version %d at most: a newer wantukit has migrated it, run that one", made, known)
		}
		return err
	}
	if made := newestOf(existing); made < known && db.KeepsSchema() {
		return fmt.Errorf("the queue's schema has version %d and this program needs version %d: run `wantukit migrate`", made, known)
	}
	return nil
}

func newestOf(migrations []rivermigrate.Migration) (version int) {
	for _, m := range migrations {
		version = max(version, m.Version)
	}
	return version
}

// migrationLock is the advisory lock of whoever migrates the queue.
const migrationLock = 0x77616e74_00000002

// locked calls do while no other node migrates.
func locked(ctx context.Context, conn *pgxpool.Conn, do func() error) error {
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("waiting to migrate: %w", err)
	}
	err := do()
	_, unlock := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
	return errors.Join(err, unlock)
}
