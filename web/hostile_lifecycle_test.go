package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// These are the cases of shoppers who pay late, change the wallet or click twice.
// docs/hostile.md lists them.

// acceptCloseWithoutClosing answers a call to close with success, but does not close the
// order, as if the shopper paid at the same moment.
func (f *fixture) acceptCloseWithoutClosing() {
	body := must(wantu.Encode(map[string]any{"return_code": 200, "return_msg": "SUCCESS"}, sandbox.DefaultKey))
	f.gateway.set(func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
		if endpoint == "close" {
			_, _ = w.Write(body)
		}
		return endpoint == "close"
	})
}

func TestHostileLifecyclePaidAfterExpiry(t *testing.T) {
	t.Parallel()
	for name, learn := range map[string]func(n *notified){
		"by notification": func(n *notified) {
			if got := n.deliver(n.signed(nil)); got.status != http.StatusOK {
				n.Errorf("%d %s", got.status, got.body)
			}
			n.drain()
		},
		"without any": func(n *notified) { n.sweep(6 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			n.acceptCloseWithoutClosing()
			n.sweep(31 * time.Minute)
			n.checkState(n.id, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid)
			n.checkEvents(n.id, checkout.EventExpired)
			n.pay(n.attempt)
			learn(n)
			n.checkState(n.id, checkout.AttemptPaid, checkout.StatusExpired, checkout.PaymentPaid)
			n.checkEvents(n.id, checkout.EventExpired, checkout.EventPaidLate)
			got := n.api(http.MethodGet, "/v1/checkout/sessions/"+n.id, "").body
			for _, want := range []string{`"status":"expired"`, `"payment_status":"paid"`, `"paid_late":true`} {
				if !strings.Contains(got, want) {
					t.Errorf("the session lacks %s: %s", want, got)
				}
			}
			if !must(n.store.Session(t.Context(), n.id)).PaidLate {
				t.Error("the stored session is not paid late")
			}
		})
	}
}

// newChangedWallet creates a session whose shopper first had a WeChat code and then
// started Alipay.
func newChangedWallet(t *testing.T) (f *fixture, id string, first, second checkout.Attempt) {
	t.Helper()
	f = newFixture(t)
	f.sandbox.Notifications(false)
	id = f.session(`,"channels":["wechat","alipay_cn"]`)
	for _, wallet := range []string{"wechat", "alipay_cn"} {
		f.post("/c/"+id, "/attempts", url.Values{"wallet": {wallet}})
	}
	all := f.attempts(id)
	return f, id, all[0], all[1]
}

