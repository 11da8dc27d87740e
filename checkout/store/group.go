package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SQLite has one writer, and each commit waits for the disk. So the changes that wait at
// the same time are made in one transaction and share its commit. A change returns to its
// caller after the commit.

const (
	// maxGroup and maxGroupTime bound a group: it takes no further change once it has
	// so many, or has run for so long.
	maxGroup     = 64
	maxGroupTime = 20 * time.Millisecond
)

// groupWriter makes the changes of an SQLite database, in groups.
type groupWriter struct {
	db *sql.DB
	// changes has no buffer. So a change that was received is made, and one that was
	// not received is not.
	changes chan *groupedChange
	// stopping is closed by stop, and stopped after the last group.
	stopping, stopped chan struct{}
}

// groupedChange is a change that waits for its group.
type groupedChange struct {
	do func(ctx context.Context, tx *sql.Tx) error
	// err and panicked are the result of the last call of do. err is also an error of the
	// commit.
	err      error
	panicked any
	done     chan struct{}
}

func newGroupWriter(db *sql.DB) *groupWriter {
	w := &groupWriter{db: db, changes: make(chan *groupedChange), stopping: make(chan struct{}), stopped: make(chan struct{})}
	go w.run()
	return w
}

// write calls do in a transaction, and returns after its commit. The error of do undoes
// what do has written, and nothing else. do must use the context that it gets, which is
// never canceled: SQLite undoes a whole transaction if one of its statements is
// interrupted. do may be called again after its call was undone.
//
// If ctx is done before do is called, write returns the error of ctx. After that it
// waits for the result.
func (w *groupWriter) write(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	change := &groupedChange{do: do, done: make(chan struct{})}
	select {
	case w.changes <- change:
	case <-w.stopping:
		return sql.ErrConnDone
	case <-ctx.Done():
		return ctx.Err()
	}
	<-change.done
	if change.panicked != nil {
		panic(change.panicked)
	}
	return change.err
}

// stop waits for the last group. Later changes fail. Call it once.
func (w *groupWriter) stop() {
	close(w.stopping)
	<-w.stopped
}

func (w *groupWriter) run() {
	defer close(w.stopped)
	for {
		select {
		case first := <-w.changes:
			w.commit(first)
		case <-w.stopping:
			return
		}
	}
}

// commit makes a change, and those that wait meanwhile, in one transaction. If one of
// them fails, all are undone and made again, each in a savepoint: few changes fail, and
// savepoints cost time. If the transaction is undone as a whole even so, each change is
// made in a transaction of its own, also one that failed: what it failed on may be undone.
func (w *groupWriter) commit(first *groupedChange) {
	group, isDone := w.commitTogether([]*groupedChange{first}, (*groupedChange).call)
	if !isDone {
		group, isDone = w.commitTogether(group, (*groupedChange).callInSavepoint)
	}
	for _, c := range group {
		if !isDone {
			w.commitAlone(c)
		}
		close(c.done)
	}
}

// commitTogether makes the changes of a group with call, and adds those that wait
// meanwhile. It returns the whole group. It reports false if the transaction was undone.
func (w *groupWriter) commitTogether(
	group []*groupedChange, call func(*groupedChange, context.Context, *sql.Tx) error,
) (_ []*groupedChange, isDone bool) {
	ctx, end := context.Background(), time.Now().Add(maxGroupTime)
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		fail(group, fmt.Errorf("beginning a transaction: %w", err))
		return group, true
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	for i := 0; i < len(group); i++ {
		if call(group[i], ctx, tx) != nil {
			return group, false
		}
		if i == len(group)-1 && len(group) < maxGroup && time.Now().Before(end) {
			group = append(group, w.waiting()...)
		}
	}
	err = tx.Commit()
	if err != nil && len(group) == 1 {
		fail(group, fmt.Errorf("committing: %w", err))
		return group, true
	}
	return group, err == nil
}

// waiting returns a change that waits, if there is one.
func (w *groupWriter) waiting() []*groupedChange {
	select {
	case c := <-w.changes:
		return []*groupedChange{c}
	default:
		return nil
	}
}

// fail gives an error to the changes of a group that have none.
func fail(group []*groupedChange, err error) {
	for _, c := range group {
		if !c.failed() {
			c.err = err
		}
	}
}

// commitAlone makes a change in a transaction of its own.
func (w *groupWriter) commitAlone(c *groupedChange) {
	ctx := context.Background()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		c.err, c.panicked = fmt.Errorf("beginning a transaction: %w", err), nil
		return
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if c.call(ctx, tx) != nil {
		return
	}
	if err := tx.Commit(); err != nil {
		c.err = fmt.Errorf("committing: %w", err)
	}
}

// errPanic is the error of a change that panicked.
var errPanic = errors.New("the change panicked")

// call calls do and keeps its result. It returns an error if do failed.
func (c *groupedChange) call(ctx context.Context, tx *sql.Tx) (err error) {
	c.err = nil
	defer func() {
		if c.panicked = recover(); c.panicked != nil {
			err = errPanic
		}
	}()
	c.err = c.do(ctx, tx)
	return c.err
}

// callInSavepoint calls do, and undoes it alone if it fails. It returns an error if the
// whole transaction is undone.
func (c *groupedChange) callInSavepoint(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT change"); err != nil {
		return err
	}
	if c.call(ctx, tx) != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO change"); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "RELEASE change")
	return err
}

// failed reports whether the last call of do failed.
func (c *groupedChange) failed() bool { return c.err != nil || c.panicked != nil }
