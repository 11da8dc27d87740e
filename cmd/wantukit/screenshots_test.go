package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// narrow is the narrowest window that a page must fit. A computer's window at 400 %
// is as narrow.
var narrow = device{phone.userAgent, 320, 568}

// looks are the ways to walk the pages: with each device once, and for pictures in
// each language and color scheme.
func (a album) looks() (all []look) {
	for _, language := range a.languages() {
		all = append(all, look{"desktop", desktop, language, false}, look{"phone", phone, language, false})
		if a.folder != "" {
			all = append(all, look{"desktop", desktop, language, true}, look{"phone", phone, language, true}, look{"narrow", narrow, language, false})
		}
	}
	return append(all, look{"wechat", wechat, english, false})
}

// pictureName is the name of a page's picture.
func (l look) pictureName(page string) string {
	name := page + "." + l.language + "." + l.name
	if l.isDark {
		return name + ".dark"
	}
	return name
}

// TestScreenshots walks through every page and every state. `make screenshots` runs
// it to take a picture of each.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	pictures := openAlbum()
	for _, l := range pictures.looks() {
		t.Run(l.pictureName("pages"), func(t *testing.T) {
			t.Parallel()
			p := newShopper(t, l.device, withWasm)
			p.setLook(l)
			p.walk(l.scheme(), func(page string) { p.Helper(); pictures.keep(p, l.pictureName(page)) })
		})
	}
}

// setLook sets the browser's language, window and color scheme.
func (p *shopper) setLook(l look) {
	p.Helper()
	_, err := chromedp.Call(p.tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: l.device.userAgent, AcceptLanguage: l.language,
	})
	if err != nil {
		p.Fatal(err)
	}
	p.resize(l.device.width, l.device.height, 1)
	p.emulateMedia("", "prefers-color-scheme", l.scheme())
}

// walk visits every state of the page, in the order of a hesitant shopper. scheme is
// light or dark.
func (p *shopper) walk(scheme string, shot func(page string)) {
	p.Helper()
	state := func(name string) {
		p.Helper()
		p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="` + name + `"]`)))
		shot(name)
	}
	p.do(chromedp.Navigate(p.demo.publicURL + "/"))
	shot("shop")
	p.buy()
	state("choose")

	p.showCode(flow.WalletAlipayHK, flow.Iframe)
	p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="code"] iframe`)))
	shot("code-frame")
	p.scanAnd("#fail")
	state("failed")

	p.walkReceipt(shot, state)
	p.emulateMedia("", "prefers-color-scheme", scheme)

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
	p.walkSheet(shot)
	p.walkProblems(shot)
}

// walkReceipt pays with a QR code. The page stays open until its program goes to
// the shop.
func (p *shopper) walkReceipt(shot, state func(string)) {
	p.Helper()
	p.buy()
	p.showCode(flow.WalletWeChat, flow.Native)
	state("code")
	session := p.location()
	p.scan()
	p.arriveAtShop()
	shot("order")
	p.do(chromedp.Navigate(session))
	state("paid")
	p.emulateMedia("print", "prefers-color-scheme", "light")
	shot("paid-printed")
}

// walkRedirect goes to Alipay's cashier and back without paying, until the session
// expires.
func (p *shopper) walkRedirect(shot, state func(string)) {
	p.Helper()
	p.buy()
	session := p.location()
	p.openAll()
	shot("choose-open")
	if p.canPick(flow.WalletAlipayCN) {
		p.pick(flow.WalletAlipayCN)
		p.do(chromedp.WaitVisible(chromedp.CSS("#pay")))
		shot("cashier")
		p.do(chromedp.Navigate(session))
		state("redirecting")
		p.openAll()
		shot("redirecting-open")
		p.walkReturn(shot)
		p.do(chromedp.Navigate(session + "?returned=9999999999999"))
		state("confirming")
	}
	id := session[strings.LastIndex(session, "/")+1:]
	if err := p.demo.kit.Store().PostponeConclusion(p.Context(), id, time.Now()); err != nil {
		p.Fatal(err)
	}
	p.do(chromedp.Navigate(session))
	state("expired")
}

// walkReturn returns from the wallet in another browser, which only sees the
// status.
func (p *shopper) walkReturn(shot func(string)) {
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
	shot("status-only")
}

// walkSheet opens WeChat's payment sheet.
func (p *shopper) walkSheet(shot func(string)) {
	p.Helper()
	p.buy()
	p.viewAs("wechat")
	p.pick(flow.WalletWeChat)
	p.do(chromedp.WaitVisible(chromedp.CSS(`iframe[src*="/sandbox/jsapi/"]`)))
	shot("sheet")
}

// walkProblems requests a session that does not exist, until the rate limiter
// refuses it.
func (p *shopper) walkProblems(shot func(string)) {
	p.Helper()
	nowhere := chromedp.Navigate(p.demo.publicURL + "/c/cs_nothing")
	p.do(nowhere)
	shot("not-found")
	b := newBuyerAt(p.T, p.demo)
	for refused := false; !refused; {
		status, _ := b.get("/c/cs_nothing")
		refused = status == http.StatusTooManyRequests
	}
	p.do(nowhere)
	shot("too-many")
}
