package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/wantukit/wantukit/checkout/store/internal/stmtcache"
)

// readers is how many connections may read an SQLite database at once.
const readers = 4

// minSQLite is the oldest version that is accepted. Older ones can lose commits in
// a race when they reset the write-ahead log.
var minSQLite = [3]int{3, 51, 3}

// OpenSQLite opens the database file at path and brings its schema up to date. It
// makes the file and its folder if they are missing. A commit is on the disk when
// it returns. OpenSQLite returns a *SchemaError if the schema is newer than this
// program's.
func OpenSQLite(ctx context.Context, path string, options ...Option) (*DB, error) {
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	db := connectSQLite(path)
	if err := db.withOptions(options).prepare(ctx); err != nil {
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

func connectSQLite(path string) *DB {
	writer := stmtcache.Open(&sqlite.Driver{}, sqliteDSN(path, "immediate"))
	writer.SetMaxOpenConns(1)
	reader := stmtcache.Open(&sqlite.Driver{}, sqliteDSN(path, "deferred")+"&_pragma=query_only(1)")
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers) // opening a connection costs more than a read
	return &DB{writer: writer, reader: reader, group: newGroupWriter(writer)}
}

func sqliteDSN(path, lock string) string {
	return sqliteFile(path, url.Values{"_txlock": {lock}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"temp_store(MEMORY)", // what a savepoint needs to be undone is not written to a file
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

// checkSQLite returns an error if a version of SQLite can lose commits.
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

// noteDiskError sets diskFull if err says that the disk is full or failed.
func (d *DB) noteDiskError(err error) {
	var failed *sqlite.Error
	if !errors.As(err, &failed) {
		return
	}
	switch failed.Code() & 0xff { // the other bits name the operation
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
		d.diskFull.Store(true)
	default:
	}
}

// checkDiskSpace commits more data than a notification and its outcome need, and
// clears diskFull if that works. The database reuses the space.
func (d *DB) checkDiskSpace(ctx context.Context) (err error) {
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("checking the space on the disk: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	_, err = tx.ExecContext(ctx, "CREATE TABLE room AS SELECT zeroblob(262144) AS filler; DROP TABLE room")
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("the disk is full: %w", err)
	}
	d.diskFull.Store(false)
	return nil
}
