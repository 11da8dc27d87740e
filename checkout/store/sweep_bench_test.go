package store_test

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
)

// benchOrders is how many open orders are due in BenchmarkSweep, and benchLatency how
// long the gateway takes to answer.
const (
	benchOrders  = 100_000
	benchLatency = 50 * time.Millisecond
)

// unpaidGateway answers each query after benchLatency: the order is not paid.
type unpaidGateway struct {
	checkout.Gateway
	queries atomic.Int64
}

func (g *unpaidGateway) Query(_ context.Context, r checkout.OrderRef) (checkout.OrderStatus, error) {
	g.queries.Add(1)
	time.Sleep(benchLatency)
	return checkout.OrderStatus{OutTradeNo: r.OutTradeNo, Amount: 1, Currency: "HKD", State: checkout.OrderUnpaid}, nil
}

// benchRoutes has no URLs.
type benchRoutes struct{ checkout.Routes }

// addOpenOrders stores orders that have been open for 10 minutes and are due.
func addOpenOrders(b *testing.B, db *store.DB, n int) {
	b.Helper()
	now := time.Now().UnixMilli()
	for _, statement := range []string{
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO sessions (id, merchant, version, status, payment_status, amount, currency, subject, client_reference_id, success_url, cancel_url,
				wallets, locale, metadata, created_at, expires_at, conclude_at, paid_at, paid_late, paid_twice, amount_mismatch)
			SELECT 'cs_' || i, 'shop', 1, 'open', 'unpaid', 1, 'HKD', 'Ticket', '', '', '', '[]', '', '{}',
				$2 - 600000, $2 + 3600000, $2 + 3600000, 0, FALSE, FALSE, FALSE FROM n`,
		`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO attempts (id, session_id, merchant, version, state, channel, wallet, flow, reason, payer, out_trade_no, trade_id, amount, currency,
				notify_token, return_token, placed_code, placed_url, placed_jsapi, failure, quarantined,
				created_at, paid_at, next_query_at, queried_at, queries, held_until)
			SELECT 'at_' || i, 'cs_' || i, 'shop', 1, 'pending', 'wechat', 'wechat', 'native', '', '', 'W' || i, '', 1, 'HKD',
				'n' || i, 'r' || i, 'code', '', '', '', FALSE, $2 - 600000, 0, $2 - i, 0, 0, 0 FROM n`,
	} {
		_, err := db.Writer().ExecContext(b.Context(), statement, n, now)
		if err != nil {
			b.Fatal(err)
		}
	}
}

// benchReturns allows each URL.
type benchReturns struct{}

func (benchReturns) CheckReturn(_, _, _ string) error { return nil }

// BenchmarkSweep reports how many queries a second one sweep makes at most, with 100,000
// open orders of one merchant on SQLite. 100,000 orders that nobody notifies need 350 a
// second.
func BenchmarkSweep(b *testing.B) {
	db, err := store.OpenSQLite(b.Context(), b.TempDir()+"/wantukit.db")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	addOpenOrders(b, db, benchOrders)
	gateway := &unpaidGateway{}
	service, err := checkout.New(checkout.Config{
		Store: store.New(db, nil), Gateway: gateway, Clock: checkout.NewSteadyClock(time.Now, func(time.Duration) {}),
		Random: rand.Reader, Routes: benchRoutes{}, Returns: benchReturns{},
		Merchants: map[string]checkout.Merchant{"shop": {ID: "shop", Name: "Shop", QueriesPerSecond: checkout.MaxQueriesPerSecond}},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	swept := make(chan error, 1)
	go func() { swept <- service.Sweep(ctx) }()
	for b.Loop() {
		before := gateway.queries.Load()
		for gateway.queries.Load() < before+100 {
			time.Sleep(time.Millisecond)
		}
	}
	b.ReportMetric(float64(gateway.queries.Load())/b.Elapsed().Seconds(), "queries/s")
	cancel()
	if err := <-swept; err != nil {
		b.Error(err)
	}
}
