// Package storetest holds the contract of a [checkout.Store] as tests. A store
// passes when [Run] does.
package storetest

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// Opener returns a store that is empty and lives as long as the test.
type Opener func(t *testing.T) checkout.Store

// Run holds the stores that open returns against the contract.
func Run(t *testing.T, open Opener) {
	t.Helper()
	for _, chapter := range []map[string]check{contract, refundContract, timelineContract, reconcileContract} {
		for name, check := range chapter {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				check(t, fixture{open(t)})
			})
		}
	}
}

// check is one clause of the contract.
type check func(*testing.T, fixture)

var contract = map[string]check{
	"session round trip":                                sessionRoundTrip,
	"session without optional fields":                   plainSession,
	"unknown ids are not found":                         notFound,
	"expiring sessions come in order and number":        expiringSessions,
	"a postponed conclusion":                            postponedConclusion,
	"attempt round trip":                                attemptRoundTrip,
	"attempts of a session, the oldest first":           attemptsInOrder,
	"no attempt beside a reported payment":              attemptBesideReport,
	"a new attempt counts up its session":               attemptCountsUp,
	"an ended session takes no attempt":                 noAttemptOnEnded,
	"one open attempt for a wallet":                     oneOpenAttempt,
	"one open attempt for a wallet, at once":            oneOpenAttemptAtOnce,
	"due attempts come in order and number":             dueAttempts,
	"what is due comes in turns of the merchants":       dueInTurn,
	"paid and quarantined attempts are never due":       neverDue,
	"what is live is due before what has ended":         liveFirst,
	"a new attempt is held by its creator":              heldByCreator,
	"one hold at a time":                                oneHold,
	"one hold, at once":                                 oneHoldAtOnce,
	"a hold ends by itself":                             holdEnds,
	"a hold for browsers keeps its distance":            holdKeepsDistance,
	"a clock that was moved back":                       clockMovedBack,
	"a hold is found once it is over":                   holdIsDue,
	"release says when to ask next":                     releaseSchedules,
	"release of another's hold":                         releaseFence,
	"a notification during a hold survives its release": hintSurvivesRelease,
	"a notification during a hold survives its change":  hintSurvivesApply,
	"a notification during a hold and a payment":        hintEndsWithPayment,
	"apply writes session, attempt and events":          applyWrites,
	"apply forgets the openid of a session that ends":   applyForgets,
	"apply counts up its events":                        applyCountsEvents,
	"apply of an event of a version that has one":       applyEventTwice,
	"apply against an old session":                      applyOldSession,
	"apply against an old attempt":                      applyOldAttempt,
	"apply against an old version, at once":             applyAtOnce,
	"apply ends a hold":                                 applyEndsHold,
	"apply leaves another's hold":                       applyLeavesLease,
	"apply that is fenced by another's hold":            applyFenced,
	"a payment settles one attempt":                     paymentOnce,
	"a payment settles one attempt, at once":            paymentOnceAtOnce,
	"a payment that is known as another's":              paymentOfAnother,
	"a notification of a payment":                       notificationReports,
	"a notification of a settled attempt's payment":     notificationReportsNothing,
	"events of a session, the oldest first":             eventsInOrder,
	"a notification's event is stored once":             notificationEvent,
	"a notification's event is stored once, at once":    notificationEventAtOnce,
	"a notification's event of an old session":          notificationEventOfOldSession,
	"a notification of no attempt":                      notificationOfNothing,
	"a notification asks sooner, never later":           notificationAsks,
	"a notification of a settled attempt asks nothing":  notificationOfSettled,
}

var refundContract = map[string]check{
	"refund round trip":                               refundRoundTrip,
	"refunds of a session, the oldest first":          refundsInOrder,
	"refunds never pass what was paid":                refundReserves,
	"refunds never pass what was paid, at once":       refundReservesAtOnce,
	"refunds of what is not paid":                     refundOfUnpaid,
	"one refund for a client's reference":             refundReference,
	"one refund for an idempotency key":               refundKey,
	"one refund for a number and an id":               refundNumber,
	"one automatic refund for an attempt":             refundAutomatic,
	"due refunds come in order and number":            refundDue,
	"one hold of a refund":                            refundHold,
	"release of a refund":                             refundRelease,
	"apply leaves another's hold of a refund":         refundApplyKeepsHold,
	"a settled refund is never held":                  refundSettled,
	"apply settles a refund with its event":           refundApply,
	"apply against an old refund":                     refundApplyOld,
	"apply stores a new refund":                       refundApplyNew,
	"apply of a new refund that passes what was paid": refundApplyNewTooMuch,
}

var timelineContract = map[string]check{
	"a timeline begins with its session":          timelineBegins,
	"a timeline keeps every field":                timelineRoundTrip,
	"a timeline is in the order of its writing":   timelineOrder,
	"a timeline says what led to a change":        timelineOfChange,
	"a timeline says nothing of a refused change": timelineOfRefused,
	"a timeline keeps notifications":              timelineOfNotifications,
	"a timeline keeps what is no text":            timelineOfBytes,
	"a timeline of no session":                    timelineOfNothing,
	"entries are stored together or not at all":   timelineAllOrNone,
	"a timeline of a refund":                      timelineOfRefund,
	"a timeline keeps few notifications":          timelineOfFewNotifications,
	"a timeline keeps few returns":                fewReturns,
	"a timeline keeps few answers of the sheet":   fewBridgeAnswers,
	"a timeline keeps few wishes to cancel":       fewCancelWishes,
	"a timeline keeps few entries, at once":       fewAtOnce,
	"a timeline counts no other kind":             fewOfNoOtherKind,
}

