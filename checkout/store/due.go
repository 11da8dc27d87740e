package store

import (
	"context"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// dueLive and dueEnded are the conditions of the two kinds of attempts that are
// queried. Each kind has an index with the same condition.
const (
	dueLive  = `next_query_at > 0 AND state <> 'paid' AND NOT quarantined AND ended_at = 0`
	dueEnded = `next_query_at > 0 AND state <> 'paid' AND NOT quarantined AND ended_at > 0`
)

// DueAttempts implements [checkout.Store]. Attempts that have ended only
// fill what live ones leave of the limit.
func (s *Store) DueAttempts(ctx context.Context, now time.Time, limit int) ([]checkout.Attempt, error) {
	due, err := s.dueAttempts(ctx, dueLive, now, limit)
	if err != nil || len(due) >= limit {
		return due, err
	}
	ended, err := s.dueAttempts(ctx, dueEnded, now, limit-len(due))
	return append(due, ended...), err
}

func (s *Store) dueAttempts(ctx context.Context, kind string, now time.Time, limit int) ([]checkout.Attempt, error) {
	return queryAll(ctx, s.db.reader, scanAttempt, dueQuery(kind), toMillis(now), limit, limit-1)
}

// dueQuery selects the first $2 attempts of a kind that are due at $1. It takes
// the merchants in turn, and the longest due first of each merchant. It steps
// through the index from merchant to merchant and reads at most about $2 rows of
// each, however many are due. $3 must be $2 - 1.
func dueQuery(kind string) string {
	return strings.ReplaceAll(`WITH RECURSIVE merchants (name) AS (
			SELECT MIN(merchant) FROM attempts WHERE KIND
			UNION ALL
			SELECT (SELECT MIN(merchant) FROM attempts WHERE KIND AND merchant > name) FROM merchants WHERE name IS NOT NULL
		), shares AS (
			SELECT name, COALESCE((SELECT next_query_at FROM attempts
				WHERE KIND AND merchant = name AND next_query_at <= $1 AND held_until <= $1
				ORDER BY next_query_at LIMIT 1 OFFSET $3), $1) AS latest
			FROM merchants WHERE name IS NOT NULL
		)
		SELECT `+attemptColumns+` FROM (
			SELECT `+attemptColumns+`, ROW_NUMBER() OVER (PARTITION BY merchant ORDER BY next_query_at) AS turn
			FROM shares JOIN attempts ON merchant = name AND next_query_at <= latest AND held_until <= $1 AND KIND
		) AS due ORDER BY turn, next_query_at LIMIT $2`, "KIND", kind)
}
