package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/reconcile"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web/kit"
)

// ledger is a checkout whose gateway's clock is at noon of yesterday, so that the
// day is over and `wantukit reconcile` can reconcile it.
type ledger struct {
	*testing.T
	domain  *kit.Domain
	db      *store.DB
	sandbox *sandbox.Sandbox
	client  *wantu.Client
	at      time.Time
	// flags name the database and the gateway to the verb.
	flags []string
}

func newLedger(t *testing.T, postgres bool) *ledger {
	t.Helper()
	today, _ := reconcile.GatewayDay(time.Now())
	l := &ledger{T: t, at: today.Add(-12 * time.Hour)}
	var err error
	l.sandbox, err = sandbox.New(sandbox.Config{NotifySchedule: []time.Duration{}, Clock: sandbox.NewClock(l.at)})
	l.must(err)
	t.Cleanup(l.sandbox.Close)
	l.sandbox.Notifications(false) // the checkout is never told
	server := httptest.NewServer(l.sandbox)
	t.Cleanup(server.Close)
	data := t.TempDir()
	if postgres {
		url := pgtest.Database(t)
		l.flags = []string{"--database-url", url}
		l.db, err = store.OpenPostgres(t.Context(), url)
	} else {
		l.flags = []string{"--data", data}
		l.db, err = kit.Database{Folder: data}.Open(t.Context())
	}
	l.must(err)
	t.Cleanup(func() { l.must(l.db.Close()) })
	shop := config.Shop{ID: "demo", Name: "Demo", ReturnHosts: []string{"localhost:8080"}}
	shop.Gateway.BaseURL, shop.Gateway.Key = server.URL+"/paygate", sandbox.DefaultKey
	shop.Gateway.MerchantAccount, shop.Gateway.StoreAccount = sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount
	l.flags = append(l.flags, "--gateway", shop.Gateway.BaseURL)
	merchant, err := shop.Merchant()
	l.must(err)
	l.domain, err = kit.NewDomain(t.Context(), l.db, kit.Config{
		Merchants: []kit.Merchant{merchant}, PublicURL: "http://localhost:8080", Logger: slog.New(slog.DiscardHandler),
	})
	l.must(err)
	t.Cleanup(func() { l.must(l.domain.Service.Drain(context.Background())) })
	l.client, err = shop.Client(nil)
	l.must(err)
	return l
}

func (l *ledger) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// placed returns an attempt that is not paid.
func (l *ledger) placed() checkout.Attempt {
	l.Helper()
	s, err := l.domain.Service.Create(l.Context(), checkout.NewSession{
		Merchant: "demo", Amount: 48000, Currency: "HKD", Subject: "Ticket", SuccessURL: "http://localhost:8080/shop/orders/X",
	})
	l.must(err)
	a, err := l.domain.Service.Start(l.Context(), checkout.StartRequest{SessionID: s.ID, Wallet: flow.WalletWeChat, Device: flow.Device{
		Kind: flow.DeviceDesktop, Container: flow.ContainerNone, Reason: "test",
	}})
	l.must(err)
	return a
}

func (l *ledger) pay(a checkout.Attempt) {
	l.Helper()
	_, err := l.sandbox.Pay(a.OutTradeNo)
	l.must(err)
}

// paid returns an attempt that is paid and confirmed.
func (l *ledger) paid() checkout.Attempt {
	l.Helper()
	a := l.placed()
	l.pay(a)
	a, err := l.domain.Service.Confirm(l.Context(), a.ID, checkout.CauseSchedule)
	l.must(err)
	if a.State != checkout.AttemptPaid {
		l.Fatalf("attempt is %s", a.State)
	}
	return a
}

// refund refunds a part of an attempt by the merchant API.
func (l *ledger) refund(a checkout.Attempt) checkout.Refund {
	l.Helper()
	r, err := l.domain.Service.Refund(l.Context(), a.SessionID, checkout.NewRefund{Amount: 1000})
	l.must(err)
	return r
}

// tamper changes a row in the database without the checkout.
func (l *ledger) tamper(statement string, args ...any) {
	l.Helper()
	_, err := l.db.Writer().ExecContext(l.Context(), statement, args...)
	l.must(err)
}

// reconcile runs the verb.
func (l *ledger) reconcile(args ...string) (code int, out, said string) {
	l.Helper()
	var stdout, stderr bytes.Buffer
	code = run(l.Context(), slices.Concat([]string{"reconcile"}, l.flags, args), gatewaycli.Streams{Out: &stdout, Err: &stderr})
	return code, stdout.String(), stderr.String()
}

// produced is the differences that a test made: the number of each kind.
type produced map[checkout.DifferenceKind]string

