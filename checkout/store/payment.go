package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/wantukit/wantukit/checkout"
)

// bindPayment makes a payment at the gateway an attempt's for ever. It returns
// ErrPaymentTaken where it is another attempt's, or where the gateway's number
// is known as that of another order of the same account.
func bindPayment(ctx context.Context, tx *sql.Tx, p checkout.Payment, a checkout.Attempt) error {
	if p == (checkout.Payment{}) {
		return nil
	}
	trade := clean(p.TradeID)
	var others int
	err := tx.QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM payments WHERE trade_id = $1 AND account IN ($2, '') AND attempt_id <> $3) +
			(SELECT count(*) FROM attempts WHERE trade_id = $1 AND trade_id <> '' AND (account IN ($4, '') OR $4 = '') AND id <> $3)`,
		trade, p.Account, a.ID, a.Account).Scan(&others)
	if err != nil {
		return fmt.Errorf("looking for payment %s: %w", trade, err)
	}
	if others > 0 {
		return checkout.ErrPaymentTaken
	}
	// The key decides where two transactions came this far at once.
	result, err := tx.ExecContext(ctx, `INSERT INTO payments (account, trade_id, attempt_id) VALUES ($1, $2, $3)
		ON CONFLICT (account, trade_id) DO UPDATE SET attempt_id = payments.attempt_id WHERE payments.attempt_id = $3`,
		p.Account, trade, a.ID)
	return one(result, err, checkout.ErrPaymentTaken)
}
