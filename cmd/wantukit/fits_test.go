package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/templates"
)

// broken finds amounts that stand on more than one line: in a heading, where the currency
// and the number belong together, and numbers with two decimals anywhere.
const broken = `(() => {
	const shown = (node) => node.parentElement.checkVisibility({ visibilityProperty: true }) && !node.parentElement.closest('.sr, .embedded .bill, script, style, noscript');
	const texts = [];
	for (let node, all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); node = all.nextNode();) if (shown(node)) texts.push(node);
	const boxes = (node, from, to) => {
		const range = document.createRange();
		range.setStart(node, from);
		range.setEnd(node, to);
		return [...range.getClientRects()].filter((box) => box.width > 0);
	};
	const isOneLine = (all) => Math.max(...all.map((box) => box.top)) < Math.min(...all.map((box) => box.bottom));
	const faults = [];
	const check = (words, all) => { if (all.length && !isOneLine(all)) faults.push('the amount is on two lines: ' + words); };
	document.querySelectorAll('#checkout h1').forEach((h1) => {
		const parts = texts.filter((node) => h1.contains(node));
		check(parts.map((node) => node.data).join(''), parts.flatMap((node) => boxes(node, 0, node.length)));
	});
	texts.forEach((node) => [...node.data.matchAll(/\d[\d,]*\.\d\d/g)].forEach((found) => {
		check(found[0], boxes(node, found.index, found.index + found[0].length));
	}));
	return faults;
})()`

// unclipped finds texts of the shop whose box does not clip what many combining marks draw
// outside of its lines.
const unclipped = `(() => {
	const clips = (e) => getComputedStyle(e).overflowY !== 'visible' && getComputedStyle(e).display !== 'inline';
	return [...document.querySelectorAll('bdi')].filter((e) => e.checkVisibility() && !clips(e) && !clips(e.parentElement))
		.map((e) => 'not clipped: ' + e.parentElement.outerHTML.slice(0, 80));
})()`

// everyWidth are windows from 320 to 1440 pixels, a phone's up to 600, and frames.
func everyWidth() (windows []window) {
	for width := int64(320); width <= 600; width += 40 {
		windows = append(windows, phoneWindow(width, 740))
	}
	for width := int64(640); width <= 1440; width += 80 {
		windows = append(windows, computerWindow(width, 800))
	}
	return append(windows, shopsFrame(320), shopsFrame(480))
}

// TestPagesFitEveryWidth: no page scrolls horizontally, no amount is broken, and each text of
// the shop is clipped to its lines, in any window and in a shop's frame.
func TestPagesFitEveryWidth(t *testing.T) {
	t.Parallel()
	shop := startEmbedder(t)
	newFullGallery(t, shop).each(t, func(t *testing.T, e exhibit) {
		p := newShopperAt(t, nil, e.device, wasmBlocked)
		found := map[string][]string{} // the windows with a fault
		p.tour(e, shop, english, everyWidth(), func(w window) {
			for _, faults := range []string{wide, broken, unclipped} {
				for _, fault := range evaluateIn[[]string](p, w, faults) {
					found[fault] = append(found[fault], w.name)
				}
			}
		})
		for fault, windows := range found {
			t.Errorf("%s: %s", strings.Join(windows, ", "), fault)
		}
	})
}

// unseen is why the shopper does not see the element that has the focus, or "".
const unseen = `(() => {
	const e = document.activeElement, box = e.getBoundingClientRect();
	if (e === document.body) return 'nothing has the focus';
	if (box.bottom > innerHeight || box.top < 0) return 'the focus is at ' + box.top + ' to ' + box.bottom + ' of ' + innerHeight + ': ' + e.outerHTML.slice(0, 80);
	const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
	return e.contains(top) ? '' : 'the focus is covered: ' + e.outerHTML.slice(0, 80);
})()`

// TestFocusIsInViewAfterChoosing: after a choice of a wallet the element with the focus is in
// the window, also with a zoom of 400 %.
func TestFocusIsInViewAfterChoosing(t *testing.T) {
	t.Parallel()
	g := emptyGallery(t, startDemo(t))
	for _, size := range [][2]int64{{320, 180}, {320, 256}, {390, 844}, {1280, 800}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			p := newShopperAt(t, g.demo, desktop, withWasm)
			p.resize(size[0], size[1], 1)
			p.hasKeyboard()
			p.openExhibit(exhibit{state: "choose", url: g.demo.publicURL + "/c/" + g.order()})
			p.pick(flow.WalletWeChat)
			p.sees(`document.querySelector('#checkout[data-state="code"] .qr svg')`)
			var why string
			for range 50 { // the page scrolls after it has shown the code
				if why = ask(p, p.tab, chromedp.Evaluate[string](unseen)); why == "" {
					return
				}
				p.run(`new Promise(requestAnimationFrame)`)
			}
			t.Error(why)
		})
	}
}

// inkOfMarks draws each text of the shop above and below itself too, as many combining marks
// do in the fonts that stack them. The fonts of the test's machine may not.
const inkOfMarks = `document.head.append(Object.assign(document.createElement('style'), {
	textContent: 'bdi { text-shadow: ' + [-96, -64, -32, 32, 64, 96].map((y) => '0 ' + y + 'px red').join() + ' }',
}))`

// TestTextsOfAShopChangeNothingElse: a shop's name, a subject and a reference that would be
// drawn over their neighbours, or turn them round, leave the pixels of the rest of the page
// as they are.
func TestTextsOfAShopChangeNothingElse(t *testing.T) {
	t.Parallel()
	p := newShopperAt(t, nil, phone, wasmBlocked)
	hostile := codePage(t, flow.WalletWeChat, "weixin://wxpay/bizpayurl?pr=fJkMvo1")
	hostile.ShopName, hostile.Subject, hostile.Reference = hostileText, hostileText, hostileText
	server := httptest.NewServer(templ.Handler(templates.Checkout(hostile)))
	t.Cleanup(server.Close)
	for _, width := range []int64{320, 390, 1280} {
		p.resize(width, 800, 1)
		p.openExhibit(exhibit{state: "code", url: server.URL})
		p.run(inkOfMarks)
		parts := []string{"h1", ".qr"}
		var shown [][]byte
		for _, part := range parts {
			shown = append(shown, p.pictureOf(part))
		}
		p.run(`document.querySelectorAll('bdi').forEach((e) => { e.style.visibility = 'hidden'; })`)
		for i, part := range parts {
			if !bytes.Equal(p.pictureOf(part), shown[i]) {
				t.Errorf("%d pixels wide: the shop's text is drawn over %s", width, part)
			}
		}
	}
}
