package main

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/wantukit/wantukit/checkout/flow"
)

// These tests check what axe-core cannot check.

// The scripts below return a line for each fault that they find.
const (
	// wide finds horizontal scrolling, which WCAG 1.4.10 forbids. What an element clips does
	// not count.
	wide = `(() => {
		const page = document.documentElement;
		const clipper = (e) => { while ((e = e.parentElement) && getComputedStyle(e).overflowX === 'visible'); return e || page; };
		const out = [...document.querySelectorAll('body *')].filter((e) => {
			const box = e.getBoundingClientRect(), clip = clipper(e);
			if (box.width <= 1 || box.height <= 1 || getComputedStyle(e).visibility !== 'visible' || clip !== page && clip !== document.body) return false;
			return box.right > page.clientWidth + 1 || box.left < -1;
		});
		return page.scrollWidth > page.clientWidth || out.length ? ['the page is wider than its window: ' + out.map((e) => e.outerHTML.slice(0, 80)).join(' | ')] : [];
	})()`
	// cut finds text that is cut off. WCAG 1.4.12 forbids that, also with the
	// shopper's own spacing.
	cut = `[...document.querySelectorAll('#checkout *')].filter((e) => {
		const style = getComputedStyle(e);
		return style.overflow !== 'visible' && !e.matches('.sr, svg, .qr, input') && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
	}).map((e) => 'cut off: ' + e.outerHTML.slice(0, 120))`
	// small finds buttons that are too small: WCAG 2.5.8 demands 24 pixels, and a
	// thumb needs 44 for the page's main buttons.
	small = `[...document.querySelectorAll('#checkout :is(a, button, summary, label, input:not([type=hidden], [type=radio]))')].flatMap((e) => {
		const box = e.getBoundingClientRect();
		if (!box.width || getComputedStyle(e).visibility !== 'visible') return [];
		const least = e.matches('.main, .quiet, .pick, summary, .address, form > .link') ? 44 : 24;
		return box.width < 24 || box.height < least ? [box.width + ' x ' + box.height + ', want ' + least + ': ' + e.outerHTML.slice(0, 80)] : [];
	})`
	// moving finds animations, which a shopper can turn off.
	moving = `document.getAnimations().filter((a) => a.playState === 'running').map((a) => 'moves: ' + (a.animationName || a.transitionProperty))`
	// unordered finds a missing or second first-level heading, skipped levels, and
	// more or less than one polite live region. The countdown must not be one.
	unordered = `(() => {
		const shown = (e) => e.checkVisibility();
		const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter(shown).map((e) => +e.tagName[1]);
		const lines = [];
		if (levels[0] !== 1 || levels.filter((l) => l === 1).length !== 1 || levels.some((l, i) => i && l > levels[i - 1] + 1)) lines.push('headings ' + levels);
		const live = [...document.querySelectorAll('[aria-live], [role=status], [role=alert], [role=timer], [role=log]')].filter(shown);
		if (live.filter((e) => e.id === 'announce' && e.ariaLive === 'polite').length !== 1) lines.push('no polite place for announcements');
		live.filter((e) => e.querySelector('[data-text=countdown]') || e.closest('[data-text=countdown]')).forEach(() => lines.push('each second is announced'));
		if (document.querySelectorAll('main').length !== 1 || !document.documentElement.lang) lines.push('no main, or no language');
		return lines;
	})()`
	// spaced sets the spacing that WCAG 1.4.12 allows a shopper to choose.
	spaced = `document.querySelectorAll('body, body *').forEach((e) => {
		for (const [name, value] of [['line-height', '1.5'], ['letter-spacing', '.12em'], ['word-spacing', '.16em']]) e.style.setProperty(name, value, 'important');
		if (e.matches('p')) e.style.setProperty('margin-bottom', '2em', 'important');
	})`
)

// TestPageSuitsEverybody checks every state with fourfold zoom, in landscape, with
// wide spacing, with a thumb, without animations, and for a screen reader.
func TestPageSuitsEverybody(t *testing.T) {
	t.Parallel()
	newGallery(t).each(t, func(t *testing.T, e exhibit) {
		p := newShopperAt(t, nil, e.device, withWasm)
		p.emulateMedia("", "prefers-reduced-motion", "reduce")
		p.resize(320, 640, 2)
		p.openExhibit(e)
		p.openAll()
		p.faultless("without motion", moving)
		p.faultless("to a screen reader", unordered)
		p.faultless("with a thumb", small)
		for _, narrow := range [][2]int64{{320, 640}, {320, 256}, {640, 256}} {
			p.resize(narrow[0], narrow[1], 2)
			p.faultless("zoomed in", wide)
			p.faultless("zoomed in", cut)
		}
		p.resize(320, 640, 2)
		p.do(chromedp.Evaluate[chromedp.Void](spaced))
		p.faultless("with wide spacing", wide)
		p.faultless("with wide spacing", cut)
	})
}

// faultless runs a script that finds faults.
func (p *shopper) faultless(how, faults string) {
	p.Helper()
	for _, fault := range ask(p, p.tab, chromedp.Evaluate[[]string](faults)) {
		p.Errorf("%s: %s", how, fault)
	}
}

