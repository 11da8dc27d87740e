package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const sessionColumns = `id, merchant, version, status, payment_status, amount, currency, subject,
	client_reference_id, success_url, cancel_url, wallets, locale, metadata,
	created_at, expires_at, conclude_at, paid_at, paid_late, paid_twice, amount_mismatch,
	paid_by, amount_refunded, sealed_openid, line_items, recovered_from, test_mode`

const (
	// sessionsRead is the table of sessions with how each was paid, and with the pending
	// refunds of that payment.
	sessionsRead = `(SELECT sessions.*, payer.wallet AS paid_wallet, payer.flow AS paid_flow,
			payer.out_trade_no AS paid_out_trade_no, payer.trade_id AS paid_trade_id,
			CASE WHEN paid_by = '' THEN 0 ELSE (SELECT CAST(COALESCE(SUM(refunds.amount), 0) AS BIGINT) FROM refunds
				WHERE refunds.attempt_id = sessions.paid_by AND refunds.state = 'pending') END AS refunds_pending
		FROM sessions LEFT JOIN attempts AS payer ON payer.id = sessions.paid_by) AS sessions`
	// sessionColumnsRead are the columns of sessionsRead, as scanSession takes them.
	sessionColumnsRead = sessionColumns + `, COALESCE(paid_wallet, ''), COALESCE(paid_flow, ''),
		COALESCE(paid_out_trade_no, ''), COALESCE(paid_trade_id, ''), refunds_pending`
)

func scanSession(r row) (checkout.Session, error) {
	var s checkout.Session
	var wallets, metadata, lineItems string
	err := r.Scan(&s.ID, &s.Merchant, &s.Version, &s.Status, &s.PaymentStatus, &s.Amount, &s.Currency, &s.Subject,
		&s.ClientReferenceID, &s.SuccessURL, &s.CancelURL, &wallets, &s.Locale, &metadata,
		millis{&s.CreatedAt}, millis{&s.ExpiresAt}, millis{&s.ConcludeAt}, millis{&s.PaidAt},
		&s.PaidLate, &s.PaidTwice, &s.AmountMismatch, &s.PaidBy, &s.AmountRefunded, &s.SealedOpenID,
		&lineItems, &s.RecoveredFrom, &s.TestMode,
		&s.PaidWith.Wallet, &s.PaidWith.Flow, &s.PaidWith.OutTradeNo, &s.PaidWith.TradeID, &s.RefundsPending)
	if err != nil {
		return s, err
	}
	for _, column := range []struct {
		name, text string
		into       any
	}{{"wallets", wallets, &s.Wallets}, {"metadata", metadata, &s.Metadata}, {"line items", lineItems, &s.LineItems}} {
		if err := json.Unmarshal([]byte(column.text), column.into); err != nil {
			return s, fmt.Errorf("decoding the %s of session %s: %w", column.name, s.ID, err)
		}
	}
	return s, nil
}

// CreateSession implements [checkout.Store].
func (s *Store) CreateSession(ctx context.Context, c checkout.Session, claims ...checkout.Claim) error {
	steps, err := s.addSession(c, claims)
	if err != nil {
		return err
	}
	return s.write(ctx, steps...)
}

// CreateSessionWithAttempt implements [checkout.Store].
func (s *Store) CreateSessionWithAttempt(ctx context.Context, c checkout.Session, a checkout.Attempt, leaseUntil time.Time, claims ...checkout.Claim) error {
	steps, err := s.addSession(c, claims)
	if err != nil {
		return err
	}
	return s.write(ctx, append(steps, addAttempt(a, leaseUntil)...)...)
}

// addSession stores a session with its claims and its timeline entry.
func (s *Store) addSession(c checkout.Session, claims []checkout.Claim) ([]step, error) {
	wallets, err := json.Marshal(c.Wallets)
	if err != nil {
		return nil, fmt.Errorf("encoding the wallets: %w", err)
	}
	metadata, err := json.Marshal(c.Metadata)
	if err != nil {
		return nil, fmt.Errorf("encoding the metadata: %w", err)
	}
	lineItems, err := json.Marshal(c.LineItems)
	if err != nil {
		return nil, fmt.Errorf("encoding the line items: %w", err)
	}
	return append(append(s.addClaims(claims), step{
		what: "storing session " + c.ID,
		statement: `INSERT INTO sessions (` + sessionColumns + `)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)`,
		args: []any{
			c.ID, c.Merchant, c.Version, string(c.Status), string(c.PaymentStatus), c.Amount, c.Currency, storableText(c.Subject),
			storableText(c.ClientReferenceID), storableText(c.SuccessURL), storableText(c.CancelURL), string(wallets), c.Locale, string(metadata),
			toMillis(c.CreatedAt), toMillis(c.ExpiresAt), toMillis(c.ConcludeAt), toMillis(c.PaidAt), c.PaidLate, c.PaidTwice, c.AmountMismatch,
			c.PaidBy, c.AmountRefunded, c.SealedOpenID, string(lineItems), c.RecoveredFrom, c.TestMode,
		},
	}), append(addMetadata(c), addEntries(c.Entry())...)...), nil
}

