package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// exhibit is a page in one state, and the browser that shows it.
type exhibit struct {
	name string
	// state is the state of the checkout, or "" for any other page.
	state  string
	url    string
	device device
	// hasSheet reports whether the simulation of WeChat's payment sheet covers the page.
	hasSheet bool
	// isOpen reports whether all details are opened.
	isOpen bool
	// isPrinted reports whether the page is shown as it is printed.
	isPrinted bool
}

// gallery is a demo with a page in each state. The states do not change, because
// the gateway sends no notifications.
type gallery struct {
	*buyer
	exhibits []exhibit
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	g := emptyGallery(t, startDemo(t))
	g.fill()
	return g
}

// emptyGallery returns a gallery without pages.
func emptyGallery(t *testing.T, d *demo) *gallery {
	d.sandbox.Notifications(false)
	return &gallery{buyer: newBuyerAt(t, d)}
}

func (g *gallery) fill() {
	g.Helper()
	d := g.demo
	g.addPage("choose", "choose", phone, "/c/"+g.order())
	g.addPage("choose-guided", "choose", wechat, "/c/"+g.order("alipay"))
	g.addPage("choose-lines", "choose", phone, "/c/"+g.orderOf(withLines()))
	g.addPage("code-lines", "code", desktop, "/c/"+g.placedFor(g.orderOf(withLines()), desktop, flow.WalletWeChat).SessionID)
	g.addPage("code", "code", desktop, "/c/"+g.placed(desktop, flow.WalletWeChat).SessionID)
	g.addPage("code-frame", "code", desktop, "/c/"+g.placed(desktop, flow.WalletAlipayHK).SessionID)
	g.addPage("redirecting", "redirecting", phone, "/c/"+g.placed(phone, flow.WalletAlipayCN).SessionID)
	g.addPage("redirecting-jsapi", "redirecting", phone, "/c/"+g.placed(wechat, flow.WalletWeChat).SessionID)

	unpaid, since := g.placed(phone, flow.WalletAlipayCN), time.Now()
	g.confirm(unpaid)
	g.addPage("redirecting-returned", "redirecting", phone, "/c/"+unpaid.SessionID+returnedAt(since))

	// The page waits for a query that is later than the browser's return. This
	// return is tomorrow, so it keeps waiting.
	returned := returnedAt(time.Now().Add(24 * time.Hour))
	back := g.placed(phone, flow.WalletAlipayCN)
	g.addPage("confirming", "confirming", phone, "/c/"+back.SessionID+returned)
	g.addPage("status-only", "confirming", phone, "/r/"+back.ReturnToken+returned)

	paid := g.paid(g.order())
	g.addPage("paid", "paid", desktop, "/c/"+paid.SessionID)
	g.addPage("status-only-paid", "paid", phone, "/r/"+paid.ReturnToken+returned)

	failed := g.placed(desktop, flow.WalletWeChat)
	if _, err := d.sandbox.Fail(failed.OutTradeNo); err != nil {
		g.Fatal(err)
	}
	g.confirm(failed)
	g.addPage("failed", "failed", desktop, "/c/"+failed.SessionID)

	canceled := g.order()
	if _, err := d.kit.Service().Cancel(g.Context(), canceled); err != nil {
		g.Fatal(err)
	}
	g.addPage("canceled", "canceled", phone, "/c/"+canceled)
	expired := g.order()
	if err := d.kit.Store().PostponeConclusion(g.Context(), expired, time.Now()); err != nil {
		g.Fatal(err)
	}
	g.addPage("expired", "expired", phone, "/c/"+expired)
}

// returnedAt is the query of a page to which the browser came back at a time.
func returnedAt(at time.Time) string {
	return "?returned=" + strconv.FormatInt(at.UnixMilli(), 10)
}

