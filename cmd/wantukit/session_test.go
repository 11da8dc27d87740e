package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/web/kit"
)

// show runs `session show` as another process would.
func show(t *testing.T, out io.Writer, args ...string) (code int, stderr string) {
	t.Helper()
	var said bytes.Buffer
	code = run(t.Context(), append([]string{"session", "show"}, args...), gatewaycli.Streams{Out: out, Err: &said})
	return code, said.String()
}

// hidden is part of every value that `session show` must not print.
const hidden = "c4n4ry"

// trouble is a session with a second payment that was refunded, a text that would
// control the terminal, a forged notification, and many queries.
type trouble struct {
	t     *testing.T
	store *store.Store
	at    time.Time
}

func (d *trouble) try(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// after advances the time and returns it.
func (d *trouble) after(wait time.Duration) time.Time {
	d.at = d.at.Add(wait)
	return d.at
}

func (d *trouble) attempt(id string, w flow.Wallet, f flow.Flow) checkout.Attempt {
	a := checkout.Attempt{
		ID: id, SessionID: "cs_harbour", Merchant: "harbour", Version: 1, State: checkout.AttemptCreating, Wallet: w, Flow: f,
		Reason: "a desktop browser that no wallet's application shows", Payer: hidden, OutTradeNo: "order of " + id, Amount: 48000, Currency: "HKD",
		NotifyToken: hidden + id, ReturnToken: hidden + id, CreatedAt: d.after(time.Second), Placed: checkout.Placed{URL: hidden},
	}
	session, err := d.store.Session(d.t.Context(), a.SessionID)
	d.try(err)
	d.try(d.store.CreateAttempt(d.t.Context(), a, session.Version, time.Time{}))
	return a
}

// asked records an entry of a call of the gateway.
func (d *trouble) asked(a checkout.Attempt, kind checkout.EntryKind, cause checkout.Cause, result, detail string) {
	d.try(d.store.Record(d.t.Context(), checkout.Entry{
		SessionID: a.SessionID, AttemptID: a.ID, At: d.after(time.Second), Kind: kind, Cause: cause, Result: result, Detail: detail,
	}))
}

// paid records that an attempt is paid.
func (d *trouble) paid(a checkout.Attempt, kind checkout.EventType, event string) {
	ctx := d.t.Context()
	a, err := d.store.Attempt(ctx, a.ID)
	d.try(err)
	s, err := d.store.Session(ctx, a.SessionID)
	d.try(err)
	a.State, a.PaidAt, a.TradeID = checkout.AttemptPaid, d.after(time.Second), "trade of "+a.ID
	s.Status, s.PaymentStatus = checkout.StatusComplete, checkout.PaymentPaid
	if s.PaidBy == "" {
		s.PaidBy, s.PaidAt = a.ID, a.PaidAt
	} else {
		s.PaidTwice = true
	}
	d.try(d.store.Apply(ctx, checkout.Change{Session: &s, Attempt: &a, Events: []checkout.Event{
		{ID: event, Type: kind, SessionID: s.ID, AttemptID: a.ID, CreatedAt: a.PaidAt},
	}}))
}

func (d *trouble) refund(a checkout.Attempt) {
	ctx := d.t.Context()
	r := checkout.Refund{
		ID: "re_second", SessionID: a.SessionID, AttemptID: a.ID, Merchant: a.Merchant, Version: 1, State: checkout.RefundPending,
		Reason: checkout.RefundPaidTwice, OutRefundNo: "refund1", Amount: a.Amount, Currency: a.Currency, CreatedAt: d.after(time.Second), Tries: 1,
	}
	d.try(d.store.CreateRefund(ctx, r, time.Time{}))
	r.State, r.GatewayID, r.SettledAt = checkout.RefundSucceeded, "R1", d.after(time.Second)
	d.try(d.store.Apply(ctx, checkout.Change{
		Refund:  &r,
		Entries: []checkout.Entry{{SessionID: a.SessionID, AttemptID: a.ID, Ref: r.ID, At: d.at, Kind: checkout.EntryRefundCall, Result: "succeeded"}},
		Events:  []checkout.Event{{ID: "evt_back", Type: checkout.EventRefundSucceeded, SessionID: a.SessionID, AttemptID: a.ID, CreatedAt: d.at}},
	}))
}

// record stores the whole session.
func (d *trouble) record() {
	ctx := d.t.Context()
	d.at = time.Date(2026, 3, 1, 23, 50, 0, int(7*time.Millisecond), time.UTC)
	d.try(d.store.CreateSession(ctx, checkout.Session{
		ID: "cs_harbour", Merchant: "harbour", Version: 1, Status: checkout.StatusOpen, PaymentStatus: checkout.PaymentUnpaid, Amount: 48000,
		Currency: "HKD", Subject: "Row C\x1b]0;owned\a", ClientReferenceID: "HN-1001", CreatedAt: d.at, ExpiresAt: d.at.Add(30 * time.Minute),
	}))
	first := d.attempt("at_first", flow.WalletAlipayCN, flow.Web)
	d.asked(first, checkout.EntryOrder, checkout.CauseStart, "placed", "")
	second := d.attempt("at_second", flow.WalletWeChat, flow.Native)
	d.asked(second, checkout.EntryOrder, checkout.CauseStart, "no answer", "the gateway's answer is not known; wantu: create-qrcode: context deadline exceeded")
	d.try(d.store.AddNotification(ctx, checkout.Notification{
		ID: "nt_1", SessionID: first.SessionID, AttemptID: first.ID, ReceivedAt: d.after(time.Second),
		Verdict: checkout.VerdictRejected, Detail: "the signature is missing or wrong", Body: `{"total_fee":1}`,
	}, time.Time{}, nil))
	d.asked(first, checkout.EntryReturn, "", "", "")
	for range 3 {
		d.after(5 * time.Minute)
		d.asked(second, checkout.EntryQuery, checkout.CauseSchedule, "unpaid", "NOT_PAY")
	}
	d.asked(first, checkout.EntryQuery, checkout.CauseNotification, "paid", "SUCCESS")
	d.paid(first, checkout.EventPaid, "evt_first")
	d.asked(second, checkout.EntryClose, checkout.CauseOtherPaid, "already paid", "wantu: close: 401 ORDER_PAID")
	d.paid(second, checkout.EventPaidTwice, "evt_second")
	d.refund(second)
}

// troubled stores the session in a new database of each kind, and returns the flags
// that name them.
func troubled(t *testing.T) map[string]string {
	t.Helper()
	data, url := t.TempDir(), pgtest.Database(t)
	for _, open := range []func() (*store.DB, error){
		func() (*store.DB, error) { return kit.Database{Folder: data}.Open(t.Context()) },
		func() (*store.DB, error) { return store.OpenPostgres(t.Context(), url) },
	} {
		db, err := open()
		if err != nil {
			t.Fatal(err)
		}
		d := trouble{t: t, store: store.New(db, nil)}
		d.record()
		d.try(db.Close())
	}
	return map[string]string{"SQLite": "--data=" + data, "PostgreSQL": "--database-url=" + url}
}

func TestSessionShow(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("testdata/session.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name, database := range troubled(t) {
		for _, number := range []string{
			"cs_harbour", "at_second", "re_second", "evt_first", "order of at_first", "trade of at_first", "refund1", "R1", "HN-1001",
		} {
			var out bytes.Buffer
			if code, said := show(t, &out, number, database); code != gatewaycli.ExitDone {
				t.Errorf("%s: %s: exit %d: %s", name, number, code, said)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s\n%s", name, number, diff, &out)
			}
		}
		var out bytes.Buffer
		if code, said := show(t, &out, "cs_harbour", "--json", database); code != gatewaycli.ExitDone {
			t.Errorf("%s: exit %d: %s", name, code, said)
		}
		checkHistoryJSON(t, out.Bytes())
		for number, wrong := range map[string]int{"cs_nobody": gatewaycli.ExitNo, hidden + "at_first": gatewaycli.ExitNo, "": gatewaycli.ExitUsage} {
			if code, said := show(t, io.Discard, number, database); code != wrong {
				t.Errorf("%s: %q: exit %d, want %d: %s", name, number, code, wrong, said)
			}
		}
	}
}

func checkHistoryJSON(t *testing.T, text []byte) {
	t.Helper()
	var got struct {
		Session  struct{ ID, Status string }
		Attempts []struct{ ID, Reason string }
		Refunds  []struct {
			ID, Attempt string
			Amount      int64
		}
		Timeline []struct{ At, Kind, Attempt, Cause, Result, Detail, Body string }
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if got.Session.ID != "cs_harbour" || len(got.Attempts) != 2 || len(got.Refunds) != 1 || got.Refunds[0].Amount != 48000 || len(got.Timeline) != 17 {
		t.Errorf("the JSON is %s", text)
	}
	if n := got.Timeline[5]; n.At != "2026-03-01T23:50:05.007Z" || n.Kind != "notification" || n.Result != "rejected" || n.Body != `{"total_fee":1}` {
		t.Errorf("the notification is %+v", n)
	}
	if bytes.Contains(text, []byte(hidden)) || bytes.ContainsRune(text, '\x1b') {
		t.Errorf("the JSON has what it must not: %s", text)
	}
}

func TestSessionShowOfANumberThatSeveralHave(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	db, err := kit.Database{Folder: data}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"cs_1", "cs_2"} {
		if err := store.New(db, nil).CreateSession(t.Context(), checkout.Session{ID: id, ClientReferenceID: "HN-1001"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if code, said := show(t, io.Discard, "HN-1001", "--data", data); code != gatewaycli.ExitUsage || !strings.Contains(said, "cs_1 cs_2") {
		t.Errorf("exit %d: %s", code, said)
	}
	if code, said := show(t, brokenPipe{}, "cs_1", "--data", data); code != gatewaycli.ExitFailed {
		t.Errorf("not told: exit %d: %s", code, said)
	}
}

// TestSessionShowBesideAServer: while the server runs, the timeline of a payment
// shows everything that led to it.
func TestSessionShowBesideAServer(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.demo.sandbox.Notifications(false)
	id := b.session("alipay_cn")
	a := b.start(id, flow.WalletAlipayCN)
	b.pay(a)
	b.get("/r/" + a.ReturnToken)
	b.notify(a)
	b.awaitPaid(id)
	var file string
	if err := b.demo.kit.DB().Writer().QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if code, said := show(t, &out, a.OutTradeNo, "--data", filepath.Dir(file)); code != gatewaycli.ExitDone {
		t.Fatalf("exit %d: %s", code, said)
	}
	after := out.String()
	for _, line := range []string{
		"session         created", "attempt 1       alipay_cn by web", "order 1         placed", "return 1        a browser came back",
		"notification 1  accepted", "query 1         paid: SUCCESS", "event 1         session.paid",
	} {
		var found bool
		if _, after, found = strings.Cut(after, line); !found {
			t.Errorf("%q does not come in its place in\n%s", line, &out)
		}
	}
	for _, secret := range []string{a.NotifyToken, a.ReturnToken} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("a token is shown in\n%s", &out)
		}
	}
}
