package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const eventColumns = `id, type, merchant, session_id, attempt_id, created_at, version, session, refund, difference`

func scanEvent(r row) (checkout.Event, error) {
	var e checkout.Event
	var sessionID sql.NullString
	var session, refund, difference string
	err := r.Scan(&e.ID, &e.Type, &e.Merchant, &sessionID, &e.AttemptID, millis{&e.CreatedAt}, &e.Version, &session, &refund, &difference)
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

// addEvent stores an event, its timeline entry and its pending webhook.
func (s *Store) addEvent(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	result, err := insertEvent(ctx, tx, e)
	return s.addEntryAndWebhook(ctx, tx, e, requireRow(result, err, checkout.ErrConflict))
}

// addEntryAndWebhook stores the timeline entry and the pending webhook of an event,
// unless err says that storing the event failed. An event without a session has no
// timeline.
func (s *Store) addEntryAndWebhook(ctx context.Context, tx *sql.Tx, e checkout.Event, err error) error {
	if err != nil {
		return fmt.Errorf("storing event %s: %w", e.ID, err)
	}
	if e.SessionID != "" {
		if err := addEntries(ctx, tx, e.Entry()); err != nil {
			return err
		}
	}
	return s.addPending(ctx, tx, e)
}

// insertEvent stores an event. It changes no row if the merchant already has an
// event of the same difference.
func insertEvent(ctx context.Context, tx *sql.Tx, e checkout.Event) (sql.Result, error) {
	session, err := optionalJSON(e.SessionID != "", e.Session)
	if err != nil {
		return nil, err
	}
	refund, err := optionalJSON(e.Refund != nil, e.Refund)
	if err != nil {
		return nil, err
	}
	difference, err := optionalJSON(e.Difference != nil, e.Difference)
	if err != nil {
		return nil, err
	}
	return tx.ExecContext(ctx, `INSERT INTO events (`+eventColumns+`, difference_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (merchant, difference_key) WHERE difference_key IS NOT NULL DO NOTHING`,
		e.ID, string(e.Type), e.Merchant, sql.NullString{String: e.SessionID, Valid: e.SessionID != ""}, e.AttemptID, toMillis(e.CreatedAt), e.Version,
		session, refund, difference, differenceKey(e))
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
	return orNotFound(scanEvent(s.db.reader.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events WHERE id = $1`, id)))
}

// Events implements [checkout.Store].
func (s *Store) Events(ctx context.Context, sessionID string) ([]checkout.Event, error) {
	return queryAll(ctx, s.db.reader, scanEvent,
		`SELECT `+eventColumns+` FROM events WHERE session_id = $1 ORDER BY version, created_at, id`, sessionID)
}

// AddNotification implements [checkout.Store].
func (s *Store) AddNotification(ctx context.Context, n checkout.Notification, queryAt time.Time, first *checkout.Event) error {
	var added []checkout.Event
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		added = nil
		// Apply locks the session before the attempt. The same order here avoids a
		// deadlock.
		if first != nil {
			if err := lockSession(ctx, tx, first.SessionID); err != nil {
				return err
			}
		}
		// This locks the attempt, so that only one of several concurrent
		// notifications counts as the first.
		if err := applyNotification(ctx, tx, n, queryAt); err != nil {
			return err
		}
		count, err := countNotification(ctx, tx, n)
		if err != nil {
			return err
		}
		if count <= checkout.KeptNotifications {
			if err := addEntries(ctx, tx, n.Entry()); err != nil {
				return err
			}
		}
		if first != nil && count == 1 {
			if err := setSessionVersion(ctx, tx, *first); err != nil {
				return err
			}
			added = []checkout.Event{*first}
			return s.addEvent(ctx, tx, *first)
		}
		return nil
	})
	if err := s.committed(err, added...); err != nil {
		return fmt.Errorf("storing a notification: %w", err)
	}
	return nil
}

// notificationCounts are the columns that count an attempt's notifications, by
// verdict.
var notificationCounts = map[checkout.Verdict]string{
	checkout.VerdictAccepted: "notifications_accepted",
	checkout.VerdictMismatch: "notifications_mismatched",
	checkout.VerdictRejected: "notifications_rejected",
}

// countNotification counts a notification and returns how many of its verdict
// the attempt has now.
func countNotification(ctx context.Context, tx *sql.Tx, n checkout.Notification) (int, error) {
	column, known := notificationCounts[n.Verdict]
	if !known {
		return 0, fmt.Errorf("unknown verdict %q of a notification", n.Verdict)
	}
	var count int
	err := tx.QueryRowContext(ctx, `UPDATE attempts SET `+column+` = `+column+` + 1, notification_at = $1 WHERE id = $2 RETURNING `+column,
		toMillis(n.ReceivedAt), n.AttemptID).Scan(&count)
	return count, err
}

// applyNotification writes to its attempt what a notification says of it, and
// brings the next query forward to queryAt if that is set. It locks the attempt
// in any case. It returns ErrNotFound if there is no such attempt.
func applyNotification(ctx context.Context, tx *sql.Tx, n checkout.Notification, queryAt time.Time) error {
	var paid time.Time
	if n.Paid {
		paid = n.ReceivedAt
	}
	result, err := tx.ExecContext(ctx, `UPDATE attempts SET
			next_query_at = CASE
				WHEN CAST($1 AS BIGINT) > 0 AND (next_query_at = 0 OR next_query_at > $1) AND state <> 'paid' AND NOT quarantined THEN $1
				ELSE next_query_at END,
			version = CASE WHEN CAST($3 AS BIGINT) > 0 AND (reported_at = 0 OR denied_at > 0) AND state <> 'paid' AND NOT quarantined THEN version + 1 ELSE version END,
			reported_at = CASE WHEN reported_at = 0 AND state <> 'paid' AND NOT quarantined THEN $3 ELSE reported_at END,
			notified_trade_id = CASE WHEN notified_trade_id = '' AND state <> 'paid' AND NOT quarantined THEN $4 ELSE notified_trade_id END
		WHERE id = $2`, toMillis(queryAt), n.AttemptID, toMillis(paid), storableText(n.TradeID))
	return requireRow(result, err, checkout.ErrNotFound)
}
