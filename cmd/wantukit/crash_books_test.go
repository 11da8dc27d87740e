package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web/kit"
)

// books is the content of the kit's database at one moment.
type books struct {
	sessions map[string]checkout.Session // by id
	attempts map[string]checkout.Attempt // by out_trade_no
	refunds  map[string]checkout.Refund  // by id
	events   map[string]checkout.Event   // by id
	accepted map[string]int              // notifications, by the attempt's id
}

// open opens the cluster's database without the kit.
func (c *cluster) open() (*sql.DB, error) {
	if c.plan.database != "" {
		return sql.Open("pgx", c.plan.database)
	}
	return sql.Open("sqlite", "file:"+kit.Database{Folder: filepath.Join(c.folder, "data")}.SQLiteFile()+"?_pragma=busy_timeout(10000)")
}

func (c *cluster) read(ctx context.Context) (b books, err error) {
	db, err := c.open()
	if err != nil {
		return b, err
	}
	defer db.Close()
	var isolation *sql.TxOptions // a transaction of SQLite sees one moment in any case
	if c.plan.database != "" {
		isolation = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := db.BeginTx(ctx, isolation)
	if err != nil {
		return b, err
	}
	defer func() { _ = tx.Rollback() }()
	b = books{map[string]checkout.Session{}, map[string]checkout.Attempt{}, map[string]checkout.Refund{}, map[string]checkout.Event{}, map[string]int{}}
	for _, listing := range b.listings() {
		if err := listing.read(ctx, tx); err != nil {
			return b, fmt.Errorf("%s: %w", listing.query, err)
		}
	}
	return b, nil
}

// listing is a query and the function that reads its rows.
type listing struct {
	query string
	row   func(*sql.Rows) error
}

func (p listing) read(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, p.query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := p.row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (b books) listings() []listing {
	return []listing{
		{"SELECT id, status, payment_status, amount, amount_refunded, paid_by, paid_late, paid_twice, amount_mismatch FROM sessions", func(r *sql.Rows) error {
			var s checkout.Session
			err := r.Scan(&s.ID, &s.Status, &s.PaymentStatus, &s.Amount, &s.AmountRefunded, &s.PaidBy, &s.PaidLate, &s.PaidTwice, &s.AmountMismatch)
			b.sessions[s.ID] = s
			return err
		}},
		{"SELECT id, session_id, state, out_trade_no, amount, quarantined FROM attempts", func(r *sql.Rows) error {
			var a checkout.Attempt
			err := r.Scan(&a.ID, &a.SessionID, &a.State, &a.OutTradeNo, &a.Amount, &a.Quarantined)
			b.attempts[a.OutTradeNo] = a
			return err
		}},
		{"SELECT id, session_id, attempt_id, state, reason, out_refund_no, amount FROM refunds", func(r *sql.Rows) error {
			var f checkout.Refund
			err := r.Scan(&f.ID, &f.SessionID, &f.AttemptID, &f.State, &f.Reason, &f.OutRefundNo, &f.Amount)
			b.refunds[f.ID] = f
			return err
		}},
		{"SELECT id, type, session_id FROM events", func(r *sql.Rows) error {
			var e checkout.Event
			err := r.Scan(&e.ID, &e.Type, &e.SessionID)
			b.events[e.ID] = e
			return err
		}},
		{"SELECT attempt_id, COUNT(*) FROM timeline WHERE kind = 'notification' AND result = 'accepted' GROUP BY attempt_id", func(r *sql.Rows) error {
			var id string
			var n int
			err := r.Scan(&id, &n)
			b.accepted[id] = n
			return err
		}},
	}
}

// findings are sentences about faults.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// audit compares the kit's database with what it has acknowledged and with the
// gateway. It checks what must be true at any moment.
func (w *town) audit(ctx context.Context) (books, findings) {
	var wrong findings
	before := w.promised() // and then the books, which may only hold more
	b, err := w.read(ctx)
	if err != nil {
		wrong.add("the books cannot be read: %v", err)
		return b, wrong
	}
	wrong = append(wrong, before.lies...)
	b.checkPromises(before, &wrong)
	b.checkOrdersAreStored(before.orders, &wrong)
	b.checkAgainstGateway(w.sandbox.Orders(), &wrong) // it may only hold more than the books
	return b, wrong
}

// checkPromises checks that nothing that was acknowledged is lost, and that nothing
// was told to the shop that is not stored.
func (b books) checkPromises(p promised, wrong *findings) {
	for id, amount := range p.sessions {
		if s, ok := b.sessions[id]; !ok || s.Amount != amount {
			wrong.add("session %s of %d was acknowledged and is lost: %+v", id, amount, s)
		}
	}
	for id, amount := range p.refunds {
		if r, ok := b.refunds[id]; !ok || r.Amount != amount {
			wrong.add("refund %s of %d was acknowledged and is lost: %+v", id, amount, r)
		}
	}
	for id := range p.told {
		if _, ok := b.events[id]; !ok {
			wrong.add("the shop was told of event %s, which is lost", id)
		}
	}
	for _, o := range p.orders {
		if taken := acknowledged(o); taken > b.accepted[b.attempts[o.OutTradeNo].ID] {
			wrong.add("%d notifications of order %s were acknowledged and %d are stored", taken, o.OutTradeNo, b.accepted[b.attempts[o.OutTradeNo].ID])
		}
		for _, try := range o.Notifications {
			if try.Forged && try.Acknowledged {
				wrong.add("a forged notification of order %s was acknowledged", o.OutTradeNo)
			}
		}
	}
}

// acknowledged returns how many notifications of an order the kit has acknowledged.
func acknowledged(o sandbox.Order) int {
	n := 0
	for _, try := range o.Notifications {
		if try.Acknowledged && !try.Forged {
			n++
		}
	}
	return n
}

// checkOrdersAreStored checks that each order and refund of the gateway is stored, and that a
// session has at most one payable order for a wallet.
func (b books) checkOrdersAreStored(orders []sandbox.Order, wrong *findings) {
	refunds := map[string]checkout.Refund{}
	for _, r := range b.refunds {
		refunds[r.OutRefundNo] = r
	}
	type wallet struct {
		subject string
		channel wantu.PayChannel
	}
	payable := map[wallet]string{}
	for _, o := range orders {
		a, ok := b.attempts[o.OutTradeNo]
		if !ok || a.Amount != o.TotalFee {
			wrong.add("the gateway has order %s of %d, the kit %+v", o.OutTradeNo, o.TotalFee, a)
		}
		if o.Status != sandbox.StatusClosed && o.Status != sandbox.StatusExpired {
			of := wallet{o.Subject, o.PayChannel}
			if other, taken := payable[of]; taken {
				wrong.add("orders %s and %s of one wallet and session can both be paid", other, o.OutTradeNo)
			}
			payable[of] = o.OutTradeNo
		}
		for _, back := range o.Refunds {
			if r, ok := refunds[back.OutRefundNo]; !ok || r.Amount != back.Fee || r.AttemptID != a.ID {
				wrong.add("the gateway gave back %+v of order %s, the kit has %+v", back, o.OutTradeNo, r)
			}
		}
	}
}

// checkAgainstGateway checks that nothing is paid, refunded or told to the shop that did not
// happen at the gateway.
func (b books) checkAgainstGateway(orders []sandbox.Order, wrong *findings) {
	there := map[string]sandbox.Order{}
	given := map[string]int64{}
	for _, o := range orders {
		there[o.OutTradeNo] = o
		for _, back := range o.Refunds {
			given[back.OutRefundNo] = back.Fee
		}
	}
	for _, a := range b.attempts {
		if a.State == checkout.AttemptPaid && there[a.OutTradeNo].Status != sandbox.StatusSuccess {
			wrong.add("order %s is paid here and %q there", a.OutTradeNo, there[a.OutTradeNo].Status)
		}
		if a.Quarantined {
			wrong.add("order %s is in quarantine", a.OutTradeNo)
		}
	}
	for _, r := range b.refunds {
		if r.State == checkout.RefundSucceeded && given[r.OutRefundNo] != r.Amount {
			wrong.add("refund %s of %d succeeded here, and there %d went back", r.ID, r.Amount, given[r.OutRefundNo])
		}
	}
	b.told(wrong)
}

// told checks that each session has the events of its state, each once.
func (b books) told(wrong *findings) {
	type fact struct {
		session string
		of      checkout.EventType
	}
	facts := map[fact]int{}
	for _, e := range b.events {
		facts[fact{e.SessionID, e.Type}]++
	}
	for id, s := range b.sessions {
		want := map[checkout.EventType]bool{
			checkout.EventPaid:     s.PaymentStatus.Settled() && !s.PaidLate,
			checkout.EventPaidLate: s.PaymentStatus.Settled() && s.PaidLate,
			checkout.EventCanceled: s.Status == checkout.StatusCanceled,
			checkout.EventExpired:  s.Status == checkout.StatusExpired,
		}
		for event, is := range want {
			if n := facts[fact{id, event}]; n > 1 || (n == 1) != is {
				wrong.add("session %+v has %d events %s", s, n, event)
			}
		}
	}
}

// settled is audit plus what must be true once nothing is due any more.
func (w *town) settled(ctx context.Context) findings {
	b, wrong := w.audit(ctx)
	p := w.promised()
	refunded := map[string]int64{}
	for _, r := range b.refunds {
		if r.State == checkout.RefundPending {
			wrong.add("refund %s is pending", r.ID)
		}
		if r.State == checkout.RefundSucceeded {
			refunded[r.AttemptID] += r.Amount
		}
	}
	for _, o := range p.orders {
		a := b.attempts[o.OutTradeNo]
		s := b.sessions[a.SessionID]
		if o.Status != sandbox.StatusSuccess {
			continue
		}
		second := s.PaidBy != a.ID
		switch {
		case a.State != checkout.AttemptPaid || !s.PaymentStatus.Settled():
			wrong.add("order %s is paid there and %s here, its session %s", o.OutTradeNo, a.State, s.PaymentStatus)
		case second && !s.PaidTwice:
			wrong.add("order %s is paid beside another, and session %+v does not say so", o.OutTradeNo, s)
		case o.Refunded() != refunded[a.ID] || !second && s.AmountRefunded != refunded[a.ID]:
			wrong.add("of order %s %d went back there, and %d here: %+v", o.OutTradeNo, o.Refunded(), refunded[a.ID], s)
		case (second || s.PaidLate) && o.Refunded() != o.TotalFee:
			wrong.add("order %s was paid late or twice, and %d of %d went back", o.OutTradeNo, o.Refunded(), o.TotalFee)
		}
	}
	for id, e := range b.events {
		if _, ok := p.told[id]; !ok {
			wrong.add("the shop was not told of event %s, %s", id, e.Type)
		}
	}
	return wrong
}

// makeAllDue makes everything due now that is due later, because tests cannot wait for
// an hour.
func (w *town) makeAllDue(ctx context.Context, besides ...string) error {
	db, err := w.open()
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range append(besides,
		"UPDATE attempts SET next_query_at = 1 WHERE next_query_at > 1 AND state <> 'paid'",
		"UPDATE refunds SET next_try_at = 1 WHERE state = 'pending'",
		"UPDATE delivery_pending SET due_at = 1",
		"UPDATE river_job SET scheduled_at = '2020-01-01 00:00:00' WHERE kind = 'webhook' AND state IN ('retryable', 'scheduled')",
		"UPDATE river_job SET attempted_at = '2020-01-01 00:00:00' WHERE kind = 'webhook' AND state = 'running'",
	) {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// release ends expired leases of nodes that lost the database but are still alive.
const release = "UPDATE %s SET held_until = 1 WHERE held_until > 1"

// settleSoon is settle for a test that killed or froze no node: it does not wait
// for leases to expire.
func (w *town) settleSoon() findings {
	w.Helper()
	time.Sleep(2 * time.Second) // conversations end
	return w.settle(fmt.Sprintf(release, "attempts"), fmt.Sprintf(release, "refunds"))
}

// settle waits until nothing is due any more. It reports and returns what is not
// settled.
func (w *town) settle(besides ...string) findings {
	w.Helper()
	w.sandbox.ClearFaults()
	var wrong findings
	for again := range int(2 * patience / time.Second) {
		if again%5 == 0 {
			if err := w.makeAllDue(w.Context(), besides...); err != nil {
				w.Error(err)
			}
		}
		if wrong = w.settled(w.Context()); len(wrong) == 0 {
			return nil
		}
		time.Sleep(time.Second)
	}
	for _, problem := range wrong {
		w.Error(problem)
	}
	return wrong
}
