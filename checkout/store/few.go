package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/wantukit/wantukit/checkout"
)

// RecordFew implements [checkout.Store].
func (s *Store) RecordFew(ctx context.Context, e checkout.Entry) (stored bool, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if stored, err = countLimited(ctx, tx, e); err != nil || !stored {
			return err
		}
		return runSteps(ctx, tx, addEntries(e))
	})
	return stored && err == nil, err
}

// countLimited counts an entry and reports whether it is within the limit of its
// kind. It fails for a kind that has no limit.
func countLimited(ctx context.Context, tx *sql.Tx, e checkout.Entry) (bool, error) {
	switch e.Kind {
	case checkout.EntryReturn:
		return changesRow(ctx, tx, `UPDATE attempts SET returns = returns + 1, returned_at = $1
			WHERE id = $2 AND returns < $3 AND returned_at <= $4`,
			toMillis(e.At), e.AttemptID, checkout.MaxReturns, toMillis(e.At.Add(-checkout.ReturnInterval)))
	case checkout.EntryBridge:
		if e.Result == checkout.BridgeFail {
			if _, err := changesRow(ctx, tx, `UPDATE attempts SET bridge_failed = TRUE WHERE id = $1 AND NOT bridge_failed`, e.AttemptID); err != nil {
				return false, err
			}
		}
		return changesRow(ctx, tx, `UPDATE attempts SET bridge_answers = bridge_answers + 1 WHERE id = $1 AND bridge_answers < $2`,
			e.AttemptID, checkout.MaxBridgeAnswers)
	case checkout.EntryCancel:
		return changesRow(ctx, tx, `UPDATE sessions SET cancel_wishes = cancel_wishes + 1
			WHERE id = $1 AND status = 'open' AND cancel_wishes < $2`, e.SessionID, checkout.MaxCancelRequests)
	default:
		return false, fmt.Errorf("entries of kind %q have no limit", e.Kind)
	}
}