// produce makes one difference of each kind.
func (l *ledger) produce() produced {
	l.Helper()
	never := l.placed() // paid while the checkout never asks
	l.pay(never)
	l.paid() // right

	cheap := l.paid()
	l.tamper("UPDATE attempts SET amount = 47999 WHERE id = $1", cheap.ID)

	invented := l.placed()
	l.tamper("UPDATE attempts SET state = 'paid', paid_at = $1 WHERE id = $2", l.at.UnixMilli(), invented.ID)

	_, err := l.client.CreateQRCode(l.Context(), wantu.CreateQRCodeRequest{
		PayChannel: wantu.WeChat, TotalFee: 700, FeeType: "HKD", Subject: "Till", ProductID: "till", OutTradeNo: "till7", NotifyURL: "http://127.0.0.1:1/n",
	})
	l.must(err)
	l.pay(checkout.Attempt{OutTradeNo: "till7"})
	past := l.paid()
	for order, fee := range map[string]int64{"till7": 700, past.OutTradeNo: 48000} {
		_, err = l.client.Refund(l.Context(), wantu.RefundRequest{
			PayChannel: wantu.WeChat, OutTradeNo: order, OutRefundNo: order + "_hand", TotalFee: fee, RefundFee: 100, RefundFeeType: "HKD",
		})
		l.must(err)
	}

	a := l.paid()
	l.refund(a) // right
	wrong := l.refund(a)
	l.tamper("UPDATE refunds SET amount = 999 WHERE id = $1", wrong.ID)
	_, err = l.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultHangUp, Endpoint: "refund", When: sandbox.After, Times: 1})
	l.must(err)
	pending := l.refund(a)
	if pending.State != checkout.RefundPending {
		l.Fatalf("the refund is %s", pending.State)
	}
	b := l.paid()
	_, err = l.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultHangUp, Endpoint: "refund", When: sandbox.Before, Times: 1})
	l.must(err)
	lie := l.refund(b)
	l.tamper("UPDATE refunds SET state = 'succeeded', settled_at = $1 WHERE id = $2", l.at.UnixMilli(), lie.ID)
	return produced{
		checkout.DifferencePaidThere: never.OutTradeNo, checkout.DifferencePayment: cheap.OutTradeNo, checkout.DifferencePaidHere: invented.OutTradeNo,
		checkout.DifferenceUnknownPayment: "till7", checkout.DifferenceUnknownRefund: "till7_hand",
		checkout.DifferenceRefundThere: past.OutTradeNo + "_hand", checkout.DifferenceRefund: wrong.OutRefundNo,
		checkout.DifferenceRefundPending: pending.OutRefundNo, checkout.DifferenceRefundHere: lie.OutRefundNo,
	}
}

// reported is the part of a report that the test reads.
type reported struct {
	ID                                                     string
	Complete                                               bool
	Payments, Refunds, Elsewhere, Differences, New, Healed int
	Found                                                  []checkout.Difference
}

func (l *ledger) read(text string) reported {
	l.Helper()
	var reports []reported
	if err := json.Unmarshal([]byte(text), &reports); err != nil || len(reports) != 1 {
		l.Fatalf("%v in %s", err, text)
	}
	return reports[0]
}

// TestReconcileFindsEachKindOfDifference: an operator sees each difference, each is
// an event once, and what the gateway's statement can settle is settled.
func TestReconcileFindsEachKindOfDifference(t *testing.T) {
	t.Parallel()
	for name, postgres := range map[string]bool{"SQLite": false, "PostgreSQL": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger(t, postgres)
			want := l.produce()
			code, out, said := l.reconcile("--json")
			if code != gatewaycli.ExitNo || !strings.Contains(said, "9 differences") {
				t.Fatalf("exit %d: %s", code, said)
			}
			r := l.read(out)
			found := produced{}
			for _, d := range r.Found {
				found[d.Kind] = d.OutTradeNo
				if d.OutRefundNo != "" {
					found[d.Kind] = d.OutRefundNo
				}
				healed := []checkout.DifferenceKind{checkout.DifferencePaidThere, checkout.DifferenceRefundPending, checkout.DifferenceRefundThere}
				if d.Healed != slices.Contains(healed, d.Kind) {
					t.Errorf("%s: healed is %v", d.Kind, d.Healed)
				}
			}
			for kind, number := range want {
				if found[kind] != number {
					t.Errorf("%s: found %q, want %q", kind, found[kind], number)
				}
			}
			if !r.Complete || len(r.Found) != len(want) || r.New != 9 || r.Healed != 3 || r.Payments != 6 || r.Refunds != 4 || r.Elsewhere != 2 {
				t.Errorf("report %+v", r)
			}
			l.again(r)
		})
	}
}

