package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const attemptColumns = `id, session_id, merchant, version, state, wallet, flow, reason, payer,
	out_trade_no, trade_id, amount, currency, notify_token, return_token,
	placed_code, placed_url, placed_jsapi, failure, quarantined,
	created_at, paid_at, ended_at, next_query_at, queried_at, queries,
	held_until, account, notified_trade_id, reported_at, denied_at,
	notifications_accepted, notifications_mismatched, notifications_rejected, notification_at,
	returns, returned_at, bridge_answers, bridge_failed`

func scanAttempt(r row) (checkout.Attempt, error) {
	var a checkout.Attempt
	err := r.Scan(&a.ID, &a.SessionID, &a.Merchant, &a.Version, &a.State, &a.Wallet, &a.Flow, &a.Reason, &a.Payer,
		&a.OutTradeNo, &a.TradeID, &a.Amount, &a.Currency, &a.NotifyToken, &a.ReturnToken,
		&a.Placed.Code, &a.Placed.URL, &a.Placed.JSAPI, &a.Failure, &a.Quarantined,
		millis{&a.CreatedAt}, millis{&a.PaidAt}, millis{&a.EndedAt}, millis{&a.NextQueryAt}, millis{&a.QueriedAt}, &a.Queries,
		millis{&a.LeasedUntil}, &a.Account, &a.NotifiedTradeID, millis{&a.ReportedAt}, millis{&a.DeniedAt},
		&a.Notifications.Accepted, &a.Notifications.Mismatched, &a.Notifications.Rejected, millis{&a.NotificationAt},
		&a.Returns, millis{&a.ReturnedAt}, &a.BridgeAnswers, &a.BridgeFailed)
	return a, err
}

// CreateAttempt implements [checkout.Store].
func (s *Store) CreateAttempt(ctx context.Context, a checkout.Attempt, sessionVersion int64, leaseUntil time.Time) error {
	session := step{
		what: "storing attempt " + a.ID, missing: checkout.ErrConflict,
		statement: `UPDATE sessions SET version = version + 1 WHERE id = $1 AND version = $2 AND status = 'open' AND NOT EXISTS (
			SELECT 1 FROM attempts WHERE session_id = $1 AND reported_at > 0 AND state <> 'paid' AND NOT quarantined)`,
		args: []any{a.SessionID, sessionVersion},
	}
	err := s.write(ctx, append([]step{session}, addAttempt(a, leaseUntil)...)...)
	return s.stored(err, a.SessionID)
}

// addAttempt stores an attempt with its timeline entry. It fails with ErrConflict if the
// session has an open attempt for the wallet.
func addAttempt(a checkout.Attempt, leaseUntil time.Time) []step {
	return append([]step{{
		what: "storing attempt " + a.ID, missing: checkout.ErrConflict,
		statement: `INSERT INTO attempts (` + attemptColumns + `, channel)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)
			ON CONFLICT (session_id, wallet) WHERE state IN ('creating', 'pending') DO NOTHING`,
		args: []any{
			a.ID, a.SessionID, a.Merchant, a.Version, string(a.State), string(a.Wallet), string(a.Flow), a.Reason, a.Payer,
			a.OutTradeNo, storableText(a.TradeID), a.Amount, a.Currency, a.NotifyToken, a.ReturnToken,
			storableText(a.Placed.Code), storableText(a.Placed.URL), storableText(a.Placed.JSAPI), storableText(a.Failure), a.Quarantined,
			toMillis(a.CreatedAt), toMillis(a.PaidAt), toMillis(a.EndedAt), toMillis(a.NextQueryAt), toMillis(a.QueriedAt), a.Queries,
			toMillis(leaseUntil), a.Account, storableText(a.NotifiedTradeID), toMillis(a.ReportedAt), toMillis(a.DeniedAt),
			a.Notifications.Accepted, a.Notifications.Mismatched, a.Notifications.Rejected, toMillis(a.NotificationAt),
			a.Returns, toMillis(a.ReturnedAt), a.BridgeAnswers, a.BridgeFailed,
			string(a.Wallet.Channel()),
		},
	}}, addEntries(a.Entry())...)
}

func (s *Store) attemptBy(ctx context.Context, column, value string) (checkout.Attempt, error) {
	return queryOne(ctx, s, scanAttempt, `SELECT `+attemptColumns+` FROM attempts WHERE `+column+` = $1`, value)
}

// Attempt implements [checkout.Store].
func (s *Store) Attempt(ctx context.Context, id string) (checkout.Attempt, error) {
	return s.attemptBy(ctx, "id", id)
}

