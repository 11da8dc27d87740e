package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// sqlitePlan returns the steps of SQLite's plan for a query.
func sqlitePlan(t *testing.T, db *store.DB, q store.IndexedQuery) (steps []string) {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+q.Query, q.Args...)
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

// checkIndex checks that each step of a plan that reads the query's table uses the
// query's index, and that no step sorts.
func checkIndex(t *testing.T, q store.IndexedQuery, steps []string, readsTable func(step string) bool) {
	t.Helper()
	count := 0
	for _, step := range steps {
		if strings.Contains(step, "TEMP B-TREE") || strings.Contains(step, "Sort") {
			t.Errorf("a query of %s sorts: %s", q.Index, strings.Join(steps, "; "))
		}
		if readsTable(step) {
			count++
			if !strings.Contains(step, q.Index) {
				t.Errorf("%s is not used: %s", q.Index, step)
			}
		}
	}
	if count == 0 {
		t.Errorf("no step reads %s: %s", q.Table, strings.Join(steps, "; "))
	}
}

// indexedQueries are the queries that must take the same time whatever the number of
// sessions that have ended.
func indexedQueries(metadataKey string) []store.IndexedQuery {
	return slices.Concat(store.DueQueries(), store.ReconciliationQueries, store.ListQueries(metadataKey))
}

func TestDueWorkIsFoundByIndex(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		db := open(t, newPath(t))
		for _, q := range indexedQueries("PRIMARY KEY (merchant=? AND name=? AND value=?") {
			checkIndex(t, q, sqlitePlan(t, db, q), func(step string) bool {
				fields := strings.Fields(step) // SCAN or SEARCH, and the table
				return len(fields) > 1 && (fields[0] == "SCAN" || fields[0] == "SEARCH") && fields[1] == q.Table
			})
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		db, err := store.OpenPostgres(t.Context(), pgtest.Database(t))
		must(t, err)
		t.Cleanup(func() { must(t, db.Close()) })
		for _, q := range indexedQueries("session_metadata_pkey") {
			checkIndex(t, q, postgresPlan(t, db, q), func(step string) bool {
				return strings.Contains(step, " on "+q.Table+" ") || strings.HasSuffix(step, " "+q.Table)
			})
		}
	})
}

// postgresPlan returns the steps of PostgreSQL's plan for a query of a table that is too
// large to be read as a whole or to be sorted.
func postgresPlan(t *testing.T, db *store.DB, q store.IndexedQuery) (steps []string) {
	t.Helper()
	tx, err := db.Reader().BeginTx(t.Context(), nil)
	must(t, err)
	defer func() { must(t, tx.Rollback()) }()
	for _, setting := range []string{"enable_seqscan", "enable_bitmapscan", "enable_sort"} {
		_, err := tx.ExecContext(t.Context(), "SET LOCAL "+setting+" = off")
		must(t, err)
	}
	rows, err := tx.QueryContext(t.Context(), "EXPLAIN (COSTS OFF) "+q.Query, q.Args...)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	for rows.Next() {
		var step string
		must(t, rows.Scan(&step))
		if strings.Contains(step, "->") || len(steps) == 0 {
			steps = append(steps, step)
		}
	}
	must(t, rows.Err())
	return steps
}
