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

// KeepSchema is an Option that never changes the schema. Opening fails with a
// *SchemaError if the database's schema is not that of this program.
func KeepSchema(d *DB) { d.keepSchema = true }

// KeepsSchema reports whether the database was opened with KeepSchema.
func (d *DB) KeepsSchema() bool { return d.keepSchema }

// SchemaError means that the schemas of the database and the program differ.
type SchemaError struct {
	// Database and Program are the versions of their schemas. Database is 0 if it
	// has no schema yet.
	Database, Program int64
}

// Error implements error. It tells the operator what to do.
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

// checkSchema returns a *SchemaError if the database's schema is newer than the
// program's, or if it is older and keep forbids to migrate it.
func checkSchema(database, program int64, keep bool) error {
	if database > program || database < program && keep {
		return &SchemaError{Database: database, Program: program}
	}
	return nil
}

// foreignMigrations are the file names of the migrations that are for the other
// dialect. A migration has a file for each dialect if no statement fits both.
var foreignMigrations = map[goose.Dialect]string{goose.DialectSQLite3: "*_postgres.sql", goose.DialectPostgres: "*_sqlite.sql"}

// countVersionTables counts the tables that hold the schema's version: 0 or 1.
var countVersionTables = map[goose.Dialect]string{
	goose.DialectSQLite3:  `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`,
	goose.DialectPostgres: `SELECT count(*) FROM pg_class WHERE oid = to_regclass('goose_db_version')`,
}

// migrate brings the schema up to date. With keepSchema it only checks it. It
// returns a *SchemaError as checkSchema does.
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
	foreign, err := fs.Glob(files, foreignMigrations[dialect])
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files, goose.WithExcludeNames(foreign), goose.WithSlog(slog.New(slog.DiscardHandler)))
}

// schemaVersion returns the version of the newest migration that was applied, 0
// for none.
func schemaVersion(ctx context.Context, dialect goose.Dialect, db *sql.DB) (version int64, err error) {
	var tables int
	if err := db.QueryRowContext(ctx, countVersionTables[dialect]).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}
