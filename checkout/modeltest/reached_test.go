package modeltest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wantukit/wantukit/checkout"
)

// fact is something that has happened in a run.
type fact int

const (
	crashed fact = iota
	crashedDuringCall
	frozen
	frozenBeforeOrder
	frozenBeforeClose
	frozenBeforeRefund
	commitUnknown
	orderPlacedLate
	refundMadeLate
	refundRefused
	paidDuringClose
	readFailed
	writeFailed
	powerCutDuringCall
	sectorLost
)

// milestone is something that some runs of a profile must reach. Otherwise the runs
// would not test it.
type milestone struct {
	name string
	// within is the number of runs of which at least one must reach it. It is eight
	// times the average, so that tests do not fail by chance.
	within  int
	reached func(w *world, b []sessionState) bool
}

// milestones counts how many runs of a profile reached each milestone.
type milestones struct {
	mu    sync.Mutex
	list  []milestone
	runs  int
	count []int
}

func newMilestones(p profile) *milestones {
	return &milestones{list: p.milestones, count: make([]int, len(p.milestones))}
}

// add counts what a run has reached.
func (m *milestones) add(w *world) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs++
	for i, milestone := range m.list {
		if milestone.reached(w, w.final) {
			m.count[i]++
		}
	}
}

// check fails the test if a milestone was not reached in enough runs.
func (m *milestones) check(t *testing.T) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	report(t, "%s", m)
	for i, milestone := range m.list {
		if m.count[i] == 0 && m.runs >= milestone.within {
			t.Errorf("not reached in %d runs: %s", m.runs, milestone.name)
		}
	}
}

// String returns how many runs reached each milestone.
func (m *milestones) String() string {
	lines := []string{fmt.Sprintf("%d runs reached:", m.runs)}
	for i, milestone := range m.list {
		lines = append(lines, fmt.Sprintf("%7d × %s", m.count[i], milestone.name))
	}
	return strings.Join(lines, "\n")
}

// reached returns a milestone's condition for a fact.
func reached(f fact) func(*world, []sessionState) bool {
	return func(w *world, _ []sessionState) bool { return w.hasReached(f) }
}

// allOf is true if all conditions are true in one run.
func allOf(conditions ...func(*world, []sessionState) bool) func(*world, []sessionState) bool {
	return func(w *world, b []sessionState) bool {
		return !slices.ContainsFunc(conditions, func(condition func(*world, []sessionState) bool) bool { return !condition(w, b) })
	}
}

// anySession is true if match returns true for a session of the run.
func anySession(match func(checkout.Session) bool) func(*world, []sessionState) bool {
	return func(_ *world, b []sessionState) bool {
		return slices.ContainsFunc(b, func(b sessionState) bool { return match(b.session) })
	}
}

var (
	paidOnce       = anySession(func(s checkout.Session) bool { return s.PaymentStatus.Settled() && !s.PaidLate })
	paidLate       = anySession(func(s checkout.Session) bool { return s.PaidLate })
	paidTwice      = anySession(func(s checkout.Session) bool { return s.PaidTwice })
	quarantined    = anySession(func(s checkout.Session) bool { return s.AmountMismatch })
	partlyRefunded = anySession(func(s checkout.Session) bool { return s.PaymentStatus == checkout.PaymentPartiallyRefunded })
	wholeRefunded  = anySession(func(s checkout.Session) bool { return s.PaymentStatus == checkout.PaymentRefunded })
)

// anyRefund is true if match returns true for a refund of the run.
func anyRefund(match func(checkout.Refund) bool) func(*world, []sessionState) bool {
	return func(_ *world, b []sessionState) bool {
		return slices.ContainsFunc(b, func(b sessionState) bool { return slices.ContainsFunc(b.refunds, match) })
	}
}

func refundInState(state checkout.RefundState) func(*world, []sessionState) bool {
	return anyRefund(func(r checkout.Refund) bool { return r.State == state })
}

func refundFor(reason checkout.RefundReason) func(*world, []sessionState) bool {
	return anyRefund(func(r checkout.Refund) bool { return r.Reason == reason && r.State == checkout.RefundSucceeded })
}

var refundRetried = anyRefund(func(r checkout.Refund) bool { return r.Tries > 1 })

// secondPaymentKept is true if a second payment stays with the shop.
func secondPaymentKept(w *world, b []sessionState) bool {
	return w.policy.KeepPaidTwice && paidTwice(w, b)
}
