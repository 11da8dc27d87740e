package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// A payment is recorded once by the gateway's notification, by the browser's
// return, by neither of them, and by both in any order.

func TestReturnBeforeNotification(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.demo.sandbox.Notifications(false)
	id := b.session("alipay_cn")
	a := b.start(id, flow.WalletAlipayCN)
	b.pay(a)
	status, page := b.get("/r/" + a.ReturnToken + "?out_trade_no=" + a.OutTradeNo + "&trade_status=TRADE_SUCCESS")
	if status != http.StatusSeeOther || !strings.HasPrefix(page, "/r/"+a.ReturnToken) {
		t.Fatalf("the return leads to %d %s", status, page)
	}
	b.post(page, "/confirm", nil)
	b.awaitPaid(id)
	b.notify(a)
	b.paidOnce(id)
}

func TestNotificationBeforeReturn(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	id := b.session("alipay_cn")
	a := b.start(id, flow.WalletAlipayCN)
	b.pay(a)
	b.awaitPaid(id)
	_, page := b.get("/r/" + a.ReturnToken + "?trade_status=TRADE_FINISHED")
	if _, html := b.get(page); !strings.Contains(html, `data-state="paid"`) || strings.Contains(html, id) || strings.Contains(html, "Ticket") {
		t.Errorf("the return page should say paid, and nothing else of the session:\n%s", html)
	}
	b.paidOnce(id)
}

func TestNotificationNever(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.demo.sandbox.Notifications(false)
	id := b.session("wechat")
	a := b.start(id, flow.WalletWeChat)
	b.pay(a)
	paid := time.Now()
	b.awaitPaid(id)
	t.Logf("the sweep found the payment after %s", time.Since(paid).Round(time.Millisecond))
	b.paidOnce(id)
}

func TestNotificationAHundredTimesAtOnce(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	b.demo.sandbox.Notifications(false)
	id := b.session("wechat")
	a := b.start(id, flow.WalletWeChat)
	b.pay(a)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { b.notify(a) })
	}
	wg.Wait()
	b.awaitPaid(id)
	b.paidOnce(id)
	if queries := b.attempts(id)[0].Queries; queries > 5 {
		t.Errorf("the gateway was asked %d times", queries)
	}
}

func TestForgedReturnStaysPending(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	id := b.session("alipay_cn")
	a := b.start(id, flow.WalletAlipayCN)
	_, page := b.get("/r/" + a.ReturnToken + "?trade_status=TRADE_SUCCESS&total_fee=1")
	b.post(page, "/confirm", nil)
	if got := b.attempts(id)[0].State; got != checkout.AttemptPending {
		t.Errorf("a forged return made the attempt %s", got)
	}
}

// pay pays the order at the gateway.
func (b *buyer) pay(a checkout.Attempt) {
	b.Helper()
	if _, err := b.demo.sandbox.Pay(a.OutTradeNo); err != nil {
		b.Fatal(err)
	}
}

// notify makes the gateway send one notification, and fails if that is not
// acknowledged.
func (b *buyer) notify(a checkout.Attempt) {
	b.Helper()
	if err := b.demo.sandbox.Notify(b.Context(), a.OutTradeNo); err != nil {
		b.Error(err)
	}
}

// The gateway is away, or cuts its answers off: the page says so, and the order's
// outcome is found by its number.

func TestGatewayDownThenUp(t *testing.T) {
	t.Parallel()
	f := &faulty{}
	b := newBuyer(t, f.before)
	id := b.session("wechat")
	f.set(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "away", http.StatusBadGateway) })
	if _, to := b.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}); !strings.HasSuffix(to, "?notice=gateway_down") {
		t.Fatalf("the page is not told that the gateway is down: %s", to)
	}
	if _, html := b.get("/c/" + id + "?notice=gateway_down"); !strings.Contains(html, `role="alert"`) || !strings.Contains(html, `value="wechat"`) {
		t.Errorf("the page offers no retry:\n%s", html)
	}
	f.set(nil)
	a := b.start(id, flow.WalletWeChat)
	if a.State != checkout.AttemptPending || len(b.attempts(id)) != 1 {
		t.Errorf("the attempts are %+v, want the one that was tried, placed", b.attempts(id))
	}
	if orders := b.demo.sandbox.Orders(); len(orders) != 1 || orders[0].OutTradeNo != a.OutTradeNo {
		t.Errorf("the gateway holds %+v, want the order of the one number", orders)
	}
	b.pay(a)
	b.awaitPaid(id)
	b.paidOnce(id)
}

func TestGatewayTakesTheOrderAndCutsTheAnswer(t *testing.T) {
	t.Parallel()
	f := &faulty{}
	b := newBuyer(t, f.before)
	id := b.session("wechat")
	f.set(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/create-qrcode") {
			f.gateway.ServeHTTP(discard{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		f.gateway.ServeHTTP(w, r)
	})
	b.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
	f.set(nil)
	a := b.start(id, flow.WalletWeChat)
	orders := b.demo.sandbox.Orders() // the newest first
	if len(orders) != 2 || orders[0].OutTradeNo != a.OutTradeNo || orders[0].Status != "NOT_PAY" || orders[1].Status != "CLOSED" {
		t.Errorf("the gateway holds %+v, want the lost order closed before the new one", orders)
	}
	b.pay(a)
	b.awaitPaid(id)
}

// faulty is a handler before the gateway that can replace its answers.
type faulty struct {
	gateway http.Handler
	mu      sync.Mutex
	fault   http.HandlerFunc
}

func (f *faulty) before(d *demo) { f.gateway, d.gateway = d.gateway, f }

func (f *faulty) set(fault http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	fault := f.fault
	f.mu.Unlock()
	if fault != nil {
		fault(w, r)
		return
	}
	f.gateway.ServeHTTP(w, r)
}

// discard is a ResponseWriter that drops the answer.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
