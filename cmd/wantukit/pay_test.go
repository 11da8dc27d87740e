package main

import (
	"net/url"
	"path"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/demoshop"
	"github.com/wantukit/wantukit/templates"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// paidFlow is a device, wallet and flow, and how the shopper pays.
type paidFlow struct {
	name   string
	device device
	wallet flow.Wallet
	flow   flow.Flow
	pay    func(*shopper)
}

func paidFlows() []paidFlow {
	return []paidFlow{
		{"desktop Alipay redirect", desktop, flow.WalletAlipayCN, flow.Web, (*shopper).payAtCashier},
		{"desktop AlipayHK frame", desktop, flow.WalletAlipayHK, flow.Iframe, (*shopper).payFramedCode},
		{"desktop WeChat code", desktop, flow.WalletWeChat, flow.Native, (*shopper).payDrawnCode},
		{"phone Alipay WAP", phone, flow.WalletAlipayCN, flow.WAP, (*shopper).payAtCashier},
		{"WeChat JSAPI", wechat, flow.WalletWeChat, flow.JSAPI, (*shopper).payInSheet},
	}
}

func TestShopperPaysInFull(t *testing.T) {
	t.Parallel()
	for name, at := range places() {
		for _, scripting := range []scripting{withWasm, wasmBlocked, scriptOff} {
			for _, f := range paidFlows() {
				t.Run(f.name+", "+string(scripting)+name, func(t *testing.T) {
					t.Parallel()
					at(t, f.device, scripting).paysInFull(f)
				})
			}
		}
	}
}

// paysInFull buys the ticket, pays by a flow, and checks all records.
func (p *shopper) paysInFull(f paidFlow) {
	p.Helper()
	p.buy()
	way, pay := f.flow, f.pay
	if way == flow.JSAPI && p.scripting == scriptOff {
		// WeChat's payment sheet needs script. Without script the shopper picks the
		// QR code for another phone.
		way, pay = flow.Native, (*shopper).payDrawnCode
		p.pickOther(f.wallet, way)
	} else {
		p.pick(f.wallet)
	}
	pay(p)
	p.arriveAtShop()
	p.checkBooks(f.wallet, way)
}

// buy buys the ticket at the shop, for any wallet.
func (p *shopper) buy() {
	p.Helper()
	p.forgetWallet()
	p.do(chromedp.Navigate(p.front), chromedp.Click(chromedp.CSS("#buy")),
		chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="choose"]`)))
}

// forgetWallet has the next page show the first wallet first, and not the one that was used
// last.
func (p *shopper) forgetWallet() {
	p.Helper()
	_, err := chromedp.Call(p.tab, network.DeleteCookies, network.DeleteCookiesParams{Name: "wantukit_wallet", URL: p.demo.publicURL})
	if err != nil {
		p.Fatal(err)
	}
}

// payButton is the button of the wallet's own page. The shop's page in which the checkout is
// framed has another element with the ID pay.
const payButton = chromedp.CSS("button#pay")

// payAtCashier pays on the wallet's own page.
func (p *shopper) payAtCashier() {
	p.Helper()
	p.do(chromedp.Click(payButton))
}

// payFramedCode scans the code in the frame.
func (p *shopper) payFramedCode() {
	p.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="code"] iframe`)))
	p.scan()
}

// payDrawnCode checks that the page draws the gateway's QR code, and scans it.
func (p *shopper) payDrawnCode() {
	p.Helper()
	p.do(chromedp.WaitReady(chromedp.CSS(markedCode)))
	p.drawsCodeOf(p.orders()[0].ScanURL)
	p.scan()
}

// scan opens the newest order's QR code on a phone, and pays there.
func (p *shopper) scan() {
	p.Helper()
	p.scanAnd(payButton)
}

// scanAnd opens the newest order's QR code on a phone, and presses a button there.
func (p *shopper) scanAnd(button chromedp.CSS) {
	p.Helper()
	other := p.newTab(p.tab)
	p.doIn(other, chromedp.Navigate(p.orders()[0].ScanURL), chromedp.Click(button),
		chromedp.WaitVisible(chromedp.CSS("#outcome")))
}

