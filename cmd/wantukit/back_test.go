package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// These tests check that a shopper who is back from a wallet, or who has many tabs, is not
// left waiting.

// slowQueries is a handler before the gateway that takes 600 ms for a query.
type slowQueries struct {
	gateway http.Handler

	mu sync.Mutex
	// since is when the shopper came back, and answered when the first query after that was
	// answered.
	since, answered time.Time
}

func (q *slowQueries) before(d *demo) { q.gateway, d.gateway = d.gateway, q }

func (q *slowQueries) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/query") {
		q.gateway.ServeHTTP(w, r)
		return
	}
	asked := time.Now()
	time.Sleep(600 * time.Millisecond)
	q.gateway.ServeHTTP(w, r)
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.since.IsZero() && asked.After(q.since) && q.answered.IsZero() {
		q.answered = time.Now()
	}
}

func (q *slowQueries) comeBack() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.since = time.Now()
}

func (q *slowQueries) answeredAt() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.answered
}

// noteTimes notes when the page's program has started, and when the page shows another state.
const noteTimes = `{
	const Real = window.Worker;
	window.Worker = function (url) {
		const worker = new Real(url);
		worker.addEventListener("message", () => { window.awake ||= Date.now(); });
		return worker;
	};
	new MutationObserver(() => { window.shown = Date.now(); }).observe(document, { subtree: true, attributeFilter: ["data-state"] });
}`

// TestBackWithoutPaying: a shopper who comes back from Alipay without paying reads so soon
// after the gateway has answered, and has the link to the wallet and the way to cancel.
func TestBackWithoutPaying(t *testing.T) {
	t.Parallel()
	for _, scripting := range []scripting{withWasm, wasmBlocked} {
		t.Run(string(scripting), func(t *testing.T) {
			t.Parallel()
			queries := &slowQueries{}
			p := newShopper(t, phone, scripting, queries.before)
			p.onNewDocument(noteTimes)
			p.buy()
			session := p.location()
			id := session[strings.LastIndex(session, "/")+1:]
			p.pick(flow.WalletAlipayCN)
			p.do(chromedp.WaitVisible(payButton))
			queries.comeBack()
			p.do(chromedp.Navigate(p.demo.publicURL + "/r/" + newBuyerAt(t, p.demo).attempts(id)[0].ReturnToken))
			p.sees(`document.querySelector('.foot form button').checkVisibility()`)
			p.sees(`document.querySelector('#checkout[data-state="redirecting"] a.main[href*="/m/"]')?.checkVisibility() &&
				[...document.querySelectorAll("section h2")].find((e) => e.checkVisibility()).textContent === "You have not paid yet"`)
			answered := queries.answeredAt().UnixMilli()
			// A busy machine may load the page's program after the answer.
			wait := ask(p, p.tab, chromedp.Evaluate[int64](fmt.Sprintf(`(window.shown ?? 0) - Math.max(window.awake ?? 0, %d)`, answered)))
			if answered < 0 || wait > 5000 {
				t.Errorf("the page says so %d ms after the gateway's answer of %d", wait, answered)
			}
		})
	}
}

// asDevice is a transport that sends a user agent.
type asDevice string

func (d asDevice) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", string(d))
	return http.DefaultTransport.RoundTrip(r)
}

// TestShopperWhoseCookieWeChatLosesIsBackOnThePage: the page opens at the end of WeChat's
// OAuth although the browser does not send the cookie, and the shopper can pay.
func TestShopperWhoseCookieWeChatLosesIsBackOnThePage(t *testing.T) {
	t.Parallel()
	p := newShopper(t, wechat, withWasm)
	b := newBuyerAt(t, p.demo)
	b.client.Transport = asDevice(wechat.userAgent)
	id := b.session("wechat")
	_, authorize := b.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, authorize, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, callback := b.send(r)
	if !strings.Contains(callback, "/wechat/callback") {
		t.Fatalf("OAuth leads to %s", callback)
	}
	p.do(chromedp.Navigate(callback))
	p.sees(`location.pathname === "/c/` + id + `" && document.querySelector('#checkout[data-state="choose"]')`)
	p.pick(flow.WalletWeChat)
	p.payInSheet()
	b.awaitPaid(id)
	b.paidOnce(id)
}

