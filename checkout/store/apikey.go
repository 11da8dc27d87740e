package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
)

var _ apikey.Store = (*Store)(nil)

// ErrKeyEnded is the error of rolling or revoking a key that is revoked or expired.
var ErrKeyEnded = errors.New("the API key is revoked or expired")

// AddAPIKey stores a new key.
func (s *Store) AddAPIKey(ctx context.Context, k apikey.Key) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return insertKey(ctx, tx, k) })
}

func insertKey(ctx context.Context, tx *sql.Tx, k apikey.Key) error {
	scopes := make([]string, len(k.Scopes))
	for i, scope := range k.Scopes {
		scopes[i] = string(scope)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO api_keys (id, merchant, name, hash, hint, scopes, test, created_at, ends_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`,
		k.ID, k.Merchant, k.Name, k.Hash.Hex(), k.Hint, strings.Join(scopes, " "), k.Test, toMillis(k.CreatedAt), toMillis(k.EndsAt))
	if err != nil {
		return fmt.Errorf("storing API key %s: %w", k.ID, err)
	}
	return nil
}

const keyColumns = `k.id, k.merchant, k.name, k.hash, k.hint, k.scopes, k.test, k.created_at, k.ends_at, k.revoked_at, COALESCE(u.used_at, 0)
	FROM api_keys k LEFT JOIN api_key_uses u ON u.key_id = k.id`

func scanKey(r row) (k apikey.Key, err error) {
	var hash, scopes string
	err = r.Scan(&k.ID, &k.Merchant, &k.Name, &hash, &k.Hint, &scopes, &k.Test,
		millis{&k.CreatedAt}, millis{&k.EndsAt}, millis{&k.RevokedAt}, millis{&k.UsedAt})
	if err != nil {
		return k, err
	}
	for _, scope := range strings.Fields(scopes) {
		k.Scopes = append(k.Scopes, apikey.Scope(scope))
	}
	if k.Hash, err = apikey.ParseHash(hash); err != nil {
		err = fmt.Errorf("the hash of API key %s %w", k.ID, err)
	}
	return k, err
}

// APIKeys returns the stored keys of a merchant, or of all if merchant is "", also those
// that are revoked or expired. The oldest comes first.
func (s *Store) APIKeys(ctx context.Context, merchant string) ([]apikey.Key, error) {
	return queryAll(ctx, s, scanKey, `SELECT `+keyColumns+`
		WHERE CAST($1 AS TEXT) = '' OR k.merchant = $1 ORDER BY k.created_at, k.id`, merchant)
}

// ValidAPIKeys implements [apikey.Store].
func (s *Store) ValidAPIKeys(ctx context.Context, now time.Time) ([]apikey.Key, error) {
	return queryAll(ctx, s, scanKey, `SELECT `+keyColumns+`
		WHERE k.revoked_at = 0 AND (k.ends_at = 0 OR k.ends_at > $1)`, toMillis(now))
}

// APIKey returns a stored key, or checkout.ErrNotFound.
func (s *Store) APIKey(ctx context.Context, id string) (apikey.Key, error) {
	return queryOne(ctx, s, scanKey, `SELECT `+keyColumns+` WHERE k.id = $1`, id)
}

// RollAPIKey stores successor, and lets the key with this id end at a time, unless it ends
// earlier. It fails with checkout.ErrNotFound or ErrKeyEnded, and then stores nothing.
func (s *Store) RollAPIKey(ctx context.Context, id string, endsAt time.Time, successor apikey.Key) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := endKey(ctx, tx, id, successor.CreatedAt, `UPDATE api_keys
			SET ends_at = CASE WHEN ends_at > 0 AND ends_at < $1 THEN ends_at ELSE $1 END`, endsAt)
		if err != nil {
			return err
		}
		return insertKey(ctx, tx, successor)
	})
}

// RevokeAPIKey revokes a key. It fails with checkout.ErrNotFound or ErrKeyEnded.
func (s *Store) RevokeAPIKey(ctx context.Context, id string, at time.Time) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return endKey(ctx, tx, id, at, `UPDATE api_keys SET revoked_at = $1`, at)
	})
}

// endKey runs an update of a key that is valid at now. The update takes a time as $1.
func endKey(ctx context.Context, tx *sql.Tx, id string, now time.Time, update string, at time.Time) error {
	changed, err := changesRow(ctx, tx, update+` WHERE id = $2 AND revoked_at = 0 AND (ends_at = 0 OR ends_at > $3)`, toMillis(at), id, toMillis(now))
	if err != nil || changed {
		return err
	}
	known, err := scanBool(tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM api_keys WHERE id = $1)`, id))
	switch {
	case err != nil:
		return err
	case known:
		return ErrKeyEnded
	default:
		return checkout.ErrNotFound
	}
}

// RecordKeyUses implements [apikey.Store].
func (s *Store) RecordKeyUses(ctx context.Context, usedAt map[string]time.Time) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, id := range slices.Sorted(maps.Keys(usedAt)) { // in one order on all nodes, so that none waits for another
			_, err := tx.ExecContext(ctx, `INSERT INTO api_key_uses (key_id, used_at) VALUES ($1, $2) ON CONFLICT (key_id)
				DO UPDATE SET used_at = excluded.used_at WHERE api_key_uses.used_at < excluded.used_at`, id, toMillis(usedAt[id]))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// KeyUses returns when each key was last used, by its ID.
func (s *Store) KeyUses(ctx context.Context) (map[string]time.Time, error) {
	type use struct {
		id string
		at time.Time
	}
	uses, err := queryAll(ctx, s, func(r row) (u use, err error) {
		err = r.Scan(&u.id, millis{&u.at})
		return u, err
	}, `SELECT key_id, used_at FROM api_key_uses`)
	if err != nil {
		return nil, err
	}
	usedAt := make(map[string]time.Time, len(uses))
	for _, u := range uses {
		usedAt[u.id] = u.at
	}
	return usedAt, nil
}
