package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func heldByCreator(t *testing.T, f fixture) {
	a := newAttempt(f.session(t), flow.WalletWeChat)
	must(t, f.create(t, a, start().Add(someHold)))
	if f.hold(t, a.ID, start().Add(time.Second)) {
		t.Error("somebody else got hold of it")
	}
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(someHold), start().Add(time.Minute)))
	if !f.hold(t, a.ID, start().Add(time.Second)) {
		t.Error("nobody gets hold of it after the release")
	}
}

func oneHold(t *testing.T, f fixture) {
	a, now := f.attempt(t), start().Add(time.Second)
	if !f.hold(t, a.ID, now) {
		t.Fatal("no hold of an attempt that nobody holds")
	}
	got := f.readAttempt(t, a.ID)
	a.NextQueryAt, a.QueriedAt, a.Queries = now.Add(someHold), now, 1
	same(t, "held attempt", got, a)
	if f.hold(t, a.ID, now.Add(time.Second)) {
		t.Error("a second hold beside the first")
	}
}

var errNotHeld = errors.New("held by another")

func oneHoldAtOnce(t *testing.T, f fixture) {
	a := f.attempt(t)
	won := winners(t, errNotHeld, func() error {
		ok, err := f.LeaseAttempt(t.Context(), a.ID, start(), time.Time{}, start().Add(someHold))
		if err == nil && !ok {
			return errNotHeld
		}
		return err
	})
	same(t, "holds", won, int64(1))
}

func holdEnds(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	if f.hold(t, a.ID, start().Add(someHold-time.Millisecond)) {
		t.Error("held by another before the first hold was over")
	}
	if !f.hold(t, a.ID, start().Add(someHold)) {
		t.Error("no hold once the first is over")
	}
}

func holdKeepsDistance(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(someHold), time.Time{}))
	ask := func(now time.Time) bool {
		ok, err := f.LeaseAttempt(t.Context(), a.ID, now, now.Add(-2*time.Second), now.Add(someHold))
		must(t, err)
		return ok
	}
	if ask(start().Add(2*time.Second - time.Millisecond)) {
		t.Error("held too soon after the last query")
	}
	if !ask(start().Add(2 * time.Second)) {
		t.Error("no hold 2 s after the last query")
	}
}

func clockMovedBack(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(someHold), time.Time{}))
	if !f.hold(t, a.ID, start().Add(-time.Hour)) {
		t.Error("an attempt that was asked about in the future is never asked about")
	}
}

func holdIsDue(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	due, err := f.DueAttempts(t.Context(), start().Add(someHold-time.Millisecond), 10)
	must(t, err)
	same(t, "due while held", len(due), 0)
	due, err = f.DueAttempts(t.Context(), start().Add(someHold), 10)
	must(t, err)
	same(t, "due once its holder is gone", ids(due, attemptID), []string{a.ID})
}

func releaseSchedules(t *testing.T, f fixture) {
	a := f.attempt(t)
	for _, next := range []time.Time{start().Add(time.Minute), {}} {
		f.hold(t, a.ID, start())
		must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(someHold), next))
		got := f.readAttempt(t, a.ID)
		same(t, "NextQueryAt", got.NextQueryAt, next)
		same(t, "Version", got.Version, a.Version)
	}
}

func releaseFence(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	f.hold(t, a.ID, start().Add(someHold)) // another, after the first was over
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(someHold), time.Time{}))
	same(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, start().Add(2*someHold))
	if f.hold(t, a.ID, start().Add(someHold+time.Second)) {
		t.Error("the first holder released the second one's hold")
	}
}

// notify stores a notification that asks for a query at a time.
func (f fixture) notify(t *testing.T, a checkout.Attempt, askAt time.Time) {
	t.Helper()
	must(t, f.AddNotification(t.Context(), newNotification(a, checkout.VerdictAccepted), askAt, nil))
}

func hintSurvivesRelease(t *testing.T, f fixture) {
	a, hint := f.attempt(t), start().Add(time.Second)
	f.hold(t, a.ID, start())
	f.notify(t, a, hint)
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(someHold), start().Add(time.Minute)))
	same(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, hint)
}

func hintSurvivesApply(t *testing.T, f fixture) {
	for _, state := range []checkout.AttemptState{checkout.AttemptPending, checkout.AttemptFailed, checkout.AttemptClosed} {
		a, hint := f.attempt(t), start().Add(time.Second)
		f.hold(t, a.ID, start())
		f.notify(t, a, hint)
		f.change(t, a, func(a *checkout.Attempt) { a.State, a.NextQueryAt = state, time.Time{} })
		same(t, "NextQueryAt of "+string(state), f.readAttempt(t, a.ID).NextQueryAt, hint)
	}
}

func hintEndsWithPayment(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.hold(t, a.ID, start())
	f.notify(t, a, start().Add(time.Second))
	f.change(t, a, func(a *checkout.Attempt) { a.State, a.NextQueryAt = checkout.AttemptPaid, time.Time{} })
	same(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, time.Time{})
}
