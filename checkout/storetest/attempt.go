package storetest

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func attemptRoundTrip(t *testing.T, f fixture) {
	s := f.session(t)
	a := checkout.Attempt{
		ID: newID("at_"), SessionID: s.ID, Merchant: "shop", Version: 4, State: checkout.AttemptPending,
		Wallet: flow.WalletWeChat, Flow: flow.JSAPI, Reason: "asked for", Payer: "tag",
		OutTradeNo: newID(""), TradeID: "1000", Amount: checkout.MaxAmount, Currency: "HKD",
		NotifyToken: newID(""), ReturnToken: newID(""),
		Placed:  checkout.Placed{Code: "weixin://x", URL: "https://x", JSAPI: `{"a":"b"}`},
		Failure: "PAY_ERROR", Quarantined: true, CreatedAt: start(), PaidAt: start().Add(1 * time.Second),
		NextQueryAt: start().Add(2 * time.Second), QueriedAt: start().Add(3 * time.Second), Queries: 7, EndedAt: start().Add(4 * time.Second),
		Notifications: checkout.NotificationCounts{Accepted: 1, Mismatched: 2, Rejected: 3}, NotificationAt: start().Add(5 * time.Second),
		Returns: 4, ReturnedAt: start().Add(6 * time.Second), BridgeAnswers: 5, BridgeFailed: true,
	}
	must(t, f.createAttempt(t, a, start().Add(leaseTime)))
	a.LeasedUntil = start().Add(leaseTime)
	wantEqual(t, "attempt", f.readAttempt(t, a.ID), a)
	byNotify, err := f.AttemptByNotifyToken(t.Context(), a.NotifyToken)
	must(t, err)
	wantEqual(t, "attempt by notify token", byNotify, a)
	byReturn, err := f.AttemptByReturnToken(t.Context(), a.ReturnToken)
	must(t, err)
	wantEqual(t, "attempt by return token", byReturn, a)
	_, err = f.AttemptByNotifyToken(t.Context(), a.ReturnToken)
	wantError(t, "the return token used as the notify token", err, checkout.ErrNotFound)
}

func attemptsInOrder(t *testing.T, f fixture) {
	s := f.session(t)
	var want []string
	for i, w := range flow.Wallets() {
		a := newAttempt(s, w)
		a.CreatedAt = start().Add(-time.Duration(i) * time.Second)
		must(t, f.createAttempt(t, a, start()))
		want = append([]string{a.ID}, want...)
	}
	f.attempt(t) // of another session
	all, err := f.Attempts(t.Context(), s.ID)
	must(t, err)
	wantEqual(t, "attempts", ids(all, attemptID), want)
}

// noAttemptAfterReport checks that a session gets no new attempt while a payment is
// reported and not confirmed.
func noAttemptAfterReport(t *testing.T, f fixture) {
	a := f.attempt(t)
	n := newNotification(a, checkout.VerdictAccepted)
	n.Paid = true
	must(t, f.AddNotification(t.Context(), n, time.Time{}, nil))
	other := newAttempt(f.readSession(t, a.SessionID), flow.WalletWeChat)
	wantError(t, "another order", f.createAttempt(t, other, start()), checkout.ErrConflict)
}

func attemptRaisesVersion(t *testing.T, f fixture) {
	s := f.session(t)
	must(t, f.createAttempt(t, newAttempt(s, flow.WalletWeChat), start()))
	stale := s
	stale.Status = checkout.StatusExpired
	wantError(t, "a change of the stale session", f.Apply(t.Context(), checkout.Change{Session: &stale}), checkout.ErrConflict)
	wantEqual(t, "version", f.readSession(t, s.ID).Version, s.Version+1)
}

func noAttemptOnEnded(t *testing.T, f fixture) {
	for _, status := range []checkout.Status{checkout.StatusComplete, checkout.StatusExpired, checkout.StatusCanceled} {
		s := newSession()
		s.Status = status
		must(t, f.CreateSession(t.Context(), s))
		err := f.createAttempt(t, newAttempt(s, flow.WalletWeChat), start())
		wantError(t, string(status), err, checkout.ErrConflict)
		wantEqual(t, "version", f.readSession(t, s.ID).Version, s.Version)
	}
	err := f.createAttempt(t, newAttempt(newSession(), flow.WalletWeChat), start())
	wantError(t, "unknown session", err, checkout.ErrConflict)
}

func oneOpenAttempt(t *testing.T, f fixture) {
	s := f.session(t)
	first := f.attemptOf(t, s, flow.WalletAlipayCN)
	version := f.readSession(t, s.ID).Version
	second := newAttempt(s, flow.WalletAlipayCN)
	wantError(t, "while one is creating", f.createAttempt(t, second, start()), checkout.ErrConflict)
	wantEqual(t, "version after the conflict", f.readSession(t, s.ID).Version, version)

	f.changeAttempt(t, first, func(a *checkout.Attempt) { a.State = checkout.AttemptPending })
	wantError(t, "while one is pending", f.createAttempt(t, second, start()), checkout.ErrConflict)
	f.attemptOf(t, s, flow.WalletAlipayHK) // another wallet is allowed

	f.changeAttempt(t, f.readAttempt(t, first.ID), func(a *checkout.Attempt) { a.State = checkout.AttemptClosed })
	must(t, f.createAttempt(t, second, start()))
}

func oneOpenAttemptAtOnce(t *testing.T, f fixture) {
	s := f.session(t)
	created := countSuccesses(t, checkout.ErrConflict, func() error {
		return f.createAttempt(t, newAttempt(s, flow.WalletWeChat), start())
	})
	wantEqual(t, "attempts created", created, int64(1))
	all, err := f.Attempts(t.Context(), s.ID)
	must(t, err)
	wantEqual(t, "stored attempts", len(all), 1)
}

