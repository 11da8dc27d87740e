package main

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// TestViewAsActsAtOnce chooses devices with the keyboard. The focus stays at the choice,
// so that the next key works.
func TestViewAsActsAtOnce(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.buy()
	p.do(chromedp.SendKeys(chromedp.CSS("#demo-as"), "P"))
	p.isViewedAs("phone")
	p.do(chromedp.WaitReady(chromedp.CSS("#demo-as:focus")), chromedp.KeyEvent("T"))
	p.isViewedAs("tv")
	if buttons := ask(p, p.tab, chromedp.Evaluate[int](`document.querySelectorAll('.demo button').length`)); buttons != 0 {
		t.Errorf("the bar has %d buttons, want none beside the script", buttons)
	}
}

func TestViewAsHasAButtonWithoutScript(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, scriptOff)
	p.buy()
	p.do(chromedp.SendKeys(chromedp.CSS("#demo-as"), "P"), chromedp.Click(chromedp.CSS(".demo button")))
	p.isViewedAs("phone")
}

// TestBarLeadsToThisPaymentInTheSandbox: the link leads to the list of all orders until
// the session has an order, and then to this order alone, where it can be paid.
func TestBarLeadsToThisPaymentInTheSandbox(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.buy()
	if got, want := p.sandboxPage(), p.demo.sandboxListener.url()+"/"; got != want {
		t.Errorf("without an order the link leads to %s, want %s", got, want)
	}
	p.pick(flow.WalletWeChat)
	isCode := chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="code"] .qr svg`))
	p.do(isCode)
	p.do(chromedp.Navigate(p.front), chromedp.Click(chromedp.CSS("#buy")), isCode) // the wallet that was used last starts
	this, other := p.orders()[0].OutTradeNo, p.orders()[1].OutTradeNo
	sandbox := p.newTab(p.tab)
	p.doIn(sandbox, chromedp.Navigate(p.sandboxLink()))
	if text := ask(p, sandbox, chromedp.Text(chromedp.CSS("body"))); !strings.Contains(text, this) || strings.Contains(text, other) {
		t.Errorf("the sandbox shows not only order %s:\n%s", this, text)
	}
	p.doIn(sandbox, chromedp.Click(chromedp.Search(`//form[input[@name="number" and @value="`+this+`"]]//button[1]`)))
	p.arriveAtShop()
}

// sandboxLink returns the URL of the bar's link, which opens in a tab of its own.
func (p *shopper) sandboxLink() string {
	p.Helper()
	return ask(p, p.tab, chromedp.Evaluate[string](`document.querySelector('.demo a[target="_blank"]').href`))
}

// sandboxPage returns the page to which the bar's link leads.
func (p *shopper) sandboxPage() string {
	p.Helper()
	tab := p.newTab(p.tab)
	p.doIn(tab, chromedp.Navigate(p.sandboxLink()))
	return ask(p, tab, chromedp.Location())
}

// barFaults finds a strip beside the demo's bar, and a bar of more than two lines.
const barFaults = `(() => {
	const { left, right, height } = document.querySelector('.demo').getBoundingClientRect();
	const page = document.documentElement;
	// A scrollbar that is there takes its place.
	const width = page.scrollHeight > innerHeight ? page.clientWidth : innerWidth;
	const faults = [];
	if (left !== 0 || right !== width) faults.push('the bar goes from ' + left + ' to ' + right + ' of ' + width);
	if (height > (innerWidth < 640 ? 80 : 44)) faults.push('the bar is ' + height + ' high');
	if (page.scrollWidth > page.clientWidth) faults.push('the page is ' + page.scrollWidth + ' wide');
	return faults.map((f) => f + ' in a window of ' + innerWidth);
})()`

func TestDemosBarSpansThePage(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	for _, language := range []string{english, simplified, traditional} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			p := newShopperAt(t, d, desktop, withWasm)
			p.speak(language)
			p.buy()
			for _, width := range []int64{320, 360, 390, 480, 640, 768, 896, 1024, 1280, 1440} {
				p.resize(width, 1600, 1) // the page fits
				p.faultless("tall window", barFaults)
				p.resize(width, 400, 1)
				p.faultless("low window", barFaults)
			}
		})
	}
}
