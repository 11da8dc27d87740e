package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/wantukit/wantukit/checkout"
)

// SendTest stores an event for one endpoint alone, and that it is still to be sent there. It
// returns a *checkout.DisabledError if the endpoint is disabled.
func (s *Store) SendTest(ctx context.Context, e checkout.Event, endpoint string) error {
	event, err := insertEvent(e)
	if err != nil {
		return fmt.Errorf("storing event %s: %w", e.ID, err)
	}
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := requireEnabled(ctx, tx, e.Merchant, endpoint); err != nil {
			return err
		}
		// It is due at once, because no process has it in memory.
		return runSteps(ctx, tx, []step{event, {
			what: "storing the webhook of event " + e.ID, args: []any{e.ID, endpoint, e.Merchant, toMillis(e.CreatedAt)},
			statement: `INSERT INTO delivery_pending (event_id, endpoint, merchant, due_at) VALUES ($1, $2, $3, $4)`,
		}})
	})
}

// RetryWebhooks has up to limit events delivered again that are parked for an endpoint, the
// oldest first, as ReplayWebhooks. With what is left of limit it calls retryWaiting in the
// same transaction. It returns how many there were, or a *checkout.DisabledError if the
// endpoint is disabled.
func (s *Store) RetryWebhooks(
	ctx context.Context, merchant, endpoint string, limit int, enqueue Enqueue, retryWaiting func(context.Context, *sql.Tx, int) (int, error),
) (n int, err error) {
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := requireEnabled(ctx, tx, merchant, endpoint); err != nil {
			return err
		}
		var keys []checkout.WebhookKey
		err := collect(&keys, scanWebhookKey, `SELECT event_id, endpoint FROM delivery_parked
			WHERE merchant = $1 AND endpoint = $2 ORDER BY parked_at, event_id LIMIT $3`, merchant, endpoint, limit).run(ctx, tx)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if err := replay(ctx, tx, k, enqueue); err != nil {
				return fmt.Errorf("replaying event %s: %w", k.EventID, err)
			}
		}
		if n = len(keys); n == limit {
			return nil
		}
		waiting, err := retryWaiting(ctx, tx, limit-n)
		n += waiting
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("retrying webhooks: %w", err)
	}
	return n, nil
}

// requireEnabled returns a *checkout.DisabledError if an endpoint is disabled.
func requireEnabled(ctx context.Context, tx *sql.Tx, merchant, endpoint string) error {
	disabled, err := scanBool(tx.QueryRowContext(ctx, isDisabled, merchant, endpoint))
	if err == nil && disabled {
		err = &checkout.DisabledError{Merchant: merchant, Endpoint: endpoint}
	}
	return err
}

func scanWebhookKey(r row) (k checkout.WebhookKey, err error) {
	err = r.Scan(&k.EventID, &k.Endpoint)
	return k, err
}

// deliveriesOf selects what was sent to an endpoint, or is pending or parked for it. $1 is
// the merchant, $2 the endpoint.
const deliveriesOf = `SELECT e.id, e.type, e.created_at, COALESCE(p.parked_at, 0), COALESCE(p.reason, '')
	FROM events e LEFT JOIN delivery_parked p ON p.event_id = e.id AND p.endpoint = $2
	WHERE e.merchant = $1 AND (p.event_id IS NOT NULL
		OR EXISTS (SELECT 1 FROM delivery_tries t WHERE t.event_id = e.id AND t.endpoint = $2)
		OR EXISTS (SELECT 1 FROM delivery_pending w WHERE w.event_id = e.id AND w.endpoint = $2)) `

// WebhookDeliveries returns up to limit deliveries to an endpoint of the merchant, the
// newest event first. Unless before is "", it returns those of the events before the event
// with this ID. An event that is in the queue and was not tried yet is missing.
func (s *Store) WebhookDeliveries(ctx context.Context, merchant, endpoint, before string, limit int) ([]checkout.WebhookDelivery, error) {
	where, args := "", []any{merchant, endpoint, limit}
	if before != "" {
		where = "AND (e.created_at, e.id) < (SELECT b.created_at, b.id FROM events b WHERE b.id = $4 AND b.merchant = $1) "
		args = append(args, before)
	}
	return s.deliveries(ctx, endpoint, deliveriesOf+where+`ORDER BY e.created_at DESC, e.id DESC LIMIT $3`, args...)
}

// WebhookDelivery returns one delivery, or checkout.ErrNotFound. An event that is in the
// queue and was not tried yet is not found.
func (s *Store) WebhookDelivery(ctx context.Context, merchant string, k checkout.WebhookKey) (checkout.WebhookDelivery, error) {
	list, err := s.deliveries(ctx, k.Endpoint, deliveriesOf+`AND e.id = $3`, merchant, k.Endpoint, k.EventID)
	if err == nil && len(list) == 0 {
		err = checkout.ErrNotFound
	}
	if err != nil {
		return checkout.WebhookDelivery{}, err
	}
	return list[0], nil
}

// deliveries returns the deliveries of a query, with their tries.
func (s *Store) deliveries(ctx context.Context, endpoint, text string, args ...any) ([]checkout.WebhookDelivery, error) {
	list, err := queryAll(ctx, s, func(r row) (checkout.WebhookDelivery, error) { return scanDelivery(r, endpoint) }, text, args...)
	if err != nil || len(list) == 0 {
		return list, err
	}
	marks, of := make([]string, len(list)), []any{endpoint}
	for i, d := range list {
		of = append(of, d.EventID)
		marks[i] = fmt.Sprintf("$%d", len(of))
	}
	tries, err := queryAll(ctx, s, scanTry, `SELECT `+tryColumns+` FROM delivery_tries
		WHERE endpoint = $1 AND event_id IN (`+strings.Join(marks, ", ")+`) ORDER BY at, try`, of...)
	if err != nil {
		return nil, err
	}
	triesOf := map[string][]checkout.WebhookTry{}
	for _, t := range tries {
		triesOf[t.EventID] = append(triesOf[t.EventID], t)
	}
	for i := range list {
		d := &list[i]
		d.Tries = triesOf[d.EventID]
		if n := len(d.Tries); d.State == checkout.DeliveryWaiting && n > 0 && d.Tries[n-1].Error == "" {
			d.State = checkout.DeliveryDelivered
		}
	}
	return list, nil
}

// scanDelivery reads a delivery without its tries.
func scanDelivery(r row, endpoint string) (d checkout.WebhookDelivery, err error) {
	var parkedAt int64
	d.Endpoint, d.State = endpoint, checkout.DeliveryWaiting
	err = r.Scan(&d.EventID, &d.EventType, millis{&d.EventAt}, &parkedAt, &d.ParkedReason)
	if parkedAt > 0 {
		d.State = checkout.DeliveryParked
	}
	return d, err
}
