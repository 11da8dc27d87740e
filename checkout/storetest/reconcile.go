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
	"attempts by their numbers":                   attemptsByNumber,
	"refunds of attempts":                         refundsOfAttempts,
	"paid attempts, page by page":                 paidAttempts,
	"succeeded refunds, page by page":             succeededRefunds,
	"a difference is told once":                   differenceOnce,
	"a difference is told once, at once":          differenceAtOnce,
	"a difference of an old session":              differenceOfOldSession,
	"a difference of an order without session":    differenceWithoutSession,
	"a report round trip":                         reportRoundTrip,
	"reports, the newest first":                   reportsInOrder,
	"numbers that no database takes are not ours": numbersOfBytes,
}

func attemptsByNumber(t *testing.T, f fixture) {
	a, b := f.attempt(t), f.attempt(t)
	f.attempt(t)
	got, err := f.AttemptsByNumber(t.Context(), []string{b.OutTradeNo, "unknown", a.OutTradeNo, a.OutTradeNo})
	must(t, err)
	want := []string{a.ID, b.ID}
	found := ids(got, attemptID)
	slices.Sort(found)
	slices.Sort(want)
	same(t, "attempts", found, want)
	none, err := f.AttemptsByNumber(t.Context(), []string{"unknown"})
	must(t, err)
	same(t, "unknown", len(none), 0)
}

func numbersOfBytes(t *testing.T, f fixture) {
	got, err := f.AttemptsByNumber(t.Context(), []string{"a\x00b", "\xff", "'; DROP TABLE attempts; --"})
	must(t, err)
	same(t, "attempts", len(got), 0)
}

func refundsOfAttempts(t *testing.T, f fixture) {
	a, b := f.paid(t), f.paid(t)
	want := []checkout.Refund{f.refund(t, a, 100), f.refund(t, a, 200)}
	f.refund(t, b, 100)
	got, err := f.RefundsOfAttempts(t.Context(), []string{a.ID, a.ID, "at_unknown"})
	must(t, err)
	byAmount := func(x, y checkout.Refund) int { return int(x.Amount - y.Amount) }
	slices.SortFunc(got, byAmount)
	same(t, "refunds", got, want)
}

// walk reads all pages of two of a span that is a second long.
func walk[T any](t *testing.T, read func(from, to time.Time, after string) ([]T, error), place func(T) (time.Time, string)) []string {
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

// times are of the span of walk, but the first and the last.
func times() []time.Time {
	return []time.Time{
		start().Add(-time.Millisecond), start(), start(), start(), start().Add(500 * time.Millisecond), start().Add(time.Second),
	}
}

// expected returns the ids of those within the span, ordered by time and id.
func expected(all []string) []string {
	same := slices.Sorted(slices.Values(all[1:4]))
	return append(same, all[4])
}

func paidAttempts(t *testing.T, f fixture) {
	var all []string
	for _, at := range times() {
		a := f.attempt(t)
		f.change(t, a, func(a *checkout.Attempt) { a.State, a.PaidAt = checkout.AttemptPaid, at })
		all = append(all, a.ID)
	}
	f.attempt(t) // unpaid
	got := walk(t, func(from, to time.Time, after string) ([]checkout.Attempt, error) {
		return f.PaidAttempts(t.Context(), "shop", from, to, after, 2)
	}, func(a checkout.Attempt) (time.Time, string) { return a.PaidAt, a.ID })
	same(t, "attempts", got, expected(all))
	other, err := f.PaidAttempts(t.Context(), "other", start(), start().Add(time.Second), "", 2)
	must(t, err)
	same(t, "another merchant's", len(other), 0)
}

func succeededRefunds(t *testing.T, f fixture) {
	var all []string
	for _, at := range times() {
		r := f.refund(t, f.paid(t), 100)
		r.State, r.SettledAt = checkout.RefundSucceeded, at
		must(t, f.Apply(t.Context(), checkout.Change{Refund: &r}))
		all = append(all, r.ID)
	}
	failed := f.refund(t, f.paid(t), 100)
	failed.State, failed.SettledAt = checkout.RefundFailed, start()
	must(t, f.Apply(t.Context(), checkout.Change{Refund: &failed}))
	got := walk(t, func(from, to time.Time, after string) ([]checkout.Refund, error) {
		return f.SucceededRefunds(t.Context(), "shop", from, to, after, 2)
	}, func(r checkout.Refund) (time.Time, string) { return r.SettledAt, r.ID })
	same(t, "refunds", got, expected(all))
	other, err := f.SucceededRefunds(t.Context(), "other", start(), start().Add(time.Second), "", 2)
	must(t, err)
	same(t, "another merchant's", len(other), 0)
}

// newDifference is an event about a payment that is not stored yet.
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
	first, again, other, dearer := newDifference(s), newDifference(s), newDifference(s), newDifference(s)
	other.Merchant = "other"
	dearer.Difference.There.Amount++
	other.Version, dearer.Version = first.Version+1, first.Version+2
	for i, c := range []struct {
		event checkout.Event
		told  bool
	}{{first, true}, {again, false}, {first, false}, {other, true}, {dearer, true}} {
		told, err := f.AddDifference(t.Context(), c.event)
		must(t, err)
		same(t, "told "+string(rune('0'+i)), told, c.told)
	}
	got, err := f.Event(t.Context(), first.ID)
	must(t, err)
	unexported := cmpopts.IgnoreUnexported(checkout.Difference{})
	if diff := cmp.Diff(first, got, unexported); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	events, err := f.Events(t.Context(), s.ID)
	must(t, err)
	same(t, "events of the session", len(events), 3)
	_, err = f.Event(t.Context(), again.ID)
	matches(t, "the event that was told before", err, checkout.ErrNotFound)
}

