package store

import "github.com/wantukit/wantukit/checkout"

// bindPayment binds a payment at the gateway to an attempt for ever. It fails with
// ErrPaymentTaken if the payment is bound to another attempt, or if another order
// of the same account already has the gateway's number.
func bindPayment(p checkout.Payment, a checkout.Attempt) step {
	return step{
		what: "binding a payment to attempt " + a.ID, missing: checkout.ErrPaymentTaken,
		// The primary key decides between two concurrent transactions.
		statement: `INSERT INTO payments (account, trade_id, attempt_id)
			SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT)
			WHERE NOT EXISTS (SELECT 1 FROM payments WHERE trade_id = $2 AND account IN ($1, '') AND attempt_id <> $3)
				AND NOT EXISTS (SELECT 1 FROM attempts
					WHERE trade_id = $2 AND trade_id <> '' AND (account IN (CAST($4 AS TEXT), '') OR $4 = '') AND id <> $3)
			ON CONFLICT (account, trade_id) DO UPDATE SET attempt_id = payments.attempt_id WHERE payments.attempt_id = $3`,
		args: []any{p.Account, storableText(p.TradeID), a.ID, a.Account},
	}
}
