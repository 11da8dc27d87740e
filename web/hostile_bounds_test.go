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

// notifications counts those that the timeline has.
func (f *fixture) notifications() (stored int) {
	f.Helper()
	if err := f.db.Writer().QueryRowContext(f.Context(), "SELECT count(*) FROM timeline WHERE kind = 'notification'").Scan(&stored); err != nil {
		f.Error(err)
	}
	return stored
}

// TestHostileJunkToAKnownAddress: it is bounded on the disk and in the log, and
// a genuine notification is heard after it.
func TestHostileJunkToAKnownAddress(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	other := n.placed(windows, flow.WalletWeChat)
	goOn := n.clock.stop() // a client may send one more in each second
	junk := strings.Repeat("x", 4<<10)
	var last answer
	for range 300 {
		last = n.deliver(junk)
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" || last.body != string(wantu.AckFail("refused")) {
		t.Errorf("the last is answered %d %v %s, want 429", last.status, last.header, last.body)
	}
	if stored := n.notifications(); stored != checkout.KeptNotifications {
		t.Errorf("%d are stored, want %d", stored, checkout.KeptNotifications)
	}
	if lines := strings.Count(n.log.String(), "notification not accepted"); lines != checkout.KeptNotifications {
		t.Errorf("%d lines in the log, want %d", lines, checkout.KeptNotifications)
	}
	n.send(http.MethodPost, "/n/"+other.NotifyToken, junk)
	if got := n.attempts(other.SessionID)[0].Notifications; got != (checkout.NotificationCounts{}) {
		t.Errorf("junk of the same client to another order is kept: %+v", got)
	}
	goOn()
	if _, err := n.sandbox.Pay(n.attempt.OutTradeNo); err != nil {
		t.Fatal(err)
	}
	if got := n.deliver(n.signed(nil)); got.status != http.StatusOK || got.body != string(wantu.AckSuccess()) {
		t.Errorf("the genuine one is answered %d %s", got.status, got.body)
	}
	n.settled()
	n.stands(n.id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
}

// clicks starts a session's payment n times, by two flows in turn, and returns
// where the last click led.
func (f *fixture) clicks(id string, n int, each func()) string {
	f.Helper()
	var last answer
	for i := range n {
		flow := []string{"web", "iframe"}[i%2]
		last = f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}, "flow": {flow}})
		each()
	}
	return last.header.Get("Location")
}

// TestHostileClicksOnTwoWays: a session gets a few orders at once and 20 in all,
// and the page says so in the shopper's language.
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
	says(f.clicks(id, 40, func() {}), "wait", map[string]string{"en": "wait half a minute", "zh-CN": "请等待半分钟", "zh-HK": "請等待半分鐘"})
	if orders := len(f.sandbox.Orders()); orders != 5 {
		t.Errorf("%d orders of 40 clicks, want 5", orders)
	}
	// The open one is iframe's or web's: every second click finds it.
	location := f.clicks(id, 80, func() { f.clock.advance(16 * time.Second) })
	if location != "/c/"+id+"?notice=too_many" {
		location = f.clicks(id, 1, func() {})
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

// TestPageAtTheLimitStartsNothing: a page whose session gets no order now does
// not post for one by itself.
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

// TestHostileReturnsOnAndOn: who opens a return link again and again leaves a
// bounded number of entries.
func TestHostileReturnsOnAndOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.placed(windows, flow.WalletAlipayCN)
	for i := range 3 * checkout.MaxReturns {
		f.get(fmt.Sprintf("/r/%s?n=%d", a.ReturnToken, i))
		f.clock.advance(checkout.ReturnInterval)
	}
	if got := f.attempts(a.SessionID)[0].Returns; got != checkout.MaxReturns {
		t.Errorf("%d returns are noted, want %d", got, checkout.MaxReturns)
	}
}
