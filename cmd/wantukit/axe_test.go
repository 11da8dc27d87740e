package main

import (
	"os"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// axePath is the file of axe-core that .ci/tools installs.
const axePath = "../../.tools/axe-core/node_modules/axe-core/axe.min.js"

// runAxe checks the page by WCAG 2.2 AA and axe-core's best practices. It returns a
// line for each finding, and one if hardly anything was checked. It leaves out
// frames, which show the wallet's page.
const runAxe = `(async () => {
	const found = await axe.run(document, { iframes: false, resultTypes: ['violations'], runOnly: [
		'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
	const lines = found.violations.map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join(' | '));
	if (found.passes.length < 10) lines.push('axe-core found only ' + found.passes.length + ' rules to check');
	return lines;
})()`

var looks = []look{
	{"desktop, light", desktop, english, false},
	{"desktop, dark", desktop, english, true},
	{"phone, light", phone, english, false},
	{"phone, dark", phone, english, true},
	{"phone, light, zh-Hans", phone, simplified, false},
	{"phone, dark, zh-Hant", phone, traditional, true},
}

// TestAxeFindsNothing checks every page in light and dark, on a computer and on a
// phone, in each language, with all details open.
func TestAxeFindsNothing(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("axe-core is not installed: run `make tools` (%v)", err)
	}
	newFullGallery(t, startEmbedder(t)).each(t, func(t *testing.T, e exhibit) {
		p := newShopperAt(t, nil, e.device, wasmBlocked)
		language := ""
		for _, l := range looks {
			p.resize(l.device.width, l.device.height, 2)
			p.emulateMedia("", "prefers-color-scheme", l.scheme())
			if l.language != language {
				language = l.language
				p.speak(language)
				p.openExhibit(e)
				p.openAll()
				p.do(chromedp.Evaluate[chromedp.Void](string(axe)))
			}
			for _, finding := range ask(p, p.tab, chromedp.Evaluate[[]string](runAxe, chromedp.EvalAwaitPromise)) {
				t.Errorf("%s: %s", l.name, finding)
			}
		}
	})
}

// speak sets the browser's Accept-Language.
func (p *shopper) speak(language string) {
	p.Helper()
	if _, err := chromedp.Call(p.tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": language},
	}); err != nil {
		p.Fatal(err)
	}
}