// TestManyTabsShareTheConnections: a browser opens six connections to a server at most over
// HTTP/1.1. Its seventh tab loads, and every tab shows the payment, whether the others are
// shown or hidden.
func TestManyTabsShareTheConnections(t *testing.T) {
	t.Parallel()
	const hide = `Object.defineProperty(document, "hidden", { value: true, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`
	for name, leave := range map[string]string{"shown": "", "hidden": hide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newShopper(t, desktop, withWasm)
			p.stayAtReceipt()
			b := newBuyerAt(t, p.demo)
			id := b.session("alipay_cn", "wechat")
			tabs := []*shopper{p}
			for len(tabs) < 7 {
				other := *p
				other.tab = p.newTab(p.tab)
				other.emulate(desktop)
				other.stayAtReceipt()
				tabs = append(tabs, &other)
			}
			for _, tab := range tabs {
				tab.do(chromedp.Navigate(p.demo.publicURL + "/c/" + id))
				tab.sees(`performance.getEntriesByType("resource").some((e) => e.name.includes("worker.js"))`)
				tab.run(leave)
			}
			b.pay(b.start(id, flow.WalletAlipayCN))
			for _, tab := range tabs {
				tab.run(`delete document.hidden; document.dispatchEvent(new Event("visibilitychange"))`)
				tab.sees(`document.querySelector('#checkout[data-state="paid"]')`)
			}
		})
	}
}

// TestCheckNowAnswers: the button "I have paid, check now" has an answer with the time, each
// time, without a load and without a shift of the layout. Without script a load has it.
func TestCheckNowAnswers(t *testing.T) {
	t.Parallel()
	shop := startDemo(t)
	for _, scripting := range []scripting{withWasm, wasmBlocked, scriptOff} {
		t.Run(string(scripting), func(t *testing.T) {
			t.Parallel()
			p := newShopperAt(t, shop, desktop, scripting)
			b := newBuyerAt(t, shop)
			id := b.session("alipay_cn", "wechat")
			b.start(id, flow.WalletWeChat)
			p.do(chromedp.Navigate(shop.publicURL+"/c/"+id), chromedp.WaitVisible(chromedp.CSS(".check button")))
			const answer = `(document.querySelector(".check .checked")?.textContent.match(/^\s*Not received yet \((\d\d:\d\d:\d\d)\)\s*$/) ?? [])[1]`
			if scripting == withWasm {
				p.sees("window.wantukit")
			}
			p.run(mark + `; window.below = document.querySelector(".foot").getBoundingClientRect().top`)
			last := ""
			for range 2 {
				p.do(chromedp.Click(chromedp.CSS(".check button")))
				p.sees(answer + ` > "` + last + `"`)
				last = ask(p, p.tab, chromedp.Evaluate[string](answer))
				time.Sleep(1100 * time.Millisecond) // the answer has seconds
			}
			if scripting != scriptOff {
				p.sees(marked + ` && window.below === document.querySelector(".foot").getBoundingClientRect().top`)
			}
		})
	}
}

// TestPageSaysThatItIsOffline: and goes on by itself when the network is back.
func TestPageSaysThatItIsOffline(t *testing.T) {
	t.Parallel()
	shop := startDemo(t)
	for _, scripting := range []scripting{withWasm, wasmBlocked} {
		t.Run(string(scripting), func(t *testing.T) {
			t.Parallel()
			p := newShopperAt(t, shop, desktop, scripting)
			p.stayAtReceipt()
			b := newBuyerAt(t, shop)
			id := b.session("alipay_cn", "wechat")
			a := b.start(id, flow.WalletWeChat)
			p.do(chromedp.Navigate(shop.publicURL + "/c/" + id))
			p.sees("window.wantukit")
			const says = `document.querySelector(".offline").checkVisibility()`
			p.sees("!" + says)
			// The Worker still has the network, and soon finds out.
			p.run(mark + `; new MutationObserver(() => { window.said ||= ` + says + ` }).observe(document.querySelector(".offline"), { attributes: true })`)
			p.setOffline(true)
			p.sees(`window.said && document.querySelector("#announce").textContent.startsWith("You are offline.")`)
			p.setOffline(false)
			p.sees("!" + says)
			b.pay(a)
			p.sees(marked + ` && document.querySelector('#checkout[data-state="paid"]')`)
		})
	}
}

// setOffline takes the network from the page, or gives it back. The page's Worker keeps it.
func (p *shopper) setOffline(is bool) {
	p.Helper()
	rule := &network.Conditions{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}
	_, err := chromedp.Call(p.tab, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{rule}})
	_, stateErr := chromedp.Call(p.tab, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1})
	if err := errors.Join(err, stateErr); err != nil {
		p.Fatal(err)
	}
}
