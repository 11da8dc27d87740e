package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrInUse means that another program serves from the database.
var ErrInUse = errors.New("another program serves from this database")

// privateMode lets only the owner read and write a file.
const privateMode = 0o600

// sqliteFiles returns the names of a database's file and of the files that SQLite
// makes next to it.
func sqliteFiles(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + "-journal"}
}

// makePrivate makes a database's file if it is missing. It restricts that file and
// the files next to it to their owner, whatever the umask and the folder allow.
// SQLite gives files that it makes later the mode of the database's file.
func makePrivate(path string) error {
	if err := createMissing(path); err != nil {
		return fmt.Errorf("making %s: %w", path, err)
	}
	for _, name := range sqliteFiles(path) {
		if err := Restrict(name); err != nil {
			return err
		}
	}
	return nil
}

// createMissing makes a file if it is missing. It never opens an existing file:
// closing a file that SQLite has open would release this process's locks on it.
func createMissing(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, privateMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// Restrict lets only the owner of a file read and write it. It does nothing, and
// returns nil, if the file does not exist, belongs to another user, or is on a file
// system without modes.
func Restrict(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm() != privateMode {
		err = os.Chmod(path, privateMode)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("restricting %s to its owner: %w", path, err)
	}
	return nil
}

// OpenSQLiteAlone is OpenSQLite for a program that serves. It returns ErrInUse if
// another program serves from the same database. Other programs can still open the
// database with OpenSQLite.
func OpenSQLiteAlone(ctx context.Context, path string) (*DB, error) {
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a file has one lock, even if links give it several names
	}
	serverLock, err := lockFile(ctx, path+".lock")
	if err != nil {
		return nil, err
	}
	db, err := OpenSQLite(ctx, path)
	if err != nil {
		return nil, errors.Join(err, serverLock.Close())
	}
	db.serverLock = serverLock
	return db, nil
}

// fileLock is a lock on a file until it is closed, or until the process ends.
type fileLock struct {
	db   *sql.DB
	conn *sql.Conn
}

// lockFile locks a file, or returns ErrInUse if it is locked. It uses SQLite's
// locks, which the operating system releases when the process ends in any way. The
// file stays empty.
func lockFile(ctx context.Context, path string) (*fileLock, error) {
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", sqliteFile(path, url.Values{"_pragma": {"journal_mode(MEMORY)"}}))
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	conn, err := beginExclusive(ctx, db)
	if isBusy(err) {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), db.Close())
	}
	return &fileLock{db, conn}, nil
}

// beginExclusive returns a connection with a lock that excludes all others.
func beginExclusive(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// Close releases the lock.
func (l *fileLock) Close() error { return errors.Join(l.conn.Close(), l.db.Close()) }

func isBusy(err error) bool {
	var failed *sqlite.Error
	return errors.As(err, &failed) && failed.Code()&0xff == sqlite3.SQLITE_BUSY
}
