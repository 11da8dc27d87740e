package store

import (
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
	// Wanted reports whether the events of a merchant are sent to it.
	Wanted(merchant string) bool
	// Committed receives events that this process has just stored, so that it can send
	// them at once. It must not block. It is not called if the commit failed or if its
	// outcome is unknown.
	Committed(events ...checkout.Event)
}

// addPending stores that the webhook of an event is not sent yet.
func addPending(e checkout.Event) step {
	return step{
		what:      "storing the webhook of event " + e.ID,
		statement: `INSERT INTO webhook_pending (event_id, merchant, due_at) VALUES ($1, $2, $3)`,
		args:      []any{e.ID, e.Merchant, toMillis(e.WebhookDueAt())},
	}
}

// HandOverWebhooks ends up to limit webhooks that are pending and were due before a
// time, the longest due first. In the same transaction it calls enqueue with them, which
// must store who sends them. It returns how many there were. Several nodes can call it
// at the same time: each gets other webhooks.
func (s *Store) HandOverWebhooks(
	ctx context.Context, before time.Time, limit int, enqueue func(context.Context, *sql.Tx, []checkout.PendingWebhook) error,
) (n int, err error) {
	isDue, err := s.hasRow(ctx, `SELECT EXISTS (SELECT 1 FROM webhook_pending WHERE due_at < $1)`, toMillis(before))
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
		err = r.Scan(&p.EventID, &p.Merchant)
		return p, err
	}, `DELETE FROM webhook_pending WHERE event_id IN (
			SELECT event_id FROM webhook_pending WHERE due_at < $1 ORDER BY due_at LIMIT $2`+s.skipLocked()+`)
		RETURNING event_id, merchant`, toMillis(before), limit).run(ctx, tx)
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

// PostponeWebhooks changes when pending webhooks are due. It ignores events whose
// webhook is not pending.
func (s *Store) PostponeWebhooks(ctx context.Context, eventIDs []string, due time.Time) error {
	steps := make([]step, 0, len(eventIDs))
	for _, id := range slices.Sorted(slices.Values(eventIDs)) { // RecordWebhookTries locks in the same order
		steps = append(steps, step{
			what: "event " + id, statement: `UPDATE webhook_pending SET due_at = $1 WHERE event_id = $2`, args: []any{toMillis(due), id},
		})
	}
	if err := s.write(ctx, steps...); err != nil {
		return fmt.Errorf("postponing webhooks: %w", err)
	}
	return nil
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
	tries = slices.SortedFunc(slices.Values(tries), func(a, b checkout.WebhookTry) int { return strings.Compare(a.EventID, b.EventID) })
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
		statement: `INSERT INTO webhook_tries (` + tryColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (event_id, at, try) DO NOTHING`,
		args: []any{
			t.EventID, t.Number, toMillis(t.At), t.Status, t.Took.Milliseconds(), storableText(t.Answer), storableText(t.Error), toMillis(t.NextAt),
		},
	}
}

// endPending ends what was pending until a try.
func endPending(t checkout.WebhookTry) step {
	return step{what: "event " + t.EventID, statement: `DELETE FROM webhook_pending WHERE event_id = $1`, args: []any{t.EventID}}
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

const tryColumns = `event_id, try, at, status, milliseconds, answer, error, next_at`

// WebhookTries returns the recorded tries to deliver an event, the first one first. Their
// Merchant is "".
func (s *Store) WebhookTries(ctx context.Context, eventID string) ([]checkout.WebhookTry, error) {
	return queryAll(ctx, s, func(r row) (t checkout.WebhookTry, err error) {
		var took int64
		err = r.Scan(&t.EventID, &t.Number, millis{&t.At}, &t.Status, &took, &t.Answer, &t.Error, millis{&t.NextAt})
		t.Took = time.Duration(took) * time.Millisecond
		return t, err
	}, `SELECT `+tryColumns+` FROM webhook_tries WHERE event_id = $1 ORDER BY at, try`, eventID)
}

// ForgetWebhookTries deletes up to limit tries that were made before a time, the oldest
// first.
func (s *Store) ForgetWebhookTries(ctx context.Context, before time.Time, limit int) error {
	hasOld, err := s.hasRow(ctx, `SELECT EXISTS (SELECT 1 FROM webhook_tries WHERE at < $1)`, toMillis(before))
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
	return `DELETE FROM webhook_tries WHERE (event_id, at, try) IN (
		SELECT event_id, at, try FROM webhook_tries WHERE at < $1 ORDER BY at LIMIT $2` + s.skipLocked() + `)`
}
