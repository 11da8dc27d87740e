package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
)

// storedNotifications returns the number of notifications in the timeline.
func (f *fixture) storedNotifications() (stored int) {
	f.Helper()
	if err := f.db.Writer().QueryRowContext(f.Context(), "SELECT count(*) FROM timeline WHERE kind = 'notification'").Scan(&stored); err != nil {
		f.Error(err)
	}
	return stored
}

// TestHostileJunkToAKnownAddress checks that junk uses a limited space on the disk and in
// the log, and that a genuine notification is accepted after it.
func TestHostileJunkToAKnownAddress(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	other := n.newOrder(windows, flow.WalletWeChat)
	resume := n.clock.stop() // a client gets one more free miss each second
	junk := strings.Repeat("x", 4<<10)
	var last answer
	for range 300 {
		last = n.deliver(junk)
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" || last.body != string(wantu.AckFail("refused")) {
		t.Errorf("the last answer is %d %v %s, want 429", last.status, last.header, last.body)
	}
	if stored := n.storedNotifications(); stored != checkout.KeptNotifications {
		t.Errorf("%d notifications are stored, want %d", stored, checkout.KeptNotifications)
	}
	if lines := strings.Count(n.log.String(), "notification not accepted"); lines != checkout.KeptNotifications {
		t.Errorf("the log has %d lines about them, want %d", lines, checkout.KeptNotifications)
	}
	n.send(http.MethodPost, "/n/"+other.NotifyToken, junk)
	if got := n.attempts(other.SessionID)[0].Notifications; got != (checkout.NotificationCounts{}) {
		t.Errorf("the same client's junk to another order is counted: %+v", got)
	}
	resume()
	if _, err := n.sandbox.Pay(n.attempt.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	if got := n.deliver(n.signed(nil)); got.status != http.StatusOK || got.body != string(wantu.AckSuccess()) {
		t.Errorf("the answer to the genuine notification is %d %s", got.status, got.body)
	}
	n.drain()
	n.checkState(n.id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
}

// click starts a session's payment n times, by two flows in turn, and returns the
// location of the last redirect.
func (f *fixture) click(id string, n int, each func()) string {
	f.Helper()
	var last answer
	for i := range n {
		flow := []string{"web", "iframe"}[i%2]
		last = f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}, "flow": {flow}})
		each()
	}
	return last.header.Get("Location")
}

// TestHostileClicksOnTwoWays checks that a session gets at most 5 orders in a short time
// and 20 in total, and that the page tells so in the shopper's language.
func TestHostileClicksOnTwoWays(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.sandbox.Notifications(false)
	id := f.session(`,"channels":["alipay_cn"]`)
	says := func(location, notice string, words map[string]string) {
		t.Helper()
		if location != "/c/"+id+"?notice="+notice {
			t.Errorf("the click led to %s, want the notice %s", location, notice)
		}
		for language, word := range words {
			if got := f.get("/c/"+id+"?notice="+notice, "Accept-Language", language); !strings.Contains(got.body, word) {
				t.Errorf("the page in %s does not say %q", language, word)
			}
		}
	}
	says(f.click(id, 40, func() {}), "wait", map[string]string{"en": "wait half a minute", "zh-CN": "请等待半分钟", "zh-HK": "請等待半分鐘"})
	if orders := len(f.sandbox.Orders()); orders != 5 {
		t.Errorf("%d orders of 40 clicks, want 5", orders)
	}
	// The open order has one of the two flows: every second click finds it.
	location := f.click(id, 80, func() { f.clock.advance(16 * time.Second) })
	if location != "/c/"+id+"?notice=too_many" {
		location = f.click(id, 1, func() {})
	}
	says(location, "too_many", map[string]string{"en": "started too many times", "zh-CN": "发起次数过多", "zh-HK": "開始次數過多"})
	if orders := len(f.sandbox.Orders()); orders != checkout.MaxAttempts {
		t.Errorf("%d orders, want %d", orders, checkout.MaxAttempts)
	}
	open := 0
	for _, a := range f.attempts(id) {
		if a.State == checkout.AttemptPending {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d orders are open, want the last one", open)
	}
}

// TestPageAtTheLimitStartsNothing checks that the page of a session at its limit does not
// start a payment by itself.
func TestPageAtTheLimitStartsNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session(`,"channels":["wechat"]`)
	const starts = `data-autostart="wechat"`
	for i := range 6 {
		if got := strings.Contains(f.get("/c/"+id).body, starts); got != (i < 5) {
			t.Errorf("the page starts by itself after %d orders: %v", i, got)
		}
		f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
		all := f.attempts(id)
		a := all[len(all)-1]
		a.State, a.EndedAt = checkout.AttemptClosed, a.CreatedAt
		if err := f.store.Apply(t.Context(), checkout.Change{Attempt: &a}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHostileReturnsOnAndOn checks that repeated visits of a return URL add a limited
// number of timeline entries.
func TestHostileReturnsOnAndOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.newOrder(windows, flow.WalletAlipayCN)
	for i := range 3 * checkout.MaxReturns {
		f.get(fmt.Sprintf("/r/%s?n=%d", a.ReturnToken, i))
		f.clock.advance(checkout.ReturnInterval)
	}
	if got := f.attempts(a.SessionID)[0].Returns; got != checkout.MaxReturns {
		t.Errorf("%d returns are recorded, want %d", got, checkout.MaxReturns)
	}
}
