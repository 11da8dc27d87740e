package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// The tests of this file show the checkout in the page of a shop at another site. Browsers send
// the checkout's cookies, which are SameSite=Lax, in no frame of another site.

// guest is a shopper at a shop of another site than the checkout's.
type guest struct {
	*shopper
	shop string // the shop's origin
	// session and page are the ID and the URL of the session.
	session, page string
	markup        string // of the shop's page
}

// reporting are the callbacks of a shop that keeps what it is told in the list told.
const reporting = `onReady: tell, onProcessing: tell, onComplete: tell, onExpired: tell, onCancel: tell, onError: tell, onClose: () => told.push('close')`

// newGuest returns a shopper at a shop, and a session. The markup of the shop's page has PAGE
// for the session's URL, SCRIPT for the element of wantukit.js, and REPORT for reporting.
func newGuest(t *testing.T, s scripting, markup string, listed bool) *guest {
	t.Helper()
	e := &guest{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/pay":
			fmt.Fprint(w, e.markup)
		case "/done", "/cart":
			fmt.Fprintf(w, "<title>%s</title>", r.URL.Path)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	e.shop = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	d := startDemoAs(t, func(shop *config.Shop) {
		shop.ReturnHosts = append(shop.ReturnHosts, strings.TrimPrefix(e.shop, "http://"))
		if listed {
			shop.AllowedOrigins = append(shop.AllowedOrigins, "https://another.example", e.shop)
		}
	})
	e.shopper = newShopperAt(t, d, desktop, s)
	var made struct{ ID, URL string }
	newBuyerAt(t, d).api(http.MethodPost, "/v1/checkout/sessions", map[string]any{
		"amount": 48000, "currency": "HKD", "subject": "Ticket",
		"success_url": e.shop + "/done", "cancel_url": e.shop + "/cart",
	}, &made)
	e.session, e.page = made.ID, made.URL
	e.markup = `<!DOCTYPE html><title>Shop</title><body style="height:3000px">` + strings.NewReplacer(
		"PAGE", e.page, "REPORT", reporting,
		"SCRIPT", `<script src="`+d.publicURL+`/v1/wantukit.js"></script><script>
			const told = [], tell = (m) => told.push(m.session === '`+e.session+`' ? m.type || m.code : 'of another session');
		</script>`,
	).Replace(markup)
	e.do(chromedp.Navigate(e.shop + "/pay"))
	return e
}

// attach returns the context of the checkout's frame or popup. Chromium runs the page of another
// site as a target of its own.
func (e *guest) attach(kind string) context.Context {
	e.Helper()
	var id target.ID
	eventually(e.T, "the checkout is in a "+kind, func() bool {
		targets, err := chromedp.Targets(e.tab)
		if err != nil {
			e.Fatal(err)
		}
		i := slices.IndexFunc(targets, func(info *target.Info) bool {
			return info.Type == kind && strings.HasPrefix(info.URL, e.page)
		})
		if i >= 0 {
			id = targets[i].TargetID
		}
		return i >= 0
	})
	return e.newTab(e.tab, chromedp.WithTargetID(id))
}

// holds reports whether an expression is true in a frame or popup. It is false while the page is
// replaced.
func holds(in context.Context, expression string) bool {
	ctx, cancel := context.WithTimeout(in, 5*time.Second)
	defer cancel()
	// Only a shopper's press may lead the top window away.
	isPress := true
	byShopper := func(p *runtime.EvaluateParams) { p.UserGesture = &isPress }
	is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")", byShopper))
	return err == nil && is
}

// seesIn waits until an expression is true in a frame or popup.
func (e *guest) seesIn(in context.Context, expression string) {
	e.Helper()
	eventually(e.T, expression, func() bool { return holds(in, expression) })
}

// press clicks an element in a frame or popup, once it is there and its script runs.
func (e *guest) press(in context.Context, selector string) {
	e.Helper()
	e.seesIn(in, `document.readyState === 'complete' && window.wantukit && (document.querySelector('`+selector+`')?.click(), document.querySelector('`+selector+`'))`)
}

// paysByCode shows WeChat's code in a frame or popup, and pays.
func (e *guest) paysByCode(in context.Context) {
	e.Helper()
	e.press(in, walletInput(flow.WalletWeChat)) // its own click tells no detail, so the button follows
	e.press(in, walletButton(flow.WalletWeChat))
	e.seesIn(in, `document.querySelector('#checkout').dataset.state === 'code'`)
	e.payAtGateway()
}

func walletInput(w flow.Wallet) string { return `label.pick[data-for="` + string(w) + `"] input` }

