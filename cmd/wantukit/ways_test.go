package main

import (
	"net/http"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// The tests find the wallets of the page, their other ways to pay and their details with
// the functions of this file alone.

// walletButton returns the CSS selector of the button that starts to pay with a wallet. It
// is visible while the wallet is picked.
func walletButton(w flow.Wallet) string {
	return `.way[data-for="` + string(w) + `"] .bar button[value="` + string(w) + `"]`
}

// walletLabel returns the CSS selector of the wallet's place in the list, a row or a tab.
func walletLabel(w flow.Wallet) string { return `label.pick[data-for="` + string(w) + `"]` }

// walletRadio returns the CSS selector of the radio button that picks a wallet.
func walletRadio(w flow.Wallet) string { return `[name=pick][value="` + string(w) + `"]` }

// walletWay returns the XPath of how to pay with a wallet: its button or its guide, and its
// other ways.
func walletWay(w flow.Wallet) string { return `//div[@class="way" and @data-for="` + string(w) + `"]` }

// otherButton returns the XPath of the button of another way to pay with a wallet.
func otherButton(w flow.Wallet, f flow.Flow) string {
	return walletWay(w) + `//form[input[@name="flow" and @value="` + string(f) + `"]]/button[@value="` + string(w) + `"]`
}

// offerOf is a script that returns the offer for a wallet, which it picks; see the type offer.
const offerOf = `((wallet) => {
	const way = document.querySelector('.way[data-for="' + wallet + '"]');
	if (!way) return {};
	const radio = document.querySelector('[name=pick][value="' + wallet + '"]');
	radio.checked = true;
	const seen = (selector) => [...way.querySelectorAll(selector)].filter((e) => e.checkVisibility({ visibilityProperty: true }));
	return {
		Button: seen('.bar button').length === 1, Picture: seen('.picture').length === 1, Copy: seen('[data-copy]').length === 1,
		Code: way.querySelectorAll('.elsewhere .qr svg path').length > 0, Words: radio.closest('label').innerText + ' ' + way.innerText,
		Link: seen('input.address').map((e) => e.value).join(), Others: seen('form.alt').map((e) => e.elements.flow.value),
	};
})`

// pick picks a wallet and starts to pay with it. Where the wallet has a code, its pick
// starts it if there is script.
func (p *shopper) pick(w flow.Wallet) {
	p.Helper()
	if p.scripting != scriptOff {
		p.sees(`document.readyState === "complete"`) // its script follows taps
	}
	label := chromedp.Search(`//label[@data-for="` + string(w) + `" and not(.//input[@checked])]`)
	if p.has(label) {
		startsItself := p.scripting != scriptOff && p.has(chromedp.Search(`//label[@data-for="`+string(w)+`"]/input[@data-starts]`))
		p.do(chromedp.Click(chromedp.CSS(walletLabel(w))))
		if startsItself {
			return
		}
	}
	p.do(chromedp.Click(chromedp.CSS(walletButton(w))))
}

// pickInFrame picks a wallet on the page in the shop's frame. It presses its button unless
// the wallet has a code.
func (p *shopper) pickInFrame(w flow.Wallet) {
	p.Helper()
	p.doInFrame(func(in chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(walletLabel(w)), in)
	})
	if flow.Choose(flow.Detect(http.Header{"User-Agent": {desktop.userAgent}}.Get), w).Flow.ShowsCode() {
		return
	}
	p.doInFrame(func(in chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(walletButton(w)), in)
	})
}

// show picks a wallet without starting it.
func (p *shopper) show(w flow.Wallet) {
	p.Helper()
	if p.scripting != scriptOff {
		p.run(`document.querySelector('` + walletRadio(w) + `').checked = true`)
		return
	}
	p.do(chromedp.Click(chromedp.CSS(walletLabel(w))))
}

// pickOther presses another way to pay with a wallet.
func (p *shopper) pickOther(w flow.Wallet, f flow.Flow) {
	p.Helper()
	p.show(w)
	p.do(chromedp.Click(chromedp.Search(otherButton(w, f))))
}

// pickInstead starts a wallet beside the code or the link of another one.
func (p *shopper) pickInstead(w flow.Wallet) {
	p.Helper()
	p.show(w)
	p.do(chromedp.Click(chromedp.CSS(walletButton(w))))
}

// showCode chooses the QR code of a wallet, which is the first or another way, depending
// on the device.
func (p *shopper) showCode(w flow.Wallet, f flow.Flow) {
	p.Helper()
	p.openAll()
	if p.has(chromedp.Search(otherButton(w, f))) {
		p.pickOther(w, f)
		return
	}
	p.pick(w)
}

// canPick reports whether the page has a button for a wallet in the list, and no guide.
func (p *shopper) canPick(w flow.Wallet) bool {
	p.Helper()
	return p.has(chromedp.Search(walletWay(w) + `//div[@class="bar"]//button`))
}

// openDetails is a script that opens all details of the page.
const openDetails = `document.querySelectorAll('details').forEach((d) => { d.open = true })`

// openAll opens all details of the page.
func (p *shopper) openAll() {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`void ` + openDetails))
}

// has reports whether the page has an element now.
func (p *shopper) has(element chromedp.Search) bool {
	p.Helper()
	return len(ask(p, p.tab, chromedp.Nodes(element, chromedp.AtLeast(0)))) > 0
}
