package main

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// The tests check every cell of the flow table in a browser that sends the headers
// of its row.

// shownAt is a row of the flow table: an example browser, and how each of
// flow.Wallets is paid there: by a flow, or after a guide.
type shownAt struct {
	name      string // of its pictures
	where     string // what the reason begins with
	userAgent string
	hints     *emulation.UserAgentMetadata
	window    device
	cells     [3]string
}

const (
	inIOSApp     = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
	inAndroidApp = "Mozilla/5.0 (Linux; Android 14; K; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 "
	onWindows    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 "
	onMac        = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
	onLinux      = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

	toBrowser, toWeChat  = string(flow.GuideOpenInBrowser), string(flow.GuideOpenInWeChat)
	leaveMini, pickOne   = string(flow.GuideLeaveMiniProgram), string(flow.GuidePickDevice)
	switched             = string(flow.GuideSwitchWallet)
	byWeb, byWAP, framed = string(flow.Web), string(flow.WAP), string(flow.Iframe)
	sheet, native        = string(flow.JSAPI), string(flow.Native)
)

func rowsOfTheTable() []shownAt {
	blocked := [3]string{toBrowser, toBrowser, toWeChat}
	windowsHints := &emulation.UserAgentMetadata{Platform: "Windows"}
	mobile := &emulation.UserAgentMetadata{Platform: "Android", Mobile: true, FormFactors: []string{"Mobile"}}
	tablet := &emulation.UserAgentMetadata{Platform: "Android", FormFactors: []string{"Tablet"}}
	return []shownAt{
		{"computer", "on a computer", onWindows, windowsHints, desktop, [3]string{byWeb, framed, native}},
		{"mac", "on a Mac or an iPad", onMac, nil, desktop, [3]string{byWeb, framed, native}},
		{"phone", "on a phone or tablet", phone.userAgent, nil, phone, [3]string{byWAP, byWAP, toWeChat}},
		{"phone-by-hints", "on a phone or tablet", onLinux, mobile, phone, [3]string{byWAP, byWAP, toWeChat}},
		{"tablet", "on a phone or tablet", onLinux, tablet, desktop, [3]string{byWAP, byWAP, toWeChat}},
		{"wechat", "in WeChat on a phone", wechat.userAgent, nil, phone, [3]string{toBrowser, toBrowser, sheet}},
		{"wechat-computer", "in WeChat on a computer", onWindows + "MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090a13)", windowsHints, desktop, [3]string{toBrowser, toBrowser, native}},
		{"wechat-unknown", "in WeChat on an unknown device", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) MicroMessenger/8.0.60", nil, phone, [3]string{toBrowser, toBrowser, pickOne}},
		{"mini-program", "in a mini program of WeChat's", wechat.userAgent + " miniProgram/wx0123456789abcdef", nil, phone, [3]string{leaveMini, leaveMini, leaveMini}},
		{"wecom", "in WeCom on a phone", inIOSApp + "wxwork/4.1.36 MicroMessenger/7.0.1 Language/zh", nil, phone, blocked},
		{"wecom-computer", "in WeChat on a computer", onWindows + "wxwork/4.1.36 MicroMessenger/7.0.1 WindowsWechat", windowsHints, desktop, [3]string{toBrowser, toBrowser, native}},
		{"alipay", "in Alipay", inIOSApp + "AliApp(AP/10.7.20.6000) AlipayClient/10.7.20.6000 Language/zh-Hans", nil, phone, [3]string{byWAP, switched, toWeChat}},
		{"alipayhk", "in AlipayHK", inIOSApp + "AliApp(APHK/6.1.0) AlipayClientHK/6.1.0 Language/zh-HK", nil, phone, [3]string{switched, byWAP, toWeChat}},
		{"qq", "in another app on a phone", inAndroidApp + "V1_AND_SQ_9.0.85 QQ/9.0.85", nil, phone, blocked},
		{"weibo", "in another app on a phone", inIOSApp + "Weibo (iPhone15,2__weibo__14.6.1__iphone__os18.5)", nil, phone, blocked},
		{"douyin", "in another app on a phone", inIOSApp + "aweme_30.1.0 JsSdk/2.0 NetType/WIFI Channel/App Store", nil, phone, blocked},
		{"dingtalk-computer", "in another app on a computer", onWindows + "DingTalk(7.6.0-Release)", windowsHints, desktop, [3]string{toBrowser, toBrowser, toBrowser}},
		{"tv", "on a screen", "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/7.0 TV Safari/537.36", nil, desktop, [3]string{framed, framed, native}},
		{"car", "on a screen", onLinux, &emulation.UserAgentMetadata{Platform: "Android", FormFactors: []string{"Automotive"}}, desktop, [3]string{framed, framed, native}},
		{"program", "on a computer: a program", onWindows + "ExampleBot/1.0", nil, desktop, [3]string{byWeb, framed, native}},
		{"unknown", "on an unknown device", "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko)", nil, phone, [3]string{pickOne, pickOne, toWeChat}},
	}
}

