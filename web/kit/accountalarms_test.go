package kit

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

const accountCanary = "canary-key-of-the-account"

// watched is a merchant's account at a sandbox with watchAccount.
type watched struct {
	log    bytes.Buffer
	now    time.Time // of this machine
	alarms *alarms
	server *httptest.Server
	box    *sandbox.Sandbox
}

// newWatched returns one whose machine's clock is ahead of the gateway's clock.
func newWatched(t *testing.T, ahead time.Duration) *watched {
	t.Helper()
	w := &watched{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(ahead)}
	var err error
	w.box, err = sandbox.New(sandbox.Config{Key: accountCanary, Now: func() time.Time { return w.now.Add(-ahead) }, NotifySchedule: []time.Duration{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.box.Close)
	w.server = httptest.NewServer(w.box)
	t.Cleanup(w.server.Close)
	w.alarms = newAlarms(slog.New(slog.NewTextHandler(&w.log, nil)), func() time.Time { return w.now })
	return w
}

// client returns a client for the merchant shop-a.
func (w *watched) client(t *testing.T, change func(*wantu.Config)) *wantu.Client {
	t.Helper()
	account := wantu.Config{
		BaseURL: w.server.URL + "/paygate", Key: accountCanary,
		MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: sandbox.DefaultStoreAccount,
		Transport: watchAccount("shop-a", w.alarms, func() time.Time { return w.now }),
	}
	if change != nil {
		change(&account)
	}
	client, err := wantu.New(account)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// said checks what was logged since the last call: one line with the wants, or
// nothing.
func (w *watched) said(t *testing.T, when string, wants ...string) {
	t.Helper()
	said := w.log.String()
	w.log.Reset()
	if lines := strings.Count(said, "\n"); lines > 1 || (lines == 0) != (len(wants) == 0) {
		t.Errorf("%s: the log says %q", when, said)
	}
	for _, want := range wants {
		if !strings.Contains(said, want) {
			t.Errorf("%s: the log says %q, want %q", when, said, want)
		}
	}
	if strings.Contains(said, "canary") {
		t.Errorf("%s: a key is in the log: %q", when, said)
	}
}

func order(t *testing.T, client *wantu.Client, number string, expires time.Time) error {
	t.Helper()
	_, err := client.WAP(t.Context(), wantu.WAPRequest{
		TotalFee: 100, Subject: "票", OutTradeNo: number, NotifyURL: "https://shop.example/n",
		ReturnURL: "https://shop.example/r", TimeExpire: expires,
	})
	return err
}

// TestWrongKeyIsAnAlarm: a wrong key is logged at first, then once an hour while it
// lasts, and when it is over.
func TestWrongKeyIsAnAlarm(t *testing.T) {
	t.Parallel()
	const words = "merchant shop-a: the gateway refuses the account's signature; is the key right?"
	for name, change := range map[string]func(*wantu.Config){
		"301: another key":     func(c *wantu.Config) { c.Key = "canary-that-nobody-shares" },
		"302: another account": func(c *wantu.Config) { c.MerchantAccount = "HKG9999999999" },
		"302: another store":   func(c *wantu.Config) { c.StoreAccount = "HKG9999999999" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWatched(t, 0)
			wrong, right := w.client(t, change), w.client(t, nil)
			expires := w.now.Add(24 * time.Hour)
			for range 5 {
				if order(t, wrong, "n1", expires) == nil {
					t.Fatal("the order is taken")
				}
			}
			w.said(t, "at first", "level=ERROR", words)
			w.now = w.now.Add(59 * time.Minute)
			_ = order(t, wrong, "n1", expires)
			w.said(t, "after 59 minutes")
			w.now = w.now.Add(time.Minute)
			_ = order(t, wrong, "n1", expires)
			w.said(t, "after an hour", "level=ERROR", words)
			// Both clients are of one merchant, as if the gateway had changed its
			// key.
			if err := order(t, right, "n1", expires); err != nil {
				t.Fatal(err)
			}
			w.said(t, "mended", "level=INFO", "merchant shop-a", "again")
			_ = order(t, right, "n2", expires)
			w.said(t, "and then")
		})
	}
}

func TestAnswersUnderAnotherKeyAreAnAlarm(t *testing.T) {
	t.Parallel()
	w := newWatched(t, 0)
	client := w.client(t, nil)
	if _, err := w.box.AddFault(sandbox.Fault{Kind: "forged", Times: 1}); err != nil {
		t.Fatal(err)
	}
	_, _ = client.Currency(t.Context(), wantu.CurrencyRequest{PayChannel: wantu.Alipay})
	w.said(t, "under another key", "level=ERROR", "merchant shop-a: the gateway's answers lack the account's signature; is the key right?")
	_, _ = client.Currency(t.Context(), wantu.CurrencyRequest{PayChannel: wantu.Alipay})
	w.said(t, "under the key", "level=INFO", "accepts the account's signature again")
}

// TestOtherRefusalsAreNoAlarmOfTheKey: other refusals say nothing about the key,
// and a refused statement of a channel that the store does not have is no alarm.
func TestOtherRefusalsAreNoAlarmOfTheKey(t *testing.T) {
	t.Parallel()
	w := newWatched(t, 0)
	client := w.client(t, nil)
	_, _ = client.Query(t.Context(), wantu.QueryRequest{PayChannel: wantu.Alipay, OutTradeNo: "nobody"})
	_ = order(t, client, "x_return_303", w.now.Add(time.Hour))
	_ = order(t, client, "x_return_500", w.now.Add(time.Hour))
	if _, err := w.box.AddFault(sandbox.Fault{Kind: "refuse", Endpoint: "order-list", ReturnCode: 302}); err != nil {
		t.Fatal(err)
	}
	_, err := client.OrderList(t.Context(), wantu.OrderListRequest{PayChannel: wantu.WeChat, StartDate: w.now, EndDate: w.now})
	if !errors.Is(err, wantu.ErrNoPrivilege) {
		t.Errorf("error %v", err)
	}
	w.said(t, "refused otherwise")
}

// TestClockThatDiffersIsNamed: if time_expire is refused and the clocks differ, the
// alarm names the clock.
func TestClockThatDiffersIsNamed(t *testing.T) {
	t.Parallel()
	const words = "merchant shop-a: the gateway refuses time_expire, and this machine's clock differs from the gateway's clock"
	t.Run("by the HTTP Date", func(t *testing.T) {
		t.Parallel()
		w := newWatched(t, -2*time.Hour)
		client := w.client(t, nil)
		for range 3 {
			if err := order(t, client, "n1", w.now.Add(time.Hour)); !errors.Is(err, wantu.ErrParam) {
				t.Fatalf("error %v", err)
			}
		}
		w.said(t, "behind by two hours", "level=ERROR", words, "gateway_ahead=2h0m0s", `by="HTTP Date"`)
		if err := order(t, client, "n2", w.now.Add(3*time.Hour)); err != nil {
			t.Fatal(err)
		}
		w.said(t, "taken", "level=INFO", "accepts time_expire again")
	})
	t.Run("by the gateway's own times", func(t *testing.T) {
		t.Parallel()
		w := newWatched(t, 0)
		a := &accountAlarms{merchant: "shop-a", alarms: w.alarms, now: func() time.Time { return w.now }}
		a.checkClock(wantu.Sent{Endpoint: "create-qrcode", Fields: wantu.Fields{"total_fee": "1"}}, wantu.Received{
			Date: w.now, Fields: wantu.Fields{"trade_id": "100020260302040000029905"}, // 8 hours ahead, in UTC+8
		})
		refused := wantu.Received{Date: w.now, Err: &wantu.APIError{Endpoint: "web", Code: wantu.CodeParamError, Desc: "time_expire"}}
		a.checkClock(wantu.Sent{Endpoint: "web"}, refused)
		w.said(t, "its own times are ahead", "level=ERROR", words, "gateway_ahead=8h0m0s", "by=trade_id")
		w.now = w.now.Add(offsetValidFor)
		refused.Date = w.now
		a.checkClock(wantu.Sent{Endpoint: "web"}, refused)
		w.said(t, "an hour later that says nothing any more")
	})
	t.Run("not where the clocks agree", func(t *testing.T) {
		t.Parallel()
		w := newWatched(t, 0)
		if err := order(t, w.client(t, nil), "n1", w.now.Add(-time.Hour)); !errors.Is(err, wantu.ErrParam) {
			t.Fatalf("error %v", err)
		}
		w.said(t, "an expiry that has passed")
	})
}

// TestRemovedMerchantIsSaidOnce: the alarm is not repeated for each order and each
// sweep.
func TestRemovedMerchantIsSaidOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	logger := slog.New(slog.NewTextHandler(&log, nil))
	report := logAlerts(logger, newAlarms(logger, func() time.Time { return now }))
	gateway, err := wantupay.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	sweep := func(merchant string) {
		for _, number := range []string{"n1", "n2", "n3"} {
			ref := checkout.OrderRef{Merchant: merchant, OutTradeNo: number}
			_, err := gateway.Query(t.Context(), ref)
			report(checkout.Alert{Problem: "query failed", AttemptID: number, Err: errors.Join(err, nil)})
			report(checkout.Alert{Problem: "close failed", AttemptID: number, Err: gateway.Close(t.Context(), ref)})
			_, err = gateway.Refund(t.Context(), checkout.RefundOrder{OrderRef: ref})
			report(checkout.Alert{Problem: "refund of unknown outcome", AttemptID: number, Err: err})
			_, _, err = gateway.ReadNotification(checkout.OrderRef{Merchant: merchant}, checkout.NotificationMessage{})
			report(checkout.Alert{Problem: "notification not accepted", AttemptID: number, Err: err})
		}
	}
	for step, wants := range [][]string{{"merchant gone is not configured", "merchant left is not configured"}, {}, {"merchant gone is not", "merchant left is not"}} {
		if step == 2 {
			now = now.Add(time.Hour)
		}
		sweep("gone")
		sweep("left")
		if got := strings.Count(log.String(), "\n"); got != len(wants) {
			t.Errorf("step %d: the log says %q", step, &log)
		}
		for _, want := range wants {
			if !strings.Contains(log.String(), want) {
				t.Errorf("step %d: the log says %q, want %q", step, &log, want)
			}
		}
		log.Reset()
	}
}
