package checkout

import (
	"context"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

const (
	// reconcileAfter is when a day is due, after it has ended, and
	// reconcileSpread over how long the merchants are spread.
	reconcileAfter  = 2 * time.Hour
	reconcileSpread = time.Hour
	// reconcileAgain is how long a run that failed, or died, rests.
	reconcileAgain = 30 * time.Minute
	// reconcileLate is when a day that is not reconciled asks for a person.
	reconcileLate = 24 * time.Hour
	// reconcileBack is how many days are made up for after the program was
	// down.
	reconcileBack = 7
	// reportsRead has room for all the runs of so many days.
	reportsRead = reconcileBack * int(24*time.Hour/reconcileAgain)
)

// Span is a window of one merchant's to reconcile.
type Span struct {
	Merchant string
	From, To time.Time
}

// GatewayDay returns the day of the gateway's that t is in, which begins and
// ends at midnight in UTC+8.
func GatewayDay(t time.Time) (from, to time.Time) {
	t = t.In(time.FixedZone("UTC+8", 8*60*60))
	from = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	return from, from.AddDate(0, 0, 1)
}

// ReconciliationsDue returns the days that are to be reconciled now, the oldest
// of each merchant first: those of the last week that ended over 2 hours ago and
// have no complete report. A merchant who has no report at all begins with
// yesterday. What is due stands in the store alone, so that it outlives any
// process, and whichever node asks is told the same.
func (s *Service) ReconciliationsDue(ctx context.Context) ([]Span, error) {
	now := s.clock.Now()
	var due []Span
	for id := range s.shops {
		reports, err := s.store.Reconciliations(ctx, id, reportsRead)
		if err != nil {
			return nil, err
		}
		due = append(due, dueDays(id, reports, now)...)
	}
	slices.SortFunc(due, func(a, b Span) int {
		if c := a.From.Compare(b.From); c != 0 {
			return c
		}
		return strings.Compare(a.Merchant, b.Merchant)
	})
	return due, nil
}

func dueDays(merchant string, reports []Reconciliation, now time.Time) []Span {
	today, _ := GatewayDay(now.Add(-reconcileAfter - spread(merchant)))
	days := reconcileBack
	if len(reports) == 0 {
		days = 1
	}
	var due []Span
	for back := days; back > 0; back-- {
		from := today.AddDate(0, 0, -back)
		span := Span{merchant, from, from.AddDate(0, 0, 1)}
		if span.due(reports, now) {
			due = append(due, span)
		}
	}
	return due
}

// spread gives each merchant a moment of its own.
func spread(merchant string) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(merchant)) // it never fails
	return time.Duration(h.Sum32()%uint32(reconcileSpread/time.Second)) * time.Second
}

// due reports whether no run has completed the span, and none began just now. A
// day from before the first report is nobody's.
func (p Span) due(reports []Reconciliation, now time.Time) bool {
	begun := len(reports) == 0
	for _, r := range reports {
		same := r.From.Equal(p.From) && r.To.Equal(p.To)
		if same && (r.Complete() || now.Before(r.StartedAt.Add(reconcileAgain))) {
			return false
		}
		begun = begun || !r.From.After(p.From)
	}
	return begun
}
