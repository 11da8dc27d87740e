package reconcile

import (
	"context"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const (
	// dueAfter is how long after its end a day is due. Each merchant adds up to
	// dueSpread, so that they are not all due at once.
	dueAfter  = 2 * time.Hour
	dueSpread = time.Hour
	// retryAfter is the time from the start of a run that failed, or whose process
	// died, to the next.
	retryAfter = 30 * time.Minute
	// lateAfter is how long after the end of a day a failed run raises an alarm.
	lateAfter = 24 * time.Hour
	// daysBack is how many days are reconciled after the program was down.
	daysBack = 7
	// reportsRead is the greatest number of runs in daysBack days.
	reportsRead = daysBack * int(24*time.Hour/retryAfter)
)

// GatewayDay returns the gateway's day of t: from midnight to midnight in UTC+8.
func GatewayDay(t time.Time) (from, to time.Time) {
	t = t.In(time.FixedZone("UTC+8", 8*60*60))
	from = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	return from, from.AddDate(0, 0, 1)
}

// ReconciliationsDue returns the days that are due now, the oldest first. A day of
// the last week is due 2 to 3 hours after its end, if it has no complete report and
// no run of it began within the last 30 minutes. The delay depends on the merchant. A
// merchant without any report begins with yesterday, and no day before the first
// report is due. Only the store says what is due: so a restart changes nothing, and
// all nodes get the same answer. An error is the store's.
func (r *Reconciler) ReconciliationsDue(ctx context.Context) ([]checkout.Span, error) {
	now := r.config.Checkout.Now()
	var due []checkout.Span
	for id := range r.config.Merchants {
		reports, err := r.config.Records.Reconciliations(ctx, id, reportsRead)
		if err != nil {
			return nil, err
		}
		due = append(due, dueDays(id, reports, now)...)
	}
	slices.SortFunc(due, func(a, b checkout.Span) int {
		if c := a.From.Compare(b.From); c != 0 {
			return c
		}
		return strings.Compare(a.Merchant, b.Merchant)
	})
	return due, nil
}

func dueDays(merchant string, reports []checkout.Reconciliation, now time.Time) []checkout.Span {
	today, _ := GatewayDay(now.Add(-dueAfter - merchantDelay(merchant)))
	days := daysBack
	if len(reports) == 0 {
		days = 1
	}
	var due []checkout.Span
	for back := days; back > 0; back-- {
		from := today.AddDate(0, 0, -back)
		day := checkout.Span{Merchant: merchant, From: from, To: from.AddDate(0, 0, 1)}
		if isDue(day, reports, now) {
			due = append(due, day)
		}
	}
	return due
}

// merchantDelay returns the merchant's own part of dueSpread, always the same.
func merchantDelay(merchant string) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(merchant)) // it never fails
	return time.Duration(h.Sum32()%uint32(dueSpread/time.Second)) * time.Second
}

// isDue reports whether a day has no complete report and no run that began within
// retryAfter. A day before the merchant's first report is never due.
func isDue(day checkout.Span, reports []checkout.Reconciliation, now time.Time) bool {
	afterFirst := len(reports) == 0
	for _, r := range reports {
		same := r.From.Equal(day.From) && r.To.Equal(day.To)
		if same && (r.Complete() || now.Before(r.StartedAt.Add(retryAfter))) {
			return false
		}
		afterFirst = afterFirst || !r.From.After(day.From)
	}
	return afterFirst
}