// wechatSheet is the simulation of WeChat's payment sheet.
const wechatSheet = chromedp.CSS(`iframe[src*="/sandbox/jsapi/"]`)

// payInSheet pays in the simulation of WeChat's payment sheet.
func (p *shopper) payInSheet() {
	p.Helper()
	p.do(chromedp.WaitVisible(wechatSheet))
	frames := ask(p, p.tab, chromedp.Nodes(wechatSheet))
	p.do(chromedp.Click(payButton, chromedp.FromNode(frames[0])))
}

// arriveAtShop waits until the shop says that the order is paid. If the page was
// loaded as the receipt, it stays there, and the shopper follows its link.
func (p *shopper) arriveAtShop() {
	p.Helper()
	eventually(p.T, "the shopper is back at the shop, which knows of the payment", func() bool {
		if p.isAt("/shop/orders/") {
			return ask(p, p.tab, chromedp.Text(chromedp.CSS("#status"))) == "paid"
		}
		if p.scripting != withWasm && p.isAt("/c/") {
			links := ask(p, p.tab, chromedp.Nodes(chromedp.CSSAll(`#checkout[data-state="paid"] a[href*="/shop/orders/"]`), chromedp.AtLeast(0)))
			if len(links) > 0 {
				_ = chromedp.Do(p.tab, chromedp.MouseClickNode(links[0])) // the page may just reload: then the next look clicks
			}
		}
		return false
	})
}

// order returns the shop's order of the page at which the shopper is.
func (p *shopper) order() demoshop.Order {
	p.Helper()
	at, err := url.Parse(p.location())
	if err != nil {
		p.Fatal(err)
	}
	order, found := p.demo.shop.Order(path.Base(at.Path))
	if !found {
		p.Fatalf("%s is of no order", at)
	}
	return order
}

// checkBooks compares the records of the shop, the checkout and the gateway: there
// must be one order, paid once.
func (p *shopper) checkBooks(w flow.Wallet, f flow.Flow) {
	p.Helper()
	ctx := p.Context()
	order := p.order()
	if order.Status != "paid" || len(order.Webhooks) != 1 {
		p.Errorf("the shop holds %+v, want it paid by one webhook", order)
	}
	session, err := p.demo.kit.Store().Session(ctx, order.Session)
	if err != nil {
		p.Fatal(err)
	}
	if session.Status != checkout.StatusComplete || session.PaymentStatus != checkout.PaymentPaid || session.PaidTwice || session.PaidLate {
		p.Errorf("the database holds %+v", session)
	}
	attempts, err := p.demo.kit.Store().Attempts(ctx, session.ID)
	if err != nil || len(attempts) != 1 || attempts[0].State != checkout.AttemptPaid || attempts[0].Wallet != w || attempts[0].Flow != f {
		p.Errorf("the attempts are %+v (%v), want one, paid, by %s %s", attempts, err, w, f)
	}
	events, err := p.demo.kit.Store().Events(ctx, session.ID)
	if err != nil || len(events) != 1 || events[0].Type != checkout.EventPaid || events[0].ID != order.Webhooks[0].ID {
		p.Errorf("the events are %+v (%v), want one, paid, which the shop was told", events, err)
	}
	orders := p.orders()
	if len(orders) != 1 || orders[0].Status != sandbox.StatusSuccess || orders[0].TotalFee != order.Amount || orders[0].FeeType != "HKD" {
		p.Errorf("the gateway holds %+v, want one order, paid", orders)
	}
}

// markedCode is a drawn code that has the wallet's mark.
const markedCode = `#checkout[data-state="code"] .qr svg:has(use)`

// drawsCodeOf checks that the page draws the code of text, with the wallet's mark.
func (p *shopper) drawsCodeOf(text string) {
	p.Helper()
	drawing := ask(p, p.tab, chromedp.AttributeValue(chromedp.CSS(markedCode+" path"), "d")).Value
	want, err := templates.DrawOrderCode(text)
	if err != nil {
		p.Fatal(err)
	}
	if drawing != want.Path {
		p.Errorf("the page draws another code than that of %s", text)
	}
}
