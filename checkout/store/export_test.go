package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/wantukit/wantukit/checkout"
)

// IndexedQuery is a query, its arguments, and the index that it must use.
type IndexedQuery struct {
	Table, Index, Query string
	Args                []any
}

// DueQueries are the queries that find due work.
func DueQueries() []IndexedQuery {
	indexes := map[checkout.Work]string{
		checkout.WorkLive: "attempts_due_live", checkout.WorkEnded: "attempts_due_ended",
		checkout.WorkSessions: "sessions_due", checkout.WorkRefunds: "refunds_due",
	}
	var all []IndexedQuery
	for work, source := range dueSources {
		table, index := source.baseTable(), indexes[work]
		all = append(all,
			IndexedQuery{table, index, source.query(), []any{int64(1), "shop", 100}},
			IndexedQuery{table, index, source.merchantsQuery(), []any{int64(1)}})
	}
	return all
}

// ReconciliationQueries are the queries that find what a reconciliation compares.
var ReconciliationQueries = []IndexedQuery{
	{"attempts", "attempts_paid", paidAttempts, []any{"shop", int64(1), int64(2), "", 100}},
	{"refunds", "refunds_succeeded", succeededRefunds, []any{"shop", int64(1), int64(2), "", 100}},
	{"reconciliations", "reconciliations_of_merchant", reconciliationsOfMerchant, []any{"shop", 100}},
}

// ListQueries are the queries of lists. metadataKey is how a plan names the primary key of
// session_metadata.
func ListQueries(metadataKey string) (all []IndexedQuery) {
	in := checkout.ListPart{
		Merchant: "shop", From: time.UnixMilli(1), To: time.UnixMilli(9), After: checkout.Position{CreatedAt: time.UnixMilli(5), ID: "x"}, Limit: 10,
	}
	add := func(table, index string, q listQuery) {
		text := q.text(in)
		all = append(all, IndexedQuery{table, index, text, q.args})
	}
	for index, by := range map[string]checkout.SessionFilter{
		"sessions_listed": {}, "sessions_of_status": {Status: checkout.StatusOpen}, "sessions_of_payment_status": {PaymentStatus: checkout.PaymentPaid},
		"sessions_of_amount": {Amount: 5}, "sessions_of_reference": {ClientReferenceID: "1"},
	} {
		add("sessions", index, listSessions("shop", by))
	}
	add("found", metadataKey, listSessions("shop", checkout.SessionFilter{Metadata: map[string]string{"a": "1", "b": "2"}}))
	add("refunds", "refunds_listed", listRefunds("shop", checkout.RefundFilter{}))
	add("refunds", "refunds_of_state", listRefunds("shop", checkout.RefundFilter{State: checkout.RefundFailed}))
	add("events", "events_listed", listEvents("shop", checkout.EventFilter{}))
	add("events", "events_of_type", listEvents("shop", checkout.EventFilter{Type: checkout.EventPaid}))
	return all
}

// CheckSQLite exports checkSQLite for tests.
var CheckSQLite = checkSQLite

// Reader returns the connections that read, for tests.
func (d *DB) Reader() *sql.DB { return d.reader }

// CheckPostgres exports checkPostgres for tests.
var CheckPostgres = checkPostgres

// GroupWriter exports groupWriter for tests.
type GroupWriter = groupWriter

// NewGroupWriter exports newGroupWriter for tests.
var NewGroupWriter = newGroupWriter

// Write exports write for tests.
func (w *groupWriter) Write(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	return w.write(ctx, do)
}

// Stop exports stop for tests.
func (w *groupWriter) Stop() { w.stop() }

// MaxGroup exports maxGroup for tests.
const MaxGroup = maxGroup

// Group returns the writer of the changes of SQLite, for tests.
func (d *DB) Group() *GroupWriter { return d.group }

// NewPostgres returns a database of a pool that is not connected yet, for tests.
func NewPostgres(pool *pgxpool.Pool) *DB { return &DB{pool: pool} }

// NewNodeNotifier exports newNodeNotifier for tests.
var NewNodeNotifier = newNodeNotifier

// Add exports add for tests.
func (n *nodeNotifier) Add(id string) { n.add(id) }

// Stop exports stop for tests.
func (n *nodeNotifier) Stop() { n.stop() }

// Payloads and TellChanged export payloads and tellChanged for tests.
var (
	Payloads    = payloads
	TellChanged = tellChanged
)
