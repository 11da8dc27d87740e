package store_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
)

// groupChange is a change of a group.
type groupChange = func(context.Context, *sql.Tx) error

// groupFixture is a writer of groups, and a table of numbers.
type groupFixture struct {
	*store.GroupWriter
	t  *testing.T
	db *store.DB
	// transactions are those of the changes that insert made, in their order.
	transactions []*sql.Tx
}

// inGroups calls do in a bubble with a new fixture.
func inGroups(t *testing.T, do func(f *groupFixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "w.db"))
		must(t, err)
		_, err = db.Writer().ExecContext(t.Context(), "CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
		must(t, err)
		f := &groupFixture{store.NewGroupWriter(db.Writer()), t, db, nil}
		do(f)
		f.Stop()
		must(t, db.Close())
	})
}

// insert returns a change that inserts n.
func (f *groupFixture) insert(n int) groupChange {
	return func(ctx context.Context, tx *sql.Tx) error {
		f.transactions = append(f.transactions, tx)
		_, err := tx.ExecContext(ctx, "INSERT INTO numbers VALUES ($1)", n)
		return err
	}
}

// together has the changes wait at the same time, in this order, and returns their errors.
func (f *groupFixture) together(changes ...groupChange) []error {
	var writes []func() error
	for _, change := range changes {
		writes = append(writes, func() error { return f.Write(context.Background(), change) })
	}
	return f.togetherBy(writes...)
}

// togetherBy is together for functions that each make one change.
func (f *groupFixture) togetherBy(writes ...func() error) []error {
	goOn := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = f.Write(context.Background(), func(context.Context, *sql.Tx) error { <-goOn; return nil })
	})
	synctest.Wait()
	errs := make([]error, len(writes))
	for i, write := range writes {
		wg.Go(func() { errs[i] = write() })
		synctest.Wait()
	}
	close(goOn)
	wg.Wait()
	return errs
}

func (f *groupFixture) checkNumbers(want ...int) {
	f.t.Helper()
	rows, err := f.db.Reader().QueryContext(f.t.Context(), "SELECT n FROM numbers ORDER BY n")
	must(f.t, err)
	defer func() { must(f.t, rows.Close()) }()
	var got []int
	for rows.Next() {
		var n int
		must(f.t, rows.Scan(&n))
		got = append(got, n)
	}
	must(f.t, rows.Err())
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("numbers (-want +got):\n%s", diff)
	}
}

// checkErrors checks that the changes at the places in `want` failed with that error, and
// no other.
func (f *groupFixture) checkErrors(errs []error, want map[int]error) {
	f.t.Helper()
	for i, err := range errs {
		if !errors.Is(err, want[i]) {
			f.t.Errorf("change %d: error %v, want %v", i, err, want[i])
		}
	}
}

var errRefused = errors.New("refused")

func TestWaitingChangesShareATransaction(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		f.checkErrors(f.together(f.insert(1), f.insert(2), f.insert(3)), nil)
		f.checkNumbers(1, 2, 3)
		if tx := f.transactions; tx[0] != tx[1] || tx[1] != tx[2] {
			t.Error("the changes were made in several transactions")
		}
	})
}

func TestGroupIsBounded(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		var changes []groupChange
		for n := range store.MaxGroup + 5 {
			changes = append(changes, f.insert(n))
		}
		f.checkErrors(f.together(changes...), nil)
		tx := f.transactions
		// The change that held the others up is the first of the group.
		if last := store.MaxGroup - 2; tx[0] != tx[last] || tx[last] == tx[last+1] {
			t.Errorf("the group has not %d changes", store.MaxGroup)
		}
	})
}

func TestFailedChangeTakesNoOtherAlong(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		errs := f.together(f.insert(1), func(ctx context.Context, tx *sql.Tx) error {
			return errors.Join(f.insert(2)(ctx, tx), errRefused)
		}, f.insert(3))
		f.checkErrors(errs, map[int]error{1: errRefused})
		f.checkNumbers(1, 3)
	})
}

func TestUndoneTransactionTakesNoOtherAlong(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		errs := f.together(f.insert(1), undoAll, f.insert(3))
		f.checkErrors(errs, map[int]error{1: errRefused})
		f.checkNumbers(1, 3)
		if tx := f.transactions; len(tx) != 4 || tx[2] == tx[3] {
			t.Errorf("insert was called %d times, want the last two times in transactions of their own", len(tx))
		}
	})
}

// undoAll returns a change that undoes the whole transaction as SQLite does if the disk is
// full.
func undoAll(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "ROLLBACK")
	return errors.Join(err, errRefused)
}