// guideWords are words of the English guides.
var guideWords = map[string]string{
	toBrowser: "open it in your browser",
	toWeChat:  "send it to yourself in WeChat",
	leaveMini: "leave the mini program",
	switched:  "pays here",
	pickOne:   "Is the wallet on this device?",
}

func TestEveryCellOfTheFlowTable(t *testing.T) {
	t.Parallel()
	shop, pictures := startDemo(t), openAlbum()
	for _, row := range rowsOfTheTable() {
		for _, speaks := range pictures.languages() {
			t.Run(row.name+" in "+speaks, func(t *testing.T) {
				t.Parallel()
				v := visitAt(t, shop, row)
				v.album, v.speaks = pictures, speaks
				v.setHeaders(row)
				for i, wallet := range flow.Wallets() {
					v.cell(wallet, row.cells[i])
				}
			})
		}
	}
}

// visitor is a shopper with the browser of one row. Visitors share a demo.
type visitor struct {
	*shopper
	buyer  *buyer
	row    shownAt
	album  album
	kept   int    // pictures
	speaks string // en, zh-CN, zh-HK
	id     string // of the session
}

func visitAt(t *testing.T, d *demo, row shownAt) *visitor {
	t.Helper()
	return &visitor{shopper: newShopperAt(t, d, row.window, withWasm), buyer: newBuyerAt(t, d), row: row, speaks: english}
}

// setHeaders sets the headers of the row's browser. It gives the tab the focus, which
// the clipboard needs.
func (v *visitor) setHeaders(row shownAt) {
	v.Helper()
	_, err := chromedp.Call(v.tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: row.userAgent, AcceptLanguage: v.speaks, UserAgentMetadata: row.hints,
	})
	if err != nil {
		v.Fatal(err)
	}
	if _, err := chromedp.Call(v.tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		v.Fatal(err)
	}
}

// open opens the page of a new session, which lets the shopper choose.
func (v *visitor) open(channels ...string) {
	v.Helper()
	v.load(channels...)
	v.reaches("choose")
}

// load loads the page of a new session. It loads the page twice: the first answer asks the
// browser for its client hints.
func (v *visitor) load(channels ...string) {
	v.Helper()
	v.forgetWallet()
	v.id = v.buyer.session(channels...)
	at := chromedp.Navigate(v.demo.publicURL + "/c/" + v.id)
	if v.row.hints != nil {
		v.do(at)
	}
	if v.row.startsItself() != "" {
		_ = chromedp.Do(v.tab, at) // the page may go on to its code before it has loaded
		return
	}
	v.do(at)
}

// startsItself returns the wallet whose code the page shows at once; "" for none.
func (row shownAt) startsItself() flow.Wallet {
	for _, w := range flow.Wallets() {
		way := row.choice(w).Flow
		switch {
		case way.ShowsCode() && row.name != "program":
			return w
		case w.CanPayBy(way):
			return ""
		}
	}
	return ""
}

// opensAll opens the page of a new session for all wallets.
func (v *visitor) opensAll() {
	v.Helper()
	v.load("alipay", "wechat")
	if v.row.startsItself() == "" {
		v.reaches("choose")
		return
	}
	v.reaches("code")
}

// offer is what the page offers for a wallet.
type offer struct {
	Button, Picture, Copy, Code bool
	Words, Link                 string
	Others                      []string
}

func (v *visitor) offer(w flow.Wallet) offer {
	v.Helper()
	return ask(v.shopper, v.tab, chromedp.Evaluate[offer](offerOf+`("`+string(w)+`")`))
}

