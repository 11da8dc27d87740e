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

// bench is a database on a disk, with one table.
type bench struct {
	*testing.T
	disk *faultdisk.Disk
	path string
	db   *sql.DB
}

func newBench(t *testing.T) *bench {
	t.Helper()
	folder := t.TempDir()
	d, err := faultdisk.Under(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Remove)
	b := &bench{t, d, filepath.Join(folder, "w.db"), nil}
	b.open()
	t.Cleanup(func() { _ = b.db.Close() })
	b.must("CREATE TABLE t (n INTEGER)")
	return b
}

func (b *bench) open() {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+b.path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	b.db = db
}

func (b *bench) must(statement string) {
	b.Helper()
	if _, err := b.db.ExecContext(context.Background(), statement); err != nil {
		b.Fatal(err)
	}
}

// cut turns the power off and on again.
func (b *bench) cut(kept func() bool) {
	b.Helper()
	b.disk.PowerOff()
	_ = b.db.Close()
	if err := b.disk.PowerOn(kept); err != nil {
		b.Fatal(err)
	}
	b.open()
}

// rows counts them, in a database that must be whole.
func (b *bench) rows() (n int) {
	b.Helper()
	var whole string
	if err := b.db.QueryRow("PRAGMA integrity_check").Scan(&whole); err != nil || whole != "ok" {
		b.Fatal(whole, err)
	}
	if err := b.db.QueryRow("SELECT count(*) FROM t").Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// many is a commit of many pages.
const many = "INSERT INTO t WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 5000) SELECT n FROM s"

func failedBy(err error, code int) bool {
	var failed *sqlite.Error
	return errors.As(err, &failed) && failed.Code() == code
}

func none() bool { return false }

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
			b := newBench(t)
			b.must("INSERT INTO t VALUES (1)")
			b.disk.Fail(c.op, 0)
			_, err := b.db.ExecContext(t.Context(), "INSERT INTO t VALUES (2)")
			if !failedBy(err, c.code) {
				t.Fatalf("the commit says %v", err)
			}
			b.must("INSERT INTO t VALUES (3)")
			if n := b.rows(); n != 2 {
				t.Errorf("%d rows, want the first and the third", n)
			}
			if n := b.disk.Failed(c.op); n != 1 {
				t.Errorf("%d calls failed", n)
			}
		})
	}
}

func TestAReadFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must("INSERT INTO t VALUES (1)")
	_ = b.db.Close()
	b.open()
	b.disk.Fail(faultdisk.Read, 0)
	if err := b.db.PingContext(t.Context()); err == nil {
		t.Error("a database opens whose first page cannot be read")
	}
	if n := b.rows(); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// TestPowerCut: a commit that was acknowledged is there, whatever else the power
// left of what was under way.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]func() bool{
		"nothing is kept": none,
		"all is kept":     func() bool { return true },
		"it is torn":      everyOther(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.must("INSERT INTO t VALUES (1)")
			b.disk.Fail(faultdisk.Sync, 0)
			if _, err := b.db.ExecContext(t.Context(), many); !failedBy(err, sqlite3.SQLITE_IOERR_FSYNC) {
				t.Fatal("a commit without its sync says", err)
			}
			b.cut(kept)
			if n := b.rows(); n != 1 && n != 5001 {
				t.Errorf("%d rows: a half of a commit is there, or none", n)
			}
			b.must("INSERT INTO t VALUES (2)")
		})
	}
}

func everyOther() func() bool {
	n := 0
	return func() bool { n++; return n%2 == 0 }
}

// TestALyingDisk: what it said was synced is lost with the power, and what is
// left is whole: the commits before.
func TestALyingDisk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must("INSERT INTO t VALUES (1)")
	b.disk.Lie()
	b.must("INSERT INTO t VALUES (2)")
	if n := b.rows(); n != 2 {
		t.Errorf("%d rows before the power goes", n)
	}
	b.cut(none)
	if n := b.rows(); n != 1 {
		t.Errorf("%d rows: the disk keeps what it did not sync", n)
	}
}

func TestOtherFoldersAreAsBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.disk.PowerOff()
	other, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "other.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), "CREATE TABLE t (n INTEGER)"); err != nil {
		t.Error(err)
	}
}
