// Package storetest tests whether a [checkout.Store] keeps its contract. Call [Run]
// for each store.
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

// Opener returns an empty store that works until the test ends.
type Opener func(t *testing.T) checkout.Store

// Run runs all tests of the contract. Each test opens a store of its own.
func Run(t *testing.T, open Opener) {
	t.Helper()
	for _, tests := range []map[string]check{contract, claimContract, refundContract, listContract, timelineContract, reconcileContract} {
		for name, check := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				check(t, fixture{open(t)})
			})
		}
	}
}

// check is one test of the contract.
type check func(*testing.T, fixture)

var contract = map[string]check{
	"session round trip":                                                  sessionRoundTrip,
	"session without optional fields":                                     minimalSession,
	"unknown ids are not found":                                           notFound,
	"expiring sessions: order and limit":                                  expiringSessions,
	"PostponeConclusion":                                                  postponedConclusion,
	"attempt round trip":                                                  attemptRoundTrip,
	"attempts of a session, the oldest first":                             attemptsInOrder,
	"no attempt after a reported payment":                                 noAttemptAfterReport,
	"a new attempt raises its session's version":                          attemptRaisesVersion,
	"no attempt in an ended session":                                      noAttemptOnEnded,
	"one open attempt for a wallet":                                       oneOpenAttempt,
	"one open attempt for a wallet, at once":                              oneOpenAttemptAtOnce,
	"due attempts: order and limit":                                       dueAttempts,
	"due attempts and sessions: of one merchant":                          dueByMerchant,
	"paid and quarantined attempts are never due":                         neverDue,
	"a session with its first attempt":                                    sessionWithAttempt,
	"a session with its first attempt: all or nothing":                    sessionWithAttemptAllOrNone,
	"a notification leases its attempt":                                   notificationLeases,
	"a notification of a leased attempt":                                  notificationOfLeased,
	"a notification leases its attempt, at once":                          notificationLeasesAtOnce,
	"due attempts: live ones apart from ended ones":                       liveApartFromEnded,
	"a new attempt is leased by its creator":                              leasedByCreator,
	"one lease at a time":                                                 oneLease,
	"one lease at a time, at once":                                        oneLeaseAtOnce,
	"a lease expires":                                                     leaseExpires,
	"a lease too soon after the last query":                               leaseKeepsInterval,
	"a lease after the clock was moved back":                              clockMovedBack,
	"an attempt is due when its lease expires":                            dueAfterLease,
	"release sets the next query":                                         releaseSchedules,
	"release of another lease":                                            releaseOfOtherLease,
	"a query that a notification sets during a lease stays after release": notifiedQuerySurvivesRelease,
	"a query that a notification sets during a lease stays after apply":   notifiedQuerySurvivesApply,
	"a query that a notification sets during a lease ends with payment":   notifiedQueryEndsWithPayment,
	"apply writes session, attempt and events":                            applyWrites,
	"apply removes the OpenID of an ended session":                        applyRemovesOpenID,
	"apply raises the version by its events":                              applyRaisesVersion,
	"apply of a second event of one version":                              applySameEventVersion,
	"apply with a stale session":                                          applyStaleSession,
	"apply with a stale attempt":                                          applyStaleAttempt,
	"apply of one version, at once":                                       applyConcurrently,
	"apply ends its lease":                                                applyEndsLease,
	"apply keeps another lease":                                           applyKeepsOtherLease,
	"fenced apply during another lease":                                   applyFenced,
	"a payment pays one attempt":                                          paymentOnce,
	"a payment pays one attempt, at once":                                 paymentOnceConcurrently,
	"a payment with another attempt's trade id":                           paymentOfOtherAttempt,
	"a payment notification":                                              notificationSetsReport,
	"a payment notification for a paid attempt":                           notificationWithoutReport,
	"events of a session, by version":                                     eventsInOrder,
	"a notification's event is stored once":                               notificationEvent,
	"a notification's event is stored once, at once":                      notificationEventAtOnce,
	"a notification's event of a stale session":                           notificationEventOfStaleSession,
	"a notification of an unknown attempt":                                notificationOfUnknownAttempt,
	"a notification only brings the next query forward":                   notificationSchedules,
	"a notification of a paid or quarantined attempt sets no query":       notificationOfEndedAttempt,
}

var refundContract = map[string]check{
	"refund round trip":                                  refundRoundTrip,
	"refund in test mode":                                refundOfTestMode,
	"a session tells its payment":                        sessionTellsItsPayment,
	"refunds of a session, the oldest first":             refundsInOrder,
	"refunds never exceed the attempt's amount":          refundsWithinAmount,
	"refunds never exceed the attempt's amount, at once": refundsWithinAmountAtOnce,
	"no refund of an unpaid attempt":                     noRefundOfUnpaid,
	"one refund for a client's reference":                refundReference,
	"one refund for an idempotency key":                  refundKey,
	"one refund for a number and an id":                  refundNumber,
	"one automatic refund for an attempt":                refundAutomatic,
	"due refunds: order and limit":                       refundDue,
	"one lease of a refund at a time":                    refundLease,
	"release of a refund":                                refundRelease,
	"apply keeps another lease of a refund":              applyKeepsOtherRefundLease,
	"no lease of a settled refund":                       noLeaseOfSettledRefund,
	"apply settles a refund with its event":              refundApply,
	"apply with a stale refund":                          refundApplyStale,
	"apply stores a new refund":                          refundApplyNew,
	"apply of a new refund that exceeds the amount":      refundApplyNewTooLarge,
}

