package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// dueSource says where due work of a kind is found. There is an index on (merchant, by)
// with the condition kind, so the queries read no other rows.
type dueSource struct {
	table, columns string
	// kind is the condition of rows that are due at some time, and by the column with
	// that time.
	kind, by string
	// free is the condition of a row without a lease at $1.
	free string
}

const noLease = ` AND held_until <= $1`

var (
	dueLive = dueSource{
		table: "attempts", columns: attemptColumns, by: "next_query_at", free: noLease,
		kind: `next_query_at > 0 AND state <> 'paid' AND NOT quarantined AND ended_at = 0`,
	}
	dueEnded = dueSource{
		table: "attempts", columns: attemptColumns, by: "next_query_at", free: noLease,
		kind: `next_query_at > 0 AND state <> 'paid' AND NOT quarantined AND ended_at > 0`,
	}
	dueSessions = dueSource{table: sessionsRead, columns: sessionColumnsRead, by: "conclude_at", kind: `status = 'open'`}
	dueRefunds  = dueSource{
		table: refundsRead, columns: refundColumnsRead, by: "next_try_at", free: noLease,
		kind: `state = 'pending' AND next_try_at > 0`,
	}
)

// dueSources are the sources of the kinds of work.
var dueSources = map[checkout.Work]dueSource{
	checkout.WorkLive: dueLive, checkout.WorkEnded: dueEnded, checkout.WorkSessions: dueSessions, checkout.WorkRefunds: dueRefunds,
}

// query selects the first $3 due rows of the merchant $2 at $1.
func (d dueSource) query() string {
	return `SELECT ` + d.columns + ` FROM ` + d.table + ` WHERE ` + d.kind + ` AND merchant = $2 AND ` + d.by + ` <= $1` + d.free + `
		ORDER BY ` + d.by + ` LIMIT $3`
}

// baseTable returns the table whose rows are due, without what is read beside them.
func (d dueSource) baseTable() string {
	switch d.table {
	case refundsRead:
		return "refunds"
	case sessionsRead:
		return "sessions"
	default:
		return d.table
	}
}

// merchantsQuery selects the merchants with a row that is due at $1. It steps through
// the index from merchant to merchant, however many rows a merchant has.
func (d dueSource) merchantsQuery() string {
	return strings.NewReplacer("TABLE", d.baseTable(), "KIND", d.kind, "DUE", d.by+` <= $1`+d.free).Replace(`WITH RECURSIVE merchants (name) AS (
			SELECT MIN(merchant) FROM TABLE WHERE KIND
			UNION ALL
			SELECT (SELECT MIN(merchant) FROM TABLE WHERE KIND AND merchant > name) FROM merchants WHERE name IS NOT NULL
		)
		SELECT name FROM merchants WHERE name IS NOT NULL AND EXISTS (SELECT 1 FROM TABLE WHERE KIND AND merchant = name AND DUE)`)
}

// DueMerchants implements [checkout.Store].
func (s *Store) DueMerchants(ctx context.Context, work checkout.Work, now time.Time) ([]string, error) {
	source, known := dueSources[work]
	if !known {
		return nil, fmt.Errorf("unknown work %q", work)
	}
	return queryAll(ctx, s, scanText, source.merchantsQuery(), toMillis(now))
}

func scanText(r row) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

// DueAttempts implements [checkout.Store].
func (s *Store) DueAttempts(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Attempt, error) {
	return queryAll(ctx, s, scanAttempt, dueLive.query(), toMillis(now), merchant, limit)
}

// DueEndedAttempts implements [checkout.Store].
func (s *Store) DueEndedAttempts(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Attempt, error) {
	return queryAll(ctx, s, scanAttempt, dueEnded.query(), toMillis(now), merchant, limit)
}

// ExpiringSessions implements [checkout.Store].
func (s *Store) ExpiringSessions(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Session, error) {
	return queryAll(ctx, s, scanSession, dueSessions.query(), toMillis(now), merchant, limit)
}

// DueRefunds implements [checkout.Store].
func (s *Store) DueRefunds(ctx context.Context, merchant string, now time.Time, limit int) ([]checkout.Refund, error) {
	return queryAll(ctx, s, scanRefund, dueRefunds.query(), toMillis(now), merchant, limit)
}
