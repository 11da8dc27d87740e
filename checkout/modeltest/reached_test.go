package modeltest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wantukit/wantukit/checkout"
)

// fact is something that a run has gone through.
type fact int

const (
	crashed fact = iota
	crashedAtWork
	frozen
	frozenBeforeOrder
	frozenBeforeClose
	frozenBeforeRefund
	commitUnknown
	orderLate
	refundLate
	refundRefused
	paidAcross
	readFailed
	writeFailed
	powerCutAtWork
	torn
)

// milestone is what some of a profile's runs must reach: a model that never
// gets there proves nothing about it.
type milestone struct {
	says string
	// within is the number of runs of which one at least reaches it: eight times
	// as many as are needed on average, so that chance fails no test.
	within  int
	reached func(w *world, b []books) bool
}

// milestones counts how many runs of a profile reached each.
type milestones struct {
	mu    sync.Mutex
	of    []milestone
	runs  int
	count []int
}

func newMilestones(p profile) *milestones {
	return &milestones{of: p.sometimes, count: make([]int, len(p.sometimes))}
}

// add counts what a run has reached in the end.
func (m *milestones) add(w *world) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.runs++
	for i, one := range m.of {
		if one.reached(w, w.final) {
			m.count[i]++
		}
	}
}

// check fails where a milestone was never reached, in as many runs as it needs.
func (m *milestones) check(t *testing.T) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	tell(t, "%s", m)
	for i, one := range m.of {
		if m.count[i] == 0 && m.runs >= one.within {
			t.Errorf("in none of %d runs: %s", m.runs, one.says)
		}
	}
}

// String says how often each was reached.
func (m *milestones) String() string {
	lines := []string{fmt.Sprintf("%d runs reached:", m.runs)}
	for i, one := range m.of {
		lines = append(lines, fmt.Sprintf("%7d × %s", m.count[i], one.says))
	}
	return strings.Join(lines, "\n")
}

func happened(f fact) func(*world, []books) bool {
	return func(w *world, _ []books) bool { return w.happened(f) }
}

// all is reached where all of them are, in one run.
func all(of ...func(*world, []books) bool) func(*world, []books) bool {
	return func(w *world, b []books) bool {
		return !slices.ContainsFunc(of, func(one func(*world, []books) bool) bool { return !one(w, b) })
	}
}

// ofSession is reached where a session of the run is like that.
func ofSession(is func(checkout.Session) bool) func(*world, []books) bool {
	return func(_ *world, b []books) bool {
		return slices.ContainsFunc(b, func(b books) bool { return is(b.session) })
	}
}

var (
	paidOnce       = ofSession(func(s checkout.Session) bool { return s.PaymentStatus.Settled() && !s.PaidLate })
	paidLate       = ofSession(func(s checkout.Session) bool { return s.PaidLate })
	paidTwice      = ofSession(func(s checkout.Session) bool { return s.PaidTwice })
	quarantined    = ofSession(func(s checkout.Session) bool { return s.AmountMismatch })
	partlyRefunded = ofSession(func(s checkout.Session) bool { return s.PaymentStatus == checkout.PaymentPartiallyRefunded })
	wholeRefunded  = ofSession(func(s checkout.Session) bool { return s.PaymentStatus == checkout.PaymentRefunded })
)

func ofRefund(is func(checkout.Refund) bool) func(*world, []books) bool {
	return func(_ *world, b []books) bool {
		return slices.ContainsFunc(b, func(b books) bool { return slices.ContainsFunc(b.refunds, is) })
	}
}

func refundIs(state checkout.RefundState) func(*world, []books) bool {
	return ofRefund(func(r checkout.Refund) bool { return r.State == state })
}

func refundFor(reason checkout.RefundReason) func(*world, []books) bool {
	return ofRefund(func(r checkout.Refund) bool { return r.Reason == reason && r.State == checkout.RefundSucceeded })
}

var sentAgain = ofRefund(func(r checkout.Refund) bool { return r.Tries > 1 })

// kept is reached where a second payment stays with the shop.
func kept(w *world, b []books) bool {
	return w.policy.KeepPaidTwice && paidTwice(w, b)
}
