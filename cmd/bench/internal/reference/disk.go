// Package reference measures what the machine and the libraries do without the
// checkout: durable commits, HTTP exchanges, signatures, and River's jobs. A figure of
// the checkout means little without them, because machines differ.
package reference

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite" // registers the driver sqlite
)

// row is what each row of the references holds: about as much as a row of the checkout.
var row = strings.Repeat("x", 200)

// Fdatasync returns the median time of an fdatasync after a write of 4 kB to a file in
// a folder.
func Fdatasync(folder string) (took time.Duration, err error) {
	file, err := os.Create(filepath.Join(folder, "fdatasync"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	const syncs = 500
	times := make([]time.Duration, syncs)
	for i := range times {
		if _, err := file.WriteAt(make([]byte, 4<<10), 0); err != nil {
			return 0, err
		}
		begin := time.Now()
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			return 0, err
		}
		times[i] = time.Since(begin)
	}
	slices.Sort(times)
	return times[syncs/2], nil
}

// SQLiteRows returns how many rows a second one writer stores durably in a new database
// in a folder, with a commit after each group of rows. The settings are the checkout's:
// a write-ahead log that is synced at each commit.
func SQLiteRows(ctx context.Context, folder string, group int, lasts time.Duration) (rate float64, err error) {
	path := filepath.Join(folder, fmt.Sprintf("commits%d.db", group))
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close(), os.Remove(path)) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)"); err != nil {
		return 0, err
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO t (text) VALUES (?)")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	return rateOf(lasts, group, func() error { return insertGroup(ctx, db, insert, group) })
}

func insertGroup(ctx context.Context, db *sql.DB, insert *sql.Stmt, group int) error {
	if group == 1 {
		_, err := insert.ExecContext(ctx, row)
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	in := tx.StmtContext(ctx, insert)    //nolint:sqlclosecheck // the transaction closes it
	for range group {
		if _, err := in.ExecContext(ctx, row); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// rateOf calls f for some time. It returns the rate, where each call counts n.
func rateOf(lasts time.Duration, n int, f func() error) (float64, error) {
	begin, done := time.Now(), 0
	for time.Since(begin) < lasts {
		if err := f(); err != nil {
			return 0, err
		}
		done += n
	}
	return float64(done) / time.Since(begin).Seconds(), nil
}
