package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const refundColumns = `id, session_id, attempt_id, merchant, version, state, reason, out_refund_no, amount, currency,
	client_reference_id, gateway_id, failure, created_at, settled_at, next_try_at, tries`

func scanRefund(r row) (checkout.Refund, error) {
	var f checkout.Refund
	err := r.Scan(&f.ID, &f.SessionID, &f.AttemptID, &f.Merchant, &f.Version, &f.State, &f.Reason, &f.OutRefundNo, &f.Amount, &f.Currency,
		&f.ClientReferenceID, &f.GatewayID, &f.Failure, millis{&f.CreatedAt}, millis{&f.SettledAt}, millis{&f.NextTryAt}, &f.Tries)
	return f, err
}

// CreateRefund implements [checkout.Store].
func (s *Store) CreateRefund(ctx context.Context, r checkout.Refund, heldUntil time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if err := addRefund(ctx, tx, r, heldUntil); err != nil {
			return err
		}
		return s.changed(ctx, tx, r.SessionID)
	})
}

// addRefund stores a refund with its entry and reserves its money.
func addRefund(ctx context.Context, tx *sql.Tx, r checkout.Refund, heldUntil time.Time) error {
	if err := reserve(ctx, tx, r); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO refunds (`+refundColumns+`, held_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING`,
		r.ID, r.SessionID, r.AttemptID, r.Merchant, r.Version, string(r.State), string(r.Reason), r.OutRefundNo, r.Amount, r.Currency,
		clean(r.ClientReferenceID), clean(r.GatewayID), clean(r.Failure), ms(r.CreatedAt), ms(r.SettledAt), ms(r.NextTryAt), r.Tries, ms(heldUntil))
	if err != nil {
		return fmt.Errorf("storing refund %s: %w", r.ID, err)
	}
	if err := one(result, nil, checkout.ErrConflict); err != nil {
		return err
	}
	return addEntries(ctx, tx, r.Entry())
}

// reserve returns ErrConflict where a refund passes what is left of its paid
// attempt. The update that changes nothing locks the attempt's row, so that of
// two transactions the second adds up what the first has stored.
func reserve(ctx context.Context, tx *sql.Tx, r checkout.Refund) error {
	result, err := tx.ExecContext(ctx, `UPDATE attempts SET version = version WHERE id = $1 AND session_id = $2 AND state = 'paid'`,
		r.AttemptID, r.SessionID)
	if err := one(result, err, checkout.ErrConflict); err != nil {
		return err
	}
	var left int64
	err = tx.QueryRowContext(ctx, `SELECT amount - (SELECT CAST(COALESCE(SUM(refunds.amount), 0) AS BIGINT) FROM refunds
			WHERE refunds.attempt_id = attempts.id AND refunds.state <> 'failed')
		FROM attempts WHERE id = $1`, r.AttemptID).Scan(&left)
	if err != nil {
		return fmt.Errorf("adding up the refunds of %s: %w", r.AttemptID, err)
	}
	if r.Amount > left {
		return checkout.ErrConflict
	}
	return nil
}

// Refund implements [checkout.Store].
func (s *Store) Refund(ctx context.Context, id string) (checkout.Refund, error) {
	return found(scanRefund(s.db.reader.QueryRowContext(ctx, `SELECT `+refundColumns+` FROM refunds WHERE id = $1`, id)))
}

// Refunds implements [checkout.Store].
func (s *Store) Refunds(ctx context.Context, sessionID string) ([]checkout.Refund, error) {
	return all(ctx, s.db.reader, scanRefund,
		`SELECT `+refundColumns+` FROM refunds WHERE session_id = $1 ORDER BY created_at, id`, sessionID)
}

// DueRefunds implements [checkout.Store].
func (s *Store) DueRefunds(ctx context.Context, now time.Time, limit int) ([]checkout.Refund, error) {
	return all(ctx, s.db.reader, scanRefund, inTurn(refundColumns, "refunds",
		"state = 'pending' AND next_try_at > 0 AND next_try_at <= $1 AND held_until <= $1", "next_try_at"), ms(now), limit)
}

// HoldRefund implements [checkout.Store].
func (s *Store) HoldRefund(ctx context.Context, id string, now, until time.Time) (bool, error) {
	result, err := s.db.writer.ExecContext(ctx, `UPDATE refunds SET version = version + 1, held_until = $1, next_try_at = $1, tries = tries + 1
		WHERE id = $2 AND state = 'pending' AND held_until <= $3`, ms(until), id, ms(now))
	if err := one(result, err, checkout.ErrConflict); errors.Is(err, checkout.ErrConflict) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("holding refund %s: %w", id, err)
	}
	return true, nil
}

// ReleaseRefund implements [checkout.Store].
func (s *Store) ReleaseRefund(ctx context.Context, id string, until, next time.Time) error {
	_, err := s.db.writer.ExecContext(ctx, `UPDATE refunds SET held_until = 0, next_try_at = $1
		WHERE id = $2 AND state = 'pending' AND held_until = $3`, ms(next), id, ms(until))
	if err != nil {
		return fmt.Errorf("releasing refund %s: %w", id, err)
	}
	return nil
}

// updateRefund writes what may change of a refund, against the version that
// was read, and ends a hold on it.
func updateRefund(ctx context.Context, tx *sql.Tx, r checkout.Refund) error {
	result, err := tx.ExecContext(ctx, `UPDATE refunds SET version = version + 1, held_until = 0,
			state = $1, gateway_id = $2, failure = $3, settled_at = $4, next_try_at = $5
		WHERE id = $6 AND version = $7`,
		string(r.State), clean(r.GatewayID), clean(r.Failure), ms(r.SettledAt), ms(r.NextTryAt), r.ID, r.Version)
	return one(result, err, checkout.ErrConflict)
}