// Session implements [checkout.Store].
func (s *Store) Session(ctx context.Context, id string) (checkout.Session, error) {
	return queryOne(ctx, s, scanSession, sessionByID, id)
}

const sessionByID = `SELECT ` + sessionColumnsRead + ` FROM ` + sessionsRead + ` WHERE id = $1`

// SessionWithAttempts implements [checkout.Store].
func (s *Store) SessionWithAttempts(ctx context.Context, id string) (checkout.Session, []checkout.Attempt, error) {
	var sessions []checkout.Session
	var attempts []checkout.Attempt
	err := s.read(ctx, func() []query {
		sessions, attempts = nil, nil
		return []query{
			collect(&attempts, scanAttempt, attemptsOfSession, id),
			collect(&sessions, scanSession, sessionByID, id),
		}
	})
	if err == nil && len(sessions) == 0 {
		err = checkout.ErrNotFound
	}
	if err != nil {
		return checkout.Session{}, nil, err
	}
	return sessions[0], attempts, nil
}

// PostponeConclusion implements [checkout.Store].
func (s *Store) PostponeConclusion(ctx context.Context, id string, at time.Time) error {
	_, err := s.exec(ctx, `UPDATE sessions SET conclude_at = $1 WHERE id = $2 AND status = 'open'`, toMillis(at), id)
	return err
}

// lockSession locks a session's row until the transaction ends. It does nothing
// for the id "".
func lockSession(id string) step {
	return step{what: "locking session " + id, statement: `UPDATE sessions SET version = version WHERE id = $1`, args: []any{id}}
}

// raiseVersion raises a session's version by one, and locks its row until the transaction
// ends.
func raiseVersion(id string) step {
	return step{what: "updating session " + id, statement: `UPDATE sessions SET version = version + 1 WHERE id = $1`, args: []any{id}}
}

// lockSessionAt locks the session of an event. It fails with ErrConflict if the session
// is not at the version before the event's.
func lockSessionAt(e checkout.Event) step {
	return step{
		what: "locking session " + e.SessionID, missing: checkout.ErrConflict,
		statement: `UPDATE sessions SET version = version WHERE id = $1 AND version = $2 - 1`, args: []any{e.SessionID, e.Version},
	}
}

// setSessionVersion sets the version of an event's session to that of the event.
// It fails with ErrConflict if the session is not at the version before it.
func setSessionVersion(e checkout.Event) step {
	return step{
		what: "updating session " + e.SessionID, missing: checkout.ErrConflict,
		statement: `UPDATE sessions SET version = $1 WHERE id = $2 AND version = $1 - 1`, args: []any{e.Version, e.SessionID},
	}
}

// updateSession writes the fields of a session that may change. It raises the
// version by the number of events, but by at least one. It fails with ErrConflict if
// the stored version is not the one in c.
func updateSession(c checkout.Session, events int) step {
	return step{
		what: "updating session " + c.ID, missing: checkout.ErrConflict,
		statement: `UPDATE sessions SET version = version + $11,
				status = $1, payment_status = $2, paid_at = $3, paid_late = $4, paid_twice = $5, amount_mismatch = $6,
				paid_by = $7, amount_refunded = $8,
				sealed_openid = CASE WHEN $1 = 'open' THEN sealed_openid ELSE '' END
			WHERE id = $9 AND version = $10`,
		args: []any{
			string(c.Status), string(c.PaymentStatus), toMillis(c.PaidAt), c.PaidLate, c.PaidTwice, c.AmountMismatch,
			c.PaidBy, c.AmountRefunded, c.ID, c.Version, max(1, events),
		},
	}
}
