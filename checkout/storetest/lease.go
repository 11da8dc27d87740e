package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func leasedByCreator(t *testing.T, f fixture) {
	a := newAttempt(f.session(t), flow.WalletWeChat)
	must(t, f.createAttempt(t, a, start().Add(leaseTime)))
	if f.lease(t, a.ID, start().Add(time.Second)) {
		t.Error("leased twice")
	}
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(leaseTime), start().Add(time.Minute)))
	wantEqual(t, "the end of the lease after the release", f.readAttempt(t, a.ID).LeasedUntil, time.Time{})
	if !f.lease(t, a.ID, start().Add(time.Second)) {
		t.Error("still leased after the release")
	}
}

func oneLease(t *testing.T, f fixture) {
	a, now := f.attempt(t), start().Add(time.Second)
	if !f.lease(t, a.ID, now) {
		t.Fatal("an attempt without a lease could not be leased")
	}
	got := f.readAttempt(t, a.ID)
	a.NextQueryAt, a.QueriedAt, a.Queries, a.LeasedUntil = now.Add(leaseTime), now, 1, now.Add(leaseTime)
	wantEqual(t, "leased attempt", got, a)
	if f.lease(t, a.ID, now.Add(time.Second)) {
		t.Error("leased twice")
	}
}

var errNotLeased = errors.New("not leased")

// leaseError returns err, or errNotLeased if there is no error and no lease.
func leaseError(leased bool, err error) error {
	if err == nil && !leased {
		return errNotLeased
	}
	return err
}

func oneLeaseAtOnce(t *testing.T, f fixture) {
	a := f.attempt(t)
	leases := countSuccesses(t, errNotLeased, func() error {
		_, leased, err := f.LeaseAttempt(t.Context(), a.ID, start(), time.Time{}, start().Add(leaseTime))
		return leaseError(leased, err)
	})
	wantEqual(t, "leases", leases, int64(1))
}

func leaseExpires(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	if f.lease(t, a.ID, start().Add(leaseTime-time.Millisecond)) {
		t.Error("leased again before the first lease expired")
	}
	if !f.lease(t, a.ID, start().Add(leaseTime)) {
		t.Error("not leased after the first lease expired")
	}
}

func leaseKeepsInterval(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(leaseTime), time.Time{}))
	lease := func(now time.Time) bool {
		_, ok, err := f.LeaseAttempt(t.Context(), a.ID, now, now.Add(-2*time.Second), now.Add(leaseTime))
		must(t, err)
		return ok
	}
	if lease(start().Add(2*time.Second - time.Millisecond)) {
		t.Error("leased too soon after the last query")
	}
	if !lease(start().Add(2 * time.Second)) {
		t.Error("not leased 2 s after the last query")
	}
}

func clockMovedBack(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(leaseTime), time.Time{}))
	if !f.lease(t, a.ID, start().Add(-time.Hour)) {
		t.Error("an attempt whose last query is in the future cannot be leased")
	}
}

func dueAfterLease(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	due, err := f.DueAttempts(t.Context(), merchant, start().Add(leaseTime-time.Millisecond), 10)
	must(t, err)
	wantEqual(t, "due attempts during the lease", len(due), 0)
	due, err = f.DueAttempts(t.Context(), merchant, start().Add(leaseTime), 10)
	must(t, err)
	wantEqual(t, "due attempts after the lease", ids(due, attemptID), []string{a.ID})
}

func releaseSchedules(t *testing.T, f fixture) {
	a := f.attempt(t)
	for _, next := range []time.Time{start().Add(time.Minute), {}} {
		f.lease(t, a.ID, start())
		must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(leaseTime), next))
		got := f.readAttempt(t, a.ID)
		wantEqual(t, "NextQueryAt", got.NextQueryAt, next)
		wantEqual(t, "Version", got.Version, a.Version)
	}
}

func releaseOfOtherLease(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	f.lease(t, a.ID, start().Add(leaseTime)) // a second lease, after the first has expired
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(leaseTime), time.Time{}))
	wantEqual(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, start().Add(2*leaseTime))
	if f.lease(t, a.ID, start().Add(leaseTime+time.Second)) {
		t.Error("the first lease's release ended the second lease")
	}
}

// notifyAt stores a notification that schedules a query at a time.
func (f fixture) notifyAt(t *testing.T, a checkout.Attempt, queryAt time.Time) {
	t.Helper()
	must(t, f.AddNotification(t.Context(), newNotification(a, checkout.VerdictAccepted), queryAt, nil))
}

func notifiedQuerySurvivesRelease(t *testing.T, f fixture) {
	a, queryAt := f.attempt(t), start().Add(time.Second)
	f.lease(t, a.ID, start())
	f.notifyAt(t, a, queryAt)
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(leaseTime), start().Add(time.Minute)))
	wantEqual(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, queryAt)
}

