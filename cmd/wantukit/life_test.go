package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// These tests check that a page changes without being reloaded, and shows the true
// state. A mark on the window would be lost by a reload.
const (
	mark   = `window.marked = true`
	marked = `window.marked === true`
)

// sees waits until an expression is true in the shopper's tab.
func (p *shopper) sees(expression string) {
	p.Helper()
	eventually(p.T, expression, func() bool { return ask(p, p.tab, chromedp.Evaluate[bool]("Boolean("+expression+")")) })
}

// run runs a script. If its value is a promise, run waits for it.
func (p *shopper) run(script string) {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](script, chromedp.EvalAwaitPromise))
}

// TestCodeIsRenewedInPlace: a QR code that is about to expire is replaced by a new
// one, after its order was queried and closed.
func TestCodeIsRenewedInPlace(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.stayAtReceipt()
	b := newBuyerAt(t, p.demo)
	var made struct{ ID string }
	b.api(http.MethodPost, "/v1/checkout/sessions", map[string]any{
		"amount": 48000, "currency": "HKD", "subject": "Ticket", "channels": []string{"wechat"},
		"success_url": p.demo.publicURL + "/shop/orders/X", "expires_at": time.Now().Add(3 * time.Hour).Unix(),
	}, &made)
	old := b.start(made.ID, flow.WalletWeChat)
	// In 10 s the code will be two hours less ten minutes old.
	aged := old.CreatedAt.Add(-110*time.Minute + 10*time.Second).UnixMilli()
	if _, err := p.demo.kit.DB().Writer().ExecContext(t.Context(), `UPDATE attempts SET created_at = $1 WHERE id = $2`, aged, old.ID); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(p.demo.publicURL + "/c/" + made.ID))
	p.sees(`document.getElementById("checkout").dataset.attempt === "` + old.ID + `"`)
	p.run(mark)
	p.sees(`document.getElementById("checkout").dataset.attempt !== "` + old.ID + `" && document.querySelector(".qr svg")`)
	all := b.attempts(made.ID)
	if len(all) != 2 || all[0].State != checkout.AttemptClosed || all[1].State != checkout.AttemptPending || all[0].Placed.Code == all[1].Placed.Code {
		t.Fatalf("the attempts are %+v, want one closed and then another", all)
	}
	if orders := p.orders(); len(orders) != 2 || orders[0].Status != sandbox.StatusClosed && orders[1].Status != sandbox.StatusClosed {
		t.Errorf("the gateway holds %+v, want the old order closed", orders)
	}
	if _, err := p.demo.sandbox.Pay(all[1].OutTradeNo); err != nil {
		t.Fatal(err)
	}
	p.sees(`document.getElementById("checkout").dataset.state === "paid" && ` + marked)
}

// TestTabsFollowEachOther: a change in one tab shows in the other.
func TestTabsFollowEachOther(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.buy()
	at := p.location()
	p.run(mark)
	p.pick(flow.WalletWeChat)
	p.sees(`document.getElementById("checkout").dataset.state === "code" && ` + marked)

	other := &shopper{T: t, demo: p.demo, tab: p.newTab(p.tab), scripting: withWasm}
	other.emulate(desktop)
	other.do(chromedp.Navigate(at))
	other.sees(`document.querySelector(".qr svg")`)
	other.pickInstead(flow.WalletAlipayHK)
	other.sees(`document.querySelector(".qr iframe")`)
	p.sees(`document.querySelector(".qr iframe") && !(` + marked + `)`) // a frame needs a load
	p.run(mark)
	other.pickInstead(flow.WalletWeChat)
	p.sees(`document.querySelector(".qr svg") && ` + marked)
	other.scan()
	p.arriveAtShop()
}

// visits records the requests for the gateway's pages.
type visits struct {
	mu    sync.Mutex
	pages []string
}

func (v *visits) before(d *demo) {
	gateway := d.gateway
	d.gateway = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Dest") == "document" || r.Header.Get("Sec-Fetch-Dest") == "iframe" {
			v.mu.Lock()
			v.pages = append(v.pages, r.Method+" "+r.Header.Get("Sec-Fetch-Dest")+" "+r.URL.Path)
			v.mu.Unlock()
		}
		if strings.HasSuffix(r.URL.Path, "/pay") {
			w = slowAnswer{w}
		}
		gateway.ServeHTTP(w, r)
	})
}

// slowAnswer is a ResponseWriter whose answer comes after the page has polled.
type slowAnswer struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w slowAnswer) WriteHeader(status int) {
	time.Sleep(3 * time.Second)
	w.ResponseWriter.WriteHeader(status)
}

func (v *visits) all() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pages
}

// TestAlipayIsReachedByOneRoute: the cashier is opened once, outside of frames.
func TestAlipayIsReachedByOneRoute(t *testing.T) {
	t.Parallel()
	v := &visits{}
	p := newShopper(t, desktop, withWasm, v.before)
	p.buyInFrame()
	p.pickInFrame(flow.WalletAlipayCN)
	p.do(chromedp.WaitVisible(payButton))
	var session string
	if err := p.demo.kit.DB().Writer().QueryRowContext(t.Context(), `SELECT session_id FROM attempts`).Scan(&session); err != nil {
		t.Fatal(err)
	}
	p.payAtCashier()
	p.arriveAtShop()
	var cashier int
	for _, page := range v.all() {
		if strings.Contains(page, "iframe") {
			t.Errorf("Alipay was framed: %s", page)
		}
		if strings.HasPrefix(page, "GET document /cashier/") {
			cashier++
		}
	}
	timeline, err := p.demo.kit.Store().Timeline(t.Context(), session)
	if err != nil || cashier != 1 {
		t.Errorf("the cashier was opened %d times (%v): %q", cashier, err, v.all())
	}
	var returns int
	for _, e := range timeline {
		if e.Kind == checkout.EntryReturn {
			returns++
		}
	}
	if returns != 1 {
		t.Errorf("the browser returned %d times", returns)
	}
}