// AttemptByNotifyToken implements [checkout.Store].
func (s *Store) AttemptByNotifyToken(ctx context.Context, token string) (checkout.Attempt, error) {
	return s.attemptBy(ctx, "notify_token", token)
}

// AttemptByReturnToken implements [checkout.Store].
func (s *Store) AttemptByReturnToken(ctx context.Context, token string) (checkout.Attempt, error) {
	return s.attemptBy(ctx, "return_token", token)
}

// Attempts implements [checkout.Store].
func (s *Store) Attempts(ctx context.Context, sessionID string) ([]checkout.Attempt, error) {
	return queryAll(ctx, s, scanAttempt, attemptsOfSession, sessionID)
}

const attemptsOfSession = `SELECT ` + attemptColumns + ` FROM attempts WHERE session_id = $1 ORDER BY created_at, id`

// LeaseAttempt implements [checkout.Store].
func (s *Store) LeaseAttempt(ctx context.Context, id string, now, queriedBefore, until time.Time) (a checkout.Attempt, leased bool, err error) {
	err = s.write(ctx, leaseAttempt(id, now, queriedBefore, until, &a, &leased))
	return a, leased && err == nil, err
}

// leaseAttempt leases an attempt, if that is possible, and reads it. The column
// held_until has the end of the lease; its name is older than the word.
func leaseAttempt(id string, now, queriedBefore, until time.Time, a *checkout.Attempt, leased *bool) step {
	*leased = false
	return step{
		what: "leasing attempt " + id,
		statement: `UPDATE attempts SET held_until = $1, next_query_at = $1, queried_at = $2, queries = queries + 1
			WHERE id = $3 AND held_until <= $2 AND (queried_at <= $4 OR $4 = 0) RETURNING ` + attemptColumns,
		args: []any{toMillis(until), toMillis(now), id, toMillis(queriedBefore)},
		scan: func(r row) (err error) {
			*a, err = scanAttempt(r)
			*leased = err == nil
			return err
		},
	}
}

// ReleaseAttempt implements [checkout.Store].
func (s *Store) ReleaseAttempt(ctx context.Context, id string, until, next time.Time) error {
	_, err := s.exec(ctx, `UPDATE attempts SET held_until = 0,
			next_query_at = CASE WHEN next_query_at < held_until THEN next_query_at ELSE $1 END
		WHERE id = $2 AND held_until = $3`, toMillis(next), id, toMillis(until))
	if err != nil {
		return fmt.Errorf("releasing attempt %s: %w", id, err)
	}
	return nil
}

// errAttemptChanged is the error of updateAttempt. attemptConflict tells which of the
// errors of [checkout.Store] it is.
var errAttemptChanged = errors.New("the attempt has changed")

// updateAttempt writes the fields of an attempt that may change, and ends the
// change's lease on it. A query that a notification scheduled during the lease
// stays scheduled. It fails with errAttemptChanged if the attempt's stored version is
// not the one in c, or if c is fenced and its lease no longer applies.
func updateAttempt(c checkout.Change) step {
	a := *c.Attempt
	return step{
		what: "updating attempt " + a.ID, missing: errAttemptChanged,
		statement: `UPDATE attempts SET version = version + 1,
				held_until = CASE WHEN held_until = $13 THEN 0 ELSE held_until END,
				state = $1, trade_id = $2, placed_code = $3, placed_url = $4, placed_jsapi = $5,
				failure = $6, quarantined = $7, paid_at = $8, reported_at = $14, denied_at = $15, ended_at = $17,
				next_query_at = CASE WHEN $9 AND next_query_at > 0 AND next_query_at < held_until THEN next_query_at ELSE $10 END
			WHERE id = $11 AND version = $12 AND (held_until = $13 OR NOT $16)`,
		args: []any{
			string(a.State), storableText(a.TradeID), storableText(a.Placed.Code), storableText(a.Placed.URL), storableText(a.Placed.JSAPI),
			storableText(a.Failure), a.Quarantined, toMillis(a.PaidAt), a.State != checkout.AttemptPaid && !a.Quarantined,
			toMillis(a.NextQueryAt), a.ID, a.Version, toMillis(c.AttemptLease), toMillis(a.ReportedAt), toMillis(a.DeniedAt), c.Fenced, toMillis(a.EndedAt),
		},
	}
}

// attemptConflict returns why updateAttempt changed no row: ErrLeaseLost if the
// version is still that of a, otherwise ErrConflict.
func (s *Store) attemptConflict(ctx context.Context, a checkout.Attempt) error {
	stored, err := s.Attempt(ctx, a.ID)
	if err == nil && stored.Version == a.Version {
		return checkout.ErrLeaseLost
	}
	return checkout.ErrConflict
}
