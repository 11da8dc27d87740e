package main

import (
	"os"
	"path"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// TestOrdersPageShowsTheWebhook: the shop's page shows the webhook when it comes. With
// script it does so without a load.
func TestOrdersPageShowsTheWebhook(t *testing.T) {
	t.Parallel()
	for _, s := range []scripting{withWasm, scriptOff} {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			p := newShopper(t, desktop, s)
			p.openAwaitingOrder()
			p.do(chromedp.Evaluate[chromedp.Void](`window.isSame = true; void 0`))
			p.payAtGateway()
			p.do(chromedp.WaitVisible(chromedp.CSS(".webhook pre")))
			text := ask(p, p.tab, chromedp.Text(chromedp.CSS(".webhook")))
			for _, part := range []string{"session.paid", "Signature verified", "webhook-signature", p.order().Webhooks[0].ID, `"client_reference_id": "` + p.order().Number} {
				if !strings.Contains(text, part) {
					t.Errorf("the webhook lacks %s:\n%s", part, text)
				}
			}
			if isSame := ask(p, p.tab, chromedp.Evaluate[bool](`!!window.isSame`)); isSame != (s == withWasm) {
				t.Errorf("the page was not loaded again: %v", isSame)
			}
		})
	}
}

// openAwaitingOrder buys with a code, and opens the order's page at the shop.
func (p *shopper) openAwaitingOrder() {
	p.Helper()
	p.buy()
	session := path.Base(p.location())
	p.pick(flow.WalletWeChat)
	p.do(chromedp.WaitReady(chromedp.CSS(`#checkout[data-state="code"]`)))
	s, err := p.demo.kit.Store().Session(p.Context(), session)
	if err != nil {
		p.Fatal(err)
	}
	p.do(chromedp.Navigate(s.SuccessURL), chromedp.WaitVisible(chromedp.CSS("#status")))
}

// payAtGateway pays the newest order, as the wallet does.
func (p *shopper) payAtGateway() {
	p.Helper()
	if _, err := p.demo.sandbox.Pay(p.orders()[0].OutTradeNo); err != nil {
		p.Fatal(err)
	}
}

// TestFrameTakesTheHeightThatTheCheckoutTells: only the checkout can set it.
func TestFrameTakesTheHeightThatTheCheckoutTells(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	const tells = `postMessage({ wantukit: 1, type: 'resize', session: location.pathname.split('/').pop(), height: 1234 }, '*')`
	p.onNewDocument(`if (parent !== window) setInterval(() => parent.` + tells + `, 50)`)
	p.buyInFrame()
	eventually(t, "the frame has the height that the checkout tells", func() bool { return p.frameHeight() == "1234px" })
	const anotherTells = `new Promise((seen) => {
		addEventListener('message', (e) => { if (e.source === window) seen(document.querySelector('.checkout iframe').style.height); });
		const session = document.querySelector('.checkout iframe').src.split('/').pop();
		postMessage({ wantukit: 1, type: 'resize', session, height: 4321 }, '*');
	})`
	if got := ask(p, p.tab, chromedp.Evaluate[string](anotherTells, chromedp.EvalAwaitPromise)); got == "4321px" {
		t.Error("the frame takes a height that another window tells")
	}
}

// TestFrameIsAsHighAsItsPage: the checkout tells its height again where only what is above
// the payment, such as the demo's bar, gets higher.
func TestFrameIsAsHighAsItsPage(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.buyInFrame()
	const fits = `(() => {
		const frame = document.querySelector('.checkout iframe').contentWindow, checkout = frame.document.querySelector('#checkout');
		return checkout && Math.abs(frame.innerHeight - checkout.getBoundingClientRect().bottom) <= 1 && frame.innerHeight >= frame.document.documentElement.scrollHeight;
	})()`
	p.sees(fits)
	p.run(`document.querySelector('.checkout iframe').contentDocument.querySelector('.demo').style.paddingBottom = '150px'`)
	p.sees(fits)
}

// frameHeight returns the height that the shop's page gives the checkout's frame.
func (p *shopper) frameHeight() string {
	p.Helper()
	return ask(p, p.tab, chromedp.Evaluate[string](`document.querySelector('.checkout iframe').style.height`))
}

// tooWide finds what is wider than the window.
const tooWide = `(() => {
	const page = document.documentElement;
	const out = [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > page.clientWidth + 1);
	return page.scrollWidth > page.clientWidth || out.length ? ['the page is ' + page.scrollWidth + ' wide, the window ' + page.clientWidth + ': ' + out.map((e) => e.outerHTML.slice(0, 80)).join(' | ')] : [];
})()`

// TestShopSuitsEverybody checks the shop's pages in each width, and with axe-core.
func TestShopSuitsEverybody(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("axe-core is not installed: run `make tools` (%v)", err)
	}
	p := newShopper(t, desktop, withWasm)
	check := func(page string) {
		for _, width := range []int64{320, 360, 390, 768, 1280, 1440} {
			p.resize(width, 800, 1)
			p.faultless(page, tooWide)
		}
		p.do(chromedp.Evaluate[chromedp.Void](string(axe)))
		for _, scheme := range []string{"light", "dark"} {
			p.emulateMedia("", "prefers-color-scheme", scheme)
			for _, finding := range ask(p, p.tab, chromedp.Evaluate[[]string](runAxe, chromedp.EvalAwaitPromise)) {
				t.Errorf("%s, %s: %s", page, scheme, finding)
			}
		}
	}
	p.do(chromedp.Navigate(p.demo.publicURL + "/shop/"))
	check("home")
	p.do(chromedp.Navigate(p.demo.publicURL + "/shop/nowhere"))
	check("not found")
	p.buyInFrame()
	check("frame")
	p.openAwaitingOrder()
	check("order awaiting")
	p.payAtGateway()
	p.do(chromedp.WaitVisible(chromedp.CSS(".webhook pre")))
	check("order paid")
}