func notifiedQuerySurvivesApply(t *testing.T, f fixture) {
	for _, state := range []checkout.AttemptState{checkout.AttemptPending, checkout.AttemptFailed, checkout.AttemptClosed} {
		a, queryAt := f.attempt(t), start().Add(time.Second)
		f.lease(t, a.ID, start())
		f.notifyAt(t, a, queryAt)
		f.changeAttempt(t, a, func(a *checkout.Attempt) { a.State, a.NextQueryAt = state, time.Time{} })
		wantEqual(t, "NextQueryAt of "+string(state), f.readAttempt(t, a.ID).NextQueryAt, queryAt)
	}
}

func notifiedQueryEndsWithPayment(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	f.notifyAt(t, a, start().Add(time.Second))
	f.changeAttempt(t, a, func(a *checkout.Attempt) { a.State, a.NextQueryAt = checkout.AttemptPaid, time.Time{} })
	wantEqual(t, "NextQueryAt", f.readAttempt(t, a.ID).NextQueryAt, time.Time{})
}

func sessionWithAttempt(t *testing.T, f fixture) {
	s := newSession()
	a := newAttempt(s, flow.WalletWeChat)
	must(t, f.CreateSessionWithAttempt(t.Context(), s, a, start().Add(leaseTime)))
	a.LeasedUntil = start().Add(leaseTime)
	session, attempts, err := f.SessionWithAttempts(t.Context(), s.ID)
	must(t, err)
	wantEqual(t, "session, read with its attempts", session, s)
	wantEqual(t, "attempts", attempts, []checkout.Attempt{a})
	_, _, err = f.SessionWithAttempts(t.Context(), newID("cs_"))
	wantError(t, "an unknown session", err, checkout.ErrNotFound)
	wantEqual(t, "session", f.readSession(t, s.ID), s)
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), a)
	if f.lease(t, a.ID, start().Add(time.Second)) {
		t.Error("leased twice")
	}
	entries, err := f.Timeline(t.Context(), s.ID)
	must(t, err)
	wantEqual(t, "timeline", entries, []checkout.Entry{s.Entry(), a.Entry()})
}

func sessionWithAttemptAllOrNone(t *testing.T, f fixture) {
	s, other := newSession(), f.attempt(t)
	a := newAttempt(s, flow.WalletWeChat)
	a.ID = other.ID
	if err := f.CreateSessionWithAttempt(t.Context(), s, a, start().Add(leaseTime)); err == nil {
		t.Error("an attempt was stored twice")
	}
	_, err := f.Session(t.Context(), s.ID)
	wantError(t, "the session", err, checkout.ErrNotFound)
	wantEqual(t, "the other attempt", f.readAttempt(t, other.ID), other)
}

func notificationLeases(t *testing.T, f fixture) {
	a := f.attempt(t)
	n := newNotification(a, checkout.VerdictAccepted)
	n.TradeID, n.Paid = "t1", true
	got, leased, err := f.AddNotificationAndLease(t.Context(), n, start().Add(leaseTime))
	must(t, err)
	wantEqual(t, "leased", leased, true)
	a.Version++
	a.ReportedAt, a.NotifiedTradeID, a.NotificationAt, a.Notifications.Accepted = n.ReceivedAt, "t1", n.ReceivedAt, 1
	a.QueriedAt, a.Queries, a.NextQueryAt, a.LeasedUntil = n.ReceivedAt, 1, start().Add(leaseTime), start().Add(leaseTime)
	wantEqual(t, "the leased attempt", got, a)
	wantEqual(t, "the stored attempt", f.readAttempt(t, a.ID), a)
	if f.lease(t, a.ID, start().Add(time.Second)) {
		t.Error("leased twice")
	}
}

func notificationOfLeased(t *testing.T, f fixture) {
	a := f.attempt(t)
	f.lease(t, a.ID, start())
	n := newNotification(a, checkout.VerdictAccepted)
	n.ReceivedAt = start().Add(time.Second)
	_, leased, err := f.AddNotificationAndLease(t.Context(), n, n.ReceivedAt.Add(leaseTime))
	must(t, err)
	wantEqual(t, "leased", leased, false)
	a = f.readAttempt(t, a.ID)
	wantEqual(t, "notifications", a.Notifications.Accepted, 1)
	wantEqual(t, "NextQueryAt", a.NextQueryAt, n.ReceivedAt)
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(leaseTime), time.Time{}))
	wantEqual(t, "NextQueryAt after the lease", f.readAttempt(t, a.ID).NextQueryAt, n.ReceivedAt)
	_, _, err = f.AddNotificationAndLease(t.Context(), checkout.Notification{
		AttemptID: newID("at_"), ReceivedAt: start(), Verdict: checkout.VerdictAccepted,
	}, start().Add(leaseTime))
	wantError(t, "an unknown attempt", err, checkout.ErrNotFound)
}

func notificationLeasesAtOnce(t *testing.T, f fixture) {
	a := f.attempt(t)
	leases := countSuccesses(t, errNotLeased, func() error {
		_, leased, err := f.AddNotificationAndLease(t.Context(), newNotification(a, checkout.VerdictAccepted), start().Add(leaseTime))
		return leaseError(leased, err)
	})
	wantEqual(t, "leases", leases, int64(1))
	if n := f.readAttempt(t, a.ID).Notifications.Accepted; n < 2 {
		t.Errorf("%d notifications are counted", n)
	}
}
