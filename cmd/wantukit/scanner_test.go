package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/templates"
)

// TestScannerReadsTheCode: zbarimg, an independent program, reads the order's QR
// code in what the shopper sees without scrolling, on each screen and with each
// color of the shop.
func TestScannerReadsTheCode(t *testing.T) {
	t.Parallel()
	for name, color := range map[string]string{"the kit's own look": "", "a pale brand": "#ffe9a8"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startDemoAs(t, func(s *config.Shop) { s.Branding.Color = color })
			order := emptyGallery(t, d).placed(desktop, flow.WalletWeChat)
			p := newShopperAt(t, d, desktop, withWasm)
			for _, l := range looks {
				p.resize(l.device.width, l.device.height, 2)
				p.emulateMedia("", "prefers-color-scheme", l.scheme())
				p.openExhibit(exhibit{state: "code", url: d.publicURL + "/c/" + order.SessionID})
				p.scans(l.name, order.Placed.Code)
			}
		})
	}
}

// narrowLooks have a window that is so low that the shopper scrolls to the code.
var narrowLooks = []look{{"narrow, light", narrow, english, false}, {"narrow, dark", narrow, english, true}}

// TestScannerReadsTheCodeInForcedDark: zbarimg reads the order's code, and it is black on
// white with its quiet zone, in a browser that darkens pages by itself.
func TestScannerReadsTheCodeInForcedDark(t *testing.T) {
	t.Parallel()
	d := startDemo(t)
	order := emptyGallery(t, d).placed(desktop, flow.WalletWeChat)
	p := newShopperWith(t, forcedDark, d, desktop, withWasm)
	for _, l := range slices.Concat(looks, narrowLooks) {
		p.resize(l.device.width, l.device.height, 2)
		p.emulateMedia("", "prefers-color-scheme", l.scheme())
		p.openExhibit(exhibit{state: "code", url: d.publicURL + "/c/" + order.SessionID})
		p.scrollTo(".qr")
		p.scans(l.name, order.Placed.Code)
		p.isBlackOnWhite(l.name)
	}
}