// TestCodeIsBlackOnWhiteInForcedColors: a scanner needs black on white, even if the
// shopper's system forces other colors on pages.
func TestCodeIsBlackOnWhiteInForcedColors(t *testing.T) {
	t.Parallel()
	g := emptyGallery(t, startDemo(t))
	a := g.placed(desktop, flow.WalletWeChat)
	p := newShopperAt(t, g.demo, desktop, withWasm)
	for _, scheme := range []string{"light", "dark"} {
		p.emulateMedia("", "forced-colors", "active", "prefers-color-scheme", scheme)
		p.openExhibit(exhibit{state: "code", url: g.demo.publicURL + "/c/" + a.SessionID})
		p.scans("colours forced, "+scheme, a.Placed.Code)
		const colours = `['path', 'rect'].map((shape) => getComputedStyle(document.querySelector('.qr svg > ' + shape)).fill).join(' on ')`
		if got := ask(p, p.tab, chromedp.Evaluate[string](colours)); got != "rgb(0, 0, 0) on rgb(255, 255, 255)" {
			p.Errorf("with colours forced, %s, the code is %s", scheme, got)
		}
	}
}

// focused describes the focused element by its place in the document, and its
// fault: it has no outline, or it is out of view.
const focused = `(() => {
	const e = document.activeElement, box = e.getBoundingClientRect();
	const style = getComputedStyle(e.closest('label.pick') || e); // the whole row is the radio button
	const faults = [];
	if (e === document.body) faults.push('nothing');
	// The wallet's page is responsible for the focus inside its frame.
	if (!e.matches('iframe') && (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2)) faults.push('no outline');
	const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
	if (!top || !(e.contains(top) || top.contains(e))) faults.push('out of sight');
	return { place: [...document.querySelectorAll('*')].indexOf(e), faults: faults.map((f) => f + ': ' + e.outerHTML.slice(0, 100)) };
})()`

// pressable counts the elements that the keyboard must reach.
const pressable = `[...document.querySelectorAll('a[href], button, summary, input:not([type=hidden], [type=radio]:not(:checked)), select, iframe')]
	.filter((e) => e.checkVisibility({ visibilityProperty: true })).length`

// TestKeyboardReachesEverything: Tab reaches each button and link, which is then in
// view and has an outline.
func TestKeyboardReachesEverything(t *testing.T) {
	t.Parallel()
	newGallery(t).each(t, func(t *testing.T, e exhibit) {
		p := newShopperAt(t, nil, e.device, wasmBlocked)
		p.hasKeyboard()
		p.openExhibit(e)
		want := ask(p, p.tab, chromedp.Evaluate[int](pressable))
		seen := map[int]bool{}
		for tabs := 0; len(seen) < want && tabs < 2*want; tabs++ { // a frame's own take more
			p.do(chromedp.KeyEvent(kb.Tab))
			at := ask(p, p.tab, chromedp.Evaluate[struct {
				Place  int
				Faults []string
			}](focused))
			seen[at.Place] = true
			for _, fault := range at.Faults {
				t.Errorf("Tab %d leads to %s", tabs+1, fault)
			}
		}
		if len(seen) < want {
			t.Errorf("Tab reaches %d of %d", len(seen), want)
		}
	})
}

// TestShopperPaysByKeyboard: an arrow key picks a wallet and starts nothing, and Enter on the
// button starts it, also beside the code of another wallet.
func TestShopperPaysByKeyboard(t *testing.T) {
	t.Parallel()
	g := emptyGallery(t, startDemo(t))
	p := newShopperAt(t, g.demo, desktop, withWasm)
	p.hasKeyboard()
	p.openExhibit(exhibit{state: "choose", url: g.demo.publicURL + "/c/" + g.order()})
	p.paysByKeys(flow.WalletWeChat, kb.ArrowLeft)
	p.sees(`document.activeElement.matches("[data-say=code]")`) // the new content is there, and has the focus
	p.paysByKeys(flow.WalletAlipayCN, kb.ArrowRight)
	eventually(t, "the shopper is at the cashier", func() bool { return p.isAt("/cashier/") })
}

// paysByKeys goes to the list of wallets with Tab, picks the wallet with an arrow key, goes
// to its button with Tab, and presses Enter.
func (p *shopper) paysByKeys(w flow.Wallet, arrow string) {
	p.Helper()
	p.tabTo(`[name=pick]`)
	p.do(chromedp.KeyEvent(arrow))
	p.sees(`document.querySelector('` + walletRadio(w) + `').checked`)
	p.tabTo(walletButton(w))
	p.do(chromedp.KeyEvent(kb.Enter))
}

// hasKeyboard gives the shopper's tab the focus, even if other tabs are active.
func (p *shopper) hasKeyboard() {
	p.Helper()
	if _, err := chromedp.Call(p.tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		p.Fatal(err)
	}
}

// tabTo presses Tab until it leads to an element.
func (p *shopper) tabTo(selector string) {
	p.Helper()
	if !p.tabLeadsTo(selector) {
		p.Fatalf("Tab never leads to %s", selector)
	}
}

// tabLeadsTo presses Tab until the element has the focus, and reports whether it has.
func (p *shopper) tabLeadsTo(selector string) bool {
	p.Helper()
	for range 50 {
		p.do(chromedp.KeyEvent(kb.Tab))
		if ask(p, p.tab, chromedp.Evaluate[bool](`document.activeElement.matches('`+selector+`')`)) {
			return true
		}
	}
	return false
}
