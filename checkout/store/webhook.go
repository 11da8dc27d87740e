package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// ParkedWebhook is an event whose webhook could not be delivered. It is not retried
// until an operator replays it.
type ParkedWebhook struct {
	EventID, Merchant, SessionID string
	Type                         checkout.EventType
	CreatedAt, ParkedAt          time.Time
	// Tries is how often delivery was tried.
	Tries int
	// Reason is why the last try failed.
	Reason string
}

// DisabledWebhook is a merchant whose webhooks are disabled.
type DisabledWebhook struct {
	Merchant   string
	DisabledAt time.Time
	Reason     string
}

// DisabledError is the error of a replay to a disabled endpoint.
type DisabledError struct{ Merchant string }

// Error implements error.
func (e *DisabledError) Error() string {
	return fmt.Sprintf("the webhook endpoint of merchant %q is disabled", e.Merchant)
}

// ParkWebhook parks an event whose webhook could not be delivered. If it is parked
// already, the time, the tries and the reason are replaced.
func (s *Store) ParkWebhook(ctx context.Context, e checkout.Event, at time.Time, tries int, reason string) error {
	_, err := s.exec(ctx, `INSERT INTO webhook_parked (event_id, merchant, parked_at, tries, reason)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (event_id)
		DO UPDATE SET parked_at = excluded.parked_at, tries = excluded.tries, reason = excluded.reason`,
		e.ID, e.Merchant, toMillis(at), tries, storableText(reason))
	if err != nil {
		return fmt.Errorf("parking event %s: %w", e.ID, err)
	}
	return nil
}

// UnparkWebhook removes a parked event, because its webhook was delivered after all.
func (s *Store) UnparkWebhook(ctx context.Context, eventID string) error {
	_, err := s.exec(ctx, `DELETE FROM webhook_parked WHERE event_id = $1`, eventID)
	return err
}

// ParkedWebhooks returns the parked events of a merchant, or of all if merchant is
// "". The oldest event comes first.
func (s *Store) ParkedWebhooks(ctx context.Context, merchant string) ([]ParkedWebhook, error) {
	return queryAll(ctx, s, scanParked, `SELECT p.event_id, p.merchant, COALESCE(e.session_id, ''), e.type, e.created_at, p.parked_at, p.tries, p.reason
		FROM webhook_parked p JOIN events e ON e.id = p.event_id
		WHERE CAST($1 AS TEXT) = '' OR p.merchant = $1 ORDER BY e.created_at, p.event_id`, merchant)
}

func scanParked(r row) (p ParkedWebhook, err error) {
	err = r.Scan(&p.EventID, &p.Merchant, &p.SessionID, &p.Type, millis{&p.CreatedAt}, millis{&p.ParkedAt}, &p.Tries, &p.Reason)
	return p, err
}

// DisableWebhooks disables the webhooks of a merchant until EnableWebhooks. It does
// nothing if they are disabled already: the first reason stays.
func (s *Store) DisableWebhooks(ctx context.Context, merchant string, at time.Time, reason string) error {
	_, err := s.exec(ctx, `INSERT INTO webhook_disabled (merchant, disabled_at, reason)
		VALUES ($1, $2, $3) ON CONFLICT (merchant) DO NOTHING`, merchant, toMillis(at), reason)
	if err != nil {
		return fmt.Errorf("disabling the webhooks of %q: %w", merchant, err)
	}
	return nil
}

// EnableWebhooks enables the webhooks of a merchant, or returns
// checkout.ErrNotFound if they are not disabled. Events that were parked meanwhile
// stay parked until they are replayed.
func (s *Store) EnableWebhooks(ctx context.Context, merchant string) error {
	enabled, err := s.exec(ctx, `DELETE FROM webhook_disabled WHERE merchant = $1`, merchant)
	if err == nil && !enabled {
		return checkout.ErrNotFound
	}
	return err
}

// WebhooksDisabled reports whether a merchant's webhooks are disabled.
func (s *Store) WebhooksDisabled(ctx context.Context, merchant string) (bool, error) {
	return s.hasRow(ctx, isDisabled, merchant)
}

const isDisabled = `SELECT EXISTS (SELECT 1 FROM webhook_disabled WHERE merchant = $1)`

// DisabledWebhooks returns the merchants whose webhooks are disabled.
func (s *Store) DisabledWebhooks(ctx context.Context) ([]DisabledWebhook, error) {
	return queryAll(ctx, s, func(r row) (d DisabledWebhook, err error) {
		err = r.Scan(&d.Merchant, millis{&d.DisabledAt}, &d.Reason)
		return d, err
	}, `SELECT merchant, disabled_at, reason FROM webhook_disabled ORDER BY merchant`)
}

// Enqueue stores a job that sends an event, in a transaction of the store.
type Enqueue func(ctx context.Context, tx *sql.Tx, e checkout.Event) error

// ReplayWebhooks has events delivered again, parked or not. In one transaction it
// calls enqueue for each event and unparks it. If one fails, none is replayed, and
// the error names it: checkout.ErrNotFound, a *DisabledError, or an error of enqueue.
func (s *Store) ReplayWebhooks(ctx context.Context, eventIDs []string, enqueue Enqueue) error {
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, id := range eventIDs {
			if err := replay(ctx, tx, id, enqueue); err != nil {
				return fmt.Errorf("replaying event %s: %w", id, err)
			}
		}
		return nil
	})
}

func replay(ctx context.Context, tx *sql.Tx, id string, enqueue Enqueue) error {
	e, err := scanEvent(tx.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = checkout.ErrNotFound
	}
	if err != nil {
		return err
	}
	disabled, err := scanBool(tx.QueryRowContext(ctx, isDisabled, e.Merchant))
	if err != nil {
		return err
	}
	if disabled {
		return &DisabledError{e.Merchant}
	}
	if err := enqueue(ctx, tx, e); err != nil { // before the delete: it may check whether the event is parked
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM webhook_parked WHERE event_id = $1`, id)
	return err
}
