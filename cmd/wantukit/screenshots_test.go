package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout"
)

// TestScreenshots takes a picture of each page on a computer and on a phone,
// for a person to look at: `make screenshots`. Without a folder to write to it
// only walks the pages.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("WANTUKIT_SCREENSHOTS")
	for name, d := range map[string]device{"desktop": desktop, "phone": phone, "wechat": wechat} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newShopper(t, d, withWasm).walk(func(page string, picture []byte) {
				if folder == "" {
					return
				}
				if err := os.MkdirAll(folder, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(folder, page+"-"+name+".png"), picture, 0o644); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// walk visits every state of the page, in the order of a hesitant shopper.
func (p *shopper) walk(keep func(page string, picture []byte)) {
	p.Helper()
	shot := func(page string) {
		p.Helper()
		keep(page, ask(p, p.tab, chromedp.CaptureScreenshot()))
	}
	state := func(name string) {
		p.Helper()
		p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="` + name + `"]`)))
		shot(name)
	}
	p.do(chromedp.Navigate(p.demo.publicURL + "/"))
	shot("shop")
	p.buy()
	state("choose")

	p.showCode(checkout.WalletAlipayHK, checkout.FlowIframe)
	p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="code"] iframe`)))
	shot("code-frame")
	p.scanAnd("#fail")
	state("failed")

	p.buy()
	p.showCode(checkout.WalletWeChat, checkout.FlowNative)
	state("code")
	p.scan()
	state("paid")
	p.arriveAtShop()
	shot("order")

	p.buyInFrame()
	p.doInFrame(func(in chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="choose"]`), in)
	})
	shot("framed")

	p.buy()
	session := p.location()
	p.do(chromedp.Click(chromedp.CSS(`form[action$="/cancel"] button`)))
	eventually(p.T, "the shopper is back at the shop", func() bool { return p.isAt("/shop/") })
	p.do(chromedp.Navigate(session))
	state("canceled")

	p.walkRedirect(shot, state)
	p.do(chromedp.Navigate(p.demo.publicURL + "/c/cs_nothing"))
	shot("not-found")
	p.walkSheet(shot)
}

// walkRedirect goes to Alipay's cashier and back without paying, until the time
// is over.
func (p *shopper) walkRedirect(shot, state func(string)) {
	p.Helper()
	p.buy()
	session := p.location()
	p.do(chromedp.Evaluate[chromedp.Void](`void document.querySelectorAll('details').forEach((d) => { d.open = true })`))
	shot("choose-open")
	if len(ask(p, p.tab, chromedp.Nodes(chromedp.CSSAll(`[data-on~="choose"] button.pick[value="alipay_cn"]`), chromedp.AtLeast(0)))) > 0 {
		p.pick(checkout.WalletAlipayCN)
		p.do(chromedp.WaitVisible(chromedp.CSS("#pay")))
		shot("cashier")
		p.do(chromedp.Navigate(session))
		state("redirecting")
		p.do(chromedp.Navigate(session + "?returned=9999999999999"))
		state("confirming")
	}
	id := session[strings.LastIndex(session, "/")+1:]
	if err := p.demo.kit.store.PostponeConclusion(p.Context(), id, time.Now()); err != nil {
		p.Fatal(err)
	}
	p.do(chromedp.Navigate(session))
	state("expired")
}

// walkSheet opens WeChat's payment sheet, where the page would have it.
func (p *shopper) walkSheet(shot func(string)) {
	p.Helper()
	p.buy()
	p.viewAs("wechat")
	p.pick(checkout.WalletWeChat)
	p.do(chromedp.WaitVisible(chromedp.CSS(`iframe[src*="/sandbox/jsapi/"]`)))
	shot("sheet")
}

// showCode asks for a code of a wallet, whichever way the device offers it.
func (p *shopper) showCode(w checkout.Wallet, f checkout.Flow) {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`void document.querySelectorAll('details').forEach((d) => { d.open = true })`))
	other := chromedp.Search(`//*[contains(@data-on, "choose")]//input[@name="flow" and @value="` + string(f) + `"]/../button[@value="` + string(w) + `"]`)
	if len(ask(p, p.tab, chromedp.Nodes(other, chromedp.AtLeast(0)))) > 0 {
		p.pickOther(w, f)
		return
	}
	p.pick(w)
}