// countSuccesses calls do 20 times at once and returns how often it succeeded. All
// other calls must fail with the expected error.
func countSuccesses(t *testing.T, expected error, do func() error) int64 {
	t.Helper()
	var successes atomic.Int64
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for range 20 {
		wg.Go(func() {
			<-begin
			err := do()
			if err == nil {
				successes.Add(1)
			} else if !errors.Is(err, expected) {
				t.Errorf("error %v, want %v", err, expected)
			}
		})
	}
	close(begin)
	wg.Wait()
	return successes.Load()
}

func dueAttempts(t *testing.T, f fixture) {
	var all []string
	for _, after := range []time.Duration{2, 0, 1, 3} { // minutes; 3 is not due
		a := newAttempt(f.session(t), flow.WalletWeChat)
		a.NextQueryAt = start().Add(after * time.Minute)
		must(t, f.createAttempt(t, a, start()))
		all = append(all, a.ID)
	}
	never := newAttempt(f.session(t), flow.WalletWeChat)
	never.NextQueryAt = time.Time{}
	must(t, f.createAttempt(t, never, start()))
	leased := newAttempt(f.session(t), flow.WalletWeChat)
	leased.NextQueryAt = start()
	must(t, f.createAttempt(t, leased, start().Add(time.Hour)))

	due, err := f.DueAttempts(t.Context(), merchant, start().Add(2*time.Minute), 10)
	must(t, err)
	wantEqual(t, "due attempts", ids(due, attemptID), []string{all[1], all[2], all[0]})
	due, err = f.DueAttempts(t.Context(), merchant, start().Add(2*time.Minute), 1)
	must(t, err)
	wantEqual(t, "the first", ids(due, attemptID), []string{all[1]})
}

// dueByMerchant checks that each list has the work of one merchant, and that
// DueMerchants returns those that have some.
func dueByMerchant(t *testing.T, f fixture) {
	for i, merchant := range []string{"a", "a", "b", "c"} {
		s := newSession()
		s.Merchant, s.ConcludeAt = merchant, start().Add(time.Duration(i)*time.Minute)
		must(t, f.CreateSession(t.Context(), s))
		a := newAttempt(s, flow.WalletWeChat)
		a.Merchant, a.NextQueryAt = merchant, s.ConcludeAt
		must(t, f.createAttempt(t, a, start()))
	}
	now := start().Add(2 * time.Minute) // c is not due yet
	for merchant, want := range map[string]int{"a": 2, "b": 1, "c": 0, "d": 0} {
		attempts, err := f.DueAttempts(t.Context(), merchant, now, 10)
		must(t, err)
		wantEqual(t, "due attempts of "+merchant, len(attempts), want)
		sessions, err := f.ExpiringSessions(t.Context(), merchant, now, 10)
		must(t, err)
		wantEqual(t, "due sessions of "+merchant, len(sessions), want)
	}
	f.checkDueMerchants(t, now, map[checkout.Work][]string{checkout.WorkLive: {"a", "b"}, checkout.WorkSessions: {"a", "b"}})
}

// checkDueMerchants checks the merchants of each kind of work, and that other kinds have
// none.
func (f fixture) checkDueMerchants(t *testing.T, now time.Time, want map[checkout.Work][]string) {
	t.Helper()
	for _, work := range []checkout.Work{checkout.WorkLive, checkout.WorkEnded, checkout.WorkSessions, checkout.WorkRefunds} {
		merchants, err := f.DueMerchants(t.Context(), work, now)
		must(t, err)
		slices.Sort(merchants)
		wantEqual(t, "merchants with due "+string(work), merchants, want[work])
	}
}

// liveApartFromEnded checks that live attempts and those that have ended are two kinds
// of work.
func liveApartFromEnded(t *testing.T, f fixture) {
	live := f.attempt(t)
	closed := newAttempt(f.session(t), flow.WalletAlipayCN)
	must(t, f.createAttempt(t, closed, start()))
	now := start().Add(time.Minute)
	f.checkDueMerchants(t, now, map[checkout.Work][]string{checkout.WorkLive: {merchant}})
	f.changeAttempt(t, closed, func(a *checkout.Attempt) { a.State, a.EndedAt = checkout.AttemptClosed, start() })
	f.checkDueMerchants(t, now, map[checkout.Work][]string{checkout.WorkLive: {merchant}, checkout.WorkEnded: {merchant}})
	due, err := f.DueAttempts(t.Context(), merchant, now, 10)
	must(t, err)
	wantEqual(t, "live attempts", ids(due, attemptID), []string{live.ID})
	due, err = f.DueEndedAttempts(t.Context(), merchant, now, 10)
	must(t, err)
	wantEqual(t, "ended attempts", ids(due, attemptID), []string{closed.ID})
}

func neverDue(t *testing.T, f fixture) {
	paid, quarantined := f.attempt(t), f.attempt(t)
	f.changeAttempt(t, paid, func(a *checkout.Attempt) { a.State = checkout.AttemptPaid })
	f.changeAttempt(t, quarantined, func(a *checkout.Attempt) { a.Quarantined = true })
	f.checkDueMerchants(t, start().Add(24*time.Hour), map[checkout.Work][]string{checkout.WorkSessions: {merchant}})
	due, err := f.DueAttempts(t.Context(), merchant, start().Add(24*time.Hour), 10)
	must(t, err)
	wantEqual(t, "due attempts", ids(due, attemptID), []string(nil))
}
