package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/wantukit/wantukit/checkout"
)

// bindPayment binds a payment at the gateway to an attempt for ever. It returns
// ErrPaymentTaken if the payment is bound to another attempt, or if another order
// of the same account already has the gateway's number.
func bindPayment(ctx context.Context, tx *sql.Tx, p checkout.Payment, a checkout.Attempt) error {
	if p == (checkout.Payment{}) {
		return nil
	}
	trade := storableText(p.TradeID)
	var others int
	err := tx.QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM payments WHERE trade_id = $1 AND account IN ($2, '') AND attempt_id <> $3) +
			(SELECT count(*) FROM attempts WHERE trade_id = $1 AND trade_id <> '' AND (account IN ($4, '') OR $4 = '') AND id <> $3)`,
		trade, p.Account, a.ID, a.Account).Scan(&others)
	if err != nil {
		return fmt.Errorf("looking up payment %s: %w", trade, err)
	}
	if others > 0 {
		return checkout.ErrPaymentTaken
	}
	// The primary key decides between two concurrent transactions.
	result, err := tx.ExecContext(ctx, `INSERT INTO payments (account, trade_id, attempt_id) VALUES ($1, $2, $3)
		ON CONFLICT (account, trade_id) DO UPDATE SET attempt_id = payments.attempt_id WHERE payments.attempt_id = $3`,
		p.Account, trade, a.ID)
	return requireRow(result, err, checkout.ErrPaymentTaken)
}
