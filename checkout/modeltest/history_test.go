package modeltest

import (
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

func absorbs(w *world, b books) string {
	old, known := w.before[b.session.ID]
	if !known {
		return ""
	}
	s := b.session
	switch {
	case old.session.Status != s.Status && !old.session.Status.CanMove(s.Status):
		return fmt.Sprintf("the session went from %s to %s", old.session.Status, s.Status)
	case old.session.PaymentStatus.Settled() && !s.PaymentStatus.Settled(), s.AmountRefunded < old.session.AmountRefunded:
		return "a paid session is unpaid, or a refund came back"
	case old.session.PaidBy != "" && old.session.PaidBy != s.PaidBy, old.session.AmountMismatch && !s.AmountMismatch:
		return "who paid it has changed, or a mismatch was forgotten"
	}
	for _, was := range old.attempts {
		is := find(b.attempts, func(a checkout.Attempt) bool { return a.ID == was.ID })
		if was.ID != is.ID || was.State == checkout.AttemptPaid && is.State != was.State || was.Quarantined && !is.Quarantined {
			return fmt.Sprintf("an attempt was %s and is %s", was.State, is.State)
		}
	}
	for _, was := range old.refunds {
		if is := find(b.refunds, func(r checkout.Refund) bool { return r.ID == was.ID }); was.ID != is.ID || was.State != is.State && !was.State.CanMove(is.State) {
			return fmt.Sprintf("a refund was %s and is %s", was.State, is.State)
		}
	}
	return ""
}

// askedAgain: an order that can be paid has a time of its next query, within
// what a page that nobody watches waits for, or a notification or a hold.
func askedAgain(_ *world, b books) string {
	const longest = 5*time.Minute + holdMost
	for _, a := range b.attempts {
		if !a.State.Open() || a.Quarantined {
			continue
		}
		if a.NextQueryAt.IsZero() || a.NextQueryAt.After(time.Now().Add(longest)) {
			return fmt.Sprintf("%s is %s, and is asked about at %s", a.ID, a.State, a.NextQueryAt)
		}
	}
	for _, r := range b.refunds {
		if r.State == checkout.RefundPending && r.NextTryAt.IsZero() {
			return r.ID + " is pending, and is sent no more"
		}
	}
	return ""
}

// newestTells: a shop that goes by the version of an event, and by no clock,
// ends where the session is. What has no event is that a payment is being
// confirmed, and the end of a session that is held for a person.
func newestTells(_ *world, b books) string {
	var newest checkout.Event
	versions := map[int64]bool{}
	for _, e := range b.events {
		if versions[e.Version] || e.Version > b.session.Version || e.Session.Version != e.Version {
			return fmt.Sprintf("%s has the version %d, and its session %d; the session's is %d", e.ID, e.Version, e.Session.Version, b.session.Version)
		}
		versions[e.Version] = true
		if e.Version > newest.Version {
			newest = e
		}
	}
	if newest.ID == "" {
		return ""
	}
	told, is := newest.Session, b.session
	switch {
	case told.Status != is.Status && !is.AmountMismatch:
		return fmt.Sprintf("%s (%s) tells of a session that is %s, and it is %s", newest.ID, newest.Type, told.Status, is.Status)
	case told.PaymentStatus.Settled() != is.PaymentStatus.Settled(), told.AmountRefunded != is.AmountRefunded:
		return fmt.Sprintf("%s (%s) tells of %s and %d refunded, and it is %s and %d", newest.ID, newest.Type,
			told.PaymentStatus, told.AmountRefunded, is.PaymentStatus, is.AmountRefunded)
	case told.PaidLate != is.PaidLate, told.PaidTwice != is.PaidTwice, told.AmountMismatch != is.AmountMismatch:
		return fmt.Sprintf("%s (%s) tells of other exceptions than there are: %+v, %+v", newest.ID, newest.Type, told, is)
	}
	return ""
}