var timelineContract = map[string]check{
	"a timeline begins with its session":            timelineBegins,
	"an entry keeps every field":                    timelineRoundTrip,
	"entries are in the order of writing":           timelineOrder,
	"apply adds entries and events to the timeline": timelineOfChange,
	"a refused change adds no entries":              timelineOfRefusedChange,
	"notifications are in the timeline":             timelineOfNotifications,
	"entries with invalid text":                     timelineOfInvalidText,
	"the timeline of an unknown session":            timelineOfUnknownSession,
	"entries are stored together or not at all":     timelineAllOrNone,
	"refunds are in the timeline":                   timelineOfRefund,
	"the number of notification entries is limited": limitedNotifications,
	"the number of return entries is limited":       limitedReturns,
	"the number of bridge entries is limited":       limitedBridgeAnswers,
	"the number of cancel entries is limited":       limitedCancels,
	"the number of entries is limited, at once":     limitedAtOnce,
	"RecordFew refuses other kinds":                 noLimitForOtherKinds,
}

// fixture is a store with helpers that fail the test on an error.
type fixture struct{ checkout.Store }

// start is the time at which every test begins. It has milliseconds, because stores
// keep them.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, int(7*time.Millisecond), time.UTC) }

// leaseTime is how long the leases of these tests last.
const leaseTime = 25 * time.Second

// newID returns a random id.
func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// newSession returns an open session that is not stored yet.
// merchant is the merchant of the records that the functions below make.
const merchant = "shop"

func newSession() checkout.Session {
	return checkout.Session{
		ID: newID(checkout.SessionPrefix), Merchant: merchant, Version: 1,
		Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid,
		Amount: 1000, Currency: "HKD", Subject: "Ticket", SuccessURL: "https://shop.example/ok",
		Wallets:   []flow.Wallet{flow.WalletAlipayCN},
		CreatedAt: start(), ExpiresAt: start().Add(time.Hour), ConcludeAt: start().Add(time.Hour),
	}
}

// newAttempt returns an attempt for s that is not stored yet.
func newAttempt(s checkout.Session, w flow.Wallet) checkout.Attempt {
	return checkout.Attempt{
		ID: newID("at_"), SessionID: s.ID, Merchant: s.Merchant, Version: 1, State: checkout.AttemptCreating,
		Wallet: w, Flow: flow.Web, OutTradeNo: newID(""), NotifyToken: newID(""), ReturnToken: newID(""),
		Amount: s.Amount, Currency: s.Currency, CreatedAt: start(), NextQueryAt: start().Add(leaseTime),
	}
}

// newEvent returns the first event of a change of s. s is the stored session.
func newEvent(s checkout.Session, kind checkout.EventType) checkout.Event {
	s.Version++
	return checkout.Event{
		ID: newID("evt_"), Type: kind, Merchant: s.Merchant, SessionID: s.ID, TestMode: s.TestMode,
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

// attempt stores an attempt without a lease in a new session.
func (f fixture) attempt(t *testing.T) checkout.Attempt {
	t.Helper()
	return f.attemptOf(t, f.session(t), flow.WalletAlipayCN)
}

// attemptOf stores an attempt without a lease in a session.
func (f fixture) attemptOf(t *testing.T, s checkout.Session, w flow.Wallet) checkout.Attempt {
	t.Helper()
	a := newAttempt(s, w)
	must(t, f.createAttempt(t, a, start().Add(leaseTime)))
	must(t, f.ReleaseAttempt(t.Context(), a.ID, start().Add(leaseTime), start().Add(3*time.Second)))
	return f.readAttempt(t, a.ID)
}

// createAttempt stores an attempt. It reads the version of its session first.
func (f fixture) createAttempt(t *testing.T, a checkout.Attempt, leaseUntil time.Time) error {
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

// lease leases an attempt for leaseTime from at, and reports whether it could.
func (f fixture) lease(t *testing.T, id string, at time.Time) bool {
	t.Helper()
	leased, ok, err := f.LeaseAttempt(t.Context(), id, at, time.Time{}, at.Add(leaseTime))
	must(t, err)
	if ok {
		wantEqual(t, "the leased attempt", leased, f.readAttempt(t, id))
	}
	return ok
}

// changeAttempt calls do with the attempt and stores the result.
func (f fixture) changeAttempt(t *testing.T, a checkout.Attempt, do func(*checkout.Attempt)) {
	t.Helper()
	do(&a)
	must(t, f.Apply(t.Context(), checkout.Change{Attempt: &a}))
}

// events returns the types of a session's events.
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

// wantEqual reports a difference between got and want.
func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wantError reports an error that does not match want.
func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// ids returns the id of each item.
func ids[T any](list []T, id func(T) string) []string {
	var out []string
	for _, item := range list {
		out = append(out, id(item))
	}
	return out
}

func attemptID(a checkout.Attempt) string { return a.ID }

func sessionID(s checkout.Session) string { return s.ID }
