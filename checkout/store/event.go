package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const eventColumns = `id, type, merchant, session_id, attempt_id, created_at, session, refund`

func scanEvent(r row) (checkout.Event, error) {
	var e checkout.Event
	var session, refund string
	if err := r.Scan(&e.ID, &e.Type, &e.Merchant, &e.SessionID, &e.AttemptID, millis{&e.CreatedAt}, &session, &refund); err != nil {
		return e, err
	}
	if err := json.Unmarshal([]byte(session), &e.Session); err != nil {
		return e, fmt.Errorf("reading event %s: %w", e.ID, err)
	}
	if refund == "" {
		return e, nil
	}
	if err := json.Unmarshal([]byte(refund), &e.Refund); err != nil {
		return e, fmt.Errorf("reading the refund of event %s: %w", e.ID, err)
	}
	return e, nil
}

// addEvent stores an event, its entry and its jobs.
func (s *Store) addEvent(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
	session, err := json.Marshal(e.Session)
	if err != nil {
		return fmt.Errorf("writing event %s: %w", e.ID, err)
	}
	var refund []byte // none is stored as ""
	if e.Refund != nil {
		if refund, err = json.Marshal(e.Refund); err != nil {
			return fmt.Errorf("writing the refund of event %s: %w", e.ID, err)
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO events (`+eventColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.ID, string(e.Type), e.Merchant, e.SessionID, e.AttemptID, ms(e.CreatedAt), string(session), string(refund))
	if err != nil {
		return fmt.Errorf("storing event %s: %w", e.ID, err)
	}
	if err := addEntries(ctx, tx, e.Entry()); err != nil {
		return err
	}
	if err := s.enqueue(ctx, tx, e); err != nil {
		return fmt.Errorf("storing the jobs of event %s: %w", e.ID, err)
	}
	return nil
}

// Event implements [checkout.Store].
func (s *Store) Event(ctx context.Context, id string) (checkout.Event, error) {
	return found(scanEvent(s.db.reader.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events WHERE id = $1`, id)))
}

// Events implements [checkout.Store].
func (s *Store) Events(ctx context.Context, sessionID string) ([]checkout.Event, error) {
	return all(ctx, s.db.reader, scanEvent,
		`SELECT `+eventColumns+` FROM events WHERE session_id = $1 ORDER BY created_at, id`, sessionID)
}

// AddNotification implements [checkout.Store].
func (s *Store) AddNotification(ctx context.Context, n checkout.Notification, askAt time.Time, first *checkout.Event) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		// It locks the attempt, so that of several at once one is the first.
		if err := askSooner(ctx, tx, n.AttemptID, askAt); err != nil {
			return err
		}
		var earlier int
		count := tx.QueryRowContext(ctx, `SELECT count(*) FROM timeline WHERE attempt_id = $1 AND kind = 'notification' AND result = $2`,
			n.AttemptID, string(n.Verdict))
		if err := count.Scan(&earlier); err != nil {
			return err
		}
		if err := addEntries(ctx, tx, n.Entry()); err != nil {
			return err
		}
		if first != nil && earlier == 0 {
			return s.addEvent(ctx, tx, *first)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("storing a notification: %w", err)
	}
	return nil
}

// askSooner brings an attempt's next query forward to askAt, if that is set. It
// locks the attempt either way.
func askSooner(ctx context.Context, tx *sql.Tx, attemptID string, askAt time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE attempts SET next_query_at = CASE
			WHEN CAST($1 AS BIGINT) > 0 AND (next_query_at = 0 OR next_query_at > $1) AND state <> 'paid' AND NOT quarantined THEN $1
			ELSE next_query_at END
		WHERE id = $2`, ms(askAt), attemptID)
	return one(result, err, checkout.ErrNotFound)
}
