package store_test

import (
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
)

// TestDueAttemptsUseTheirIndex: nothing reads the whole table, nor sorts what is
// due to find the first of it.
func TestDueAttemptsUseTheirIndex(t *testing.T) {
	t.Parallel()
	db := open(t, newPath(t))
	for index, query := range store.DueQueries {
		rows, err := db.Reader().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, 1, 100, 99)
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			steps = append(steps, step)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		found := 0
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
