package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wantukit/wantukit/checkout"
)

var reconcileContract = map[string]check{
	"attempts by number":                  attemptsByNumber,
	"refunds of attempts":                 refundsOfAttempts,
	"paid attempts, page by page":         paidAttempts,
	"succeeded refunds, page by page":     succeededRefunds,
	"a difference is added once":          differenceOnce,
	"a difference is added once, at once": differenceAtOnce,
	"a difference of a stale session":     differenceOfStaleSession,
	"a difference without a session":      differenceWithoutSession,
	"a report round trip":                 reportRoundTrip,
	"reports, the newest first":           reportsInOrder,
	"attempts by numbers of invalid text": numbersOfInvalidText,
}

func attemptsByNumber(t *testing.T, f fixture) {
	a, b := f.attempt(t), f.attempt(t)
	f.attempt(t)
	got, err := f.AttemptsByNumber(t.Context(), []string{b.OutTradeNo, "unknown", a.OutTradeNo, a.OutTradeNo})
	must(t, err)
	want := []string{a.ID, b.ID}
	gotIDs := ids(got, attemptID)
	slices.Sort(gotIDs)
	slices.Sort(want)
	wantEqual(t, "attempts", gotIDs, want)
	none, err := f.AttemptsByNumber(t.Context(), []string{"unknown"})
	must(t, err)
	wantEqual(t, "unknown", len(none), 0)
}

func numbersOfInvalidText(t *testing.T, f fixture) {
	got, err := f.AttemptsByNumber(t.Context(), []string{"a\x00b", "\xff", "'; DROP TABLE attempts; --"})
	must(t, err)
	wantEqual(t, "attempts", len(got), 0)
}

func refundsOfAttempts(t *testing.T, f fixture) {
	a, b := f.paidAttempt(t), f.paidAttempt(t)
	want := []checkout.Refund{f.refund(t, a, 100), f.refund(t, a, 200)}
	f.refund(t, b, 100)
	got, err := f.RefundsOfAttempts(t.Context(), []string{a.ID, a.ID, "at_unknown"})
	must(t, err)
	byAmount := func(x, y checkout.Refund) int { return int(x.Amount - y.Amount) }
	slices.SortFunc(got, byAmount)
	wantEqual(t, "refunds", got, want)
}

// readPages reads all pages of the second that begins at start. A page has two items.
func readPages[T any](t *testing.T, read func(from, to time.Time, after string) ([]T, error), place func(T) (time.Time, string)) []string {
	t.Helper()
	var all []string
	from, after := start(), ""
	for {
		page, err := read(from, start().Add(time.Second), after)
		must(t, err)
		for _, item := range page {
			from, after = place(item)
			all = append(all, after)
		}
		if len(page) < 2 {
			return all
		}
	}
}

// pageTimes returns times. All but the first and the last are within the second that
// readPages reads.
func pageTimes() []time.Time {
	return []time.Time{
		start().Add(-time.Millisecond), start(), start(), start(), start().Add(500 * time.Millisecond), start().Add(time.Second),
	}
}

// wantPages returns the ids within that second, ordered by time and id. all has an id
// for each of pageTimes.
func wantPages(all []string) []string {
	sameTime := slices.Sorted(slices.Values(all[1:4]))
	return append(sameTime, all[4])
}

func paidAttempts(t *testing.T, f fixture) {
	var all []string
	for _, at := range pageTimes() {
		a := f.attempt(t)
		f.changeAttempt(t, a, func(a *checkout.Attempt) { a.State, a.PaidAt = checkout.AttemptPaid, at })
		all = append(all, a.ID)
	}
	f.attempt(t) // unpaid
	got := readPages(t, func(from, to time.Time, after string) ([]checkout.Attempt, error) {
		return f.PaidAttempts(t.Context(), "shop", from, to, after, 2)
	}, func(a checkout.Attempt) (time.Time, string) { return a.PaidAt, a.ID })
	wantEqual(t, "attempts", got, wantPages(all))
	other, err := f.PaidAttempts(t.Context(), "other", start(), start().Add(time.Second), "", 2)
	must(t, err)
	wantEqual(t, "items of another merchant", len(other), 0)
}

func succeededRefunds(t *testing.T, f fixture) {
	var all []string
	for _, at := range pageTimes() {
		r := f.refund(t, f.paidAttempt(t), 100)
		r.State, r.SettledAt = checkout.RefundSucceeded, at
		must(t, f.Apply(t.Context(), checkout.Change{Refund: &r}))
		all = append(all, r.ID)
	}
	failed := f.refund(t, f.paidAttempt(t), 100)
	failed.State, failed.SettledAt = checkout.RefundFailed, start()
	must(t, f.Apply(t.Context(), checkout.Change{Refund: &failed}))
	got := readPages(t, func(from, to time.Time, after string) ([]checkout.Refund, error) {
		return f.SucceededRefunds(t.Context(), "shop", from, to, after, 2)
	}, func(r checkout.Refund) (time.Time, string) { return r.SettledAt, r.ID })
	wantEqual(t, "refunds", got, wantPages(all))
	other, err := f.SucceededRefunds(t.Context(), "other", start(), start().Add(time.Second), "", 2)
	must(t, err)
	wantEqual(t, "items of another merchant", len(other), 0)
}