// again reconciles once more, and checks the stored reports.
func (l *ledger) again(first reported) {
	l.Helper()
	code, out, said := l.reconcile()
	for _, want := range []string{"refund_here_not_there", "HKD 480.00 paid", "6 payments and 4 refunds of its own, 2 of others: 6 differences (0 new, 0 settled now)"} {
		if !strings.Contains(out, want) {
			l.Errorf("%q is not in\n%s", want, out)
		}
	}
	if code != gatewaycli.ExitNo {
		l.Errorf("exit %d: %s", code, said)
	}
	var events, jobs int
	l.must(l.db.Writer().QueryRowContext(l.Context(), "SELECT count(*) FROM events WHERE type = 'reconciliation.difference'").Scan(&events))
	l.must(l.db.Writer().QueryRowContext(l.Context(), countWebhooks).Scan(&jobs))
	if events != 9 || jobs < 9 {
		l.Errorf("%d events and %d webhooks of 9 differences", events, jobs)
	}
	if code, out, _ = l.reconcile("--list"); code != gatewaycli.ExitDone || !strings.Contains(out, first.ID) || strings.Count(out, " differences (") != 2 {
		l.Errorf("exit %d: the list is\n%s", code, out)
	}
	_, out, _ = l.reconcile("--report", first.ID, "--json")
	if kept := l.read(out); len(kept.Found) != 9 || kept.New != 9 {
		l.Errorf("kept is %+v", kept)
	}
}

func TestReconcileSaysZeroAloud(t *testing.T) {
	t.Parallel()
	l := newLedger(t, false)
	l.refund(l.paid())
	l.placed()
	code, out, said := l.reconcile()
	if want := "demo " + l.at.Format(time.DateOnly) + ": 1 payment and 1 refund of its own, 0 of others: 0 differences\n"; code != gatewaycli.ExitDone || out != want {
		t.Errorf("exit %d: %q%s, want %q", code, out, said, want)
	}
}

// TestReconcileAtOnce: two reconciliations at the same time make one event of a
// difference.
func TestReconcileAtOnce(t *testing.T) {
	t.Parallel()
	l := newLedger(t, true)
	l.refund(l.paid())
	l.tamper("UPDATE refunds SET amount = 999")
	l.tamper("UPDATE attempts SET amount = 47999")
	told := make(chan int)
	for range 4 {
		go func() {
			day, next := reconcile.GatewayDay(l.at)
			r, err := l.domain.Reconciler.Reconcile(t.Context(), "demo", day, next)
			if err != nil || r.Differences != 2 {
				t.Errorf("%d differences (%v), want 2", r.Differences, err)
			}
			told <- r.Told
		}()
	}
	sum := 0
	for range 4 {
		sum += <-told
	}
	if sum != 2 {
		t.Errorf("told %d times, want 2", sum)
	}
}

func TestReconcileThatCannotBe(t *testing.T) {
	t.Parallel()
	l := newLedger(t, false)
	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--from", "yesterday"}, gatewaycli.ExitUsage, "--from must be a day"},
		{[]string{"--from", "2026-02-02", "--to", "2026-02-30"}, gatewaycli.ExitUsage, "--to must be a day"},
		{[]string{"--from", "2026-02-02", "--to", "2026-02-01"}, gatewaycli.ExitUsage, "before --from"},
		{[]string{"--from", tomorrow}, gatewaycli.ExitUsage, "has not begun"},
		{[]string{"--report", "rc_nobody"}, gatewaycli.ExitUsage, "no report rc_nobody"},
		{[]string{"--merchant", "harbour"}, gatewaycli.ExitUsage, "--merchant needs --config"},
		{[]string{"--gateway", "https://merchants-api.wantu.cn/paygate"}, gatewaycli.ExitUsage, "the sandbox's own"},
		{[]string{"--config", "shops.yaml"}, gatewaycli.ExitUsage, "do not set --gateway"},
	} {
		if code, _, said := l.reconcile(c.args...); code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%v: exit %d, want %d: %s", c.args, code, c.code, said)
		}
	}
	if _, err := l.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultHangUp, Endpoint: "order-list", When: sandbox.Before}); err != nil {
		t.Fatal(err)
	}
	l.paid() // which must not be said to be missing there
	code, out, said := l.reconcile()
	if code != gatewaycli.ExitFailed || strings.Contains(out, "0 differences") || !strings.Contains(said, "demo "+l.at.Format(time.DateOnly)) {
		t.Errorf("exit %d: %s%s", code, out, said)
	}
	if _, out, _ = l.reconcile("--list"); !strings.Contains(out, "it was aborted: ") {
		t.Errorf("the list is\n%s", out)
	}
}
