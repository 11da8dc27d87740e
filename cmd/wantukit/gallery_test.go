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
	name, state, url string
	device           device
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
	g.addPage("code", "code", desktop, "/c/"+g.placed(desktop, flow.WalletWeChat).SessionID)
	g.addPage("code-frame", "code", desktop, "/c/"+g.placed(desktop, flow.WalletAlipayHK).SessionID)
	g.addPage("redirecting", "redirecting", phone, "/c/"+g.placed(phone, flow.WalletAlipayCN).SessionID)
	g.addPage("redirecting-jsapi", "redirecting", phone, "/c/"+g.placed(wechat, flow.WalletWeChat).SessionID)

	// The page waits for a query that is later than the browser's return. This
	// return is tomorrow, so it keeps waiting.
	returned := "?returned=" + strconv.FormatInt(time.Now().Add(24*time.Hour).UnixMilli(), 10)
	back := g.placed(phone, flow.WalletAlipayCN)
	g.addPage("confirming", "confirming", phone, "/c/"+back.SessionID+returned)
	g.addPage("status-only", "confirming", phone, "/r/"+back.ReturnToken+returned)

	paid := g.placed(desktop, flow.WalletWeChat)
	g.pay(paid)
	g.confirm(paid)
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

// addPage adds a page after checking that it shows its state.
func (g *gallery) addPage(name, state string, d device, path string) {
	g.Helper()
	eventually(g.T, name+" is shown", func() bool {
		_, html := g.get(path)
		return strings.Contains(html, `data-state="`+state+`"`)
	})
	g.exhibits = append(g.exhibits, exhibit{name, state, g.demo.publicURL + path, d})
}

// order makes a session with every optional field of the API, for these channels or
// all.
func (g *gallery) order(channels ...string) (id string) {
	g.Helper()
	s, err := g.demo.kit.Service().Create(g.Context(), checkout.NewSession{
		Merchant: "demo", Amount: 48000, Currency: "HKD", Subject: "Harbour Nights & Friends, Row C", ClientReferenceID: "HN-1001",
		SuccessURL: g.demo.publicURL + "/shop/", CancelURL: g.demo.publicURL + "/shop/", Channels: channels,
	})
	if err != nil {
		g.Fatal(err)
	}
	return s.ID
}

// placed returns an attempt of a new session, started by a device.
func (g *gallery) placed(d device, w flow.Wallet) checkout.Attempt {
	g.Helper()
	seen := flow.Detect(http.Header{"User-Agent": {d.userAgent}}.Get)
	r := checkout.StartRequest{SessionID: g.order(), Wallet: w, Device: seen, Flow: flow.Choose(seen, w).Flow}
	if r.Flow == flow.JSAPI {
		r.OpenID, r.Payer = "o"+strings.Repeat("x", 27), "tag"
	}
	a, err := g.demo.kit.Service().Start(g.Context(), r)
	if err != nil {
		g.Fatal(err)
	}
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
	p.do(chromedp.Navigate(e.url), chromedp.WaitVisible(chromedp.CSS(`#checkout[data-state="`+e.state+`"]`)))
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
