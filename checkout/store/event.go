package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const eventColumns = `id, type, merchant, session_id, attempt_id, created_at, version, session, refund, difference, test_mode`

func scanEvent(r row) (checkout.Event, error) {
	var e checkout.Event
	var sessionID sql.NullString
	var session, refund, difference string
	err := r.Scan(&e.ID, &e.Type, &e.Merchant, &sessionID, &e.AttemptID, millis{&e.CreatedAt}, &e.Version, &session, &refund, &difference, &e.TestMode)
	if err != nil {
		return e, err
	}
	e.SessionID = sessionID.String
	for _, part := range []struct {
		text   string
		needed bool
		into   any
	}{{session, e.SessionID != "", &e.Session}, {refund, false, &e.Refund}, {difference, false, &e.Difference}} {
		if part.text == "" && !part.needed {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return e, fmt.Errorf("reading event %s: %w", e.ID, err)
		}
	}
	return e, nil
}

// addEvent stores an event, the entries before it, its timeline entry and its pending
// webhooks. It fails with ErrConflict if the merchant already has an event of the same
// difference. An event without a session has no timeline. The first step stores the event.
func (s *Store) addEvent(e checkout.Event, before ...checkout.Entry) ([]step, error) {
	event, err := insertEvent(e)
	if err != nil {
		return nil, fmt.Errorf("storing event %s: %w", e.ID, err)
	}
	entries := slices.Clone(before)
	if e.SessionID != "" {
		entries = append(entries, e.Entry())
	}
	steps := append([]step{event}, addEntries(entries...)...)
	if s.webhooks != nil {
		steps = append(steps, addPending(e, s.webhooks.Endpoints(e)))
	}
	return steps, nil
}

func insertEvent(e checkout.Event) (step, error) {
	session, err := optionalJSON(e.SessionID != "", e.Session)
	if err != nil {
		return step{}, err
	}
	refund, err := optionalJSON(e.Refund != nil, e.Refund)
	if err != nil {
		return step{}, err
	}
	difference, err := optionalJSON(e.Difference != nil, e.Difference)
	if err != nil {
		return step{}, err
	}
	return step{
		what: "storing event " + e.ID, missing: checkout.ErrConflict,
		statement: `INSERT INTO events (` + eventColumns + `, difference_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (merchant, difference_key) WHERE difference_key IS NOT NULL DO NOTHING`,
		args: []any{
			e.ID, string(e.Type), e.Merchant, sql.NullString{String: e.SessionID, Valid: e.SessionID != ""}, e.AttemptID, toMillis(e.CreatedAt), e.Version,
			session, refund, difference, e.TestMode, differenceKey(e),
		},
	}, nil
}

// differenceKey identifies an event's difference within its merchant. It is NULL
// for an event without one, and a hash because an index limits the length of text.
func differenceKey(e checkout.Event) sql.NullString {
	if e.Difference == nil {
		return sql.NullString{}
	}
	sum := sha256.Sum256([]byte(e.Difference.Key()))
	return sql.NullString{String: hex.EncodeToString(sum[:]), Valid: true}
}

// optionalJSON returns value as JSON, or "" if it is not present.
func optionalJSON(present bool, value any) (string, error) {
	if !present {
		return "", nil
	}
	encoded, err := json.Marshal(value)
	return string(encoded), err
}

// Event implements [checkout.Store].
func (s *Store) Event(ctx context.Context, id string) (checkout.Event, error) {
	return queryOne(ctx, s, scanEvent, `SELECT `+eventColumns+` FROM events WHERE id = $1`, id)
}

// Events implements [checkout.Store].
func (s *Store) Events(ctx context.Context, sessionID string) ([]checkout.Event, error) {
	return queryAll(ctx, s, scanEvent,
		`SELECT `+eventColumns+` FROM events WHERE session_id = $1 ORDER BY version, created_at, id`, sessionID)
}

// AddNotification implements [checkout.Store].
func (s *Store) AddNotification(ctx context.Context, n checkout.Notification, queryAt time.Time, first *checkout.Event) error {
	steps, err := notificationSteps(n, queryAt)
	if err == nil && first == nil {
		err = s.write(ctx, steps...)
	} else if err == nil {
		err = s.addNotificationWithEvent(ctx, n, steps, *first)
	}
	if err != nil {
		return fmt.Errorf("storing a notification: %w", err)
	}
	return nil
}

