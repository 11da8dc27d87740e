package stmtcache_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"

	"github.com/wantukit/wantukit/checkout/store/internal/stmtcache"
)

// counting counts the statements that its connections compile.
type counting struct {
	driver.Driver
	compiled atomic.Int64
}

func (d *counting) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	full, ok := c.(fullConn)
	if !ok {
		return nil, errors.New("the driver's connections lack an interface")
	}
	return &countingConn{full, d}, nil
}

type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type countingConn struct {
	fullConn
	driver *counting
}

func (c *countingConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	c.driver.compiled.Add(1)
	return c.fullConn.PrepareContext(ctx, text)
}

func (c *countingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.driver.compiled.Add(1)
	return c.fullConn.ExecContext(ctx, text, args)
}

func (c *countingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.driver.compiled.Add(1)
	return c.fullConn.QueryContext(ctx, text, args)
}

// open returns a database with one connection and an empty table.
func open(t testing.TB) (*sql.DB, *counting) {
	t.Helper()
	d := &counting{Driver: &sqlite.Driver{}}
	db := stmtcache.Open(d, "file:"+filepath.Join(t.TempDir(), "test.db"))
	db.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	exec(t, db, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
	d.compiled.Store(0)
	return db, d
}

func exec(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM items").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStatementsAreCompiledOnce(t *testing.T) {
	t.Parallel()
	db, d := open(t)
	for i := range 50 {
		exec(t, db, "INSERT INTO items VALUES ($1, $2)", i, "tea")
		if got := count(t, db); got != i+1 {
			t.Fatalf("%d items, want %d", got, i+1)
		}
	}
	if got := d.compiled.Load(); got != 2 {
		t.Errorf("%d statements are compiled, want 2", got)
	}
}

func TestStatementsInTransactions(t *testing.T) {
	t.Parallel()
	db, d := open(t)
	for i := range 20 {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO items VALUES ($1, $2)", i, "tea"); err != nil {
			t.Fatal(err)
		}
		end := tx.Commit
		if i%2 == 1 {
			end = tx.Rollback
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	if got := count(t, db); got != 10 {
		t.Errorf("%d items, want 10", got)
	}
	if got := d.compiled.Load(); got != 2 {
		t.Errorf("%d statements are compiled, want 2", got)
	}
}

// TestQueryWithinItsOwnRows: the rows of a query are open while the same query runs
// again in the same transaction.
func TestQueryWithinItsOwnRows(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	exec(t, db, "INSERT INTO items VALUES (1, 'a'), (2, 'b'), (3, 'c')")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	const query = "SELECT id FROM items ORDER BY id"
	outer, err := tx.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = outer.Close() }()
	var got []string
	for outer.Next() {
		var a, b int
		if err := outer.Scan(&a); err != nil {
			t.Fatal(err)
		}
		if err := tx.QueryRowContext(t.Context(), query).Scan(&b); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(a, b))
	}
	if want := "[1 1 2 1 3 1]"; outer.Err() != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, error %v; want %s", got, outer.Err(), want)
	}
}

// TestSchemaChange: a compiled statement follows a change of its table.
func TestSchemaChange(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	exec(t, db, "INSERT INTO items VALUES (1, 'a')")
	const everything = "SELECT * FROM items"
	columns := func() int {
		rows, err := db.QueryContext(t.Context(), everything)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		names, err := rows.Columns()
		if err != nil || !rows.Next() {
			t.Fatal(err, rows.Err())
		}
		return len(names)
	}
	if got := columns(); got != 2 {
		t.Errorf("%d columns, want 2", got)
	}
	exec(t, db, "ALTER TABLE items ADD COLUMN price INTEGER NOT NULL DEFAULT 7")
	if got := columns(); got != 3 {
		t.Errorf("%d columns after the change, want 3", got)
	}
	var price int
	if err := db.QueryRowContext(t.Context(), "SELECT price FROM items").Scan(&price); err != nil || price != 7 {
		t.Errorf("price %d, error %v", price, err)
	}
	if got := count(t, db); got != 1 {
		t.Errorf("%d items", got)
	}
}

// TestCanceledStatement: a statement that is interrupted works again.
func TestCanceledStatement(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT count(*) FROM n"
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var n int
	if err := db.QueryRowContext(ctx, endless, 1<<30).Scan(&n); err == nil {
		t.Error("a canceled query has an answer")
	}
	if err := db.QueryRowContext(t.Context(), endless, 10).Scan(&n); err != nil || n != 10 {
		t.Errorf("%d, error %v", n, err)
	}
}

func TestManyTexts(t *testing.T) {
	t.Parallel()
	db, d := open(t)
	exec(t, db, "INSERT INTO items VALUES (1, 'a')")
	for range 2 {
		for i := range 1000 {
			var n int
			if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d FROM items", i)).Scan(&n); err != nil || n != i {
				t.Fatalf("%d, error %v; want %d", n, err, i)
			}
		}
	}
	if got := d.compiled.Load(); got != 2001 {
		t.Errorf("%d statements are compiled, want 2001: the oldest are closed", got)
	}
}

func TestErrorsOfStatements(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	for range 3 {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO nowhere VALUES (1)"); err == nil {
			t.Error("a table that does not exist takes a row")
		}
		exec(t, db, "DELETE FROM items")
		exec(t, db, "INSERT INTO items VALUES (1, 'a')")
		if _, err := db.ExecContext(t.Context(), "INSERT INTO items VALUES (1, 'a')"); err == nil {
			t.Error("a primary key is stored twice")
		}
	}
}

func BenchmarkInsert(b *testing.B) {
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("kept=%v", kept), func(b *testing.B) {
			name := "file:" + filepath.Join(b.TempDir(), "test.db") + "?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
			db, err := sql.Open("sqlite", name)
			if err != nil {
				b.Fatal(err)
			}
			if kept {
				db = stmtcache.Open(&sqlite.Driver{}, name)
			}
			db.SetMaxOpenConns(1)
			defer func() { _ = db.Close() }()
			exec(b, db, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)")
			for i := 0; b.Loop(); i++ {
				exec(b, db, "INSERT INTO items (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name", i, "tea")
			}
		})
	}
}