// cell checks one cell of the table, and follows what it offers.
func (v *visitor) cell(w flow.Wallet, want string) {
	v.Helper()
	v.opensAll()
	if w == flow.Wallets()[0] {
		v.keep("choose")
	}
	choice := v.row.choice(w)
	if said := string(choice.Flow); said != want && string(choice.Guide) != want {
		v.Errorf("%s: the table says %s %s, want %s", w, said, choice.Guide, want)
	}
	way := choice.Flow
	switch {
	case w == v.row.startsItself():
	case w.CanPayBy(way):
		v.offersButton(w, choice)
		v.pick(w)
	default:
		v.opensGuide(w, choice)
		v.keep(string(w) + "-guide")
		way = choice.Others[0]
		v.pickOther(w, way)
	}
	v.started(w, way)
	v.keepStep(w, way)
}

// keepStep takes a picture of the page after the step. For a cashier this is the page to
// which the shopper returns.
func (v *visitor) keepStep(w flow.Wallet, way flow.Flow) {
	v.Helper()
	if v.album.folder == "" {
		return
	}
	if way.Redirects() {
		v.do(chromedp.Navigate(v.demo.publicURL+"/c/"+v.id), chromedp.WaitVisible(exhibit{state: "redirecting"}.sign()))
	}
	v.keep(string(w) + "-" + string(way))
}

// keep takes a picture of a step.
func (v *visitor) keep(step string) {
	v.Helper()
	v.kept++
	v.resize(v.row.window.width, v.row.window.height, 1)
	v.album.keep(v.shopper, picture{
		page: "cell-" + v.row.name, step: strconv.Itoa(v.kept) + "-" + step, language: pageLanguage(v.speaks),
		window: strconv.FormatInt(v.row.window.width, 10), scheme: "light",
	})
}

// choice returns the domain's choice for the headers of the row.
func (row shownAt) choice(w flow.Wallet) flow.Choice {
	device := flow.Detect(func(name string) string {
		hints := row.hints
		switch {
		case name == "User-Agent":
			return row.userAgent
		case hints == nil:
			return ""
		case name == "Sec-CH-UA-Platform":
			return `"` + hints.Platform + `"`
		case name == "Sec-CH-UA-Form-Factors" && len(hints.FormFactors) > 0:
			return `"` + hints.FormFactors[0] + `"`
		default:
			return ""
		}
	})
	return checkout.Session{Wallets: flow.Wallets()}.ChooseFlow(checkout.Merchant{WeChatAccount: true}, device, w)
}

func (v *visitor) offersButton(w flow.Wallet, choice flow.Choice) {
	v.Helper()
	got := v.offer(w)
	if !got.Button || got.Link != "" || !slices.Equal(got.Others, flowNames(choice.Others)) {
		v.Errorf("%s: the page offers %+v, want a button and %v", w, got, choice.Others)
	}
}

// opensGuide opens a wallet's guide and checks its content: the instruction, the
// drawing, the link to copy, the QR code for another device, and the other ways.
func (v *visitor) opensGuide(w flow.Wallet, choice flow.Choice) {
	v.Helper()
	v.do(chromedp.Click(chromedp.CSS(walletLabel(w))))
	got := v.offer(w)
	guide := string(choice.Guide)
	if got.Button || !slices.Equal(got.Others, flowNames(choice.Others)) {
		v.Errorf("%s: the guide offers %+v, want %v", w, got, choice.Others)
	}
	if v.speaks == english && !strings.Contains(got.Words, guideWords[guide]) {
		v.Errorf("%s: the guide says %q, want %q in it", w, got.Words, guideWords[guide])
	}
	if tried := strings.Contains(got.Words, "Try to pay here anyway"); v.speaks == english && tried != choice.Anyway.Redirects() {
		v.Errorf("%s: the guide says %q; to be tried anyway is %q", w, got.Words, choice.Anyway)
	}
	if guide == pickOne {
		return // it sends nobody away
	}
	if got.Picture == (guide == switched) || !got.Copy || got.Link != v.demo.publicURL+"/c/"+v.id || !got.Code {
		v.Errorf("%s: the guide has %+v", w, got)
	}
	v.copiesLink(w)
}