// isTold waits until the shop's page was told this, without repeats.
func (e *guest) isTold(want string) {
	e.Helper()
	e.sees(`told.filter((m, i) => m !== told[i - 1]).join(' ').replace('processing ', '') === '` + want + `'`)
}

func (e *guest) isPaid() {
	e.Helper()
	s, err := e.demo.kit.Store().Session(e.Context(), e.session)
	if err != nil || s.PaymentStatus != checkout.PaymentPaid {
		e.Errorf("the session is %s, %v", s.PaymentStatus, err)
	}
}

const mounted = `<div id="pay"><a href="PAGE">Pay</a></div>SCRIPT<script>wantukit.mount('#pay', { session: 'PAGE', REPORT })</script>`

func TestFrameAtAnotherSitePays(t *testing.T) {
	t.Parallel()
	for _, s := range []scripting{withWasm, wasmBlocked} {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			e := newGuest(t, s, mounted, true)
			in := e.attach("iframe")
			e.sees(`document.querySelector('#pay iframe').style.height.replace('px', '') > 100 && !document.querySelector('#pay a')`)
			e.seesIn(in, `document.documentElement.scrollHeight <= innerHeight`)
			e.paysByCode(in)
			e.isTold("ready completed")
			if !e.isAt("/pay") {
				t.Errorf("the shop's page left for %s, although it handles the payment", e.location())
			}
			e.isPaid()
		})
	}
}

// TestFrameAtAnotherSiteGoesToTheCashier: the whole window goes to Alipay and comes back to the
// shop, although the checkout has no cookie in the frame. The sandbox of the second frame lets
// nothing but the shop's page do that.
func TestFrameAtAnotherSiteGoesToTheCashier(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]string{
		"frame": "", "sandboxed frame": ", sandbox: 'allow-scripts allow-same-origin allow-forms'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newGuest(t, withWasm, `<div id="pay"></div>SCRIPT<script>wantukit.mount('#pay', { session: { url: 'PAGE' }`+option+` })</script>`, true)
			e.press(e.attach("iframe"), walletButton(flow.WalletAlipayCN))
			eventually(t, "the cashier has the whole window", func() bool { return e.isAt("/cashier/") })
			e.payAtCashier()
			eventually(t, "the shopper is back at the shop", func() bool { return e.isAt(e.shop + "/done") })
			e.isPaid()
		})
	}
}

