package main

import (
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// watchShifts records layout shifts that the shopper did not cause, once their sum
// is not 0.000, and when the page's program has started.
const watchShifts = `
	window.shifts = [];
	let cls = 0;
	new PerformanceObserver((list) => list.getEntries().forEach((e) => {
		if (!e.hadRecentInput && (cls += e.value) >= .0005) shifts.push(e.value.toFixed(4) + ' ' + document.getElementById('checkout').dataset.state + ': ' + e.sources.map((s) =>
			(s.node && (s.node.nodeType === 1 ? s.node.outerHTML.slice(0, 60) : s.node.textContent)) +
			' from ' + s.previousRect.y + '+' + s.previousRect.height + ' to ' + s.currentRect.y + '+' + s.currentRect.height).join(', '));
	})).observe({ type: 'layout-shift', buffered: true });
	window.Worker = class extends Worker {
		constructor(url) {
			super(url);
			this.addEventListener('message', (e) => { if (e.data.cmd === 'ready') window.alive = true; });
		}
	};`

// settled is true when the program has started and has painted.
const settled = `!!window.alive && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 100))))`

// TestNothingJumps: nothing moves when the page's program starts and the countdown
// runs.
func TestNothingJumps(t *testing.T) {
	t.Parallel()
	g := newFullGallery(t, startEmbedder(t))
	// Other pages have no program, and opening a detail moves what is below it.
	g.exhibits = slices.DeleteFunc(g.exhibits, func(e exhibit) bool { return e.state == "" || e.hasSheet || e.isOpen })
	g.each(t, func(t *testing.T, e exhibit) {
		for _, d := range []device{desktop, phone} {
			p := newShopperAt(t, nil, e.device, withWasm)
			p.resize(d.width, d.height, 2)
			p.watchesShifts()
			p.openExhibit(e)
			p.staysPut(e.name)
		}
	})
}

// TestNothingJumpsWhenThePageTurnsPaid: nothing moves when the page shows the
// payment, beside a QR code, beside the wallet's frame, and after the wallet's own
// page.
func TestNothingJumpsWhenThePageTurnsPaid(t *testing.T) {
	t.Parallel()
	g := emptyGallery(t, startDemo(t))
	for name, way := range map[string]struct {
		device device
		wallet flow.Wallet
		state  string
	}{
		"code on a desktop":  {desktop, flow.WalletWeChat, "code"},
		"frame on a desktop": {desktop, flow.WalletAlipayHK, "code"},
		"redirect, a phone":  {phone, flow.WalletAlipayHK, "redirecting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := g.placed(way.device, way.wallet)
			p := newShopperAt(t, nil, way.device, withWasm)
			p.watchesShifts()
			p.stayAtReceipt()
			p.openExhibit(exhibit{state: way.state, url: g.demo.publicURL + "/c/" + a.SessionID})
			p.staysPut("before")
			g.pay(a)
			g.notify(a)
			p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="paid"]`)))
			p.staysPut("paid")
		})
	}
}

func (p *shopper) watchesShifts() {
	p.Helper()
	p.onNewDocument(watchShifts)
}

// staysPut waits until the program has started, and reports what moved.
func (p *shopper) staysPut(when string) {
	p.Helper()
	eventually(p.T, "the page's program is up", func() bool {
		return ask(p, p.tab, chromedp.Evaluate[bool](settled, chromedp.EvalAwaitPromise))
	})
	for _, moved := range ask(p, p.tab, chromedp.Evaluate[[]string](`window.shifts`)) {
		p.Errorf("%s: it jumps by %s", when, moved)
	}
}
