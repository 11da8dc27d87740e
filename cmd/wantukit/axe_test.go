package main

import (
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// axePath is where .ci/tools puts axe-core.
const axePath = "../../.tools/axe-core/node_modules/axe-core/axe.min.js"

// runAxe holds the page to WCAG 2.2 AA, and to axe-core's own good practice,
// and returns a line for each finding, and one when nothing was looked at. What
// a frame shows is the wallet's.
const runAxe = `(async () => {
	const found = await axe.run(document, { iframes: false, resultTypes: ['violations'], runOnly: [
		'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
	const lines = found.violations.map((v) => v.id + ': ' + v.help + ': ' + v.nodes.map((n) => n.html + ' ' + n.failureSummary).join(' | '));
	if (found.passes.length < 10) lines.push('axe-core found only ' + found.passes.length + ' rules to check');
	return lines;
})()`

// look is how a page is shown to somebody.
type look struct {
	name          string
	width, height int64
	scheme        string
	language      string
}

var looks = []look{
	{"desktop, light", 1280, 800, "light", "en"},
	{"desktop, dark", 1280, 800, "dark", "en"},
	{"phone, light", 390, 844, "light", "en"},
	{"phone, dark", 390, 844, "dark", "en"},
	{"phone, light, zh-Hans", 390, 844, "light", "zh-CN"},
	{"phone, dark, zh-Hant", 390, 844, "dark", "zh-HK"},
}

// TestAxeFindsNothing: on every state, in light and dark, on a computer and on
// a phone, in each language, with everything unfolded.
func TestAxeFindsNothing(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("axe-core is not installed: run `make tools` (%v)", err)
	}
	newGallery(t).each(t, func(t *testing.T, e exhibit) {
		p := newShopperAt(t, nil, e.device, wasmBlocked)
		language := ""
		for _, l := range looks {
			p.size(l.width, l.height)
			p.media("prefers-color-scheme", l.scheme)
			if l.language != language {
				language = l.language
				p.speak(language)
				p.see(e)
				p.unfold()
				p.do(chromedp.Evaluate[chromedp.Void](string(axe)))
			}
			for _, finding := range ask(p, p.tab, chromedp.Evaluate[[]string](runAxe, chromedp.EvalAwaitPromise)) {
				t.Errorf("%s: %s", l.name, finding)
			}
		}
	})
}

// size changes the size of the shopper's window, in CSS pixels.
func (p *shopper) size(width, height int64) {
	p.Helper()
	if _, err := chromedp.Call(p.tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 2, Mobile: width < 600,
	}); err != nil {
		p.Fatal(err)
	}
}

// media sets what the shopper prefers: names and values in turn.
func (p *shopper) media(features ...string) {
	p.Helper()
	var set []*emulation.MediaFeature
	for i := 0; i < len(features); i += 2 {
		set = append(set, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	if _, err := chromedp.Call(p.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: set}); err != nil {
		p.Fatal(err)
	}
}

// speak sets the language that the shopper's browser asks for.
func (p *shopper) speak(language string) {
	p.Helper()
	if _, err := chromedp.Call(p.tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": language},
	}); err != nil {
		p.Fatal(err)
	}
}

// unfold opens whatever the page has folded away.
func (p *shopper) unfold() {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('details').forEach((d) => { d.open = true })`))
}
