package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

const endpointColumns = `id, merchant, url, events, metadata, secret, previous_secret, previous_until, created_at, deleted_at`

func scanEndpoint(r row) (e checkout.WebhookEndpoint, err error) {
	var events, metadata string
	err = r.Scan(&e.ID, &e.Merchant, &e.URL, &events, &metadata, &e.SealedSecret, &e.SealedPrevious,
		millis{&e.PreviousUntil}, millis{&e.CreatedAt}, millis{&e.DeletedAt})
	if err != nil {
		return e, err
	}
	if events = strings.Trim(events, ","); events != "" {
		for name := range strings.SplitSeq(events, ",") {
			e.Events = append(e.Events, checkout.EventType(name))
		}
	}
	if err := json.Unmarshal([]byte(metadata), &e.Metadata); err != nil {
		return e, fmt.Errorf("reading endpoint %s: %w", e.ID, err)
	}
	return e, nil
}

// eventList returns event types as the table has them.
func eventList(types []checkout.EventType) string {
	var list strings.Builder
	for _, t := range types {
		list.WriteString("," + string(t))
	}
	if list.Len() > 0 {
		list.WriteString(",")
	}
	return list.String()
}

// raiseEndpointsVersion locks webhook_endpoints until the transaction ends, and tells the
// processes to read it again.
var raiseEndpointsVersion = step{
	what: "raising the version of the webhook endpoints", statement: `UPDATE webhook_endpoints_version SET version = version + 1`,
}

// CreateWebhookEndpoint stores a new endpoint. It returns checkout.ErrTooManyEndpoints and
// stores nothing if the merchant has limit endpoints or more in the table.
func (s *Store) CreateWebhookEndpoint(ctx context.Context, e checkout.WebhookEndpoint, limit int) error {
	metadata, err := json.Marshal(e.Metadata)
	if err != nil {
		return fmt.Errorf("storing endpoint %s: %w", e.ID, err)
	}
	err = s.write(ctx, raiseEndpointsVersion, step{
		what: "storing endpoint " + e.ID, missing: checkout.ErrTooManyEndpoints,
		statement: `INSERT INTO webhook_endpoints (` + endpointColumns + `)
			SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT),
				CAST($7 AS TEXT), CAST($8 AS BIGINT), CAST($9 AS BIGINT), 0
			WHERE (SELECT count(*) FROM webhook_endpoints WHERE merchant = $2 AND deleted_at = 0) < $10`,
		args: []any{
			e.ID, e.Merchant, e.URL, eventList(e.Events), string(metadata), e.SealedSecret, e.SealedPrevious, toMillis(e.PreviousUntil),
			toMillis(e.CreatedAt), limit,
		},
	})
	if err != nil {
		return fmt.Errorf("storing a webhook endpoint: %w", err)
	}
	return nil
}

// ChangeWebhookEndpoint reads an endpoint that is not deleted, calls change with it, and
// stores its URL, event types, metadata, secrets and DeletedAt, in one transaction. It
// returns the endpoint as stored. It returns checkout.ErrNotFound if the merchant has no
// such endpoint, and change's error.
func (s *Store) ChangeWebhookEndpoint(
	ctx context.Context, merchant, id string, change func(*checkout.WebhookEndpoint) error,
) (e checkout.WebhookEndpoint, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := raiseEndpointsVersion.run(ctx, tx); err != nil {
			return err
		}
		e, err = scanEndpoint(tx.QueryRowContext(ctx, selectEndpoint, merchant, id))
		if errors.Is(err, sql.ErrNoRows) {
			return checkout.ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := change(&e); err != nil {
			return err
		}
		return updateEndpoint(ctx, tx, e)
	})
	if err != nil {
		return checkout.WebhookEndpoint{}, fmt.Errorf("changing webhook endpoint %s: %w", id, err)
	}
	return e, nil
}

const selectEndpoint = `SELECT ` + endpointColumns + ` FROM webhook_endpoints WHERE merchant = $1 AND id = $2 AND deleted_at = 0`

