package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SQLite has one writer, and each commit waits for the disk. So the changes that wait at
// the same time are made in one transaction, each in its own savepoint, and share its
// commit. A change returns to its caller after the commit.

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
	// err and panicked are the result of do. err is also an error of the commit.
	err      error
	panicked any
	// alone says that the change is to be made again in a transaction of its own,
	// because its group was rolled back for another change.
	alone bool
	done  chan struct{}
}

func newGroupWriter(db *sql.DB) *groupWriter {
	w := &groupWriter{db: db, changes: make(chan *groupedChange), stopping: make(chan struct{}), stopped: make(chan struct{})}
	go w.run()
	return w
}

// write calls do in a transaction, and returns after its commit. The error of do undoes
// what do has written, and nothing else. do must use the context that it gets, which is
// never canceled: SQLite undoes a whole transaction if one of its statements is
// interrupted. do may be called twice, the second time after its first call was undone.
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

// commit makes a change, and those that wait meanwhile, in one transaction.
func (w *groupWriter) commit(first *groupedChange) {
	group := w.commitGroup(first)
	for _, c := range group {
		if c.alone {
			c.alone = false
			c.err = w.commitAlone(c)
		}
		close(c.done)
	}
}

// commitGroup makes the group's transaction and returns the group with the result of
// each change. If the transaction is undone as a whole, the changes that did not fail
// are marked to be made alone.
func (w *groupWriter) commitGroup(first *groupedChange) []*groupedChange {
	ctx, group := context.Background(), []*groupedChange{first}
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		first.err = fmt.Errorf("beginning a transaction: %w", err)
		return group
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	undone := first.inSavepoint(ctx, tx)
	for end := time.Now().Add(maxGroupTime); undone == nil && len(group) < maxGroup && time.Now().Before(end); {
		next := w.waiting()
		if next == nil {
			break
		}
		group = append(group, next)
		undone = next.inSavepoint(ctx, tx)
	}
	if undone == nil {
		undone = tx.Commit()
	}
	if undone != nil {
		leaveAlone(group, undone)
	}
	return group
}

// waiting returns a change that waits, or nil.
func (w *groupWriter) waiting() *groupedChange {
	select {
	case c := <-w.changes:
		return c
	default:
		return nil
	}
}

// leaveAlone marks the changes of a group that was undone. A group of one change has the
// error of its commit.
func leaveAlone(group []*groupedChange, why error) {
	for _, c := range group {
		switch {
		case c.err != nil || c.panicked != nil:
		case len(group) == 1:
			c.err = fmt.Errorf("committing: %w", why)
		default:
			c.alone = true
		}
	}
}

// commitAlone makes a change in a transaction of its own.
func (w *groupWriter) commitAlone(c *groupedChange) error {
	ctx := context.Background()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit
	if c.call(ctx, tx); c.err != nil || c.panicked != nil {
		return c.err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing: %w", err)
	}
	return nil
}

// inSavepoint makes a change, and undoes it alone if it fails. It returns an error if
// the whole transaction is undone.
func (c *groupedChange) inSavepoint(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT change"); err != nil {
		return err
	}
	if c.call(ctx, tx); c.err != nil || c.panicked != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO change"); err != nil {
			return errors.Join(err, c.err)
		}
	}
	_, err := tx.ExecContext(ctx, "RELEASE change")
	return err
}

// call calls do and keeps its result.
func (c *groupedChange) call(ctx context.Context, tx *sql.Tx) {
	defer func() { c.panicked = recover() }()
	c.err = c.do(ctx, tx)
}
