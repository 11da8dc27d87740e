// These tests are of checkout/reconcile. They need the fixture of this package.

package checkout_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/reconcile"
)

// dueSpans returns the spans that are due to be reconciled now.
func (f *fixture) dueSpans() []checkout.Span {
	f.t.Helper()
	spans, err := f.ReconciliationsDue(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return spans
}

// runHours reconciles what is due every 10 minutes for n hours, as the worker does.
// It returns the number of reconciliations.
func (f *fixture) runHours(n int) (runs int) {
	f.t.Helper()
	for range 6 * n {
		time.Sleep(10 * time.Minute)
		for _, span := range f.dueSpans() {
			_, _ = f.Reconcile(f.t.Context(), span.Merchant, span.From, span.To)
			runs++
		}
	}
	return runs
}

func TestGatewayDay(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"2026-03-01T15:59:59Z": "2026-03-01", "2026-03-01T16:00:00Z": "2026-03-02", "2026-02-28T16:00:00Z": "2026-03-01",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		wantError(t, err, nil)
		from, to := reconcile.GatewayDay(moment)
		same(t, at, from.Format(time.DateOnly), want)
		same(t, at+" is long", to.Sub(from), 24*time.Hour)
		if moment.Before(from) || !moment.Before(to) {
			t.Errorf("%s is not in %s to %s", at, from, to)
		}
	}
}

func TestEachDayIsReconciledOnceAndEarly(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		_, midnight := reconcile.GatewayDay(time.Now())
		time.Sleep(time.Until(midnight))
		f.runHours(1) // the newest day that is due is the one before yesterday
		for range 5 {
			same(t, "runs in a day", f.runHours(24), 1)
		}
		reports, err := f.store.Reconciliations(t.Context(), shop, 9)
		wantError(t, err, nil)
		for _, r := range reports[:5] {
			after := r.StartedAt.Sub(r.To)
			if !r.Complete() || r.To.Sub(r.From) != 24*time.Hour || after < 2*time.Hour || after > 3*time.Hour+10*time.Minute {
				t.Errorf("report %+v, %s after the end of its day, want a complete report of a day after 2 to 3 hours", r, after)
			}
		}
	})
}

// The same day of many merchants is not due at one moment.
func TestMerchantsAreReconciledAtDifferentTimes(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		const merchants = 60
		c := f.config()
		c.Merchants = map[string]checkout.Merchant{}
		for i := range merchants {
			id := "shop" + strconv.Itoa(i)
			c.Merchants[id] = checkout.Merchant{ID: id}
		}
		f.configure(c)
		_, midnight := reconcile.GatewayDay(time.Now())
		time.Sleep(time.Until(midnight) + 2*time.Hour)
		yesterday := func() (n int) {
			for _, span := range f.dueSpans() {
				if span.To.Equal(midnight) {
					n++
				}
			}
			return n
		}
		same(t, "more than a tenth are due after 2 hours", yesterday() > merchants/10, false)
		time.Sleep(30 * time.Minute)
		if n := yesterday(); n < merchants/4 || n > merchants*3/4 {
			t.Errorf("%d of %d merchants are due after 2.5 hours, want about half", n, merchants)
		}
		time.Sleep(30 * time.Minute)
		same(t, "due after 3 hours", yesterday(), merchants)
	})
}

func TestMissedDaysAreReconciledLater(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		same(t, "runs at first", f.runHours(1), 1) // the last day only
		time.Sleep(3 * 24 * time.Hour)             // the program is down
		days := f.dueSpans()
		same(t, "days", len(days), 3)
		for i, span := range days[1:] {
			same(t, "a day begins at the end of the day before", span.From.Equal(days[i].To), true)
		}
		same(t, "runs", f.runHours(1), 3)
		// A day that an operator reconciled is not due any more. The days before it are.
		time.Sleep(2 * 24 * time.Hour)
		last := f.dueSpans()[1]
		_, err := f.Reconcile(t.Context(), shop, last.From, last.To)
		wantError(t, err, nil)
		same(t, "days left", len(f.dueSpans()), 1)
		time.Sleep(30 * 24 * time.Hour)
		same(t, "days after a month", len(f.dueSpans()), 7)
	})
}

func TestFailedReconciliationIsRetried(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		f.gateway.script(func() { f.gateway.statementError = errTimeout })
		same(t, "runs in an hour", f.runHours(1), 2)
		f.gateway.script(func() { f.gateway.statementError = nil })
		same(t, "runs once it answers", f.runHours(1), 1)
		same(t, "due", len(f.dueSpans()), 0)
	})
}

// A reconciliation without an end may still run for half an hour. After that its day
// is due again.
func TestAbandonedReconciliation(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		span := f.dueSpans()[0]
		wantError(t, f.store.SaveReconciliation(t.Context(), checkout.Reconciliation{
			ID: "rc_1", Merchant: shop, From: span.From, To: span.To, StartedAt: time.Now(),
		}), nil)
		time.Sleep(29 * time.Minute)
		same(t, "due while it may run", len(f.dueSpans()), 0)
		time.Sleep(2 * time.Minute)
		same(t, "due after that", f.dueSpans(), []checkout.Span{span})
	})
}