func differenceOfOldSession(t *testing.T, f fixture) {
	s := f.session(t)
	e := newDifference(s)
	must(t, f.Apply(t.Context(), checkout.Change{Session: &s, Events: []checkout.Event{newEvent(s, checkout.EventPaid)}}))
	told, err := f.AddDifference(t.Context(), e)
	matches(t, "add", err, checkout.ErrConflict)
	same(t, "told", told, false)
	told, err = f.AddDifference(t.Context(), newDifference(f.readSession(t, s.ID)))
	must(t, err)
	same(t, "told of the stored session", told, true)
}

func differenceAtOnce(t *testing.T, f fixture) {
	s := f.session(t)
	won := winners(t, checkout.ErrConflict, func() error {
		told, err := f.AddDifference(t.Context(), newDifference(s))
		if err == nil && !told {
			return checkout.ErrConflict
		}
		return err
	})
	same(t, "told", won, int64(1))
}

func differenceWithoutSession(t *testing.T, f fixture) {
	e := newDifference(checkout.Session{Merchant: "shop"})
	e.Session = checkout.PublicSession{}
	told, err := f.AddDifference(t.Context(), e)
	must(t, err)
	same(t, "told", told, true)
	got, err := f.Event(t.Context(), e.ID)
	must(t, err)
	same(t, "session", got.SessionID, "")
	same(t, "what it carries", got.Session, checkout.PublicSession{})
	same(t, "kind", got.Difference.Kind, e.Difference.Kind)
}

func reportRoundTrip(t *testing.T, f fixture) {
	r := checkout.Reconciliation{
		ID: newID("rc_"), Merchant: "shop", From: start(), To: start().Add(24 * time.Hour), StartedAt: start().Add(26 * time.Hour),
	}
	must(t, f.SaveReconciliation(t.Context(), r))
	kept, err := f.Reconciliation(t.Context(), r.ID)
	must(t, err)
	same(t, "begun", kept, r)
	same(t, "begun is complete", kept.Complete(), false)
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
	matches(t, "unknown", err, checkout.ErrNotFound)
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
		same(t, "reports of "+merchant, ids(got, id), want)
		same(t, "what it found", len(got[0].Found), 0)
	}
}
