package store

import (
	"context"

	"github.com/wantukit/wantukit/checkout"
)

// Claim implements [checkout.Store].
func (s *Store) Claim(ctx context.Context, merchant string, kind checkout.ClaimKind, name string) (checkout.Claim, error) {
	return queryOne(ctx, s, func(r row) (c checkout.Claim, err error) {
		err = r.Scan(&c.Merchant, &c.Kind, &c.Name, &c.SessionID, &c.RequestHash, &c.Answer, millis{&c.CreatedAt})
		return c, err
	}, `SELECT merchant, kind, name, session_id, request_hash, answer, created_at FROM claims WHERE merchant = $1 AND kind = $2 AND name = $3`,
		merchant, string(kind), storableText(name))
}

// forgottenAtOnce is how many old claims a new one deletes: more than one, so that they
// become fewer.
const forgottenAtOnce = 2

// addClaims stores the claims of a new session. It fails with ErrClaimed if another session
// has one of them.
func (s *Store) addClaims(claims []checkout.Claim) []step {
	var steps []step
	for _, c := range claims {
		old := toMillis(c.CreatedAt.Add(-checkout.KeyLifetime))
		steps = append(steps, freeClaim(c, old), step{
			what: "storing a claim of session " + c.SessionID, missing: checkout.ErrClaimed,
			statement: `INSERT INTO claims (merchant, kind, name, session_id, request_hash, answer, created_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
			args: []any{c.Merchant, string(c.Kind), storableText(c.Name), c.SessionID, c.RequestHash, c.Answer, toMillis(c.CreatedAt)},
		})
		if c.Kind == checkout.ClaimKey {
			steps = append(steps, s.forgetKeys(old))
		}
	}
	return steps
}

// freeClaim deletes the claim that a new one replaces, if it is free. A key from before old
// is free.
func freeClaim(c checkout.Claim, old int64) step {
	free := step{
		what: "freeing a claim", statement: `DELETE FROM claims WHERE merchant = $1 AND kind = $2 AND name = $3`,
		args: []any{c.Merchant, string(c.Kind), storableText(c.Name)},
	}
	switch c.Kind {
	case checkout.ClaimKey:
		free.statement += ` AND created_at <= $4`
		free.args = append(free.args, old)
	case checkout.ClaimReference:
		free.statement += ` AND session_id IN (SELECT id FROM sessions
			WHERE id = claims.session_id AND status IN ('expired', 'canceled') AND payment_status = 'unpaid')`
	}
	return free
}

// forgetKeys deletes some keys from before old, of any merchant.
func (s *Store) forgetKeys(old int64) step {
	return step{
		what: "deleting old keys",
		statement: `DELETE FROM claims WHERE (merchant, kind, name) IN (SELECT merchant, kind, name FROM claims
			WHERE kind = 'idempotency_key' AND created_at <= $1 ORDER BY created_at LIMIT $2` + s.skipLocked() + `)`,
		args: []any{old, forgottenAtOnce},
	}
}
