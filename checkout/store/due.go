package store

import (
	"context"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// The two kinds of attempts that are asked about, each with an index of its own
// that has the same condition.
const (
	dueLive  = `next_query_at > 0 AND state <> 'paid' AND NOT quarantined AND ended_at = 0`
	dueEnded = `next_query_at > 0 AND state <> 'paid' AND NOT quarantined AND ended_at > 0`
)

// DueAttempts implements [checkout.Store]. It reads no more of what has ended
// than there is room for.
func (s *Store) DueAttempts(ctx context.Context, now time.Time, limit int) ([]checkout.Attempt, error) {
	due, err := s.dueAttempts(ctx, dueLive, now, limit)
	if err != nil || len(due) >= limit {
		return due, err
	}
	ended, err := s.dueAttempts(ctx, dueEnded, now, limit-len(due))
	return append(due, ended...), err
}

func (s *Store) dueAttempts(ctx context.Context, kind string, now time.Time, limit int) ([]checkout.Attempt, error) {
	return all(ctx, s.db.reader, scanAttempt, dueQuery(kind), ms(now), limit, limit-1)
}

// dueQuery selects the first $2 attempts of a kind that are due at $1, the
// merchants in turn and of each the longest due first. It steps from merchant to
// merchant through the index, and reads of each what is due up to its row number
// $2, however much there is. $3 is $2 less one.
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
