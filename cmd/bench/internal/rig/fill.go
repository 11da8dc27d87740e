package rig

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Fill adds n ended sessions to the SQLite database of a checkout that does not run: each
// with an order, every other one paid. Their ids are spread over all possible ids, so
// that new ones come between them.
func Fill(ctx context.Context, p Plan, n int) error {
	if err := fill(ctx, p, n); err != nil {
		return err
	}
	return syncFile(SQLiteFile(p)) // or the system writes the data while something is measured
}

// syncFile writes what the system holds of a file to the disk.
func syncFile(path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // #nosec G304 -- a database of the bench
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.Sync()
}

func fill(ctx context.Context, p Plan, n int) (err error) {
	// A crash may lose the data: it is only for a measurement.
	db, err := sql.Open("sqlite", "file:"+SQLiteFile(p)+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=cache_size(-500000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	begin := time.Now().Add(-60*24*time.Hour).UnixMilli() - int64(n)
	for _, t := range []struct {
		table, where string
		columns      []column
	}{
		{"sessions", "", sessionColumns}, {"attempts", "", attemptColumns}, {"payments", "WHERE n % 2 = 0", paymentColumns},
	} {
		columns, err := existing(ctx, db, t.table, t.columns)
		if err != nil {
			return err
		}
		if len(columns) == 0 { // the schema of an older checkout
			continue
		}
		if _, err := db.ExecContext(ctx, fillStatement(t.table, t.where, columns), n, begin); err != nil {
			return fmt.Errorf("filling %s: %w", t.table, err)
		}
	}
	return nil
}

// column is a column with the expression of its value: n is the number of the session,
// key its 26 letters and digits, and at a time in the past.
type column struct{ name, value string }

var sessionColumns = []column{
	{"id", "'cs_' || key"}, {"merchant", "'" + Told + "'"}, {"version", "3"},
	{"status", "CASE n % 2 WHEN 0 THEN 'complete' ELSE 'expired' END"}, {"payment_status", "CASE n % 2 WHEN 0 THEN 'paid' ELSE 'unpaid' END"},
	{"amount", "48000"}, {"currency", "'" + currency + "'"}, {"subject", "'Harbour Nights, Row C'"}, {"client_reference_id", "'OLD-' || n"},
	{"success_url", "'https://shop.example.com/orders'"}, {"cancel_url", "''"}, {"wallets", `'["wechat"]'`}, {"locale", "''"}, {"metadata", "'{}'"},
	{"created_at", "at"}, {"expires_at", "at + 1800000"}, {"conclude_at", "at + 1800000"}, {"paid_at", "CASE n % 2 WHEN 0 THEN at + 60000 ELSE 0 END"},
	{"paid_late", "0"}, {"paid_twice", "0"}, {"amount_mismatch", "0"}, {"paid_by", "CASE n % 2 WHEN 0 THEN 'at_' || key ELSE '' END"},
}

var attemptColumns = []column{
	{"id", "'at_' || key"}, {"session_id", "'cs_' || key"}, {"merchant", "'" + Told + "'"}, {"version", "4"},
	{"state", "CASE n % 2 WHEN 0 THEN 'paid' ELSE 'closed' END"}, {"channel", "'wechat'"}, {"wallet", "'wechat'"}, {"flow", "'native'"},
	{"reason", "'on a computer: a code'"}, {"payer", "''"}, {"out_trade_no", "key"}, {"trade_id", "CASE n % 2 WHEN 0 THEN '1000' || n ELSE '' END"},
	{"amount", "48000"}, {"currency", "'" + currency + "'"}, {"notify_token", "'n' || key"}, {"return_token", "'r' || key"},
	{"placed_code", "'https://wallet.example.com/scan/' || key"}, {"placed_url", "''"}, {"placed_jsapi", "''"}, {"failure", "''"}, {"quarantined", "0"},
	{"created_at", "at"}, {"paid_at", "CASE n % 2 WHEN 0 THEN at + 60000 ELSE 0 END"}, {"next_query_at", "0"}, {"queried_at", "at + 60000"},
	{"queries", "2"}, {"held_until", "0"}, {"ended_at", "at + 60000"},
}

var paymentColumns = []column{{"account", "''"}, {"trade_id", "'1000' || n"}, {"attempt_id", "'at_' || key"}}

// existing returns the columns that a table has.
func existing(ctx context.Context, db *sql.DB, table string, columns []column) (has []column, err error) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM pragma_table_info($1)", table)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(columns, func(c column) bool { return c.name == name }); i >= 0 {
			has = append(has, columns[i])
		}
	}
	return has, rows.Err()
}

// fillStatement returns the statement that adds $1 rows to a table, from the time $2 on.
// The keys rise with n, which is quick to insert.
func fillStatement(table, where string, columns []column) string {
	var key strings.Builder // 25 bits in five characters, then n
	for bits := 20; bits >= 0; bits -= 5 {
		fmt.Fprintf(&key, "substr('234567abcdefghijklmnopqrstuvwxyz', 1 + (((n << 25) / $1) >> %d & 31), 1) || ", bits)
	}
	names, values := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], values[i] = c.name, c.value
	}
	return "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $1), " +
		"keys (n, key, at) AS (SELECT n, " + key.String() + "printf('%021d', n), $2 + n FROM numbers) " +
		"INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM keys " + where
}
