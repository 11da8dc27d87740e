package main

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// TestHesitantShopperSeesEveryState walks through every state of the page, with each device.
func TestHesitantShopperSeesEveryState(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]device{"desktop": desktop, "phone": phone, "wechat": wechat} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newShopper(t, d, withWasm).walk()
		})
	}
}

// walk visits every state of the page, in the order of a hesitant shopper.
func (p *shopper) walk() {
	p.Helper()
	p.buy()
	p.reaches("choose")

	p.showCode(flow.WalletAlipayHK, flow.Iframe)
	p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="code"] iframe`)))
	p.scanAnd("#fail")
	p.reaches("failed")

	p.walkReceipt()

	p.buyInFrame()
	p.doInFrame(func(in chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="choose"]`), in)
	})

	p.buy()
	session := p.location()
	p.do(chromedp.Click(chromedp.CSS(`form[action$="/cancel"] button`)))
	eventually(p.T, "the shopper is back at the shop", func() bool { return p.isAt("/shop/") })
	p.do(chromedp.Navigate(session))
	p.reaches("canceled")

	p.walkRedirect()
	p.walkSheet()
}

// reaches waits until the page shows a state.
func (p *shopper) reaches(state string) {
	p.Helper()
	p.do(chromedp.WaitVisible(exhibit{state: state}.sign()))
}

// walkReceipt pays with a QR code. The page stays open until its program goes to
// the shop.
func (p *shopper) walkReceipt() {
	p.Helper()
	p.buy()
	p.showCode(flow.WalletWeChat, flow.Native)
	p.reaches("code")
	session := p.location()
	p.scan()
	p.arriveAtShop()
	p.do(chromedp.Navigate(session))
	p.reaches("paid")
}

// walkRedirect goes to Alipay's cashier and back without paying, until the session
// expires.
func (p *shopper) walkRedirect() {
	p.Helper()
	p.buy()
	session := p.location()
	if p.canPick(flow.WalletAlipayCN) {
		p.pick(flow.WalletAlipayCN)
		p.do(chromedp.WaitVisible(payButton))
		p.do(chromedp.Navigate(session))
		p.reaches("redirecting")
		p.walkReturn()
		p.do(chromedp.Navigate(session + "?returned=9999999999999"))
		p.reaches("confirming")
	}
	id := session[strings.LastIndex(session, "/")+1:]
	if err := p.demo.kit.Store().PostponeConclusion(p.Context(), id, time.Now()); err != nil {
		p.Fatal(err)
	}
	p.do(chromedp.Navigate(session))
	p.reaches("expired")
}

// walkReturn returns from the wallet in another browser, which only sees the
// status.
func (p *shopper) walkReturn() {
	p.Helper()
	session := p.location()
	attempts, err := p.demo.kit.Store().Attempts(p.Context(), session[strings.LastIndex(session, "/")+1:])
	if err != nil || len(attempts) != 1 {
		p.Fatalf("the attempts are %v (%v)", attempts, err)
	}
	if _, err := chromedp.Call(p.tab, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		p.Fatal(err)
	}
	p.do(chromedp.Navigate(p.demo.publicURL+"/r/"+attempts[0].ReturnToken), chromedp.WaitVisible(chromedp.CSS(`#checkout[data-status-only]`)))
}

// walkSheet opens WeChat's payment sheet.
func (p *shopper) walkSheet() {
	p.Helper()
	p.buy()
	p.viewAs("wechat")
	p.pick(flow.WalletWeChat)
	p.do(chromedp.WaitVisible(wechatSheet))
}