// AddNotificationAndLease implements [checkout.Store].
func (s *Store) AddNotificationAndLease(ctx context.Context, n checkout.Notification, until time.Time) (a checkout.Attempt, leased bool, err error) {
	steps, err := notificationSteps(n, n.ReceivedAt)
	if err == nil {
		err = s.write(ctx, append(steps, leaseAttempt(n.AttemptID, n.ReceivedAt, time.Time{}, until, &a, &leased))...)
	}
	if err != nil {
		return a, false, fmt.Errorf("storing a notification: %w", err)
	}
	return a, leased, nil
}

// notificationCounts are the columns that count an attempt's notifications, by
// verdict.
var notificationCounts = map[checkout.Verdict]string{
	checkout.VerdictAccepted: "notifications_accepted",
	checkout.VerdictMismatch: "notifications_mismatched",
	checkout.VerdictRejected: "notifications_rejected",
}

// notificationSteps count a notification, write to its attempt what it says, bring the
// next query forward to queryAt if that is set, and store its timeline entry if it is one
// of the first KeptNotifications. They fail with ErrNotFound if there is no such attempt.
//
// The first step locks the attempt, so that only one of several concurrent notifications
// counts as the first.
func notificationSteps(n checkout.Notification, queryAt time.Time) ([]step, error) {
	column, known := notificationCounts[n.Verdict]
	if !known {
		return nil, fmt.Errorf("unknown verdict %q of a notification", n.Verdict)
	}
	var paid time.Time
	if n.Paid {
		paid = n.ReceivedAt
	}
	count := step{
		what: "updating attempt " + n.AttemptID, missing: checkout.ErrNotFound,
		statement: `UPDATE attempts SET ` + column + ` = ` + column + ` + 1, notification_at = $5,
				next_query_at = CASE
					WHEN CAST($1 AS BIGINT) > 0 AND (next_query_at = 0 OR next_query_at > $1) AND state <> 'paid' AND NOT quarantined THEN $1
					ELSE next_query_at END,
				version = CASE WHEN CAST($3 AS BIGINT) > 0 AND (reported_at = 0 OR denied_at > 0) AND state <> 'paid' AND NOT quarantined THEN version + 1 ELSE version END,
				reported_at = CASE WHEN reported_at = 0 AND state <> 'paid' AND NOT quarantined THEN $3 ELSE reported_at END,
				notified_trade_id = CASE WHEN notified_trade_id = '' AND state <> 'paid' AND NOT quarantined THEN $4 ELSE notified_trade_id END
			WHERE id = $2`,
		args: []any{toMillis(queryAt), n.AttemptID, toMillis(paid), storableText(n.TradeID), toMillis(n.ReceivedAt)},
	}
	marks, args := entryArgs(0, n.Entry())
	entry := step{
		what: "writing the timeline of session " + n.SessionID,
		statement: `INSERT INTO timeline (` + entryColumns + `) SELECT ` + marks + `
			WHERE (SELECT ` + column + ` FROM attempts WHERE id = $2) <= $10`,
		args: append(args, checkout.KeptNotifications),
	}
	return []step{count, entry}, nil
}

// addNotificationWithEvent makes the steps of a notification, and stores its event if it
// is the attempt's first notification of its verdict.
func (s *Store) addNotificationWithEvent(ctx context.Context, n checkout.Notification, steps []step, first checkout.Event) error {
	event, err := s.addEvent(first)
	if err != nil {
		return err
	}
	column := notificationCounts[n.Verdict]
	isFirst := false
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Apply locks the session before the attempt. The same order here avoids a
		// deadlock.
		if err := lockSession(first.SessionID).run(ctx, tx); err != nil {
			return err
		}
		if err := runSteps(ctx, tx, steps); err != nil {
			return err
		}
		var count int
		err := tx.QueryRowContext(ctx, `SELECT `+column+` FROM attempts WHERE id = $1`, n.AttemptID).Scan(&count)
		if isFirst = count == 1; err != nil || !isFirst {
			return err
		}
		return runSteps(ctx, tx, append([]step{setSessionVersion(first)}, event...))
	})
	if !isFirst {
		return err
	}
	return s.stored(err, first.SessionID, first)
}
