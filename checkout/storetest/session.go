package storetest

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

func sessionRoundTrip(t *testing.T, f fixture) {
	s := checkout.Session{
		ID: newID(checkout.SessionPrefix), Merchant: "shop", Version: 3,
		Status: checkout.StatusExpired, PaymentStatus: checkout.PaymentPaid,
		Amount: checkout.MaxAmount, Currency: "CNY", Subject: "Früh & Spät 票 🎫 \"'`%_\\",
		ClientReferenceID: "order 1", SuccessURL: "https://shop.example/ok?a=1&b=2", CancelURL: "https://shop.example/no",
		Wallets: []flow.Wallet{flow.WalletWeChat, flow.WalletAlipayHK}, Locale: "zh-Hant",
		Metadata:  map[string]string{"a": "1", "b\x00c": "<&>\u2028"},
		CreatedAt: start(), ExpiresAt: start().Add(time.Minute), ConcludeAt: start().Add(2 * time.Minute), PaidAt: start().Add(time.Hour),
		PaidLate: true, PaidTwice: true, AmountMismatch: true, SealedOpenID: "sealed", PaidBy: newID("at_"), AmountRefunded: 77,
		LineItems:     []checkout.LineItem{{Name: "Früh 票", Quantity: 2, Amount: checkout.MaxAmount}, {Name: "Spät", Quantity: 1}},
		RecoveredFrom: newID(checkout.SessionPrefix), TestMode: true,
	}
	must(t, f.CreateSession(t.Context(), s))
	wantEqual(t, "session", f.readSession(t, s.ID), s)
	if err := f.CreateSession(t.Context(), s); err == nil {
		t.Error("the same session was stored twice")
	}
}

func minimalSession(t *testing.T, f fixture) {
	s := f.session(t)
	wantEqual(t, "session", f.readSession(t, s.ID), s)
}

func notFound(t *testing.T, f fixture) {
	ctx := t.Context()
	_, err := f.Session(ctx, newID(checkout.SessionPrefix))
	wantError(t, "Session", err, checkout.ErrNotFound)
	_, err = f.Attempt(ctx, newID("at_"))
	wantError(t, "Attempt", err, checkout.ErrNotFound)
	_, err = f.AttemptByNotifyToken(ctx, "")
	wantError(t, "AttemptByNotifyToken", err, checkout.ErrNotFound)
	_, err = f.AttemptByReturnToken(ctx, newID(""))
	wantError(t, "AttemptByReturnToken", err, checkout.ErrNotFound)
	_, err = f.Event(ctx, newID("evt_"))
	wantError(t, "Event", err, checkout.ErrNotFound)
	wantEqual(t, "events", f.events(t, newID(checkout.SessionPrefix)), []checkout.EventType(nil))
	_, ok, err := f.LeaseAttempt(ctx, newID("at_"), start(), time.Time{}, start().Add(leaseTime))
	if ok || err != nil {
		t.Errorf("an unknown attempt: leased %v, error %v", ok, err)
	}
}

func expiringSessions(t *testing.T, f fixture) {
	var want []string
	for _, after := range []time.Duration{2, 0, 1, 3} { // minutes; 3 is not due
		s := newSession()
		s.ConcludeAt = start().Add(after * time.Minute)
		must(t, f.CreateSession(t.Context(), s))
		want = append(want, s.ID)
	}
	ended := newSession()
	ended.Status, ended.ConcludeAt = checkout.StatusComplete, start()
	must(t, f.CreateSession(t.Context(), ended))

	due, err := f.ExpiringSessions(t.Context(), merchant, start().Add(2*time.Minute), 10)
	must(t, err)
	wantEqual(t, "due sessions", ids(due, sessionID), []string{want[1], want[2], want[0]})
	due, err = f.ExpiringSessions(t.Context(), merchant, start().Add(2*time.Minute), 2)
	must(t, err)
	wantEqual(t, "the first two", ids(due, sessionID), []string{want[1], want[2]})
	due, err = f.ExpiringSessions(t.Context(), merchant, start().Add(-time.Millisecond), 10)
	must(t, err)
	wantEqual(t, "due sessions before the first", len(due), 0)
}

func postponedConclusion(t *testing.T, f fixture) {
	s := f.session(t)
	later := s.ConcludeAt.Add(time.Minute)
	must(t, f.PostponeConclusion(t.Context(), s.ID, later))
	got := f.readSession(t, s.ID)
	wantEqual(t, "ConcludeAt", got.ConcludeAt, later)
	wantEqual(t, "ExpiresAt", got.ExpiresAt, s.ExpiresAt)
	wantEqual(t, "Version", got.Version, s.Version)
	due, err := f.ExpiringSessions(t.Context(), merchant, s.ConcludeAt, 10)
	must(t, err)
	wantEqual(t, "due sessions before the new time", len(due), 0)
}
