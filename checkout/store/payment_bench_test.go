package store_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// wantsAll is a Webhooks that wants the events of every merchant and sends none.
type wantsAll struct{}

// Wanted implements store.Webhooks.
func (wantsAll) Endpoints(checkout.Event) []string { return []string{checkout.DefaultEndpoint} }

// Committed implements store.Webhooks.
func (wantsAll) Committed(...checkout.Event) {}

// BenchmarkPayment measures what the store does for one payment: its four durable
// points. 32 payments are made at the same time.
func BenchmarkPayment(b *testing.B) {
	for name, opened := range map[string]func() *store.DB{
		"SQLite":     func() *store.DB { return open(b, newPath(b)) },
		"PostgreSQL": func() *store.DB { return openPostgres(b, pgtest.Database(b)) },
	} {
		b.Run(name, func(b *testing.B) {
			s := store.New(opened(), wantsAll{})
			var numbers atomic.Int64
			b.SetParallelism(16)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					pay(b, s, numbers.Add(1))
				}
			})
		})
	}
}

// pay stores a payment as the checkout does.
func pay(b *testing.B, s *store.Store, number int64) {
	b.Helper()
	ctx, now, id := context.Background(), time.UnixMilli(1_800_000_000_000).UTC(), strconv.FormatInt(number, 36)
	session := newSession()
	session.ID, session.CreatedAt, session.ExpiresAt = "cs_"+id, now, now.Add(time.Hour)
	session.Wallets = []flow.Wallet{flow.WalletWeChat}
	a := checkout.Attempt{
		ID: "at_" + id, SessionID: session.ID, Merchant: session.Merchant, Version: 1, State: checkout.AttemptCreating,
		Wallet: flow.WalletWeChat, Flow: flow.Native, OutTradeNo: "o" + id, NotifyToken: "n" + id, ReturnToken: "r" + id,
		Amount: session.Amount, Currency: session.Currency, CreatedAt: now, NextQueryAt: now.Add(35 * time.Second),
	}
	entry := func(kind checkout.EntryKind) checkout.Entry {
		return checkout.Entry{SessionID: session.ID, AttemptID: a.ID, At: now, Kind: kind, Result: "ok"}
	}
	must(b, s.CreateSessionWithAttempt(ctx, session, a, a.NextQueryAt))

	a.State, a.Placed.Code, a.TradeID = checkout.AttemptPending, "weixin://wxpay/bizpayurl?pr="+id, "t"+id
	placed := checkout.Change{Attempt: &a, AttemptLease: a.NextQueryAt, Entries: []checkout.Entry{entry(checkout.EntryOrder)}}
	must(b, s.Apply(ctx, placed))

	n := checkout.Notification{
		ID: "nt_" + id, SessionID: session.ID, AttemptID: a.ID, ReceivedAt: now.Add(time.Minute),
		Verdict: checkout.VerdictAccepted, TradeID: a.TradeID, Paid: true, Body: "{}",
	}
	until := now.Add(2 * time.Minute)
	leased, ok, err := s.AddNotificationAndLease(ctx, n, until)
	must(b, err)
	if !ok {
		b.Fatal("the attempt was not leased")
	}

	leased.State, leased.PaidAt, leased.EndedAt = checkout.AttemptPaid, now, now
	session.Status, session.PaymentStatus, session.PaidAt, session.PaidBy = checkout.StatusComplete, checkout.PaymentPaid, now, a.ID
	event := checkout.Event{
		ID: "evt_" + id, Type: checkout.EventPaid, Merchant: session.Merchant, SessionID: session.ID, AttemptID: a.ID,
		CreatedAt: now, Version: 2, Session: session.Public("https://pay.example/c/" + session.ID),
	}
	must(b, s.Apply(ctx, checkout.Change{
		Session: &session, Attempt: &leased, AttemptLease: until, Payment: checkout.Payment{Account: "m", TradeID: a.TradeID},
		Events: []checkout.Event{event}, Entries: []checkout.Entry{entry(checkout.EntryQuery)},
	}))
}