// newDifference returns a difference event that is not stored yet. s is the stored
// session.
func newDifference(s checkout.Session) checkout.Event {
	e := newEvent(s, checkout.EventDifference)
	at := start()
	e.Difference = &checkout.Difference{
		Kind: checkout.DifferencePaidThere, OutTradeNo: "n1", TradeID: "t\x001",
		Here:  &checkout.Booked{Amount: 1000, Currency: "HKD", Status: "closed"},
		There: &checkout.Booked{Amount: 1000, Currency: "HKD", At: &at},
	}
	return e
}

func differenceOnce(t *testing.T, f fixture) {
	s := f.session(t)
	first, again, other, larger := newDifference(s), newDifference(s), newDifference(s), newDifference(s)
	other.Merchant = "other"
	larger.Difference.There.Amount++
	other.Version, larger.Version = first.Version+1, first.Version+2
	for i, c := range []struct {
		event checkout.Event
		added bool
	}{{first, true}, {again, false}, {first, false}, {other, true}, {larger, true}} {
		added, err := f.AddDifference(t.Context(), c.event)
		must(t, err)
		wantEqual(t, "added "+string(rune('0'+i)), added, c.added)
	}
	got, err := f.Event(t.Context(), first.ID)
	must(t, err)
	unexported := cmpopts.IgnoreUnexported(checkout.Difference{})
	if diff := cmp.Diff(first, got, unexported); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	events, err := f.Events(t.Context(), s.ID)
	must(t, err)
	wantEqual(t, "events of the session", len(events), 3)
	_, err = f.Event(t.Context(), again.ID)
	wantError(t, "the event of a known difference", err, checkout.ErrNotFound)
}

func differenceOfStaleSession(t *testing.T, f fixture) {
	s := f.session(t)
	e := newDifference(s)
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s, Events: []checkout.Event{newEvent(s, checkout.EventPaid)}}))
	added, err := f.AddDifference(t.Context(), e)
	wantError(t, "add", err, checkout.ErrConflict)
	wantEqual(t, "added", added, false)
	added, err = f.AddDifference(t.Context(), newDifference(f.readSession(t, s.ID)))
	must(t, err)
	wantEqual(t, "added for the current session", added, true)
}

func differenceAtOnce(t *testing.T, f fixture) {
	s := f.session(t)
	count := countSuccesses(t, checkout.ErrConflict, func() error {
		added, err := f.AddDifference(t.Context(), newDifference(s))
		if err == nil && !added {
			return checkout.ErrConflict
		}
		return err
	})
	wantEqual(t, "added", count, int64(1))
}

func differenceWithoutSession(t *testing.T, f fixture) {
	e := newDifference(checkout.Session{Merchant: "shop"})
	e.Session = checkout.PublicSession{}
	added, err := f.AddDifference(t.Context(), e)
	must(t, err)
	wantEqual(t, "added", added, true)
	got, err := f.Event(t.Context(), e.ID)
	must(t, err)
	wantEqual(t, "session", got.SessionID, "")
	wantEqual(t, "session of the payload", got.Session, checkout.PublicSession{})
	wantEqual(t, "kind", got.Difference.Kind, e.Difference.Kind)
}

func reportRoundTrip(t *testing.T, f fixture) {
	r := checkout.Reconciliation{
		ID: newID("rc_"), Merchant: "shop", From: start(), To: start().Add(24 * time.Hour), StartedAt: start().Add(26 * time.Hour),
	}
	must(t, f.SaveReconciliation(t.Context(), r))
	kept, err := f.Reconciliation(t.Context(), r.ID)
	must(t, err)
	wantEqual(t, "running report", kept, r)
	wantEqual(t, "Complete of a running report", kept.Complete(), false)
	r.FinishedAt, r.Payments, r.Refunds, r.Elsewhere = r.StartedAt.Add(time.Second), 5, 4, 3
	r.Differences, r.Told, r.Healed, r.Error = 3, 2, 1, "the gateway said \uFFFD"
	at := start()
	r.Found = []checkout.Difference{{
		Kind: checkout.DifferenceRefundThere, OutTradeNo: "n1", OutRefundNo: "r1", GatewayRefundID: "g1", TradeID: "t1",
		There: &checkout.Booked{Amount: -1, Currency: "JPY", At: &at}, Healed: true,
	}}
	must(t, f.SaveReconciliation(t.Context(), r))
	kept, err = f.Reconciliation(t.Context(), r.ID)
	must(t, err)
	if diff := cmp.Diff(r, kept, cmpopts.IgnoreUnexported(checkout.Difference{})); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	_, err = f.Reconciliation(t.Context(), "rc_unknown")
	wantError(t, "unknown", err, checkout.ErrNotFound)
}

func reportsInOrder(t *testing.T, f fixture) {
	var all []string
	for i, merchant := range []string{"shop", "other", "shop", "shop"} {
		r := checkout.Reconciliation{
			ID: newID("rc_"), Merchant: merchant, From: start(), To: start(), StartedAt: start().Add(time.Duration(i) * time.Second),
			Found: []checkout.Difference{{OutTradeNo: "n1"}},
		}
		must(t, f.SaveReconciliation(t.Context(), r))
		all = append(all, r.ID)
	}
	id := func(r checkout.Reconciliation) string { return r.ID }
	for merchant, want := range map[string][]string{
		"shop": {all[3], all[2]}, "other": {all[1]}, "": {all[3], all[2]},
	} {
		got, err := f.Reconciliations(t.Context(), merchant, 2)
		must(t, err)
		wantEqual(t, "reports of "+merchant, ids(got, id), want)
		wantEqual(t, "differences in the list", len(got[0].Found), 0)
	}
}
