package store_test

import (
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
)

// plan returns the steps in which SQLite answers a query of DueAttempts.
func plan(t *testing.T, db *store.DB, query string) (steps []string) {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, 1, 100, 99)
	try(t, err)
	defer func() { try(t, rows.Close()) }()
	for rows.Next() {
		var id, parent, unused int
		var step string
		try(t, rows.Scan(&id, &parent, &unused, &step))
		steps = append(steps, step)
	}
	try(t, rows.Err())
	return steps
}

// TestDueAttemptsUseTheirIndex: nothing reads the whole table, nor sorts what is
// due to find the first of it.
func TestDueAttemptsUseTheirIndex(t *testing.T) {
	t.Parallel()
	db := open(t, newPath(t))
	for index, query := range store.DueQueries {
		steps, found := plan(t, db, query), 0
		for _, step := range steps {
			if strings.Contains(step, "attempts") {
				found++
				if !strings.Contains(step, "INDEX "+index) {
					t.Errorf("%s is not used: %s", index, step)
				}
			}
		}
		if found < 4 {
			t.Errorf("the plan is %s", strings.Join(steps, "; "))
		}
	}
}
