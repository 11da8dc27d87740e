package store_test

import (
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
)

// plan returns the steps of SQLite's plan for a query of DueAttempts.
func plan(t *testing.T, db *store.DB, query string) (steps []string) {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, 1, 100, 99)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var id, parent, unused int
		var step string
		must(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	must(t, rows.Err())
	return steps
}

// TestDueAttemptsUseTheirIndex checks that no step reads the whole table.
func TestDueAttemptsUseTheirIndex(t *testing.T) {
	t.Parallel()
	db := open(t, newPath(t))
	for index, query := range store.DueQueries {
		steps, count := plan(t, db, query), 0
		for _, step := range steps {
			if strings.Contains(step, "attempts") {
				count++
				if !strings.Contains(step, "INDEX "+index) {
					t.Errorf("%s is not used: %s", index, step)
				}
			}
		}
		if count < 4 {
			t.Errorf("%d steps read attempts, want 4 or more: %s", count, strings.Join(steps, "; "))
		}
	}
}
