package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Option changes how a database is opened.
type Option func(*DB)

// KeepSchema is an Option that changes no schema: opening fails with a
// *SchemaError where the database's schema is not the one of this program.
func KeepSchema(d *DB) { d.keepSchema = true }

// KeepsSchema reports whether the database was opened with KeepSchema.
func (d *DB) KeepsSchema() bool { return d.keepSchema }

// SchemaError says that a database has another schema than the program.
type SchemaError struct {
	// Database and Program are the versions. Database is 0 where there is no
	// schema yet.
	Database, Program int64
}

// Error implements error. It says what to do.
func (e *SchemaError) Error() string {
	switch {
	case e.Database > e.Program:
		return fmt.Sprintf("the database's schema has version %d and this program knows version %d at most: a newer wantukit has migrated it, run that one",
			e.Database, e.Program)
	case e.Database == 0:
		return fmt.Sprintf("the database has no schema and this program needs version %d: run `wantukit migrate`", e.Program)
	default:
		return fmt.Sprintf("the database's schema has version %d and this program needs version %d: run `wantukit migrate`", e.Database, e.Program)
	}
}

// checkSchema refuses a schema that is newer than the program's, and an older one
// that is to stay.
func checkSchema(database, program int64, keep bool) error {
	if database > program || database < program && keep {
		return &SchemaError{Database: database, Program: program}
	}
	return nil
}

// others are the migrations that are not for a dialect, by the end of their
// names: where the two databases have no statement in common, each has a file.
var others = map[goose.Dialect]string{goose.DialectSQLite3: "*_postgres.sql", goose.DialectPostgres: "*_sqlite.sql"}

// versioned counts the tables of a database that say which version its schema has.
var versioned = map[goose.Dialect]string{
	goose.DialectSQLite3:  `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`,
	goose.DialectPostgres: `SELECT count(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')`,
}

// migrate brings the schema up to date, or only checks it where it is to stay.
func (d *DB) migrate(ctx context.Context, dialect goose.Dialect) error {
	provider, err := newProvider(dialect, d.writer)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	current, err := schemaVersion(ctx, dialect, d.writer)
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	if err := checkSchema(current, newest, d.keepSchema); err != nil || d.keepSchema {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}

func newProvider(dialect goose.Dialect, db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	foreign, err := fs.Glob(files, others[dialect])
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files, goose.WithExcludeNames(foreign), goose.WithSlog(slog.New(slog.DiscardHandler)))
}

// schemaVersion returns the newest migration that was made, 0 for none.
func schemaVersion(ctx context.Context, dialect goose.Dialect, db *sql.DB) (version int64, err error) {
	var tables int
	if err := db.QueryRowContext(ctx, versioned[dialect]).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}
