package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// ParkedWebhook is an event that could not be delivered to an endpoint. It is not retried
// until somebody replays it.
type ParkedWebhook struct {
	EventID, Endpoint, Merchant, SessionID string
	Type                                   checkout.EventType
	CreatedAt, ParkedAt                    time.Time
	// Tries is how often delivery was tried.
	Tries int
	// Reason is why the last try failed.
	Reason string
}

// ParkWebhook parks an event that could not be delivered to an endpoint. If it is parked
// already, the time, the tries and the reason are replaced.
func (s *Store) ParkWebhook(ctx context.Context, e checkout.Event, endpoint string, at time.Time, tries int, reason string) error {
	_, err := s.exec(ctx, `INSERT INTO delivery_parked (event_id, endpoint, merchant, parked_at, tries, reason)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (event_id, endpoint)
		DO UPDATE SET parked_at = excluded.parked_at, tries = excluded.tries, reason = excluded.reason`,
		e.ID, endpoint, e.Merchant, toMillis(at), tries, storableText(reason))
	if err != nil {
		return fmt.Errorf("parking event %s: %w", e.ID, err)
	}
	return nil
}

// UnparkWebhook removes a parked event, because it was delivered after all.
func (s *Store) UnparkWebhook(ctx context.Context, k checkout.WebhookKey) error {
	_, err := s.exec(ctx, unpark, k.EventID, k.Endpoint)
	return err
}

const unpark = `DELETE FROM delivery_parked WHERE event_id = $1 AND endpoint = $2`

// ParkedWebhooks returns the parked events of a merchant, or of all if merchant is
// "". The oldest event comes first.
func (s *Store) ParkedWebhooks(ctx context.Context, merchant string) ([]ParkedWebhook, error) {
	return queryAll(ctx, s, scanParked, `SELECT p.event_id, p.endpoint, p.merchant, COALESCE(e.session_id, ''), e.type, e.created_at, p.parked_at, p.tries, p.reason
		FROM delivery_parked p JOIN events e ON e.id = p.event_id
		WHERE CAST($1 AS TEXT) = '' OR p.merchant = $1 ORDER BY e.created_at, p.event_id, p.endpoint`, merchant)
}

func scanParked(r row) (p ParkedWebhook, err error) {
	err = r.Scan(&p.EventID, &p.Endpoint, &p.Merchant, &p.SessionID, &p.Type, millis{&p.CreatedAt}, millis{&p.ParkedAt}, &p.Tries, &p.Reason)
	return p, err
}

// DisableWebhooks disables an endpoint until EnableWebhooks. It does nothing if it is
// disabled already: the first reason stays.
func (s *Store) DisableWebhooks(ctx context.Context, merchant, endpoint string, at time.Time, reason string) error {
	_, err := s.exec(ctx, `INSERT INTO endpoint_disabled (merchant, endpoint, disabled_at, reason)
		VALUES ($1, $2, $3, $4) ON CONFLICT (merchant, endpoint) DO NOTHING`, merchant, endpoint, toMillis(at), reason)
	if err != nil {
		return fmt.Errorf("disabling the endpoint %q of %q: %w", endpoint, merchant, err)
	}
	return nil
}

// EnableWebhooks enables an endpoint, or returns checkout.ErrNotFound if it is not
// disabled. Events that were parked meanwhile stay parked until they are replayed.
func (s *Store) EnableWebhooks(ctx context.Context, merchant, endpoint string) error {
	enabled, err := s.exec(ctx, `DELETE FROM endpoint_disabled WHERE merchant = $1 AND endpoint = $2`, merchant, endpoint)
	if err == nil && !enabled {
		return checkout.ErrNotFound
	}
	return err
}

// WebhooksDisabled reports whether an endpoint is disabled.
func (s *Store) WebhooksDisabled(ctx context.Context, merchant, endpoint string) (bool, error) {
	return s.hasRow(ctx, isDisabled, merchant, endpoint)
}

const isDisabled = `SELECT EXISTS (SELECT 1 FROM endpoint_disabled WHERE merchant = $1 AND endpoint = $2)`

// DisabledWebhooks returns the endpoints of a merchant that are disabled, or those of all
// if merchant is "".
func (s *Store) DisabledWebhooks(ctx context.Context, merchant string) ([]checkout.DisabledWebhook, error) {
	return queryAll(ctx, s, func(r row) (d checkout.DisabledWebhook, err error) {
		err = r.Scan(&d.Merchant, &d.Endpoint, millis{&d.DisabledAt}, &d.Reason)
		return d, err
	}, `SELECT merchant, endpoint, disabled_at, reason FROM endpoint_disabled
		WHERE CAST($1 AS TEXT) = '' OR merchant = $1 ORDER BY merchant, endpoint`, merchant)
}

// Enqueue stores a job that sends an event to an endpoint, in a transaction of the store.
type Enqueue func(ctx context.Context, tx *sql.Tx, e checkout.Event, endpoint string) error

// ReplayWebhooks has events delivered again, parked or not. In one transaction it
// calls enqueue for each of them and unparks it. If one fails, none is replayed, and
// the error names it: checkout.ErrNotFound, a *checkout.DisabledError, or an error of enqueue.
func (s *Store) ReplayWebhooks(ctx context.Context, keys []checkout.WebhookKey, enqueue Enqueue) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, k := range keys {
			if err := replay(ctx, tx, k, enqueue); err != nil {
				return fmt.Errorf("replaying event %s: %w", k.EventID, err)
			}
		}
		return nil
	})
}

func replay(ctx context.Context, tx *sql.Tx, k checkout.WebhookKey, enqueue Enqueue) error {
	e, err := scanEvent(tx.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events WHERE id = $1`, k.EventID))
	if errors.Is(err, sql.ErrNoRows) {
		err = checkout.ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := requireEnabled(ctx, tx, e.Merchant, k.Endpoint); err != nil {
		return err
	}
	if err := enqueue(ctx, tx, e, k.Endpoint); err != nil { // before the delete: it may check whether the event is parked
		return err
	}
	_, err = tx.ExecContext(ctx, unpark, k.EventID, k.Endpoint)
	return err
}

// ReplayTargets returns the endpoints to which a replay of an event goes: those for which
// it is parked, or else those to which it was sent in the last 30 days, or else `webhook`
// of the configuration.
func (s *Store) ReplayTargets(ctx context.Context, eventID string) ([]checkout.WebhookKey, error) {
	for _, query := range []string{
		`SELECT event_id, endpoint FROM delivery_parked WHERE event_id = $1 ORDER BY endpoint`,
		`SELECT DISTINCT event_id, endpoint FROM delivery_tries WHERE event_id = $1 ORDER BY endpoint`,
	} {
		keys, err := queryAll(ctx, s, scanWebhookKey, query, eventID)
		if err != nil || len(keys) > 0 {
			return keys, err
		}
	}
	return []checkout.WebhookKey{{EventID: eventID, Endpoint: checkout.DefaultEndpoint}}, nil
}
