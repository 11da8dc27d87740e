package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// Webhooks sends the webhooks of events. It is a *worker.Queue.
type Webhooks interface {
	// Endpoints returns the IDs of the configured endpoints that receive an event. The
	// store itself knows those that were made through the API.
	Endpoints(e checkout.Event) []string
	// Committed receives events that this process has just stored, so that it can send
	// them at once. It must not block. It is not called if the commit failed or if its
	// outcome is unknown.
	Committed(events ...checkout.Event)
}

// addPending stores that an event is not sent yet to each endpoint that wants it: to the
// configured ones, and to those in the database at this moment.
func addPending(e checkout.Event, configured []string) step {
	var wanted strings.Builder
	wanted.WriteString(`SELECT id FROM webhook_endpoints WHERE merchant = $2 AND deleted_at = 0 AND (events = '' OR events LIKE $4)`)
	args := append(make([]any, 0, 4+len(configured)), e.ID, e.Merchant, toMillis(e.WebhookDueAt()), "%,"+string(e.Type)+",%")
	for _, id := range configured {
		args = append(args, id)
		_, _ = fmt.Fprintf(&wanted, " UNION ALL SELECT CAST($%d AS TEXT)", len(args))
	}
	return step{
		what: "storing the webhooks of event " + e.ID,
		statement: `INSERT INTO delivery_pending (event_id, endpoint, merchant, due_at)
			SELECT CAST($1 AS TEXT), id, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM (` + wanted.String() + `) AS wanted`,
		args: args,
	}
}

// HandOverWebhooks ends up to limit webhooks that are pending and were due before a
// time, the longest due first. In the same transaction it calls enqueue with them, which
// must store who sends them. It returns how many there were. Several nodes can call it
// at the same time: each gets other webhooks.
func (s *Store) HandOverWebhooks(
	ctx context.Context, before time.Time, limit int, enqueue func(context.Context, *sql.Tx, []checkout.PendingWebhook) error,
) (n int, err error) {
	isDue, err := s.hasRow(ctx, `SELECT EXISTS (SELECT 1 FROM delivery_pending WHERE due_at < $1)`, toMillis(before))
	if err != nil || !isDue {
		return 0, err
	}
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		due, err := s.takeDue(ctx, tx, before, limit)
		n = len(due)
		if err != nil || n == 0 {
			return err
		}
		return enqueue(ctx, tx, due)
	})
	if err != nil {
		return 0, fmt.Errorf("handing over webhooks: %w", err)
	}
	return n, nil
}

// takeDue deletes pending webhooks that are due, and returns them.
func (s *Store) takeDue(ctx context.Context, tx *sql.Tx, before time.Time, limit int) ([]checkout.PendingWebhook, error) {
	var due []checkout.PendingWebhook
	err := collect(&due, func(r row) (p checkout.PendingWebhook, err error) {
		err = r.Scan(&p.EventID, &p.Endpoint, &p.Merchant)
		return p, err
	}, `DELETE FROM delivery_pending WHERE (event_id, endpoint) IN (
			SELECT event_id, endpoint FROM delivery_pending WHERE due_at < $1 ORDER BY due_at LIMIT $2`+s.skipLocked()+`)
		RETURNING event_id, endpoint, merchant`, toMillis(before), limit).run(ctx, tx)
	return due, err
}

// skipLocked ends a SELECT of rows to change, so that it leaves out the rows that another
// node changes at the moment. SQLite has one writer.
func (s *Store) skipLocked() string {
	if s.db.pool == nil {
		return ""
	}
	return ` FOR UPDATE SKIP LOCKED`
}

// hasRow runs a query on the reading connections that returns a boolean.
func (s *Store) hasRow(ctx context.Context, query string, args ...any) (bool, error) {
	return queryOne(ctx, s, scanBool, query, args...)
}

func scanBool(r row) (value bool, err error) {
	err = r.Scan(&value)
	return value, err
}

// PostponeWebhooks changes when pending webhooks are due. It ignores those that are not
// pending.
func (s *Store) PostponeWebhooks(ctx context.Context, keys []checkout.WebhookKey, due time.Time) error {
	steps := make([]step, 0, len(keys))
	for _, k := range slices.SortedFunc(slices.Values(keys), compareKeys) { // RecordWebhookTries locks in the same order
		steps = append(steps, step{
			what: "event " + k.EventID, statement: `UPDATE delivery_pending SET due_at = $1 WHERE event_id = $2 AND endpoint = $3`,
			args: []any{toMillis(due), k.EventID, k.Endpoint},
		})
	}
	if err := s.write(ctx, steps...); err != nil {
		return fmt.Errorf("postponing webhooks: %w", err)
	}
	return nil
}