// addPage adds a page after checking that it shows its state.
func (g *gallery) addPage(name, state string, d device, path string) {
	g.Helper()
	eventually(g.T, name+" is shown", func() bool {
		_, html := g.get(path)
		return strings.Contains(html, `data-state="`+state+`"`)
	})
	g.exhibits = append(g.exhibits, exhibit{name: name, state: state, url: g.demo.publicURL + path, device: d})
}

// order makes a session with every optional field of the API, for these channels or
// all.
func (g *gallery) order(channels ...string) (id string) {
	g.Helper()
	return g.orderOf(checkout.NewSession{Amount: 48000, Currency: "HKD", Subject: "Harbour Nights & Friends, Row C", ClientReferenceID: "HN-1001", Channels: channels})
}

// withLines is a session with a bill of several lines.
func withLines() checkout.NewSession {
	return checkout.NewSession{
		Amount: 48000, Currency: "HKD", Subject: "Harbour Nights & Friends, Row C", ClientReferenceID: "HN-1002",
		LineItems: []checkout.LineItem{
			{Name: "Row C, seat 12", Quantity: 1, Amount: 18000}, {Name: "海港之夜 · 節目冊", Quantity: 3, Amount: 27000},
			{Name: "A name that is longer than the line that has to show it, so that it must break", Quantity: 12, Amount: 3000},
		},
	}
}

// orderOf makes a session of the demo's shop.
func (g *gallery) orderOf(n checkout.NewSession) (id string) {
	g.Helper()
	n.Merchant, n.SuccessURL, n.CancelURL = "demo", g.demo.publicURL+"/shop/", g.demo.publicURL+"/shop/"
	s, err := g.demo.kit.Service().Create(g.Context(), n)
	if err != nil {
		g.Fatal(err)
	}
	return s.ID
}

// placed returns an attempt of a new session, started by a device.
func (g *gallery) placed(d device, w flow.Wallet) checkout.Attempt {
	g.Helper()
	return g.placedFor(g.order(), d, w)
}

// placedFor returns an attempt of a session, started by a device.
func (g *gallery) placedFor(session string, d device, w flow.Wallet) checkout.Attempt {
	g.Helper()
	seen := flow.Detect(http.Header{"User-Agent": {d.userAgent}}.Get)
	r := checkout.StartRequest{SessionID: session, Wallet: w, Device: seen, Flow: flow.Choose(seen, w).Flow}
	if r.Flow == flow.JSAPI {
		r.OpenID, r.Payer = "o"+strings.Repeat("x", 27), "tag"
	}
	a, err := g.demo.kit.Service().Start(g.Context(), r)
	if err != nil {
		g.Fatal(err)
	}
	return a
}

// paid returns the attempt that has paid a session.
func (g *gallery) paid(session string) checkout.Attempt {
	g.Helper()
	a := g.placedFor(session, desktop, flow.WalletWeChat)
	g.pay(a)
	g.confirm(a)
	return a
}

// confirm queries the gateway for an order.
func (g *gallery) confirm(a checkout.Attempt) {
	g.Helper()
	if _, err := g.demo.kit.Service().Confirm(g.Context(), a.ID, checkout.CauseSchedule); err != nil {
		g.Fatal(err)
	}
}

// openExhibit opens an exhibit and waits until it shows its state.
func (p *shopper) openExhibit(e exhibit) {
	p.Helper()
	if e.hasSheet {
		p.hasViewedAs("wechat", e.url)
	}
	p.do(chromedp.Navigate(e.url), chromedp.WaitVisible(e.sign()))
	if e.isOpen {
		p.openAll()
	}
}

// sign is the element by which the exhibit's state is known.
func (e exhibit) sign() chromedp.CSS {
	switch {
	case e.hasSheet:
		return wechatSheet
	case e.state == "":
		return "body"
	}
	return chromedp.CSS(`#checkout[data-state="` + e.state + `"]`)
}

// each runs a test for every exhibit.
func (g *gallery) each(t *testing.T, check func(*testing.T, exhibit)) {
	t.Helper()
	for _, e := range g.exhibits {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			check(t, e)
		})
	}
}