// fixture is a store with shorthands that fail the test.
type fixture struct{ checkout.Store }

// start is the time at which every test begins: stores keep milliseconds.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, int(7*time.Millisecond), time.UTC) }

const someHold = 25 * time.Second

func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// newSession is an open session that is not stored yet.
func newSession() checkout.Session {
	return checkout.Session{
		ID: newID(checkout.SessionPrefix), Merchant: "shop", Version: 1,
		Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid,
		Amount: 1000, Currency: "HKD", Subject: "Ticket", SuccessURL: "https://shop.example/ok",
		Wallets:   []flow.Wallet{flow.WalletAlipayCN},
		CreatedAt: start(), ExpiresAt: start().Add(time.Hour), ConcludeAt: start().Add(time.Hour),
	}
}

// newAttempt is an attempt for s that is not stored yet.
func newAttempt(s checkout.Session, w flow.Wallet) checkout.Attempt {
	return checkout.Attempt{
		ID: newID("at_"), SessionID: s.ID, Merchant: s.Merchant, Version: 1, State: checkout.AttemptCreating,
		Wallet: w, Flow: flow.Web, OutTradeNo: newID(""), NotifyToken: newID(""), ReturnToken: newID(""),
		Amount: s.Amount, Currency: s.Currency, CreatedAt: start(), NextQueryAt: start().Add(someHold),
	}
}

// newEvent is the first event of a change of s as it is stored.
func newEvent(s checkout.Session, kind checkout.EventType) checkout.Event {
	s.Version++
	return checkout.Event{
		ID: newID("evt_"), Type: kind, Merchant: s.Merchant, SessionID: s.ID,
		CreatedAt: start(), Version: s.Version, Session: s.Public("https://pay.example/c/" + s.ID),
	}
}

func newNotification(a checkout.Attempt, v checkout.Verdict) checkout.Notification {
	return checkout.Notification{ID: newID("nt_"), SessionID: a.SessionID, AttemptID: a.ID, ReceivedAt: start(), Body: "{}", Verdict: v, Detail: "why"}
}

// session stores an open session.
func (f fixture) session(t *testing.T) checkout.Session {
	t.Helper()
	s := newSession()
	must(t, f.CreateSession(t.Context(), s))
	return s
}

// attempt stores an attempt that nobody holds, in a session of its own.
func (f fixture) attempt(t *testing.T) checkout.Attempt {
	t.Helper()
	return f.attemptOf(t, f.session(t), flow.WalletAlipayCN)
}

func (f fixture) attemptOf(t *testing.T, s checkout.Session, w flow.Wallet) checkout.Attempt {
	t.Helper()
	a := newAttempt(s, w)
	must(t, f.create(t, a, start().Add(someHold)))
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(someHold), start().Add(3*time.Second)))
	return f.readAttempt(t, a.ID)
}

// create stores an attempt in its session as that is now.
func (f fixture) create(t *testing.T, a checkout.Attempt, leaseUntil time.Time) error {
	t.Helper()
	s, err := f.Session(t.Context(), a.SessionID)
	if err != nil && !errors.Is(err, checkout.ErrNotFound) {
		t.Fatal(err)
	}
	return f.CreateAttempt(t.Context(), a, s.Version, leaseUntil)
}

func (f fixture) readSession(t *testing.T, id string) checkout.Session {
	t.Helper()
	s, err := f.Session(t.Context(), id)
	must(t, err)
	return s
}

func (f fixture) readAttempt(t *testing.T, id string) checkout.Attempt {
	t.Helper()
	a, err := f.Attempt(t.Context(), id)
	must(t, err)
	return a
}

// hold claims an attempt at a time for someHold.
func (f fixture) hold(t *testing.T, id string, at time.Time) bool {
	t.Helper()
	ok, err := f.LeaseAttempt(t.Context(), id, at, time.Time{}, at.Add(someHold))
	must(t, err)
	return ok
}

// change stores an attempt as do leaves it.
func (f fixture) change(t *testing.T, a checkout.Attempt, do func(*checkout.Attempt)) {
	t.Helper()
	do(&a)
	must(t, f.Apply(t.Context(), checkout.Change{Attempt: &a}))
}

func (f fixture) events(t *testing.T, sessionID string) []checkout.EventType {
	t.Helper()
	events, err := f.Events(t.Context(), sessionID)
	must(t, err)
	var types []checkout.EventType
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func matches(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// ids returns the IDs of attempts or sessions.
func ids[T any](list []T, id func(T) string) []string {
	var out []string
	for _, item := range list {
		out = append(out, id(item))
	}
	return out
}

func attemptID(a checkout.Attempt) string { return a.ID }

func sessionID(s checkout.Session) string { return s.ID }
