package modeltest

import (
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// finalStatesStay checks that no state has changed in a forbidden way since the last
// step.
func finalStatesStay(w *world, b sessionState) string {
	before, known := w.before[b.session.ID]
	if !known {
		return ""
	}
	s := b.session
	switch {
	case before.session.Status != s.Status && !before.session.Status.CanMove(s.Status):
		return fmt.Sprintf("the session went from %s to %s", before.session.Status, s.Status)
	case before.session.PaymentStatus.Settled() && !s.PaymentStatus.Settled(), s.AmountRefunded < before.session.AmountRefunded:
		return "a paid session became unpaid, or AmountRefunded fell"
	case before.session.PaidBy != "" && before.session.PaidBy != s.PaidBy, before.session.AmountMismatch && !s.AmountMismatch:
		return "PaidBy changed, or AmountMismatch was reset"
	}
	for _, old := range before.attempts {
		current := find(b.attempts, func(a checkout.Attempt) bool { return a.ID == old.ID })
		if old.ID != current.ID || old.State == checkout.AttemptPaid && current.State != old.State || old.Quarantined && !current.Quarantined {
			return fmt.Sprintf("an attempt was %s and is %s", old.State, current.State)
		}
	}
	for _, old := range before.refunds {
		if current := find(b.refunds, func(r checkout.Refund) bool { return r.ID == old.ID }); old.ID != current.ID || old.State != current.State && !old.State.CanMove(current.State) {
			return fmt.Sprintf("a refund was %s and is %s", old.State, current.State)
		}
	}
	return ""
}

// openOnesAreScheduled checks that every open attempt has its next query within the
// longest interval and a lease, and that every pending refund has a next try.
func openOnesAreScheduled(_ *world, b sessionState) string {
	const longest = 5*time.Minute + maxLease
	for _, a := range b.attempts {
		if !a.State.Open() || a.Quarantined {
			continue
		}
		if a.NextQueryAt.IsZero() || a.NextQueryAt.After(time.Now().Add(longest)) {
			return fmt.Sprintf("%s is %s, and its next query is at %s", a.ID, a.State, a.NextQueryAt)
		}
	}
	for _, r := range b.refunds {
		if r.State == checkout.RefundPending && r.NextTryAt.IsZero() {
			return r.ID + " is pending, and has no next try"
		}
	}
	return ""
}

// newestEventMatches checks that events have unique versions, and that the newest one
// matches the session. Two changes have no event: a payment becomes processing, and a
// session with an amount mismatch ends.
func newestEventMatches(_ *world, b sessionState) string {
	var newest checkout.Event
	versions := map[int64]bool{}
	for _, e := range b.events {
		if versions[e.Version] || e.Version > b.session.Version || e.Session.Version != e.Version {
			return fmt.Sprintf("event %s has version %d, its session version %d; the stored session has version %d", e.ID, e.Version, e.Session.Version, b.session.Version)
		}
		versions[e.Version] = true
		if e.Version > newest.Version {
			newest = e
		}
	}
	if newest.ID == "" {
		return ""
	}
	sent, stored := newest.Session, b.session
	switch {
	case sent.Status != stored.Status && !stored.AmountMismatch:
		return fmt.Sprintf("event %s (%s) has status %s, the session has %s", newest.ID, newest.Type, sent.Status, stored.Status)
	case sent.PaymentStatus.Settled() != stored.PaymentStatus.Settled(), sent.AmountRefunded != stored.AmountRefunded:
		return fmt.Sprintf("event %s (%s) has %s and %d refunded, the session has %s and %d", newest.ID, newest.Type,
			sent.PaymentStatus, sent.AmountRefunded, stored.PaymentStatus, stored.AmountRefunded)
	case sent.PaidLate != stored.PaidLate, sent.PaidTwice != stored.PaidTwice, sent.AmountMismatch != stored.AmountMismatch:
		return fmt.Sprintf("event %s (%s) has other exceptions than the session: %+v, %+v", newest.ID, newest.Type, sent, stored)
	}
	return ""
}
