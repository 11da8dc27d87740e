package store

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wantukit/wantukit/checkout"
)

// listQuery is a query of a part of a list, as it is built.
type listQuery struct {
	columns, from string
	// at and id are the columns by which the list is ordered.
	at, id     string
	conditions []string
	args       []any
}

// where adds a condition with its arguments, whose places in the text are ?.
func (q *listQuery) where(condition string, args ...any) {
	for _, arg := range args {
		q.args = append(q.args, arg)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(q.args)), 1)
	}
	q.conditions = append(q.conditions, condition)
}

// whereSet adds a condition unless the argument is the zero value.
func whereSet[T comparable](q *listQuery, condition string, arg T) {
	var zero T
	if arg != zero {
		q.where(condition, arg)
	}
}

// text returns the query of a part. It has one bound above and one below, because SQLite's
// planner takes another index for two.
func (q *listQuery) text(in checkout.ListPart) string {
	newest, oldest, order := in.After, in.Before, " DESC"
	if in.Before != (checkout.Position{}) {
		order = ""
	}
	if !in.To.IsZero() && (newest.CreatedAt.IsZero() || in.To.Before(newest.CreatedAt)) {
		newest = checkout.Position{CreatedAt: in.To} // no ID is before ""
	}
	if newest != (checkout.Position{}) {
		q.where("("+q.at+", "+q.id+") < (?, ?)", toMillis(newest.CreatedAt), newest.ID)
	}
	switch {
	case oldest.CreatedAt.Before(in.From):
		q.where(q.at+" >= ?", toMillis(in.From))
	case oldest != (checkout.Position{}):
		q.where("("+q.at+", "+q.id+") > (?, ?)", toMillis(oldest.CreatedAt), oldest.ID)
	}
	q.args = append(q.args, in.Limit)
	return `SELECT ` + q.columns + ` FROM ` + q.from + ` WHERE ` + strings.Join(q.conditions, " AND ") +
		` ORDER BY ` + q.at + order + `, ` + q.id + order + ` LIMIT $` + strconv.Itoa(len(q.args))
}

// list returns the rows of a part, the newest first.
func list[T any](ctx context.Context, s *Store, scan func(row) (T, error), q listQuery, in checkout.ListPart) ([]T, error) {
	text := q.text(in)
	found, err := queryAll(ctx, s, scan, text, q.args...)
	if in.Before != (checkout.Position{}) {
		slices.Reverse(found)
	}
	return found, err
}

// ListSessions implements [checkout.Store].
func (s *Store) ListSessions(ctx context.Context, in checkout.ListPart, by checkout.SessionFilter) ([]checkout.Session, error) {
	return list(ctx, s, scanSession, listSessions(in.Merchant, by), in)
}

// listSessions returns the query of a merchant's sessions. Where the sessions must have
// metadata, it reads them in the order of session_metadata.
func listSessions(merchant string, by checkout.SessionFilter) listQuery {
	q := listQuery{columns: sessionColumnsRead, from: sessionsRead, at: "created_at", id: "id"}
	names := slices.Sorted(maps.Keys(by.Metadata))
	if len(names) > 0 {
		q.from = `session_metadata AS found JOIN ` + sessionsRead + ` ON sessions.id = found.session_id`
		q.columns = qualified(sessionColumns, "sessions") + strings.TrimPrefix(sessionColumnsRead, sessionColumns)
		q.at, q.id = "found.created_at", "found.session_id"
		q.where("found.merchant = ? AND found.name = ? AND found.value = ?", merchant, storableText(names[0]), storableText(by.Metadata[names[0]]))
		for _, name := range names[1:] {
			q.where(`EXISTS (SELECT 1 FROM session_metadata AS other WHERE other.session_id = found.session_id
				AND other.merchant = found.merchant AND other.created_at = found.created_at AND other.name = ? AND other.value = ?)`, storableText(name), storableText(by.Metadata[name]))
		}
	} else {
		q.where("merchant = ?", merchant)
	}
	whereSet(&q, "status = ?", string(by.Status))
	whereSet(&q, "payment_status = ?", string(by.PaymentStatus))
	if by.ClientReferenceID != "" {
		q.where("client_reference_id <> ''") // as the index has it
		q.where("client_reference_id = ?", storableText(by.ClientReferenceID))
	}
	whereSet(&q, "amount = ?", by.Amount)
	return q
}

// qualified puts the name of a table before each of a list of columns.
func qualified(columns, table string) string {
	names := strings.Split(columns, ",")
	for i, name := range names {
		names[i] = table + "." + strings.TrimSpace(name)
	}
	return strings.Join(names, ", ")
}

// ListRefunds implements [checkout.Store].
func (s *Store) ListRefunds(ctx context.Context, in checkout.ListPart, by checkout.RefundFilter) ([]checkout.Refund, error) {
	return list(ctx, s, scanRefund, listRefunds(in.Merchant, by), in)
}

func listRefunds(merchant string, by checkout.RefundFilter) listQuery {
	q := listQuery{columns: refundColumnsRead, from: refundsRead, at: "created_at", id: "id"}
	q.where("merchant = ?", merchant)
	whereSet(&q, "state = ?", string(by.State))
	whereSet(&q, "session_id = ?", storableText(by.SessionID))
	return q
}

// ListEvents implements [checkout.Store].
func (s *Store) ListEvents(ctx context.Context, in checkout.ListPart, by checkout.EventFilter) ([]checkout.Event, error) {
	return list(ctx, s, scanEvent, listEvents(in.Merchant, by), in)
}

func listEvents(merchant string, by checkout.EventFilter) listQuery {
	q := listQuery{columns: eventColumns, from: "events", at: "created_at", id: "id"}
	q.where("merchant = ?", merchant)
	whereSet(&q, "type = ?", string(by.Type))
	whereSet(&q, "session_id = ?", storableText(by.SessionID))
	return q
}

// addMetadata stores the metadata of a session, so that a list finds the session by it.
func addMetadata(c checkout.Session) (steps []step) {
	for _, name := range slices.Sorted(maps.Keys(c.Metadata)) {
		steps = append(steps, step{
			what:      "storing the metadata of session " + c.ID,
			statement: `INSERT INTO session_metadata (merchant, name, value, created_at, session_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, // two names may be stored as one text
			args:      []any{c.Merchant, storableText(name), storableText(c.Metadata[name]), toMillis(c.CreatedAt), c.ID},
		})
	}
	return steps
}