func updateEndpoint(ctx context.Context, tx *sql.Tx, e checkout.WebhookEndpoint) error {
	metadata, err := json.Marshal(e.Metadata)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE webhook_endpoints SET url = $1, events = $2, metadata = $3, secret = $4, previous_secret = $5,
			previous_until = $6, deleted_at = $7 WHERE id = $8`,
		e.URL, eventList(e.Events), string(metadata), e.SealedSecret, e.SealedPrevious, toMillis(e.PreviousUntil), toMillis(e.DeletedAt), e.ID)
	if err != nil || e.DeletedAt.IsZero() {
		return err
	}
	var steps []step
	for _, table := range keptByEndpoint {
		steps = append(steps, step{what: "cleaning " + table, statement: `DELETE FROM ` + table + ` WHERE endpoint = $1`, args: []any{e.ID}})
	}
	return runSteps(ctx, tx, steps)
}

// WebhookEndpoint returns an endpoint that was made through the API and is not deleted, or
// checkout.ErrNotFound if the merchant has no such endpoint.
func (s *Store) WebhookEndpoint(ctx context.Context, merchant, id string) (checkout.WebhookEndpoint, error) {
	return queryOne(ctx, s, scanEndpoint, selectEndpoint, merchant, id)
}

// WebhookEndpoints returns the endpoints of a merchant that were made through the API and
// are not deleted, the oldest first.
func (s *Store) WebhookEndpoints(ctx context.Context, merchant string) ([]checkout.WebhookEndpoint, error) {
	return queryAll(ctx, s, scanEndpoint, `SELECT `+endpointColumns+` FROM webhook_endpoints
		WHERE merchant = $1 AND deleted_at = 0 ORDER BY created_at, id`, merchant)
}

// AllWebhookEndpoints returns the endpoints of all merchants that were made through the
// API, with those that were deleted and not forgotten yet.
func (s *Store) AllWebhookEndpoints(ctx context.Context) ([]checkout.WebhookEndpoint, error) {
	return queryAll(ctx, s, scanEndpoint, `SELECT `+endpointColumns+` FROM webhook_endpoints ORDER BY created_at, id`)
}

// WebhookEndpointsVersion returns a number that rises with each change of an endpoint that
// was made through the API.
func (s *Store) WebhookEndpointsVersion(ctx context.Context) (int64, error) {
	return queryOne(ctx, s, func(r row) (version int64, err error) {
		err = r.Scan(&version)
		return version, err
	}, `SELECT version FROM webhook_endpoints_version`)
}

// ForgetWebhookEndpoints removes the endpoints that were deleted before a time.
func (s *Store) ForgetWebhookEndpoints(ctx context.Context, before time.Time) error {
	hasOld, err := s.hasRow(ctx, `SELECT EXISTS (SELECT 1 FROM webhook_endpoints WHERE deleted_at > 0 AND deleted_at < $1)`, toMillis(before))
	if err != nil || !hasOld {
		return err
	}
	steps := []step{raiseEndpointsVersion}
	// A process that sent something during the deletion may have written to these tables after it.
	for _, table := range keptByEndpoint {
		steps = append(steps, step{
			what: "cleaning " + table, args: []any{toMillis(before)},
			statement: `DELETE FROM ` + table + ` WHERE endpoint IN (SELECT id FROM webhook_endpoints WHERE deleted_at > 0 AND deleted_at < $1)`,
		})
	}
	return s.write(ctx, append(steps, step{
		what: "removing deleted webhook endpoints", statement: `DELETE FROM webhook_endpoints WHERE deleted_at > 0 AND deleted_at < $1`,
		args: []any{toMillis(before)},
	})...)
}

// keptByEndpoint are the tables in which a deleted endpoint leaves nothing. Its tries stay
// until they are old.
var keptByEndpoint = []string{"delivery_pending", "delivery_parked", "endpoint_disabled"}
