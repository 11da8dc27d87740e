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

// ErrInUse says that another program serves from the database.
var ErrInUse = errors.New("another program serves from this database")

// private is the mode of whatever holds data: its owner may read and write it.
const private = 0o600

// sqliteFiles are the database's file and those that SQLite keeps beside it.
func sqliteFiles(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + "-journal"}
}

// makePrivate makes a database's file where it is missing, and keeps it and those
// beside it to their owner, whatever the umask and the folder allow. SQLite gives
// the files that it makes later the mode of the database's file.
func makePrivate(path string) error {
	if err := create(path); err != nil {
		return fmt.Errorf("making %s: %w", path, err)
	}
	for _, name := range sqliteFiles(path) {
		if err := Restrict(name); err != nil {
			return err
		}
	}
	return nil
}

// create makes a file that is missing. It opens no other: to close a file that
// SQLite has open would end the locks that this process holds on it.
func create(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, private)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// Restrict keeps a file to its owner, who may read and write it. It leaves a file alone that is not there, that
// belongs to another user, or whose file system has no modes.
func Restrict(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm() != private {
		err = os.Chmod(path, private)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("keeping %s to its owner: %w", path, err)
	}
	return nil
}

// OpenSQLiteAlone is OpenSQLite for a program that serves: it returns ErrInUse
// where another does. Programs that only look may open the database beside it.
func OpenSQLiteAlone(ctx context.Context, path string) (*DB, error) {
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // one file has one lock, whatever names it has
	}
	alone, err := holdAlone(ctx, path+".lock")
	if err != nil {
		return nil, err
	}
	db, err := OpenSQLite(ctx, path)
	if err != nil {
		return nil, errors.Join(err, alone.Close())
	}
	db.alone = alone
	return db, nil
}

// lock is held until it is closed, or the process ends.
type lock struct {
	db   *sql.DB
	conn *sql.Conn
}

// holdAlone takes a lock on a file. It is SQLite's own, which comes from the
// operating system on each platform: it ends with the process, however that ends.
// The file stays empty.
func holdAlone(ctx context.Context, path string) (*lock, error) {
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", sqliteFile(path, url.Values{"_pragma": {"journal_mode(MEMORY)"}}))
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	conn, err := exclude(ctx, db)
	if isBusy(err) {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), db.Close())
	}
	return &lock{db, conn}, nil
}

// exclude returns a connection that keeps all others out.
func exclude(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// Close lets another program take the lock.
func (l *lock) Close() error { return errors.Join(l.conn.Close(), l.db.Close()) }

func isBusy(err error) bool {
	var failed *sqlite.Error
	return errors.As(err, &failed) && failed.Code()&0xff == sqlite3.SQLITE_BUSY
}