// TestChangeThatFailedOnAnUndoneChangeIsMade has a change that fails because of another one
// that is not made in the end.
func TestChangeThatFailedOnAnUndoneChangeIsMade(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		calls := 0
		firstTwoTimes := func(ctx context.Context, tx *sql.Tx) error {
			if calls++; calls > 2 {
				return errRefused
			}
			return f.insert(1)(ctx, tx)
		}
		errs := f.together(firstTwoTimes, f.insert(1), undoAll)
		f.checkErrors(errs, map[int]error{0: errRefused, 2: errRefused})
		f.checkNumbers(1)
	})
}

// TestLeaseOfAnUndoneCallIsNotReported undoes the transactions of a group, so that the
// lease is asked for again after another change has taken it.
func TestLeaseOfAnUndoneCallIsNotReported(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		s, now := store.New(f.db, nil), time.Now()
		session := newSession()
		a := checkout.Attempt{ID: "at_1", SessionID: session.ID, Version: 1, State: checkout.AttemptPending, Wallet: flow.WalletAlipayCN}
		must(t, s.CreateSessionWithAttempt(f.t.Context(), session, a, time.Time{}))
		calls := 0
		takeLeaseAtLast := func(ctx context.Context, tx *sql.Tx) error {
			if calls++; calls < 3 {
				return nil
			}
			_, err := tx.ExecContext(ctx, "UPDATE attempts SET held_until = $1", now.Add(time.Hour).UnixMilli())
			return err
		}
		leased := true
		own := f.GroupWriter
		f.GroupWriter = f.db.Group() // that of s
		defer func() { f.GroupWriter = own }()
		errs := f.togetherBy(
			func() error { return f.Write(context.Background(), takeLeaseAtLast) },
			func() (err error) {
				_, leased, err = s.LeaseAttempt(context.Background(), a.ID, now, time.Time{}, now.Add(time.Minute))
				return err
			},
			func() error { return f.Write(context.Background(), undoAll) },
		)
		f.checkErrors(errs, map[int]error{2: errRefused})
		if leased {
			t.Error("the attempt is reported as leased, and another change has its lease")
		}
	})
}

func TestFailedCommitIsRepeatedForEachChange(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		errs := f.together(f.insert(1), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = ON")
			must(t, err)
			_, err = tx.ExecContext(ctx, "INSERT INTO payments (account, trade_id, attempt_id) VALUES ('', '', 'unknown')")
			return err // the commit finds it
		}, f.insert(3))
		if errs[0] != nil || errs[1] == nil || errs[2] != nil {
			t.Errorf("errors %v, want one of the second change alone", errs)
		}
		f.checkNumbers(1, 3)
	})
}

func TestPanicOfAChangeReachesItsCaller(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		var caught any
		func() {
			defer func() { caught = recover() }()
			_ = f.Write(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
				must(t, f.insert(1)(ctx, tx))
				panic("broken")
			})
		}()
		if caught != "broken" {
			t.Errorf("caught %v", caught)
		}
		must(t, f.Write(context.Background(), f.insert(2)))
		f.checkNumbers(2)
	})
}

func TestCanceledChangeIsNotMade(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		ctx, cancel := context.WithCancel(context.Background())
		var canceled error
		f.together(func(context.Context, *sql.Tx) error {
			go func() { canceled = f.Write(ctx, f.insert(1)) }()
			synctest.Wait()
			cancel()
			synctest.Wait()
			return nil
		})
		f.checkErrors([]error{canceled}, map[int]error{0: context.Canceled})
		f.checkNumbers()
	})
}

func TestChangeAfterItsCallerGaveUp(t *testing.T) {
	t.Parallel()
	inGroups(t, func(f *groupFixture) {
		ctx, cancel := context.WithCancel(context.Background())
		err := f.Write(ctx, func(inside context.Context, tx *sql.Tx) error {
			cancel()
			return f.insert(1)(inside, tx)
		})
		f.checkErrors([]error{err}, nil)
		f.checkNumbers(1)
	})
}

func TestStoppedWriterRefusesChanges(t *testing.T) {
	t.Parallel()
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "w.db"))
	must(t, err)
	w := store.NewGroupWriter(db.Writer())
	w.Stop()
	err = w.Write(t.Context(), func(context.Context, *sql.Tx) error { return nil })
	if !errors.Is(err, sql.ErrConnDone) {
		t.Errorf("error %v", err)
	}
	must(t, db.Close())
}
