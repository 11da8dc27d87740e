package faultdisk_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/wantukit/wantukit/checkout/storetest/faultdisk"
)

// fixture is a database with one table on a Disk.
type fixture struct {
	*testing.T
	disk *faultdisk.Disk
	path string
	db   *sql.DB
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	folder := t.TempDir()
	d, err := faultdisk.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Remove)
	f := &fixture{t, d, filepath.Join(folder, "w.db"), nil}
	f.open()
	t.Cleanup(func() { _ = f.db.Close() })
	f.exec("CREATE TABLE t (n INTEGER)")
	return f
}

func (f *fixture) open() {
	f.Helper()
	db, err := sql.Open("sqlite", "file:"+f.path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		f.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	f.db = db
}

func (f *fixture) exec(statement string) {
	f.Helper()
	if _, err := f.db.ExecContext(context.Background(), statement); err != nil {
		f.Fatal(err)
	}
}

// cutPower turns the power off and on again.
func (f *fixture) cutPower(kept func() bool) {
	f.Helper()
	f.disk.PowerOff()
	_ = f.db.Close()
	if err := f.disk.PowerOn(kept); err != nil {
		f.Fatal(err)
	}
	f.open()
}

// rows counts the rows. It fails the test if the database is corrupt.
func (f *fixture) rows() (n int) {
	f.Helper()
	var integrity string
	if err := f.db.QueryRow("PRAGMA integrity_check").Scan(&integrity); err != nil || integrity != "ok" {
		f.Fatal(integrity, err)
	}
	if err := f.db.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil {
		f.Fatal(err)
	}
	return n
}

// manyRows is a statement that writes many pages.
const manyRows = "INSERT INTO t WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 5000) SELECT n FROM s"

// hasCode reports whether err is an SQLite error with an extended code.
func hasCode(err error, code int) bool {
	var failed *sqlite.Error
	return errors.As(err, &failed) && failed.Code() == code
}

func keepNone() bool { return false }

func TestCallsFailOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		op   faultdisk.Op
		code int
	}{
		"a write":              {faultdisk.Write, sqlite3.SQLITE_IOERR_WRITE},
		"a write is cut short": {faultdisk.ShortWrite, sqlite3.SQLITE_IOERR_WRITE},
		"a sync":               {faultdisk.Sync, sqlite3.SQLITE_IOERR_FSYNC},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.exec("INSERT INTO t VALUES (1)")
			f.disk.Fail(c.op, 0)
			_, err := f.db.ExecContext(t.Context(), "INSERT INTO t VALUES (2)")
			if !hasCode(err, c.code) {
				t.Fatalf("error %v, want code %d", err, c.code)
			}
			f.exec("INSERT INTO t VALUES (3)")
			if n := f.rows(); n != 2 {
				t.Errorf("%d rows, want the first and the third", n)
			}
			if n := f.disk.Failed(c.op); n != 1 {
				t.Errorf("%d calls failed, want 1", n)
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.exec("INSERT INTO t VALUES (1)")
	_ = f.db.Close()
	f.open()
	f.disk.Fail(faultdisk.Read, 0)
	if err := f.db.PingContext(t.Context()); err == nil {
		t.Error("the database opened without its first page")
	}
	if n := f.rows(); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

// TestPowerCut checks that an acknowledged commit survives a power cut, and that an
// unsynced one is there as a whole or not at all.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]func() bool{
		"nothing is kept":            keepNone,
		"all is kept":                func() bool { return true },
		"every other sector is kept": keepEveryOther(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.exec("INSERT INTO t VALUES (1)")
			f.disk.Fail(faultdisk.Sync, 0)
			if _, err := f.db.ExecContext(t.Context(), manyRows); !hasCode(err, sqlite3.SQLITE_IOERR_FSYNC) {
				t.Fatalf("error %v, want SQLITE_IOERR_FSYNC", err)
			}
			f.cutPower(kept)
			if n := f.rows(); n != 1 && n != 5001 {
				t.Errorf("%d rows, want 1 or 5001", n)
			}
			f.exec("INSERT INTO t VALUES (2)")
		})
	}
}

func keepEveryOther() func() bool {
	n := 0
	return func() bool { n++; return n%2 == 0 }
}

// TestIgnoredSyncs checks that a power cut loses commits whose sync was ignored, and
// that older ones survive.
func TestIgnoredSyncs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.exec("INSERT INTO t VALUES (1)")
	f.disk.IgnoreSyncs()
	f.exec("INSERT INTO t VALUES (2)")
	if n := f.rows(); n != 2 {
		t.Errorf("%d rows before the power cut, want 2", n)
	}
	f.cutPower(keepNone)
	if n := f.rows(); n != 1 {
		t.Errorf("%d rows after the power cut, want 1", n)
	}
}

func TestOtherFoldersAreNotAffected(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.disk.PowerOff()
	other, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "other.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), "CREATE TABLE t (n INTEGER)"); err != nil {
		t.Error(err)
	}
}