// TestScannerReadsTheCodeWithTheShopsMark: the file that the shop has from its wallet is in
// the middle of the code, and zbarimg reads the code.
func TestScannerReadsTheCodeWithTheShopsMark(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "wechat.svg")
	if err := os.WriteFile(mark, []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path fill="#f00" d="M0 0h1v1H0z"/></svg>`), 0o600); err != nil {
		t.Fatal(err)
	}
	d := startDemoAs(t, func(s *config.Shop) { s.Branding.Marks = map[flow.Wallet]string{flow.WalletWeChat: mark} })
	order := emptyGallery(t, d).placed(desktop, flow.WalletWeChat)
	p := newShopperAt(t, d, desktop, withWasm)
	p.openExhibit(exhibit{state: "code", url: d.publicURL + "/c/" + order.SessionID})
	eventually(t, "the shop's mark is in the code", func() bool {
		at := p.code()
		return at.pixel(at.Modules/2, at.Modules/2) == color.RGBAModel.Convert(color.RGBA{R: 255, A: 255})
	})
	p.scans("with the shop's mark", order.Placed.Code)
}

// drawnCode is where a picture of the tab has the code, in CSS pixels, and the width of the
// code in modules.
type drawnCode struct {
	picture                  image.Image
	Left, Top, Side, Modules float64
}

// code takes a picture of the code.
func (p *shopper) code() drawnCode {
	p.Helper()
	const place = `(() => {
		const svg = document.querySelector('.qr svg'), box = svg.getBoundingClientRect();
		return { left: box.left, top: box.top, side: box.width, modules: svg.viewBox.baseVal.width };
	})()`
	screen := p.screen()
	at := ask(p, p.tab, chromedp.Evaluate[drawnCode](place))
	picture, err := png.Decode(bytes.NewReader(screen))
	if err != nil {
		p.Fatal(err)
	}
	at.picture = picture
	return at
}

// pixel is the colour at a place in modules. The tab has two pixels for each CSS pixel.
func (c drawnCode) pixel(column, row float64) color.Color {
	at := func(start, module float64) int { return int(2 * (start + module*c.Side/c.Modules)) }
	return color.RGBAModel.Convert(c.picture.At(at(c.Left, column), at(c.Top, row)))
}

// isBlackOnWhite checks pixels of the code in the tab's picture: the quiet zone at its four
// corners is white, and the corner of the first finder pattern is black.
func (p *shopper) isBlackOnWhite(how string) {
	p.Helper()
	at := p.code()
	gray := func(column, row float64) uint8 {
		return color.GrayModel.Convert(at.pixel(column, row)).(color.Gray).Y //nolint:forcetypeassert // it is the model's
	}
	const near = 2 // modules from the edge, inside the rounded corner
	for _, corner := range [][2]float64{{near, near}, {at.Modules - near, near}, {near, at.Modules - near}, {at.Modules - near, at.Modules - near}} {
		if got := gray(corner[0], corner[1]); got < 240 {
			p.Errorf("%s: the quiet zone has the gray %d at the module %v, want 240 at least", how, got, corner)
		}
	}
	if got := gray(4.5, 4.5); got > 40 {
		p.Errorf("%s: a dark module has the gray %d, want 40 at most", how, got)
	}
}

// TestScannerReadsTheLinkForAnotherDevice: the QR code of a guide contains the
// page's address.
func TestScannerReadsTheLinkForAnotherDevice(t *testing.T) {
	t.Parallel()
	g := emptyGallery(t, startDemo(t))
	session := g.demo.publicURL + "/c/" + g.order("alipay")
	p := newShopperAt(t, g.demo, wechat, withWasm)
	for _, l := range looks {
		p.resize(l.device.width, l.device.height, 2)
		p.emulateMedia("", "prefers-color-scheme", l.scheme())
		p.openExhibit(exhibit{state: "choose", url: session})
		p.openAll()
		p.scrollTo(".elsewhere .qr")
		p.scans(l.name, session)
	}
}

// TestScannerReadsEachWalletsCode: zbarimg reads codes of the lengths that gateways use, and
// of twice that, with the mark of each wallet in them, in a window of 320 pixels.
func TestScannerReadsEachWalletsCode(t *testing.T) {
	t.Parallel()
	for _, w := range flow.Wallets() {
		t.Run(string(w), func(t *testing.T) {
			t.Parallel()
			p := newShopperAt(t, nil, phone, withWasm)
			for _, text := range []string{
				"weixin://wxpay/bizpayurl?pr=fJkMvo1", "weixin://wxpay/bizpayurl?pr=Ab3dEfGh1zz", "https://qr.alipay.com/0cx00345kdwsuhdkjete800",
				"https://qr.alipay.com/bax0" + strings.Repeat("5a7c9", 12),
			} {
				server := httptest.NewServer(templ.Handler(templates.Checkout(codePage(t, w, text))))
				t.Cleanup(server.Close)
				for _, l := range narrowLooks {
					p.resize(l.device.width, l.device.height, 2)
					p.emulateMedia("", "prefers-color-scheme", l.scheme())
					p.openExhibit(exhibit{state: "code", url: server.URL})
					p.scrollTo(".qr")
					p.scans(l.name, text)
				}
			}
		})
	}
}

// codePage returns the page with the code of a text for a wallet.
func codePage(t *testing.T, w flow.Wallet, text string) templates.CheckoutPage {
	t.Helper()
	code, err := templates.DrawOrderCode(text)
	if err != nil {
		t.Fatal(err)
	}
	return templates.CheckoutPage{
		Lang: templates.LangEnglish, State: page.Code, Amount: "HK$480.00", Remaining: 60,
		Attempt: templates.AttemptView{Wallet: w, Flow: flow.Native, Code: code},
	}
}

// scrollTo scrolls an element to the middle of the window.
func (p *shopper) scrollTo(selector string) {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('` + selector + `').scrollIntoView({ block: 'center' })`))
}

// deskScale is the least width of a QR code in CSS pixels: 6 cm, which a camera
// reads from ten times that distance.
const deskScale = 228

// scans checks that zbarimg reads want from the tab's picture.
func (p *shopper) scans(how, want string) {
	p.Helper()
	const side = `Math.max(...[...document.querySelectorAll('.qr svg')].map((e) => e.getBoundingClientRect().width))`
	if got := ask(p, p.tab, chromedp.Evaluate[float64](side)); got < deskScale {
		p.Errorf("%s: the code measures %.0f pixels, want at least %d", how, got, deskScale)
	}
	if got := p.readCode(); got != want {
		p.Errorf("%s: zbarimg reads %q, want %q", how, got, want)
	}
}

// screen returns the tab's picture, as PNG, after the codes of the page have faded in.
func (p *shopper) screen() []byte {
	p.Helper()
	p.awaitCodes()
	return ask(p, p.tab, chromedp.CaptureScreenshot())
}

// pictureOf returns an element's picture, as PNG, after the codes of the page have faded in.
func (p *shopper) pictureOf(selector string) []byte {
	p.Helper()
	p.awaitCodes()
	return ask(p, p.tab, chromedp.Screenshot(chromedp.CSS(selector)))
}

// awaitCodes waits until the codes of the page have faded in.
func (p *shopper) awaitCodes() {
	p.Helper()
	p.run(`Promise.allSettled([...document.querySelectorAll('.qr svg')].flatMap((e) => e.getAnimations()).map((a) => a.finished))`)
}

// readCode returns the text of the QR code in the tab's picture, as zbarimg reads it.
func (p *shopper) readCode() string {
	p.Helper()
	picture := filepath.Join(p.TempDir(), "screen.png")
	if err := os.WriteFile(picture, p.screen(), 0o600); err != nil {
		p.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture).Output()
	if err != nil {
		p.Errorf("zbarimg reads no code: %v", err)
	}
	return strings.TrimSpace(string(out))
}
