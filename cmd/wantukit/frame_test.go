package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func TestShopperPaysInsideTheShopsPage(t *testing.T) {
	t.Parallel()
	for name, at := range places() {
		t.Run("desktop"+name, func(t *testing.T) {
			t.Parallel()
			at(t, desktop, withWasm).paysInsideTheShopsPage()
		})
	}
}

func (p *shopper) paysInsideTheShopsPage() {
	p.Helper()
	p.buyInFrame()
	p.pickInFrame(flow.WalletWeChat)
	p.doInFrame(func(in chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="code"]`), in)
	})
	p.scan()
	p.doInFrame(func(in chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="paid"]`), in)
	})
	if !p.isAt("/frame") {
		p.Errorf("the page left the shop's: %s", p.location())
	}
	// The link replaces the shop's page, not only the frame.
	p.doInFrame(func(in chromedp.QueryOption) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(`[data-on~="paid"] a[target="_top"]`), in)
	})
	p.arriveAtShop()
	p.checkBooks(flow.WalletWeChat, flow.Native)
}

func TestShopperGoesToAlipayFromInsideTheShopsPage(t *testing.T) {
	t.Parallel()
	for name, at := range places() {
		t.Run("desktop"+name, func(t *testing.T) {
			t.Parallel()
			at(t, desktop, withWasm).goesToAlipayFromInsideTheShopsPage()
		})
	}
}

func (p *shopper) goesToAlipayFromInsideTheShopsPage() {
	p.Helper()
	p.buyInFrame()
	p.pickInFrame(flow.WalletAlipayCN)
	eventually(p.T, "the cashier has the whole window", func() bool { return p.isAt("/cashier/") })
	p.payAtCashier()
	p.arriveAtShop()
	p.checkBooks(flow.WalletAlipayCN, flow.Web)
}

// TestFramedCodeReturnsInsideItsFrame: Alipay's page goes to return_url inside its
// frame in our page. There the shopper reads that the payment is being checked, and
// the page around it goes on to the shop.
func TestFramedCodeReturnsInsideItsFrame(t *testing.T) {
	t.Parallel()
	for _, scripting := range []scripting{withWasm, wasmBlocked} {
		t.Run(string(scripting), func(t *testing.T) {
			t.Parallel()
			p := newShopper(t, desktop, scripting, func(d *demo) {
				s, err := newSandbox(d.sandboxListener, slog.New(slog.DiscardHandler), func(c *sandbox.Config) { c.FrameReturnsInside = true })
				if err != nil {
					t.Fatal(err)
				}
				d.sandbox.Close()
				d.sandbox, d.gateway = s, s
			})
			p.buy()
			p.pick(flow.WalletAlipayHK)
			p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="code"] iframe`)))
			// While the gateway does not answer, the payment cannot be confirmed.
			p.demo.sandbox.Notifications(false)
			fault, err := p.demo.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultStatus, Endpoint: "query"})
			if err != nil {
				t.Fatal(err)
			}
			p.scan()
			eventually(t, "the frame says that the payment is being checked", func() bool {
				return strings.Contains(p.framedState(), "confirming at /r/")
			})
			if !p.isAt("/c/") {
				t.Errorf("the page left for %s", p.location())
			}
			if err := p.demo.sandbox.RemoveFault(fault.ID); err != nil {
				t.Fatal(err)
			}
			p.arriveAtShop()
			p.checkBooks(flow.WalletAlipayHK, flow.Iframe)
		})
	}
}

// TestFramedPageHidesItsBillAfterASwap: the script replaces the content when a code comes,
// and the bill stays hidden, as it was.
func TestFramedPageHidesItsBillAfterASwap(t *testing.T) {
	t.Parallel()
	p := newShopper(t, desktop, withWasm)
	p.buyInFrame()
	const isHidden = `(() => {
		const page = document.querySelector('.checkout iframe').contentDocument, bill = page.querySelector('.bill');
		return bill && bill.offsetHeight <= 1 && page.querySelector('#checkout').dataset.state === '%s';
	})()`
	p.sees(fmt.Sprintf(isHidden, page.Choose))
	p.pickInFrame(flow.WalletWeChat)
	p.sees(fmt.Sprintf(isHidden, page.Code))
}

// framedState returns the state and the path of our page in our page's frame, such
// as "confirming at /r/x", or "" if there is none.
func (p *shopper) framedState() string {
	ctx, cancel := context.WithTimeout(p.tab, 3*time.Second)
	defer cancel()
	const look = `(() => { try { const d = document.querySelector('.qr iframe').contentDocument;
		return d.querySelector('#checkout').dataset.state + ' at ' + d.location.pathname } catch { return '' } })()`
	state, _ := chromedp.Run(ctx, chromedp.Evaluate[string](look))
	return state
}

// buyInFrame buys the ticket on the shop's page that frames the checkout.
func (p *shopper) buyInFrame() {
	p.Helper()
	p.forgetWallet()
	p.do(chromedp.Navigate(p.front), chromedp.Click(chromedp.CSS(`button[name="frame"]`)),
		chromedp.WaitVisible(chromedp.CSS(".checkout iframe")))
}

// doInFrame runs an action inside the checkout's frame, whose document may be
// replaced at any time.
func (p *shopper) doInFrame(action func(in chromedp.QueryOption) chromedp.Action[chromedp.Void]) {
	p.Helper()
	eventually(p.T, "the checkout in its frame lets the shopper go on", func() bool {
		// If the document was replaced meanwhile, only a new look-up finds the new
		// one.
		ctx, cancel := context.WithTimeout(p.tab, 3*time.Second)
		defer cancel()
		frames, err := chromedp.Run(ctx, chromedp.Nodes(chromedp.CSS(".checkout iframe")))
		return err == nil && chromedp.Do(ctx, action(chromedp.FromNode(frames[0]))) == nil
	})
}
