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
	client_reference_id, idempotency_key, gateway_id, failure, created_at, settled_at, next_try_at, tries, tried_at, delayed_at`

const (
	// refundsRead is the table of refunds with the numbers of the payments that
	// they give back.
	refundsRead = `(SELECT refunds.*, attempts.out_trade_no, attempts.trade_id
		FROM refunds JOIN attempts ON attempts.id = refunds.attempt_id) AS refunds`
	// refundColumnsRead are the columns of refundsRead, as scanRefund takes them.
	refundColumnsRead = refundColumns + `, out_trade_no, trade_id`
)

func scanRefund(r row) (checkout.Refund, error) {
	var f checkout.Refund
	err := r.Scan(&f.ID, &f.SessionID, &f.AttemptID, &f.Merchant, &f.Version, &f.State, &f.Reason, &f.OutRefundNo, &f.Amount, &f.Currency,
		&f.ClientReferenceID, &f.IdempotencyKey, &f.GatewayID, &f.Failure, millis{&f.CreatedAt}, millis{&f.SettledAt}, millis{&f.NextTryAt},
		&f.Tries, millis{&f.TriedAt}, millis{&f.DelayedAt}, &f.OutTradeNo, &f.TradeID)
	return f, err
}

// CreateRefund implements [checkout.Store].
func (s *Store) CreateRefund(ctx context.Context, r checkout.Refund, leaseUntil time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if err := addRefund(ctx, tx, r, leaseUntil); err != nil {
			return err
		}
		return s.changed(ctx, tx, r.SessionID)
	})
}

// addRefund stores a refund with its entry and reserves its money.
func addRefund(ctx context.Context, tx *sql.Tx, r checkout.Refund, leaseUntil time.Time) error {
	if err := reserve(ctx, tx, r); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO refunds (`+refundColumns+`, held_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) ON CONFLICT DO NOTHING`,
		r.ID, r.SessionID, r.AttemptID, r.Merchant, r.Version, string(r.State), string(r.Reason), r.OutRefundNo, r.Amount, r.Currency,
		clean(r.ClientReferenceID), clean(r.IdempotencyKey), clean(r.GatewayID), clean(r.Failure), ms(r.CreatedAt), ms(r.SettledAt), ms(r.NextTryAt),
		r.Tries, ms(r.TriedAt), ms(r.DelayedAt), ms(leaseUntil))
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
	return found(scanRefund(s.db.reader.QueryRowContext(ctx, `SELECT `+refundColumnsRead+` FROM `+refundsRead+` WHERE id = $1`, id)))
}

// Refunds implements [checkout.Store].
func (s *Store) Refunds(ctx context.Context, sessionID string) ([]checkout.Refund, error) {
	return all(ctx, s.db.reader, scanRefund,
		`SELECT `+refundColumnsRead+` FROM `+refundsRead+` WHERE session_id = $1 ORDER BY created_at, id`, sessionID)
}

// DueRefunds implements [checkout.Store].
func (s *Store) DueRefunds(ctx context.Context, now time.Time, limit int) ([]checkout.Refund, error) {
	return all(ctx, s.db.reader, scanRefund, inTurn(refundColumnsRead, refundsRead,
		"state = 'pending' AND next_try_at > 0 AND next_try_at <= $1 AND held_until <= $1", "next_try_at"), ms(now), limit)
}

// LeaseRefund implements [checkout.Store].
func (s *Store) LeaseRefund(ctx context.Context, id string, now, until time.Time) (bool, error) {
	result, err := s.db.writer.ExecContext(ctx, `UPDATE refunds SET version = version + 1, held_until = $1, next_try_at = $1, tries = tries + 1, tried_at = $3
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
// was read, and ends the hold on it that lasts until leaseUntil. Another's hold
// goes on.
func updateRefund(ctx context.Context, tx *sql.Tx, r checkout.Refund, leaseUntil time.Time) error {
	result, err := tx.ExecContext(ctx, `UPDATE refunds SET version = version + 1,
			held_until = CASE WHEN held_until = $1 THEN 0 ELSE held_until END,
			state = $2, gateway_id = $3, failure = $4, settled_at = $5, next_try_at = $6, delayed_at = $7
		WHERE id = $8 AND version = $9`, ms(leaseUntil),
		string(r.State), clean(r.GatewayID), clean(r.Failure), ms(r.SettledAt), ms(r.NextTryAt), ms(r.DelayedAt), r.ID, r.Version)
	return one(result, err, checkout.ErrConflict)
}