func compareKeys(a, b checkout.WebhookKey) int {
	return cmp.Or(strings.Compare(a.EventID, b.EventID), strings.Compare(a.Endpoint, b.Endpoint))
}

// RecordWebhookTries stores tries in one transaction. It ends what was pending until one
// of them. If such a try failed and another follows, it calls retry in the transaction,
// unless another node has taken the webhook meanwhile.
func (s *Store) RecordWebhookTries(
	ctx context.Context, tries []checkout.WebhookTry, retry func(context.Context, *sql.Tx, checkout.WebhookTry) error,
) error {
	var steps []step
	var failed []checkout.WebhookTry
	// PostponeWebhooks locks the rows in the same order, which avoids a deadlock.
	tries = slices.SortedFunc(slices.Values(tries), func(a, b checkout.WebhookTry) int { return compareKeys(a.Key(), b.Key()) })
	for _, t := range tries {
		steps = append(steps, addTry(t))
		switch {
		case !t.EndsPending:
		case t.NextAt.IsZero():
			steps = append(steps, endPending(t))
		default:
			failed = append(failed, t)
		}
	}
	var err error
	if len(failed) == 0 {
		err = s.write(ctx, steps...)
	} else {
		err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := runSteps(ctx, tx, steps); err != nil {
				return err
			}
			return retryPending(ctx, tx, failed, retry)
		})
	}
	if err != nil {
		return fmt.Errorf("recording tries of webhooks: %w", err)
	}
	return nil
}

func addTry(t checkout.WebhookTry) step {
	return step{
		what: "event " + t.EventID,
		statement: `INSERT INTO delivery_tries (` + tryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (event_id, endpoint, at, try) DO NOTHING`,
		args: []any{
			t.EventID, t.Endpoint, t.Number, toMillis(t.At), t.Status, t.Took.Milliseconds(), storableText(t.Answer), storableText(t.Error),
			toMillis(t.NextAt),
		},
	}
}

// endPending ends what was pending until a try.
func endPending(t checkout.WebhookTry) step {
	return step{
		what: "event " + t.EventID, statement: `DELETE FROM delivery_pending WHERE event_id = $1 AND endpoint = $2`, args: []any{t.EventID, t.Endpoint},
	}
}

// retryPending ends what was pending until tries that failed, and calls retry for each.
func retryPending(
	ctx context.Context, tx *sql.Tx, failed []checkout.WebhookTry, retry func(context.Context, *sql.Tx, checkout.WebhookTry) error,
) error {
	for _, t := range failed {
		end := endPending(t)
		ended, err := changesRow(ctx, tx, end.statement, end.args...)
		if err == nil && ended {
			err = retry(ctx, tx, t)
		}
		if err != nil {
			return end.wrap(err)
		}
	}
	return nil
}

const tryColumns = `event_id, endpoint, try, at, status, milliseconds, answer, error, next_at`

// WebhookTries returns the recorded tries to deliver an event, to all endpoints, the first
// one first. Their Merchant is "".
func (s *Store) WebhookTries(ctx context.Context, eventID string) ([]checkout.WebhookTry, error) {
	return queryAll(ctx, s, scanTry, `SELECT `+tryColumns+` FROM delivery_tries WHERE event_id = $1 ORDER BY at, endpoint, try`, eventID)
}

func scanTry(r row) (t checkout.WebhookTry, err error) {
	var took int64
	err = r.Scan(&t.EventID, &t.Endpoint, &t.Number, millis{&t.At}, &t.Status, &took, &t.Answer, &t.Error, millis{&t.NextAt})
	t.Took = time.Duration(took) * time.Millisecond
	return t, err
}

// ForgetWebhookTries deletes up to limit tries that were made before a time, the oldest
// first.
func (s *Store) ForgetWebhookTries(ctx context.Context, before time.Time, limit int) error {
	hasOld, err := s.hasRow(ctx, `SELECT EXISTS (SELECT 1 FROM delivery_tries WHERE at < $1)`, toMillis(before))
	if err != nil || !hasOld {
		return err
	}
	_, err = s.exec(ctx, s.deleteOldTries(), toMillis(before), limit)
	if err != nil {
		return fmt.Errorf("deleting old tries of webhooks: %w", err)
	}
	return nil
}

// deleteOldTries deletes the first $2 tries that were made before $1.
func (s *Store) deleteOldTries() string {
	return `DELETE FROM delivery_tries WHERE (event_id, endpoint, at, try) IN (
		SELECT event_id, endpoint, at, try FROM delivery_tries WHERE at < $1 ORDER BY at LIMIT $2` + s.skipLocked() + `)`
}
