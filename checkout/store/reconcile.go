package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// placeholders returns "$1, $2…" for a list, and the list as arguments.
func placeholders(list []string) (joined string, args []any) {
	marks := make([]string, len(list))
	args = make([]any, len(list))
	for i, item := range list {
		marks[i], args[i] = "$"+strconv.Itoa(i+1), storableText(item)
	}
	return strings.Join(marks, ", "), args
}

// AttemptsByNumber implements [checkout.Store].
func (s *Store) AttemptsByNumber(ctx context.Context, numbers []string) ([]checkout.Attempt, error) {
	marks, args := placeholders(numbers)
	return queryAll(ctx, s, scanAttempt, `SELECT `+attemptColumns+` FROM attempts WHERE out_trade_no IN (`+marks+`)`, args...)
}

// RefundsOfAttempts implements [checkout.Store].
func (s *Store) RefundsOfAttempts(ctx context.Context, attemptIDs []string) ([]checkout.Refund, error) {
	marks, args := placeholders(attemptIDs)
	return queryAll(ctx, s, scanRefund, `SELECT `+refundColumnsRead+` FROM `+refundsRead+` WHERE attempt_id IN (`+marks+`)`, args...)
}

const (
	paidAttempts = `SELECT ` + attemptColumns + ` FROM attempts
		WHERE merchant = $1 AND paid_at > 0 AND paid_at >= $2 AND paid_at < $3 AND (paid_at > $2 OR id > $4)
		ORDER BY paid_at, id LIMIT $5`
	succeededRefunds = `SELECT ` + refundColumnsRead + ` FROM ` + refundsRead + `
		WHERE merchant = $1 AND state = 'succeeded' AND settled_at >= $2 AND settled_at < $3 AND (settled_at > $2 OR id > $4)
		ORDER BY settled_at, id LIMIT $5`
	reconciliationsOfMerchant = `SELECT ` + reconciliationColumns + `, '' FROM reconciliations
		WHERE merchant = $1 ORDER BY started_at DESC, id DESC LIMIT $2`
	allReconciliations = `SELECT ` + reconciliationColumns + `, '' FROM reconciliations ORDER BY started_at DESC, id DESC LIMIT $1`
)

// PaidAttempts implements [checkout.Store].
func (s *Store) PaidAttempts(ctx context.Context, merchant string, from, to time.Time, afterID string, limit int) ([]checkout.Attempt, error) {
	return queryAll(ctx, s, scanAttempt, paidAttempts, merchant, toMillis(from), toMillis(to), afterID, limit)
}

// SucceededRefunds implements [checkout.Store].
func (s *Store) SucceededRefunds(ctx context.Context, merchant string, from, to time.Time, afterID string, limit int) ([]checkout.Refund, error) {
	return queryAll(ctx, s, scanRefund, succeededRefunds, merchant, toMillis(from), toMillis(to), afterID, limit)
}

// errSameDifference says that another transaction added the difference at the same moment.
var errSameDifference = errors.New("the difference is known")

// AddDifference implements [checkout.Store].
func (s *Store) AddDifference(ctx context.Context, e checkout.Event) (added bool, err error) {
	steps, err := s.addEvent(e)
	if err != nil {
		return false, err
	}
	steps[0].missing = errSameDifference
	if e.SessionID != "" {
		steps = append(append([]step{lockSessionAt(e)}, steps...), setSessionVersion(e))
	}
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		exists, err := hasDifference(ctx, tx, e)
		if err == nil && exists {
			err = errSameDifference
		}
		if err != nil {
			return err
		}
		return runSteps(ctx, tx, steps)
	})
	if errors.Is(err, errSameDifference) {
		return false, nil
	}
	return err == nil, s.stored(err, e.SessionID, e)
}

// hasDifference reports whether the merchant has an event of the same difference.
func hasDifference(ctx context.Context, tx *sql.Tx, e checkout.Event) (exists bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM events WHERE merchant = $1 AND difference_key = $2)`,
		e.Merchant, differenceKey(e)).Scan(&exists)
	if err != nil {
		return false, fmt.Errorf("looking up a difference: %w", err)
	}
	return exists, nil
}

const reconciliationColumns = `id, merchant, window_from, window_to, started_at, finished_at,
	payments, refunds, elsewhere, differences, told, healed, error`

// SaveReconciliation implements [checkout.Store].
func (s *Store) SaveReconciliation(ctx context.Context, r checkout.Reconciliation) error {
	list, err := optionalJSON(len(r.Found) > 0, r.Found)
	if err != nil {
		return fmt.Errorf("encoding report %s: %w", r.ID, err)
	}
	_, err = s.exec(ctx, `INSERT INTO reconciliations (`+reconciliationColumns+`, found)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (id) DO UPDATE SET finished_at = excluded.finished_at, payments = excluded.payments, refunds = excluded.refunds,
			elsewhere = excluded.elsewhere, differences = excluded.differences, told = excluded.told, healed = excluded.healed,
			found = excluded.found, error = excluded.error`,
		r.ID, r.Merchant, toMillis(r.From), toMillis(r.To), toMillis(r.StartedAt), toMillis(r.FinishedAt),
		r.Payments, r.Refunds, r.Elsewhere, r.Differences, r.Told, r.Healed, storableText(r.Error), list)
	if err != nil {
		return fmt.Errorf("storing report %s: %w", r.ID, err)
	}
	return nil
}

// Reconciliation implements [checkout.Store].
func (s *Store) Reconciliation(ctx context.Context, id string) (checkout.Reconciliation, error) {
	return queryOne(ctx, s, scanReconciliation, `SELECT `+reconciliationColumns+`, found FROM reconciliations WHERE id = $1`, id)
}

// Reconciliations implements [checkout.Store].
func (s *Store) Reconciliations(ctx context.Context, merchant string, limit int) ([]checkout.Reconciliation, error) {
	if merchant == "" {
		return queryAll(ctx, s, scanReconciliation, allReconciliations, limit)
	}
	return queryAll(ctx, s, scanReconciliation, reconciliationsOfMerchant, merchant, limit)
}

func scanReconciliation(w row) (r checkout.Reconciliation, err error) {
	var list string
	err = w.Scan(&r.ID, &r.Merchant, millis{&r.From}, millis{&r.To}, millis{&r.StartedAt}, millis{&r.FinishedAt},
		&r.Payments, &r.Refunds, &r.Elsewhere, &r.Differences, &r.Told, &r.Healed, &r.Error, &list)
	if err == nil && list != "" {
		err = json.Unmarshal([]byte(list), &r.Found)
	}
	return r, err
}
