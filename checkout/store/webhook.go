package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// ParkedWebhook is an event that a shop was not told.
type ParkedWebhook struct {
	EventID, Merchant, SessionID string
	Type                         checkout.EventType
	CreatedAt, ParkedAt          time.Time
	// Tries is how often the shop was told in vain.
	Tries int
	// Reason is what the last of them ended with.
	Reason string
}

// DisabledWebhook is a merchant whose endpoint gets no webhooks.
type DisabledWebhook struct {
	Merchant   string
	DisabledAt time.Time
	Reason     string
}

// DisabledError is the error of a replay to an endpoint that is disabled.
type DisabledError struct{ Merchant string }

// Error implements error.
func (e *DisabledError) Error() string {
	return fmt.Sprintf("the webhook endpoint of merchant %q is disabled", e.Merchant)
}

// ParkWebhook keeps an event that its shop could not be told. What is parked
// already gets the newer reason.
func (s *Store) ParkWebhook(ctx context.Context, e checkout.Event, at time.Time, tries int, reason string) error {
	_, err := s.db.writer.ExecContext(ctx, `INSERT INTO webhook_parked (event_id, merchant, parked_at, tries, reason)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (event_id)
		DO UPDATE SET parked_at = excluded.parked_at, tries = excluded.tries, reason = excluded.reason`,
		e.ID, e.Merchant, ms(at), tries, clean(reason))
	if err != nil {
		return fmt.Errorf("parking event %s: %w", e.ID, err)
	}
	return nil
}

// UnparkWebhook forgets that an event is parked: its shop has it after all.
func (s *Store) UnparkWebhook(ctx context.Context, eventID string) error {
	_, err := s.db.writer.ExecContext(ctx, `DELETE FROM webhook_parked WHERE event_id = $1`, eventID)
	return err
}

// ParkedWebhooks returns what is parked for a merchant, or for all where
// merchant is "", the oldest first.
func (s *Store) ParkedWebhooks(ctx context.Context, merchant string) ([]ParkedWebhook, error) {
	return all(ctx, s.db.reader, scanParked, `SELECT p.event_id, p.merchant, COALESCE(e.session_id, ''), e.type, e.created_at, p.parked_at, p.tries, p.reason
		FROM webhook_parked p JOIN events e ON e.id = p.event_id
		WHERE CAST($1 AS TEXT) = '' OR p.merchant = $1 ORDER BY e.created_at, p.event_id`, merchant)
}

func scanParked(r row) (p ParkedWebhook, err error) {
	err = r.Scan(&p.EventID, &p.Merchant, &p.SessionID, &p.Type, millis{&p.CreatedAt}, millis{&p.ParkedAt}, &p.Tries, &p.Reason)
	return p, err
}

// DisableWebhooks stops the webhooks of a merchant until EnableWebhooks. The
// first reason stays.
func (s *Store) DisableWebhooks(ctx context.Context, merchant string, at time.Time, reason string) error {
	_, err := s.db.writer.ExecContext(ctx, `INSERT INTO webhook_disabled (merchant, disabled_at, reason)
		VALUES ($1, $2, $3) ON CONFLICT (merchant) DO NOTHING`, merchant, ms(at), reason)
	if err != nil {
		return fmt.Errorf("disabling the webhooks of %q: %w", merchant, err)
	}
	return nil
}

// EnableWebhooks undoes DisableWebhooks, or returns checkout.ErrNotFound where
// there is nothing to undo. What was parked meanwhile stays so until it is
// replayed.
func (s *Store) EnableWebhooks(ctx context.Context, merchant string) error {
	result, err := s.db.writer.ExecContext(ctx, `DELETE FROM webhook_disabled WHERE merchant = $1`, merchant)
	return one(result, err, checkout.ErrNotFound)
}

// WebhooksDisabled reports whether a merchant's webhooks are disabled.
func (s *Store) WebhooksDisabled(ctx context.Context, merchant string) (bool, error) {
	return disabled(s.db.reader.QueryRowContext(ctx, countDisabled, merchant))
}

const countDisabled = `SELECT count(*) FROM webhook_disabled WHERE merchant = $1`

func disabled(count row) (bool, error) {
	var n int
	err := count.Scan(&n)
	return n > 0, err
}

// DisabledWebhooks returns the merchants whose webhooks are disabled.
func (s *Store) DisabledWebhooks(ctx context.Context) ([]DisabledWebhook, error) {
	return all(ctx, s.db.reader, func(r row) (d DisabledWebhook, err error) {
		err = r.Scan(&d.Merchant, millis{&d.DisabledAt}, &d.Reason)
		return d, err
	}, `SELECT merchant, disabled_at, reason FROM webhook_disabled ORDER BY merchant`)
}

// ReplayWebhooks has events told anew, parked or not: all of them, or none with
// an error that names the first that cannot be, a *DisabledError among them.
// enqueue writes the job of each in the one transaction.
func (s *Store) ReplayWebhooks(ctx context.Context, eventIDs []string, enqueue Enqueue) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for _, id := range eventIDs {
			if err := replay(ctx, tx, id, enqueue); err != nil {
				return fmt.Errorf("replaying event %s: %w", id, err)
			}
		}
		return nil
	})
}

func replay(ctx context.Context, tx *sql.Tx, id string, enqueue Enqueue) error {
	e, err := found(scanEvent(tx.QueryRowContext(ctx, `SELECT `+eventColumns+` FROM events WHERE id = $1`, id)))
	if err != nil {
		return err
	}
	off, err := disabled(tx.QueryRowContext(ctx, countDisabled, e.Merchant))
	if err != nil {
		return err
	}
	if off {
		return &DisabledError{e.Merchant}
	}
	if err := enqueue(ctx, tx, e); err != nil { // it may look whether the event is parked
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM webhook_parked WHERE event_id = $1`, id)
	return err
}
