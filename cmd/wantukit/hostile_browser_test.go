package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// These are the browser cases of docs/hostile.md. TestShopperPaysInFull covers
// blocked Wasm and disabled script. web/wasm tests interrupted streams and crashes
// of the program, and web tests the server.

// TestHostileFraming: other pages cannot frame the checkout. A page that tells its origin gets an
// answer in words, see TestFrameOfAnUnlistedOriginSaysWhy.
// TestShopperPaysInsideTheShopsPage shows that the shop's page can.
func TestHostileFraming(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.buy()
	checkoutPage := p.location()
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<iframe src="%s" referrerpolicy="no-referrer" width="600" height="600"></iframe>`, checkoutPage)
	}))
	t.Cleanup(evil.Close)
	p.do(chromedp.Navigate(evil.URL))
	var framed *cdp.Frame
	eventually(t, "the frame has loaded, or not", func() bool {
		tree, err := chromedp.Call(p.tab, page.GetFrameTree, cdp.Empty{})
		if err != nil || len(tree.FrameTree.ChildFrames) != 1 {
			return false
		}
		framed = tree.FrameTree.ChildFrames[0].Frame
		return framed.URL == checkoutPage || framed.UnreachableURL != ""
	})
	if framed.UnreachableURL != checkoutPage {
		t.Errorf("another site frames %s", framed.URL)
	}
}

// referers records the Referer of requests, by the first part of their path.
type referers struct {
	mu   sync.Mutex
	seen map[string]string
}

func (r *referers) before(d *demo) {
	gateway := d.gateway
	r.seen = map[string]string{}
	d.gateway = http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		r.seen[strings.Split(request.URL.Path, "/")[1]] = request.Referer()
		r.mu.Unlock()
		gateway.ServeHTTP(w, request)
	})
}

func (r *referers) at(part string) (referer string, came bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	referer, came = r.seen[part]
	return referer, came
}

// TestRefererIsForWeChatAlone: WeChat gets the origin. Nobody gets the page's
// address, which is enough to open the page.
func TestRefererIsForWeChatAlone(t *testing.T) {
	t.Parallel()
	r := &referers{}
	p := newShopper(t, wechat, withWasm, r.before)
	p.buy()
	p.pick(flow.WalletWeChat)
	eventually(t, "WeChat is asked for the openid", func() bool { _, came := r.at("connect"); return came })
	if got, _ := r.at("connect"); got != p.demo.publicURL+"/" {
		t.Errorf("WeChat is told that the browser comes from %q", got)
	}
	p.payInSheet()
	p.arriveAtShop()

	r = &referers{}
	p = newShopper(t, phone, withWasm, r.before)
	p.buy()
	p.pick(flow.WalletAlipayCN)
	eventually(t, "the shopper is at Alipay", func() bool { _, came := r.at("m"); return came })
	if got, _ := r.at("m"); got != "" {
		t.Errorf("Alipay is told that the browser comes from %q", got)
	}
}

// loads lists what the page has loaded below /static/, and whether it was loaded
// before the first paint. What the Worker loads follows the Worker.
const loads = `(() => {
	const painted = performance.getEntriesByName('first-contentful-paint')[0];
	return painted ? performance.getEntriesByType('resource').filter((e) => e.name.includes('/static/'))
		.map((e) => e.name.split('/').pop() + (e.startTime < painted.startTime ? ' before' : ' after')).join() : '';
})()`

// withoutHurry disables the loader's timer for a page that is not painted within a
// second, which would run on a slow machine.
const withoutHurry = `{ const real = window.setTimeout; window.setTimeout = (f, ms, ...rest) => ms === 1000 ? 0 : real(f, ms, ...rest); }`

func TestProgramComesAfterTheFirstPaintAndNotUnderSaveData(t *testing.T) {
	t.Parallel()
	p := newShopper(t, phone, withWasm)
	p.onNewDocument(withoutHurry)
	p.buy()
	at := p.location()
	loaded := func() string { return ask(p, p.tab, chromedp.Evaluate[string](loads)) }
	eventually(t, "the Worker is started", func() bool { return strings.Contains(loaded(), "worker.js") })
	if got := loaded(); !strings.Contains(got, "worker.js after") {
		t.Errorf("the page loads %s the first paint", got)
	}
	if _, err := chromedp.Call(p.tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Save-Data": "on"},
	}); err != nil {
		t.Fatal(err)
	}
	polled := `performance.getEntriesByType('resource').some((e) => e.name.endsWith('/status'))`
	p.do(chromedp.Navigate(at))
	eventually(t, "the page polls without its program", func() bool { return ask(p, p.tab, chromedp.Evaluate[bool](polled)) })
	if got := loaded(); strings.Contains(got, "worker") || strings.Contains(got, "wasm") {
		t.Errorf("under Save-Data the page loads %s the first paint", got)
	}
}

// TestPageGivesTheBrowserNothingToReport: the browser's log would show a wrong
// header, and what the policy blocks.
func TestPageGivesTheBrowserNothingToReport(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	var mu sync.Mutex
	var reports []string
	if _, err := chromedp.Call(p.tab, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(p.tab, func(event any) {
		// The demo's shop has no icon.
		if added, is := event.(*log.EventEntryAdded); is && !strings.HasSuffix(added.Entry.URL, "/favicon.ico") {
			mu.Lock()
			defer mu.Unlock()
			reports = append(reports, string(added.Entry.Level)+" "+added.Entry.Text+" "+added.Entry.URL)
		}
	}); err != nil {
		t.Fatal(err)
	}
	p.buy()
	p.pick(flow.WalletAlipayHK)
	p.payFramedCode()
	p.arriveAtShop()
	mu.Lock()
	defer mu.Unlock()
	for _, report := range reports {
		t.Errorf("the browser reports: %s", report)
	}
}
