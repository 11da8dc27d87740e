// Package stmtcache wraps a database/sql driver so that each connection keeps its
// statements compiled. database/sql compiles a statement anew for each call that does
// not use a *sql.Stmt, and neither the store nor River uses one.
package stmtcache

import (
	"container/list"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"
)

// maxStatements is how many statements a connection keeps. The one that was not used
// for the longest time is closed first.
const maxStatements = 256

// Open returns a database of a driver, by a data source name. Its connections keep their
// statements compiled. The driver's connections must implement the interfaces of
// [driver] with contexts, else each use of the database fails.
func Open(d driver.Driver, name string) *sql.DB { return sql.OpenDB(connector{d, name}) }

type connector struct {
	driver driver.Driver
	name   string
}

// Driver implements [driver.Connector].
func (c connector) Driver() driver.Driver { return c.driver }

// Connect implements [driver.Connector].
func (c connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.name)
	if err != nil {
		return nil, err
	}
	full, ok := opened.(conn)
	if !ok {
		return nil, errors.Join(errors.New("stmtcache: the driver's connections lack an interface"), opened.Close())
	}
	return &cachingConn{conn: full, byText: map[string]*list.Element{}, recent: list.New()}, nil
}

// conn is what a connection must implement.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// cachingConn is a connection with its statements. database/sql uses a connection in
// one goroutine at a time.
type cachingConn struct {
	conn
	// byText has the elements of recent. recent has *statement, the last used first.
	byText map[string]*list.Element
	recent *list.List
}

type statement struct {
	compiledStmt
	text string
	// inUse says that the rows of a query with the statement are open.
	inUse bool
}

// compiledStmt is what a compiled statement must implement to be kept.
type compiledStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// of returns the statement of an element of recent.
func of(e *list.Element) *statement {
	s, _ := e.Value.(*statement) // recent has no others
	return s
}

// ExecContext implements [driver.ExecerContext].
func (c *cachingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if s := c.compiled(ctx, text); s != nil {
		return s.compiledStmt.ExecContext(ctx, args)
	}
	return c.conn.ExecContext(ctx, text, args)
}

// QueryContext implements [driver.QueryerContext].
func (c *cachingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s := c.compiled(ctx, text)
	if s == nil {
		return c.conn.QueryContext(ctx, text, args)
	}
	rows, err := s.compiledStmt.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.inUse = true
	return &openRows{rows, s}, nil
}

// openRows frees its statement at its end.
type openRows struct {
	driver.Rows
	statement *statement
}

// Close implements [driver.Rows].
func (r *openRows) Close() error {
	err := r.Rows.Close()
	r.statement.inUse = false
	return err
}

// compiled returns the compiled statement of a text. It returns nil where the text is
// not kept, does not compile, or is in use: the caller then takes the usual way.
func (c *cachingConn) compiled(ctx context.Context, text string) *statement {
	if e, ok := c.byText[text]; ok {
		c.recent.MoveToFront(e)
		if s := of(e); !s.inUse {
			return s
		}
		return nil
	}
	if !isKept(text) {
		return nil
	}
	compiled, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil // the usual way returns the error
	}
	full, ok := compiled.(compiledStmt)
	if !ok {
		_ = compiled.Close() // it is not used
		return nil
	}
	s := &statement{compiledStmt: full, text: text}
	c.byText[text] = c.recent.PushFront(s)
	c.closeOldest()
	return s
}

// closeOldest closes the statement that was not used for the longest time, where there
// are too many. One that is in use stays.
func (c *cachingConn) closeOldest() {
	if c.recent.Len() <= maxStatements {
		return
	}
	e := c.recent.Back()
	if s := of(e); !s.inUse {
		_ = s.Close() // it frees memory, and decides nothing
		c.recent.Remove(e)
		delete(c.byText, s.text)
	}
}

// Close implements [driver.Conn].
func (c *cachingConn) Close() error {
	for e := c.recent.Front(); e != nil; e = e.Next() {
		_ = of(e).Close() // the connection closes all the same
	}
	c.recent.Init()
	clear(c.byText)
	return c.conn.Close()
}

// isKept reports whether a text is a single statement that reads or writes rows. Others
// run rarely, and a script of several is not compiled at once.
func isKept(text string) bool {
	text = strings.TrimSpace(text)
	for strings.HasPrefix(text, "--") { // River's queries begin with their name
		_, text, _ = strings.Cut(text, "\n")
		text = strings.TrimSpace(text)
	}
	if strings.Contains(strings.TrimRight(text, "; \t\r\n"), ";") {
		return false
	}
	word := text
	if i := strings.IndexAny(text, " \t\r\n("); i >= 0 {
		word = text[:i]
	}
	switch strings.ToUpper(word) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK":
		return true
	default:
		return false
	}
}
