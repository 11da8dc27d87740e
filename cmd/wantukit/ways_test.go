package main

import (
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
)

// The tests find the wallets of the page, their other ways to pay and their details with
// the functions of this file alone.

// walletButton returns the CSS selector of the button that starts to pay with a wallet
// in the list of wallets.
func walletButton(w flow.Wallet) string {
	return `[data-on~="choose"] button.pick[value="` + string(w) + `"]`
}

// walletItem returns the XPath of a wallet in the list, with its details and its other
// ways.
func walletItem(w flow.Wallet) string {
	return `//*[contains(@data-on, "choose")]//li[.//button[@value="` + string(w) + `"]]`
}

// guideSummary returns the XPath of what opens the guide of a wallet.
func guideSummary(w flow.Wallet) string { return walletItem(w) + `/details/summary` }

// otherButton returns the XPath of the button of another way to pay with a wallet.
func otherButton(w flow.Wallet, f flow.Flow) string {
	return walletItem(w) + `//form[input[@name="flow" and @value="` + string(f) + `"]]/button[@value="` + string(w) + `"]`
}

// insteadButton is the CSS selector of the button of a wallet in the list of other ways,
// beside a code or a link. The list is closed at first.
func insteadButton(w flow.Wallet) string {
	return insteadList + ` button.pick[value="` + string(w) + `"]`
}

// insteadList is the CSS selector of the list of other ways, beside a code or a link.
const insteadList = `.ways .other`

// offerOf is a script that returns the offer for a wallet; see the type offer.
const offerOf = `((wallet) => {
	const item = [...document.querySelectorAll('[data-on~="choose"] .wallets > li')].find((e) => e.querySelector('button[value="' + wallet + '"]'));
	if (!item) return {};
	const seen = (selector) => [...item.querySelectorAll(selector)].filter((e) => e.checkVisibility({ visibilityProperty: true }));
	return {
		Button: seen('button.pick').length === 1, Picture: seen('.picture').length === 1, Copy: seen('[data-copy]').length === 1,
		Code: item.querySelectorAll('.elsewhere .qr svg path').length === 1, Words: item.innerText,
		Link: seen('input.address').map((e) => e.value).join(), Others: seen('form.alt').map((e) => e.elements.flow.value),
	};
})`

// pick taps a wallet.
func (p *shopper) pick(w flow.Wallet) {
	p.Helper()
	p.do(chromedp.Click(chromedp.CSS(walletButton(w))))
}

// pickInFrame taps a wallet on the page in the shop's frame.
func (p *shopper) pickInFrame(w flow.Wallet) {
	p.Helper()
	p.doInFrame(func(in chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(walletButton(w)), in)
	})
}

// pickOther taps another way to pay with a wallet.
func (p *shopper) pickOther(w flow.Wallet, f flow.Flow) {
	p.Helper()
	p.do(chromedp.Click(chromedp.Search(otherButton(w, f))))
}

// pickInstead presses a wallet in the list of other ways, which it opens.
func (p *shopper) pickInstead(w flow.Wallet) {
	p.Helper()
	p.run(`document.querySelector('` + insteadList + `').open = true; document.querySelector('` + insteadButton(w) + `').click()`)
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
	return p.has(chromedp.Search(walletItem(w) + `//button[contains(@class, "pick")]`))
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
