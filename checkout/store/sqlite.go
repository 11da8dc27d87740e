package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // registers the driver "sqlite", too
	sqlite3 "modernc.org/sqlite/lib"
)

// readers is how many connections may read an SQLite database at once.
const readers = 4

// minSQLite is the oldest SQLite that does not lose commits by the race of
// resetting its write-ahead log.
var minSQLite = [3]int{3, 51, 3}

// OpenSQLite opens the database file at path, makes it and its folder where
// they are missing, and brings its schema up to date. A commit is on the disk
// when it returns.
func OpenSQLite(ctx context.Context, path string, options ...Option) (*DB, error) {
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	db, err := connectSQLite(path)
	if err != nil {
		return nil, err
	}
	if err := db.with(options).prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), db.Close())
	}
	return db, nil
}

func makeFolder(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	return nil
}

func connectSQLite(path string) (*DB, error) {
	writer, err := sql.Open("sqlite", sqliteDSN(path, "immediate"))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", sqliteDSN(path, "deferred")+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	return &DB{writer: writer, reader: reader}, nil
}

func sqliteDSN(path, lock string) string {
	return sqliteFile(path, url.Values{"_txlock": {lock}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
	}})
}

func sqliteFile(path string, q url.Values) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func (d *DB) prepare(ctx context.Context) error {
	var version string
	if err := d.writer.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if err := checkSQLite(version); err != nil {
		return err
	}
	return d.migrate(ctx, goose.DialectSQLite3)
}

// checkSQLite refuses a version that can lose commits.
func checkSQLite(version string) error {
	parts := strings.SplitN(version, ".", 4)
	for i, least := range minSQLite {
		n := 0
		if i < len(parts) {
			n, _ = strconv.Atoi(parts[i])
		}
		if n > least {
			return nil
		}
		if n < least {
			return fmt.Errorf("SQLite %s can lose commits: 3.51.3 or newer is needed", version)
		}
	}
	return nil
}

// note remembers that the disk is full, or cannot be written.
func (d *DB) note(err error) {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return
	}
	switch failed.Code() & 0xff { // the rest tells what was being done
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		d.full.Store(true)
	default:
	}
}

// tryRoom commits more than a notification and its outcome need. The room that
// it takes is the database's to use.
func (d *DB) tryRoom(ctx context.Context) (err error) {
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("looking for room on the disk: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	_, err = tx.ExecContext(ctx, "CREATE TABLE room AS SELECT zeroblob(262144) AS filler; DROP TABLE room")
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("the disk is full: %w", err)
	}
	d.full.Store(false)
	return nil
}
