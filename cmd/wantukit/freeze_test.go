package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// awaitSweep waits until a node writes a sweep job after a time, and until a node
// has done it. The nodes use this machine's clock.
func (c *cluster) awaitSweep(after time.Time) {
	c.Helper()
	db, err := c.open()
	if err != nil {
		c.Fatal(err)
	}
	defer db.Close()
	var done time.Time // that it is set is enough
	eventually(c.T, "the periodic work is done", func() bool {
		err := db.QueryRowContext(c.Context(), "SELECT finalized_at FROM river_job WHERE kind = 'sweep' AND state = 'completed' AND created_at > $1 ORDER BY created_at LIMIT 1", after).Scan(&done)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			c.Error(err)
		}
		return err == nil
	})
}

// elected returns when the present leader was elected, by the database's clock,
// which is this machine's.
func (c *cluster) elected() (at time.Time) {
	c.Helper()
	db, err := c.open()
	if err != nil {
		c.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(c.Context(), "SELECT elected_at FROM river_leader").Scan(&at); err != nil {
		c.Fatal(err)
	}
	return at
}

// takeoverMost is the longest time without a leader.
const takeoverMost = 15 * time.Second

func TestPeriodicWorkGoesOnWithoutItsLeader(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*node){"killed": (*node).kill, "frozen": (*node).freeze} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			leader := c.start() // of one there is no choice
			c.awaitSweep(leader.since)
			c.start()
			lost := time.Now()
			lose(leader)
			c.awaitSweep(lost.Add(time.Second)) // what it had begun does not count
			// The work itself may take long on a busy machine.
			took := c.elected().Sub(lost)
			tell(t, fmt.Sprintf("leader %s: another node led %.1f s later", name, took.Seconds()))
			if took > takeoverMost {
				t.Errorf("nobody took over for %s", took)
			}
		})
	}
}

// freeze stops a node with SIGSTOP until thaw or the end of the test.
func (n *node) freeze() {
	n.t.Helper()
	n.signal(syscall.SIGSTOP)
	n.t.Cleanup(n.thaw) // so that it can end
}

func (n *node) thaw() { n.signal(syscall.SIGCONT) }

func (n *node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.command.Process.Signal(s); err != nil {
		n.t.Error(err)
	}
}

// TestFrozenNodeDoesNoHarm freezes the leader in the middle of its calls of the
// gateway, lets another node finish them, and then lets the leader go on with its
// old answers.
func TestFrozenNodeDoesNoHarm(t *testing.T) {
	t.Parallel()
	w := newTown(t, pgtest.Database(t))
	frozen := w.start()
	w.awaitSweep(frozen.since)
	other := w.start()
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.sendShoppers(ctx) })
	eventually(t, "refunds were made", func() bool { return len(w.promised().refunds) > 5 })
	if _, err := w.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultLate, Delay: time.Second}); err != nil {
		t.Fatal(err)
	}
	pending := func() (n int) {
		b, err := w.read(t.Context())
		if err != nil {
			t.Error(err)
		}
		for _, r := range b.refunds {
			if r.State == "pending" {
				n++
			}
		}
		return n
	}
	eventually(t, "refunds are on their way", func() bool { return pending() > 1 })
	frozen.freeze()
	at := time.Now()
	frozen.ready.Store(false)
	w.sandbox.ClearFaults()
	time.Sleep(2 * time.Second) // shoppers of the other node alone
	stop()
	wg.Wait()
	w.settle()
	time.Sleep(time.Until(at.Add(longestHold))) // where all was settled sooner
	held := time.Since(at)
	frozen.thaw()
	eventually(t, "the frozen node is ready", frozen.ready.Load)
	eventually(t, "the frozen node says that it stood still", func() bool { return len(frozen.lines("this process stood still")) == 1 })
	other.kill() // from here it is alone
	w.payWatched(frozen.url)
	lost := w.settle()
	tell(t, fmt.Sprintf("node frozen for %.0f s and resumed, %d sessions; losses: %d", held.Seconds(), len(w.promised().sessions), len(lost)))
}

// longestHold is longer than a leader's lease and the lease of an attempt.
const longestHold = 36 * time.Second

// foundMost is the longest time until a payment without a notification is found.
const foundMost = time.Minute

// payWatched pays a session while a page shows it, and returns how long it took
// until the page shows the payment.
func (w *town) payWatched(base string) time.Duration {
	w.Helper()
	id, ok := w.book(w.Context(), base, "Watched", 48000)
	if !ok {
		w.Fatal("no session was made")
	}
	shown := paidAt(w.T, base, id)
	cashier := w.choose(w.Context(), id, "alipay_cn")
	time.Sleep(time.Second)
	paid := time.Now()
	w.call(w.Context(), "POST", cashier+"/pay", "", "")
	select {
	case at := <-shown:
		return at.Sub(paid)
	case <-time.After(2 * foundMost):
		w.Fatal("the page does not show that it is paid")
	}
	return 0
}

func TestPaymentThatNobodyNotifiedIsFound(t *testing.T) {
	t.Parallel()
	for name, pay := range map[string]func(*town, string) time.Duration{"a page open": (*town).payWatched, "no page open": (*town).payUnwatched} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t, "")
			n := w.start()
			w.sandbox.Notifications(false)
			took := pay(w, n.url)
			tell(t, fmt.Sprintf("payment without a notification, %s: found after %.1f s", name, took.Seconds()))
			if took > foundMost {
				t.Error("that is too late")
			}
			w.settle()
		})
	}
}

// payUnwatched pays a session 10 s after it was made, without an open page, and
// returns how long it took until the shop was told.
func (w *town) payUnwatched(base string) time.Duration {
	w.Helper()
	id, ok := w.book(w.Context(), base, "Unwatched", 48000)
	if !ok {
		w.Fatal("no session was made")
	}
	cashier := w.choose(w.Context(), id, "alipay_cn")
	time.Sleep(10 * time.Second)
	paid := time.Now()
	w.call(w.Context(), "POST", cashier+"/pay", "", "")
	eventually(w.T, "the shop is told", func() bool {
		for _, body := range w.promised().told {
			if strings.Contains(string(body), id) {
				return true
			}
		}
		return false
	})
	return time.Since(paid)
}
