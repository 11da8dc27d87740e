package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const refundColumns = `id, session_id, attempt_id, merchant, version, state, reason, out_refund_no, amount, currency,
	client_reference_id, idempotency_key, gateway_id, failure, created_at, settled_at, next_try_at, tries, tried_at, delayed_at, metadata`

const (
	// refundsRead is the table of refunds with the order numbers of their attempts, and
	// with the mode of their sessions.
	refundsRead = `(SELECT refunds.*, attempts.out_trade_no, attempts.trade_id, sessions.test_mode
		FROM refunds JOIN attempts ON attempts.id = refunds.attempt_id JOIN sessions ON sessions.id = refunds.session_id) AS refunds`
	// refundColumnsRead are the columns of refundsRead, as scanRefund takes them.
	refundColumnsRead = refundColumns + `, out_trade_no, trade_id, test_mode`
)

func scanRefund(r row) (checkout.Refund, error) {
	var f checkout.Refund
	var metadata string
	err := r.Scan(&f.ID, &f.SessionID, &f.AttemptID, &f.Merchant, &f.Version, &f.State, &f.Reason, &f.OutRefundNo, &f.Amount, &f.Currency,
		&f.ClientReferenceID, &f.IdempotencyKey, &f.GatewayID, &f.Failure, millis{&f.CreatedAt}, millis{&f.SettledAt}, millis{&f.NextTryAt},
		&f.Tries, millis{&f.TriedAt}, millis{&f.DelayedAt}, &metadata, &f.OutTradeNo, &f.TradeID, &f.TestMode)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal([]byte(metadata), &f.Metadata); err != nil {
		return f, fmt.Errorf("decoding the metadata of refund %s: %w", f.ID, err)
	}
	return f, nil
}

// CreateRefund implements [checkout.Store].
func (s *Store) CreateRefund(ctx context.Context, r checkout.Refund, leaseUntil time.Time) error {
	steps, err := addRefund(r, leaseUntil)
	if err != nil {
		return err
	}
	return s.stored(s.write(ctx, append([]step{raiseVersion(r.SessionID)}, steps...)...), r.SessionID)
}

// addRefund stores a refund with its timeline entry, and reserves its amount. It
// fails with ErrConflict as [checkout.Store] documents for CreateRefund.
//
// The first step locks the attempt's row and changes nothing. So a concurrent
// transaction adds up the refunds only after this one has committed.
func addRefund(r checkout.Refund, leaseUntil time.Time) ([]step, error) {
	metadata, err := json.Marshal(r.Metadata)
	if err != nil {
		return nil, fmt.Errorf("encoding the metadata: %w", err)
	}
	what := "storing refund " + r.ID
	return append([]step{{
		what: what, missing: checkout.ErrConflict,
		statement: `UPDATE attempts SET version = version WHERE id = $1 AND session_id = $2 AND state = 'paid'`,
		args:      []any{r.AttemptID, r.SessionID},
	}, {
		what: what, missing: checkout.ErrConflict,
		statement: `UPDATE attempts SET version = version WHERE id = $1 AND CAST($2 AS BIGINT) <= amount -
			(SELECT CAST(COALESCE(SUM(refunds.amount), 0) AS BIGINT) FROM refunds WHERE refunds.attempt_id = $1 AND refunds.state <> 'failed')`,
		args: []any{r.AttemptID, r.Amount},
	}, {
		what: what, missing: checkout.ErrConflict,
		statement: `INSERT INTO refunds (` + refundColumns + `, held_until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) ON CONFLICT DO NOTHING`,
		args: []any{
			r.ID, r.SessionID, r.AttemptID, r.Merchant, r.Version, string(r.State), string(r.Reason), r.OutRefundNo, r.Amount, r.Currency,
			storableText(r.ClientReferenceID), storableText(r.IdempotencyKey), storableText(r.GatewayID), storableText(r.Failure),
			toMillis(r.CreatedAt), toMillis(r.SettledAt), toMillis(r.NextTryAt),
			r.Tries, toMillis(r.TriedAt), toMillis(r.DelayedAt), string(metadata), toMillis(leaseUntil),
		},
	}}, addEntries(r.Entry())...), nil
}

// Refund implements [checkout.Store].
func (s *Store) Refund(ctx context.Context, id string) (checkout.Refund, error) {
	return queryOne(ctx, s, scanRefund, `SELECT `+refundColumnsRead+` FROM `+refundsRead+` WHERE id = $1`, id)
}

// Refunds implements [checkout.Store].
func (s *Store) Refunds(ctx context.Context, sessionID string) ([]checkout.Refund, error) {
	return queryAll(ctx, s, scanRefund,
		`SELECT `+refundColumnsRead+` FROM `+refundsRead+` WHERE session_id = $1 ORDER BY created_at, id`, sessionID)
}

// LeaseRefund implements [checkout.Store].
func (s *Store) LeaseRefund(ctx context.Context, id string, now, until time.Time) (bool, error) {
	leased, err := s.exec(ctx, `UPDATE refunds SET version = version + 1, held_until = $1, next_try_at = $1, tries = tries + 1, tried_at = $3
		WHERE id = $2 AND state = 'pending' AND held_until <= $3`, toMillis(until), id, toMillis(now))
	if err != nil {
		return false, fmt.Errorf("leasing refund %s: %w", id, err)
	}
	return leased, nil
}

// ReleaseRefund implements [checkout.Store].
func (s *Store) ReleaseRefund(ctx context.Context, id string, until, next time.Time) error {
	_, err := s.exec(ctx, `UPDATE refunds SET held_until = 0, next_try_at = $1
		WHERE id = $2 AND state = 'pending' AND held_until = $3`, toMillis(next), id, toMillis(until))
	if err != nil {
		return fmt.Errorf("releasing refund %s: %w", id, err)
	}
	return nil
}

// updateRefund writes the fields of a refund that may change, and ends the lease
// that lasts until leaseUntil. Another lease stays. It fails with ErrConflict if the
// refund's stored version is not the one in r.
func updateRefund(r checkout.Refund, leaseUntil time.Time) step {
	return step{
		what: "updating refund " + r.ID, missing: checkout.ErrConflict,
		statement: `UPDATE refunds SET version = version + 1,
				held_until = CASE WHEN held_until = $1 THEN 0 ELSE held_until END,
				state = $2, gateway_id = $3, failure = $4, settled_at = $5, next_try_at = $6, delayed_at = $7
			WHERE id = $8 AND version = $9`,
		args: []any{
			toMillis(leaseUntil), string(r.State), storableText(r.GatewayID), storableText(r.Failure), toMillis(r.SettledAt),
			toMillis(r.NextTryAt), toMillis(r.DelayedAt), r.ID, r.Version,
		},
	}
}