// TestFrameWithoutCallbacksGoesToTheShop: after the receipt, and after a cancellation.
func TestFrameWithoutCallbacksGoesToTheShop(t *testing.T) {
	t.Parallel()
	const quiet = `<div id="pay"></div>SCRIPT<script>wantukit.mount('#pay', { session: 'PAGE' })</script>`
	t.Run("paid", func(t *testing.T) {
		t.Parallel()
		e := newGuest(t, withWasm, quiet, true)
		e.paysByCode(e.attach("iframe"))
		eventually(t, "the shopper is at success_url", func() bool { return e.isAt(e.shop + "/done") })
	})
	for name, markup := range map[string]string{
		"canceled": quiet, "canceled, without wantukit.js": `<iframe src="PAGE" width="480" height="900"></iframe>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newGuest(t, withWasm, markup, true)
			e.cancels(e.attach("iframe"))
			eventually(t, "the whole window is at cancel_url", func() bool { return e.location() == e.shop+"/cart" })
		})
	}
}

// cancels presses the button to cancel.
func (e *guest) cancels(in context.Context) {
	e.Helper()
	e.press(in, `form[action$="/cancel"] button`)
}

func TestCancelInAFrameIsTold(t *testing.T) {
	t.Parallel()
	e := newGuest(t, withWasm, mounted, true)
	in := e.attach("iframe")
	e.cancels(in)
	e.isTold("ready canceled")
	e.seesIn(in, `document.querySelector('#checkout').dataset.state === 'canceled'`)
	if !e.isAt("/pay") {
		t.Errorf("the shop's page left for %s, although it handles the cancellation", e.location())
	}
}

const modal = `<button id="buy" onclick="dialog = wantukit.open('PAGE', { REPORT })">Buy</button>SCRIPT`

// TestModal: it has a name, keeps the focus and the scrolling, and gives them back when it closes.
func TestModal(t *testing.T) {
	t.Parallel()
	e := newGuest(t, withWasm, modal, true)
	open := func() context.Context {
		e.do(chromedp.Focus(chromedp.CSS("#buy")), chromedp.Click(chromedp.CSS("#buy")))
		e.sees(`document.querySelector('dialog:modal[aria-label="Payment"] iframe[title="Payment"]')`)
		e.sees(`getComputedStyle(document.documentElement).overflow === 'hidden'`)
		return e.attach("iframe")
	}
	isClosed := func(times int) {
		t.Helper()
		e.sees(fmt.Sprintf(`!document.querySelector('dialog') && document.activeElement.id === 'buy' &&
			getComputedStyle(document.documentElement).overflow === 'visible' && told.filter((m) => m === 'close').length === %d`, times))
	}
	open()
	for range 6 {
		e.do(chromedp.KeyEvent("\t"))
		e.sees(`!document.activeElement.matches('#buy')`) // the rest of the page is inert
	}
	e.do(chromedp.Click(chromedp.CSS(`dialog button[aria-label="Close"]`)))
	isClosed(1)
	in := open()
	e.seesIn(in, `document.querySelector('#checkout') && window.wantukit`)
	e.sees(`told.at(-1) === 'ready'`)
	e.seesIn(in, `document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })) && true`)
	isClosed(2)
	open()
	e.do(chromedp.Focus(chromedp.CSS("dialog button")), chromedp.KeyEvent("\x1b"))
	isClosed(3)
	in = open()
	e.paysByCode(in)
	e.sees(`told.includes('completed') && document.querySelector('dialog:modal')`) // the receipt is there
	e.run(`dialog.close()`)
	isClosed(4)
	e.isPaid()
}

func TestPopup(t *testing.T) {
	t.Parallel()
	const popup = `<button id="buy" onclick="wantukit.open('PAGE', { popup: true, REPORT })">Buy</button>SCRIPT`
	t.Run("code", func(t *testing.T) {
		t.Parallel()
		e := newGuest(t, withWasm, popup, true)
		e.do(chromedp.Click(chromedp.CSS("#buy")))
		e.paysByCode(e.attach("page"))
		e.isTold("ready completed close")
		e.isPaid()
	})
	// The popup goes to the cashier and back, and is still the shop's.
	t.Run("cashier", func(t *testing.T) {
		t.Parallel()
		e := newGuest(t, withWasm, popup, true)
		e.do(chromedp.Click(chromedp.CSS("#buy")))
		in := e.attach("page")
		e.press(in, walletButton(flow.WalletAlipayCN))
		e.doIn(in, chromedp.Click(payButton))
		e.isTold("ready completed close")
		if !e.isAt("/pay") {
			t.Errorf("the shop's page left for %s", e.location())
		}
		e.isPaid()
	})
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		e := newGuest(t, withWasm, strings.Replace(popup, ", REPORT", "", 1), true)
		e.do(chromedp.Click(chromedp.CSS("#buy")))
		e.cancels(e.attach("page"))
		eventually(t, "the shop's own window is at cancel_url", func() bool { return e.location() == e.shop+"/cart" })
	})
}

// TestSandboxWithoutAnOrigin: the page cannot work there. It says so, and has a link and the
// address for a window of its own.
func TestSandboxWithoutAnOrigin(t *testing.T) {
	t.Parallel()
	for _, sandbox := range []string{"allow-scripts allow-forms", "allow-forms"} {
		t.Run(sandbox, func(t *testing.T) {
			t.Parallel()
			e := newGuest(t, withWasm, `<iframe sandbox="`+sandbox+`" src="PAGE" width="480" height="900"></iframe>`, true)
			in := e.attach("iframe")
			link := `document.querySelector('[data-reveal=stuck]:not([hidden]) a[target=_blank][href="` + e.page + `"]')?.checkVisibility()`
			if !strings.Contains(sandbox, "scripts") {
				link = `document.querySelector('noscript a[target=_blank][href="` + e.page + `"]')?.checkVisibility()`
			}
			e.seesIn(in, link)
		})
	}
}

func TestShopsPageWithoutScript(t *testing.T) {
	t.Parallel()
	e := newGuest(t, scriptOff, mounted, true)
	e.do(chromedp.Click(chromedp.CSS("#pay a")), chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="choose"]`)))
	if e.location() != e.page {
		t.Errorf("the link leads to %s", e.location())
	}
}

// TestFrameOfAnUnlistedOriginSaysWhy: in the frame in words for the shopper, and to the shop's
// script.
func TestFrameOfAnUnlistedOriginSaysWhy(t *testing.T) {
	t.Parallel()
	e := newGuest(t, withWasm, mounted, false)
	in := e.attach("iframe")
	e.seesIn(in, `document.querySelector('h1').innerText === 'This payment cannot be shown here' && document.querySelector('a[target=_blank][href="`+e.page+`"]').checkVisibility()`)
	e.isTold("no_answer")
	if holds(in, `document.querySelector('form, script')`) {
		t.Error("the page in the frame has a form or a script")
	}
}
