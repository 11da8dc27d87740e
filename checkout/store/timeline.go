package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/wantukit/wantukit/checkout"
)

const entryColumns = `session_id, attempt_id, ref, at, kind, cause, result, detail, body`

func scanEntry(r row) (checkout.Entry, error) {
	var e checkout.Entry
	err := r.Scan(&e.SessionID, &e.AttemptID, &e.Ref, millis{&e.At}, &e.Kind, &e.Cause, &e.Result, &e.Detail, &e.Body)
	return e, err
}

// addEntries stores timeline entries in their order.
func addEntries(entries ...checkout.Entry) []step {
	if len(entries) == 0 {
		return nil
	}
	var values []string
	var args []any
	for _, e := range entries {
		marks, of := entryArgs(len(args), e)
		values, args = append(values, "("+marks+")"), append(args, of...)
	}
	return []step{{
		what:      "writing the timeline of session " + entries[0].SessionID,
		statement: `INSERT INTO timeline (` + entryColumns + `) VALUES ` + strings.Join(values, ", "), args: args,
	}}
}

// entryArgs returns the arguments of an entry, and their placeholders after $n.
func entryArgs(n int, e checkout.Entry) (marks string, args []any) {
	args = []any{
		e.SessionID, e.AttemptID, e.Ref, toMillis(e.At), string(e.Kind), string(e.Cause),
		storableText(e.Result), storableText(e.Detail), storableText(e.Body),
	}
	types := [...]string{"TEXT", "TEXT", "TEXT", "BIGINT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT"}
	typed := make([]string, len(args))
	for i := range args {
		typed[i] = "CAST($" + strconv.Itoa(n+i+1) + " AS " + types[i] + ")" // PostgreSQL cannot tell them in a SELECT
	}
	return strings.Join(typed, ", "), args
}

// Record implements [checkout.Store].
func (s *Store) Record(ctx context.Context, entries ...checkout.Entry) error {
	return s.write(ctx, addEntries(entries...)...)
}

// Timeline implements [checkout.Store].
func (s *Store) Timeline(ctx context.Context, sessionID string) ([]checkout.Entry, error) {
	return queryAll(ctx, s, scanEntry,
		`SELECT `+entryColumns+` FROM timeline WHERE session_id = $1 ORDER BY id`, sessionID)
}

// Lookup returns the ids of the sessions that a number belongs to. The number is
// the id of a session, attempt, refund or event, the number of an order or refund
// at the gateway, or the shop's own reference. It returns none for an unknown one.
func (s *Store) Lookup(ctx context.Context, number string) ([]string, error) {
	if number == "" { // many sessions have an empty reference
		return nil, nil
	}
	return queryAll(ctx, s, func(r row) (id string, err error) { return id, r.Scan(&id) },
		`SELECT id FROM sessions WHERE id = $1 OR client_reference_id = $1
		UNION SELECT session_id FROM attempts WHERE id = $1 OR out_trade_no = $1 OR trade_id = $1
		UNION SELECT session_id FROM refunds WHERE id = $1 OR out_refund_no = $1 OR gateway_id = $1 OR client_reference_id = $1
		UNION SELECT session_id FROM events WHERE id = $1
		ORDER BY 1`, number)
}
