package main

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

func TestOrdinaryBrowserWalksTheFlowOfWeChat(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.buy()
	p.viewAs("wechat")
	p.pick(flow.WalletWeChat)
	p.payInSheet()
	p.arriveAtShop()
	p.checkBooks(flow.WalletWeChat, flow.JSAPI)
}

func TestOrdinaryBrowserWalksTheFlowOfAPhone(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.buy()
	p.viewAs("alipay_cn")
	p.pick(flow.WalletAlipayCN)
	p.payAtCashier()
	p.arriveAtShop()
	p.checkBooks(flow.WalletAlipayCN, flow.WAP)
}

// viewAs chooses a device in the demo's bar, whose script must run.
func (p *shopper) viewAs(device string) {
	p.Helper()
	p.do(chromedp.WaitReady(chromedp.CSS("#demo-as")), chromedp.Evaluate[chromedp.Void](`(() => {
		const as = document.getElementById('demo-as');
		if (!as) return; // the next page is loading
		as.value = '`+device+`';
		as.dispatchEvent(new Event('change'));
	})()`))
	p.isViewedAs(device)
}

// isViewedAs waits until the page is the one of a device and has loaded.
func (p *shopper) isViewedAs(device string) {
	p.Helper()
	p.do(chromedp.WaitReady(chromedp.CSS(`#demo-as option[value="` + device + `"][selected]`)))
	if p.scripting != scriptOff {
		p.sees(`document.readyState === "complete"`)
	}
}

// hasViewedAs sets the cookie of the choice of a device in the demo's bar.
func (p *shopper) hasViewedAs(device, page string) {
	p.Helper()
	_, err := chromedp.Call(p.tab, network.SetCookie, network.SetCookieParams{Name: "wantukit_view_as", Value: device, URL: page, Path: "/"})
	if err != nil {
		p.Fatal(err)
	}
}
