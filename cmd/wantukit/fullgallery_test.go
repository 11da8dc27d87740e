package main

import (
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/templates"
)

// newFullGallery returns a gallery with all pages that a shopper can see: besides the
// states there are opened details, a list of one wallet, the longest texts and amounts,
// the demo's own pages, and the error pages. The shop may frame the checkouts.
func newFullGallery(t *testing.T, shop embedder) *gallery {
	t.Helper()
	g := emptyGallery(t, startDemoAs(t, func(s *config.Shop) { s.AllowedOrigins = append(s.AllowedOrigins, string(shop)) }))
	g.fill()
	g.fillWays()
	g.fillDemo()
	g.fillProblems()
	long := emptyGallery(t, startDemoAs(t, func(s *config.Shop) {
		s.AllowedOrigins = append(s.AllowedOrigins, string(shop))
		s.Name = longestName
	}))
	long.fillLongest()
	g.exhibits = append(g.exhibits, long.exhibits...)
	return g
}

// fillWays adds pages with opened details, with one wallet, and with a notice.
func (g *gallery) fillWays() {
	g.Helper()
	g.addOpenPage("choose-open", "choose", phone, g.order())
	g.addOpenPage("choose-guided-open", "choose", wechat, g.order("alipay"))
	g.addOpenPage("code-open", "code", desktop, g.placed(desktop, flow.WalletWeChat).SessionID)
	g.addOpenPage("redirecting-open", "redirecting", phone, g.placed(phone, flow.WalletAlipayHK).SessionID)
	g.addPage("one-wallet", "choose", phone, "/c/"+g.order("alipay_cn"))
	g.addPage("one-wallet-code", "code", desktop, "/c/"+g.placedFor(g.order("wechat"), desktop, flow.WalletWeChat).SessionID)
	g.addPage("notice", "choose", phone, "/c/"+g.order()+"?notice="+templates.NoticeGatewayDown)
}

// fillPrinted adds the receipt as it is printed.
func (g *gallery) fillPrinted() {
	g.Helper()
	g.addPage("paid-printed", "paid", desktop, "/c/"+g.paid(g.order()).SessionID)
	g.exhibits[len(g.exhibits)-1].isPrinted = true
}

// addOpenPage adds the page of a session with all details opened.
func (g *gallery) addOpenPage(name, state string, d device, session string) {
	g.Helper()
	g.addPage(name, state, d, "/c/"+session)
	g.exhibits[len(g.exhibits)-1].isOpen = true
}

// fillDemo adds the pages of the demo's shop, and WeChat's payment sheet, which the demo
// simulates.
func (g *gallery) fillDemo() {
	g.Helper()
	shop := g.demo.publicURL + "/shop/"
	framing := g.buyInFrame()
	number := path.Base(path.Dir(framing))
	order, found := g.demo.shop.Order(number)
	if !found {
		g.Fatalf("the shop has no order %s", number)
	}
	g.exhibits = append(g.exhibits,
		exhibit{name: "demo-home", url: shop, device: phone},
		exhibit{name: "demo-frame", url: g.buyInFrame(), device: desktop},
		exhibit{name: "demo-order", url: shop + "orders/" + number, device: phone},
		exhibit{name: "demo-not-found", url: shop + "nothing", device: phone},
		exhibit{name: "wechat-sheet", state: "redirecting", url: g.demo.publicURL + "/c/" + g.placed(wechat, flow.WalletWeChat).SessionID, device: wechat, hasSheet: true},
	)
	g.paid(order.Session)
	eventually(g.T, "the shop hears of the payment", func() bool {
		order, _ := g.demo.shop.Order(number)
		return order.Status == "paid"
	})
}

// buyInFrame makes an order at the demo's shop, and returns the address of the shop's
// page that frames its checkout.
func (g *gallery) buyInFrame() string {
	g.Helper()
	r, err := http.NewRequest(http.MethodPost, g.demo.publicURL+"/shop/orders", strings.NewReader("frame=1"))
	if err != nil {
		g.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, at := g.send(r)
	if status != http.StatusSeeOther {
		g.Fatalf("the shop answers %d %s", status, at)
	}
	return at
}

// fillProblems adds the error page of a session that does not exist, and those of the
// other statuses.
func (g *gallery) fillProblems() {
	g.Helper()
	g.exhibits = append(g.exhibits, exhibit{name: "error-404", url: g.demo.publicURL + "/c/cs_nothing", device: phone})
	problems := httptest.NewServer(http.HandlerFunc(serveProblem))
	g.Cleanup(problems.Close)
	for _, status := range []string{"400", "403", "429", "500", "503"} {
		g.exhibits = append(g.exhibits, exhibit{name: "error-" + status, url: problems.URL + "/" + status, device: phone})
	}
}

// serveProblem answers the path /503 with the error page of the status 503.
func serveProblem(w http.ResponseWriter, r *http.Request) {
	status, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	page := templates.ProblemPage{Lang: templates.Match("", r.Header.Get("Accept-Language")), Status: status, CanReload: status == http.StatusTooManyRequests || status >= http.StatusInternalServerError}
	if status == http.StatusForbidden || status == http.StatusInternalServerError {
		page.ShopName, page.BackURL = "Harbour Nights", "/500"
	}
	if status >= http.StatusInternalServerError {
		page.RequestID = "aolzbgqm5du6"
	}
	_ = templates.Problem(page).Render(r.Context(), w) // a browser that has gone needs no page
}

const (
	// longestName has 128 characters, the most of a shop's name.
	longestName = "Harbour Nights & Friends Festival of Music, Light & Fireworks (Hong Kong, Kowloon and the New Territories) Company Limited, 2026"
	// longestSubject has 128 characters, the most of a subject.
	longestSubject = "Two seats in Row C, 维多利亚港之夜音乐节双人套票连晚餐及烟花汇演, with dinner on the pier, a programme, two posters and the last ferry to Cheung Chau."
)

// fillLongest adds pages with the longest texts and amounts.
func (g *gallery) fillLongest() {
	g.Helper()
	long := checkout.NewSession{Amount: 123_456_789, Currency: "HKD", Subject: "Harbour Nights", ClientReferenceID: "HN-1001"}
	longest := checkout.NewSession{
		Amount: checkout.MaxAmount, Currency: "MOP", // MOP$999,999,999.99
		Subject: longestSubject, ClientReferenceID: strings.Repeat("HN-1001-", 16),
	}
	g.addPage("long-amount", "choose", phone, "/c/"+g.orderOf(long))
	g.addPage("longest", "choose", phone, "/c/"+g.orderOf(longest))
	g.addPage("longest-code", "code", desktop, "/c/"+g.placedFor(g.orderOf(longest), desktop, flow.WalletWeChat).SessionID)
	g.addPage("longest-redirecting", "redirecting", phone, "/c/"+g.placedFor(g.orderOf(longest), phone, flow.WalletAlipayCN).SessionID)
	g.addPage("longest-paid", "paid", desktop, "/c/"+g.paid(g.orderOf(longest)).SessionID)
}