// copiesLink presses the copy button and checks that it reports success, and that
// the QR code for another device can be opened.
func (v *visitor) copiesLink(w flow.Wallet) {
	v.Helper()
	const says = `((item) => item.querySelector('[data-copy]').textContent === item.querySelector('[data-copy]').dataset.copy)`
	guide := chromedp.Search(walletWay(w) + `//button[@data-copy]`)
	v.do(chromedp.Click(guide))
	found := `document.evaluate('` + walletWay(w) + `', document, null, 9).singleNodeValue`
	eventually(v.T, "the link is copied", func() bool { return ask(v.shopper, v.tab, chromedp.Evaluate[bool](says+`(`+found+`)`)) })
	v.do(chromedp.Click(chromedp.Search(walletWay(w)+`//details[@class="elsewhere"]/summary`)),
		chromedp.WaitVisible(chromedp.Search(walletWay(w)+`//details[@class="elsewhere"]//*[@role="img"]`)))
}

func flowNames(flows []flow.Flow) (names []string) {
	for _, f := range flows {
		names = append(names, string(f))
	}
	return names
}

// started waits until the flow has begun, and checks the order.
func (v *visitor) started(w flow.Wallet, f flow.Flow) {
	v.Helper()
	const code = `#checkout[data-state="code"] .qr `
	switch f {
	case flow.Web, flow.WAP:
		path := map[flow.Flow]string{flow.Web: "/cashier/", flow.WAP: "/m/"}[f]
		eventually(v.T, "the shopper is at the cashier of "+string(f), func() bool { return v.isAt(path) })
		v.do(chromedp.WaitVisible(payButton))
	case flow.Iframe:
		v.do(chromedp.WaitVisible(chromedp.CSS(code + "iframe")))
		eventually(v.T, "the wallet's code is framed", func() bool { return v.framesWallet(w) })
	case flow.JSAPI:
		v.do(chromedp.WaitVisible(wechatSheet))
	default:
		v.do(chromedp.WaitVisible(chromedp.CSS(code + "svg")))
		v.drawsCodeOf(v.attempt(w).Placed.Code)
	}
	a := v.attempt(w)
	if a.Flow != f || !strings.Contains(a.Reason, v.row.where+": ") {
		v.Errorf("the attempt is %+v, want one by %s %s, because it is %s", a, w, f, v.row.where)
	}
	want := 1
	if first := v.row.startsItself(); first != "" && first != w {
		want++ // the page has shown the first wallet's code before
	}
	if all := v.buyer.attempts(v.id); len(all) != want {
		v.Errorf("the attempts are %+v, want %d", all, want)
	}
}

// attempt returns the session's attempt by a wallet; zero for none.
func (v *visitor) attempt(w flow.Wallet) (found checkout.Attempt) {
	v.Helper()
	for _, a := range v.buyer.attempts(v.id) {
		if a.Wallet == w {
			found = a
		}
	}
	return found
}

// framesWallet reports whether the page's frame has the wallet's page in it.
func (v *visitor) framesWallet(w flow.Wallet) bool {
	tree, err := chromedp.Call(v.tab, page.GetFrameTree, cdp.Empty{})
	if err != nil || len(tree.FrameTree.ChildFrames) != 1 {
		return false
	}
	frame := tree.FrameTree.ChildFrames[0].Frame
	return frame.URL == v.attempt(w).Placed.URL && frame.UnreachableURL == ""
}

// awaitScript waits until the page's script has run.
func (v *visitor) awaitScript() {
	v.Helper()
	asked := `performance.getEntriesByType('resource').some((e) => e.name.includes('worker.js'))`
	eventually(v.T, "the page's program is started", func() bool { return ask(v.shopper, v.tab, chromedp.Evaluate[bool](asked)) })
}

func (v *visitor) hasNoOrder() {
	v.Helper()
	if attempts, err := v.demo.kit.Store().Attempts(v.Context(), v.id); err != nil || len(attempts) != 0 {
		v.Errorf("the attempts are %+v (%v), want none", attempts, err)
	}
}

// TestNothingStartsByItselfForAProgram: a page that shows its one code to a shopper at
// once waits for a press if a program reads it. The program can pay.
func TestNothingStartsByItselfForAProgram(t *testing.T) {
	t.Parallel()
	rows := rowsOfTheTable()
	row := rows[slices.IndexFunc(rows, func(r shownAt) bool { return r.name == "program" })]
	v := visitAt(t, startDemo(t), row)
	v.setHeaders(row)
	v.open("wechat")
	v.awaitScript()
	v.hasNoOrder()
	v.pick(flow.WalletWeChat)
	v.started(flow.WalletWeChat, flow.Native)
}

