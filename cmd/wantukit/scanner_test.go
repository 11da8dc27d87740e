package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
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
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('.elsewhere .qr').scrollIntoView({ block: 'center' })`))
		p.scans(l.name, session)
	}
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

// readCode returns the text of the QR code in the tab's picture, as zbarimg reads it.
func (p *shopper) readCode() string {
	p.Helper()
	picture := filepath.Join(p.TempDir(), "screen.png")
	if err := os.WriteFile(picture, ask(p, p.tab, chromedp.CaptureScreenshot()), 0o600); err != nil {
		p.Fatal(err)
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture).Output()
	if err != nil {
		p.Errorf("zbarimg reads no code: %v", err)
	}
	return strings.TrimSpace(string(out))
}