func TestHostileLifecycleChannelChangedWhileTheFirstIsPaid(t *testing.T) {
	t.Parallel()
	t.Run("the first is honoured", func(t *testing.T) {
		t.Parallel()
		f, id, first, second := newChangedWallet(t)
		f.pay(first)
		f.sweep(10 * time.Second)
		f.drain()
		got := f.readRecords(id)
		if got.Session.PaidBy != first.ID || got.Session.PaymentStatus != checkout.PaymentPaid || got.Attempts[1].State != checkout.AttemptClosed {
			t.Errorf("the records are %+v", got)
		}
		if order := must(f.sandbox.Order(second.OutTradeNo)); order.Status != "CLOSED" {
			t.Errorf("the second order is %s", order.Status)
		}
		f.checkEvents(id, checkout.EventPaid)
	})
	t.Run("both are paid, and one goes back", func(t *testing.T) {
		t.Parallel()
		f, id, first, second := newChangedWallet(t)
		f.pay(first)
		f.pay(second)
		f.sweep(10 * time.Second)
		f.sweep(10 * time.Second)
		f.drain()
		got := f.readRecords(id)
		kept, back := first, second
		if got.Session.PaidBy == second.ID {
			kept, back = second, first
		}
		if got.Attempts[0].State != checkout.AttemptPaid || got.Attempts[1].State != checkout.AttemptPaid || !got.Session.PaidTwice {
			t.Errorf("the records are %+v, want both payments", got)
		}
		if a, b := must(f.sandbox.Order(kept.OutTradeNo)), must(f.sandbox.Order(back.OutTradeNo)); a.Refunded() != 0 || b.Refunded() != 1250 {
			t.Errorf("the gateway refunded %d and %d, want 0 and 1250", a.Refunded(), b.Refunded())
		}
		f.checkEvents(id, checkout.EventPaid, checkout.EventPaidTwice, checkout.EventRefundSucceeded)
	})
	t.Run("another way to pay with the same wallet finds it", func(t *testing.T) {
		t.Parallel()
		for name, meanwhile := range map[string]func(*fixture, checkout.Attempt){
			"before the question": func(f *fixture, a checkout.Attempt) { f.pay(a) },
			"before the closing": func(f *fixture, a checkout.Attempt) {
				f.gateway.set(func(endpoint string, _ http.ResponseWriter, _ *http.Request) bool {
					if endpoint == "close" {
						f.pay(a)
					}
					return false
				})
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				f := newFixture(t)
				f.sandbox.Notifications(false)
				id := f.session(`,"channels":["alipay_cn"]`)
				f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}, "flow": {"web"}})
				meanwhile(f, f.attempts(id)[0])
				f.post("/c/"+id, "/attempts", url.Values{"wallet": {"alipay_cn"}, "flow": {"iframe"}})
				f.checkState(id, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid)
				f.checkEvents(id, checkout.EventPaid)
				if orders := f.sandbox.Orders(); len(orders) != 1 {
					t.Errorf("the gateway has the orders %+v, want one", orders)
				}
			})
		}
	})
}

// TestHostileLifecycleOneOpenAttempt checks that repeated starts of a payment place one
// order.
func TestHostileLifecycleOneOpenAttempt(t *testing.T) {
	t.Parallel()
	form := url.Values{"wallet": {"wechat"}}
	atOnce := func(times int, do func()) {
		var wg sync.WaitGroup
		for range times {
			wg.Go(do)
		}
		wg.Wait()
	}
	for name, click := range map[string]func(f *fixture, page string){
		"a double click": func(f *fixture, page string) {
			form := url.Values{"token": {f.formToken(page)}, "wallet": {"wechat"}}
			atOnce(2, func() { f.send(http.MethodPost, page+"/attempts", form.Encode()) })
		},
		"a click of fifty": func(f *fixture, page string) {
			form := url.Values{"token": {f.formToken(page)}, "wallet": {"wechat"}}
			atOnce(50, func() { f.send(http.MethodPost, page+"/attempts", form.Encode()) })
		},
		"a reload": func(f *fixture, page string) {
			for range 3 {
				f.post(page, "/attempts", form)
				f.get(page)
			}
		},
		"a page from the back-forward cache": func(f *fixture, page string) {
			cached := url.Values{"token": {f.formToken(page)}, "wallet": {"wechat"}}
			f.post(page, "/attempts", form)
			f.get(page)
			f.send(http.MethodPost, page+"/attempts", cached.Encode())
		},
		"two tabs": func(f *fixture, page string) { atOnce(2, func() { f.post(page, "/attempts", form) }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			id := f.session(`,"channels":["wechat"]`)
			click(f, "/c/"+id)
			f.checkOnePayable(id)
			if n := len(f.attempts(id)); n != 1 {
				t.Errorf("there are %d attempts, want 1", n)
			}
			if calls := f.gateway.called("create-qrcode"); calls != 1 {
				t.Errorf("the order was placed %d times", calls)
			}
			if html := f.get("/c/" + id).body; !strings.Contains(html, `data-state="code"`) {
				t.Errorf("the page shows no code:\n%s", html)
			}
		})
	}
}

// formToken returns the token of a page's forms.
func (f *fixture) formToken(page string) string {
	f.Helper()
	found := tokenField.FindStringSubmatch(f.get(page).body)
	if found == nil {
		f.Fatalf("%s has no form", page)
	}
	return found[1]
}