// TestIPadThatSaysItIsAMacPaysInItsApp: an iPad sends the headers of a Mac. The page's
// script finds the touch screen, and the wallet's button opens the cashier for phones.
func TestIPadThatSaysItIsAMacPaysInItsApp(t *testing.T) {
	t.Parallel()
	rows := rowsOfTheTable()
	row := rows[slices.IndexFunc(rows, func(r shownAt) bool { return r.name == "mac" })]
	v := visitAt(t, startDemo(t), row)
	v.setHeaders(row)
	touch := emulation.SetTouchEmulationEnabledParams{Enabled: true, MaxTouchPoints: 5}
	if _, err := chromedp.Call(v.tab, emulation.SetTouchEmulationEnabled, touch); err != nil {
		t.Fatal(err)
	}
	for _, wallet := range []flow.Wallet{flow.WalletAlipayCN, flow.WalletAlipayHK} {
		v.open(string(wallet)) // one wallet, whose code a Mac shows at once
		v.awaitScript()
		v.hasNoOrder()
		v.pick(wallet)
		v.started(wallet, flow.WAP)
	}
}

// TestPageLoadedAheadPlacesNoOrder: a prefetched page starts no order, and works
// when its shopper opens it.
func TestPageLoadedAheadPlacesNoOrder(t *testing.T) {
	t.Parallel()
	v := visitAt(t, startDemo(t), rowsOfTheTable()[0])
	v.setHeaders(v.row)
	if _, err := chromedp.Call(v.tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Purpose": "prefetch"},
	}); err != nil {
		t.Fatal(err)
	}
	v.open("wechat")
	v.awaitScript()
	v.hasNoOrder()
	if got := v.offer(flow.WalletWeChat); !got.Button {
		t.Errorf("the page offers %+v, want a button", got)
	}
}

// TestCodeIsNotBelowTheBill: a shopper who has scrolled down to a way to pay sees
// the whole QR code, and not the sticky bill over it.
func TestCodeIsNotBelowTheBill(t *testing.T) {
	t.Parallel()
	p := newShopper(t, narrow, withWasm)
	p.buy()
	p.openAll()
	p.pickOther(flow.WalletWeChat, flow.Native)
	p.do(chromedp.WaitReady(chromedp.CSS(`#checkout[data-state="code"] .qr svg`)))
	const bare = `((e) => { const at = e.getBoundingClientRect(); return e.contains(document.elementFromPoint(at.x + at.width / 2, at.y + 5)); })`
	eventually(t, "the code is in view", func() bool {
		return ask(p, p.tab, chromedp.Evaluate[bool](bare+`(document.querySelector('.qr'))`))
	})
}

// TestGuideSeesWhatIsPaidElsewhere: a shopper who follows a guide pays in another
// browser or on another device, and the page with the guide completes by itself.
func TestGuideSeesWhatIsPaidElsewhere(t *testing.T) {
	t.Parallel()
	shop := startDemo(t)
	kinds := map[string]struct {
		row    string
		wallet flow.Wallet
	}{
		toWeChat:  {"phone", flow.WalletWeChat},
		toBrowser: {"wechat", flow.WalletAlipayCN},
		leaveMini: {"mini-program", flow.WalletAlipayHK},
		switched:  {"alipay", flow.WalletAlipayHK},
		pickOne:   {"unknown", flow.WalletAlipayCN},
	}
	for guide, at := range kinds {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			rows := rowsOfTheTable()
			row := rows[slices.IndexFunc(rows, func(r shownAt) bool { return r.name == at.row })]
			v := visitAt(t, shop, row)
			v.setHeaders(row)
			v.open("alipay", "wechat")
			choice := row.choice(at.wallet)
			if string(choice.Guide) != guide {
				t.Fatalf("the guide is %s", choice.Guide)
			}
			v.opensGuide(at.wallet, choice)
			v.awaitScript()
			v.buyer.pay(v.buyer.start(v.id, at.wallet)) // on a computer
			// Without its program it comes up as the receipt, and stays there.
			eventually(t, "the page shows the payment by itself", func() bool {
				const paid = `document.querySelector('#checkout[data-state="paid"]') !== null`
				return v.isAt("/shop/orders/") || ask(v.shopper, v.tab, chromedp.Evaluate[bool](paid))
			})
			v.buyer.paidOnce(v.id)
		})
	}
}
