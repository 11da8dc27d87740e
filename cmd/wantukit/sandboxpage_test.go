package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// The tests of this file look at the sandbox's own pages in Chromium.

// sandboxUser is a person with a browser at a sandbox, and a shop that places orders there.
type sandboxUser struct {
	*shopper
	box    *sandbox.Sandbox
	client *wantu.Client
	origin string
	// lists is the number of requests for the first page.
	lists atomic.Int64
}

func newSandboxUser(t *testing.T, s scripting) *sandboxUser {
	t.Helper()
	u := &sandboxUser{shopper: newShopperAt(t, nil, desktop, s)}
	var err error
	if u.box, err = sandbox.New(sandbox.Config{NotifySchedule: []time.Duration{}, MerchantName: "Harbour Nights"}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			u.lists.Add(1)
		}
		u.box.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(u.box.Close)
	u.origin = server.URL
	u.client, err = wantu.New(wantu.Config{
		BaseURL: server.URL + "/paygate", Key: sandbox.DefaultKey,
		MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: sandbox.DefaultStoreAccount,
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// place opens an order at Alipay's cashier, or with a code in a frame, and returns the
// address of the page.
func (u *sandboxUser) place(number, subject string, fee int64, inst wantu.PaymentInst) string {
	u.Helper()
	answer, err := u.client.Web(u.Context(), wantu.WebRequest{
		TotalFee: fee, FeeType: "HKD", Subject: subject, OutTradeNo: number, PaymentInst: inst,
		NotifyURL: "http://127.0.0.1:1/notify", ReturnURL: u.origin + "/", TimeExpire: time.Now().Add(time.Hour),
	})
	if err != nil {
		u.Fatal(err)
	}
	page, _, _ := strings.Cut(answer.URL, "?")
	return page
}

// placeSheet opens an order in WeChat's payment sheet and returns its address.
func (u *sandboxUser) placeSheet(number, subject string, fee int64) string {
	u.Helper()
	answer, err := u.client.PayForm(u.Context(), wantu.PayFormRequest{
		TotalFee: fee, FeeType: "HKD", Subject: subject, ProductID: "1", OutTradeNo: number, NotifyURL: "http://127.0.0.1:1/notify",
		OpenID: "oMHUm0xbCkwshwylEe6keVhGE7Mg", AppID: sandbox.DefaultWeChatAppID,
	})
	if err != nil {
		u.Fatal(err)
	}
	return u.origin + "/sandbox/jsapi/" + strings.TrimPrefix(answer.Parameters.Package, "prepay_id=")
}

// run runs a script in the tab.
func (u *sandboxUser) run(script string) {
	u.Helper()
	u.do(chromedp.Evaluate[chromedp.Void]("void (" + script + ")"))
}

// until waits until an expression is true in the tab.
func (u *sandboxUser) until(what, expression string) {
	u.Helper()
	eventually(u.T, what, func() bool { return ask(u.shopper, u.tab, chromedp.Evaluate[bool]("!!("+expression+")")) })
}

// TestSandboxNamesTheDemosShop: the payee of the demo's sandbox is the demo's shop.
func TestSandboxNamesTheDemosShop(t *testing.T) {
	t.Parallel()
	d := startDemoAs(t, func(s *config.Shop) { s.Name = "Harbour of the Test" })
	recorder := httptest.NewRecorder()
	d.sandbox.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, d.sandboxListener.url()+"/", nil))
	if body := recorder.Body.String(); !strings.Contains(body, "<bdi>Harbour of the Test</bdi>") {
		t.Errorf("the page does not name the shop:\n%s", body)
	}
}

// TestSandboxCommandNamesTheMerchant: --merchant-name is the payee.
func TestSandboxCommandNamesTheMerchant(t *testing.T) {
	t.Parallel()
	var command sandboxCommand
	parser, err := kong.New(&command)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse([]string{"--merchant-name", "Harbour of the Test"}); err != nil {
		t.Fatal(err)
	}
	var configured sandbox.Config
	if command.setBehavior(&configured); configured.MerchantName != "Harbour of the Test" {
		t.Errorf("the merchant is %q", configured.MerchantName)
	}
}

// TestSandboxListFollowsTheOrders: a new order, a payment and a query appear without a
// load of the page. What the user opened stays open, and the focus stays.
func TestSandboxListFollowsTheOrders(t *testing.T) {
	t.Parallel()
	u := newSandboxUser(t, withWasm)
	u.place("n1", "Harbour Nights, Row C", 48000, "")
	u.do(chromedp.Navigate(u.origin))
	u.until("the page says that it is live", `document.querySelector(".live .on").checkVisibility()`)
	u.run(`window.sameDocument = true, document.querySelector("#order-n1 details").open = true, document.querySelector("#order-n1 summary").focus()`)
	u.place("n2", "Poster", 12050, "")
	u.until("the new order is the first one", `document.querySelector("#list article").id === "order-n2" && document.querySelector("#order-n2").innerText.includes("HKD 120.50")`)
	if _, err := u.box.Pay("n1"); err != nil {
		t.Fatal(err)
	}
	u.until("the order is paid", `document.querySelector("#order-n1 .state.SUCCESS")`)
	if _, err := u.client.Query(t.Context(), wantu.QueryRequest{PayChannel: wantu.Alipay, OutTradeNo: "n1"}); err != nil {
		t.Fatal(err)
	}
	u.until("the query is counted", `document.querySelector("#order-n1 summary").innerText.includes("Queries 1")`)
	u.until("the page was not loaded again, the details are open, and the focus is there",
		`window.sameDocument && document.querySelector("#order-n1 details").open && document.activeElement.matches("#order-n1 summary")`)
	u.do(chromedp.Click(chromedp.CSS(`#order-n2 .acts .main`)))
	u.until("the button pays", `document.querySelector("#order-n2 .state.SUCCESS")`)
}

// TestSandboxListSearchesWhileTheUserTypes: also without script, with the button.
func TestSandboxListSearchesWhileTheUserTypes(t *testing.T) {
	t.Parallel()
	for _, s := range []scripting{withWasm, scriptOff} {
		t.Run(string(s), func(t *testing.T) {
			t.Parallel()
			u := newSandboxUser(t, s)
			u.place("n1", "Harbour Nights, Row C", 48000, "")
			u.place("n2", "Poster", 12050, "")
			u.do(chromedp.Navigate(u.origin), chromedp.SendKeys(chromedp.CSS("[type=search]"), "poster 120.5"))
			if s == scriptOff {
				u.do(chromedp.Click(chromedp.CSS(".search button")))
			}
			u.until("only the order that fits is shown", `document.querySelectorAll("#list article").length === 1 && document.querySelector("#order-n2")`)
			u.until("the search is in the address", `location.search === "?q=poster+120.5"`)
			u.until("the forms keep the search", `[...document.querySelectorAll("input[type=hidden][name=q]")].every((e) => e.value === "poster 120.5")`)
		})
	}
}

// TestSandboxListStopsWhileItIsHidden: a hidden page asks for nothing. When it is shown
// again, it asks at once.
func TestSandboxListStopsWhileItIsHidden(t *testing.T) {
	t.Parallel()
	u := newSandboxUser(t, withWasm)
	u.onNewDocument(`window.away = false; Object.defineProperty(document, "hidden", { get: () => window.away })`)
	u.do(chromedp.Navigate(u.origin))
	first := u.lists.Load()
	eventually(t, "the page asks again and again", func() bool { return u.lists.Load() >= first+3 })
	u.run(`window.away = true, document.dispatchEvent(new Event("visibilitychange"))`)
	u.run(`window.waited = 0, setInterval(() => window.waited++, 1000)`)
	hidden := u.lists.Load()
	u.until("the page was hidden for 4 s", `window.waited >= 4`)
	if got := u.lists.Load() - hidden; got > 1 { // one that was under way
		t.Errorf("the hidden page asked %d times", got)
	}
	u.place("n1", "Poster", 12050, "")
	u.run(`window.away = false, document.dispatchEvent(new Event("visibilitychange"))`)
	u.until("the order appears when the page is shown again", `document.querySelector("#order-n1")`)
}

// TestSandboxListKeepsWhatTheUserFillsIn: the form for a fault stays as it is while the
// list changes.
func TestSandboxListKeepsWhatTheUserFillsIn(t *testing.T) {
	t.Parallel()
	u := newSandboxUser(t, withWasm)
	u.do(chromedp.Navigate(u.origin+"/?open=faults"), chromedp.SendKeys(chromedp.CSS(`.add [name=times]`), "7"))
	u.run(`document.querySelector(".add [name=kind]").value = "drop"`)
	if _, err := u.box.AddFault(sandbox.Fault{Kind: sandbox.FaultHTML}); err != nil {
		t.Fatal(err)
	}
	u.until("the other fault is listed", `document.querySelector(".fault code")?.innerText === "html"`)
	u.until("the form is as the user left it", `document.querySelector(".add [name=times]").value === "7" && document.querySelector(".add [name=kind]").value === "drop"`)
}

// hostileText would cover what is above and below it, and turn its letters into an
// amount.
var hostileText = "\u202eDKH 00.1 latoT" + strings.Repeat("\u0301\u0316\u0315", 37)

// overlong finds an element that is wider than the window, a text that is broken inside
// an amount, and a text that leaves its lines: a shop's texts are in boxes that clip.
const overlong = `(() => {
	const out = [];
	if (document.documentElement.scrollWidth > innerWidth) out.push('the page is ' + document.documentElement.scrollWidth + ' wide');
	for (const e of document.querySelectorAll('.amount, .sum')) {
		if (e.getClientRects().length && e.clientHeight > 1.6 * parseFloat(getComputedStyle(e).lineHeight)) out.push('broken: ' + e.outerHTML);
		if (e.scrollWidth > e.clientWidth + 1) out.push('too wide: ' + e.outerHTML);
	}
	for (const e of document.querySelectorAll('bdi')) {
		let box = e.parentElement;
		while (box !== document.body && getComputedStyle(box).overflowX === 'visible') box = box.parentElement;
		if (box === document.body) out.push('not clipped: ' + e.outerHTML.slice(0, 80));
		const lines = box.clientHeight / parseFloat(getComputedStyle(box).lineHeight);
		if (e.checkVisibility() && box.matches('.what a, .what p, .subject, .payee') && lines > 2.1) out.push(lines + ' lines: ' + e.outerHTML.slice(0, 80));
	}
	return out;
})()`

// TestSandboxPagesSuitEverybody: axe-core finds nothing, and nothing is too wide, with
// texts that are long or hostile, on a phone and on a desktop, in light and dark.
func TestSandboxPagesSuitEverybody(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(axePath)
	if err != nil {
		t.Fatalf("axe-core is not installed: run `make tools` (%v)", err)
	}
	u := newSandboxUser(t, withWasm)
	u.place("n1", hostileText, wantu.MaxTotalFee, wantu.AlipayHK)
	pages := []string{
		u.place(strings.Repeat("n", 32), strings.Repeat("W", 128), wantu.MaxTotalFee, ""), u.place("n2", hostileText, 48000, ""),
		u.placeSheet("n3", hostileText, wantu.MaxTotalFee), u.box.Orders()[3].ScanURL, u.origin + "/q/nobody", u.origin + "/", u.origin + "/?q=nobody",
	}
	if _, err := u.box.AddFault(sandbox.Fault{Kind: sandbox.FaultDrop, Times: 1}); err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"n1", "n2"} {
		if _, err := u.box.Fail(number); err != nil {
			t.Fatal(err)
		}
	}
	for _, page := range pages {
		u.do(chromedp.Navigate(page))
		u.openAll()
		u.do(chromedp.Evaluate[chromedp.Void](string(axe)))
		for _, width := range []int64{320, 360, 1280} {
			u.resize(width, 800, 1)
			for _, scheme := range []string{"light", "dark"} {
				u.emulateMedia("", "prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
				how := fmt.Sprintf("%s, %d wide, %s", strings.TrimPrefix(page, u.origin), width, scheme)
				u.faultless(how, overlong)
				if width == 360 {
					continue // axe-core checked 320
				}
				for _, finding := range ask(u.shopper, u.tab, chromedp.Evaluate[[]string](runAxe, chromedp.EvalAwaitPromise)) {
					t.Errorf("%s: %s", how, finding)
				}
			}
		}
	}
}

// TestSandboxCodeIsBlackOnWhiteInForcedDark: a browser that darkens pages by force
// leaves the code as it is, with its quiet zone.
func TestSandboxCodeIsBlackOnWhiteInForcedDark(t *testing.T) {
	t.Parallel()
	u := newSandboxUser(t, withWasm)
	if _, err := chromedp.Call(u.tab, emulation.SetAutoDarkModeOverride, emulation.SetAutoDarkModeOverrideParams{Enabled: new(true)}); err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{u.place("n1", "Poster", 12050, ""), u.place("n2", "Poster", 12050, wantu.AlipayHK)} {
		u.do(chromedp.Navigate(page))
		picture := u.picture("#qrcode")
		box := picture.Bounds()
		if got := brightness(picture.At(box.Min.X+2, box.Min.Y+2)); got < 240 {
			t.Errorf("%s: the quiet zone has the brightness %d of 255", page, got)
		}
		finder := box.Min.Add(image.Pt(box.Dx()*9/74, box.Dy()*9/74)) // in the first module of a code with 37 modules, of 4 of quiet zone
		if got := brightness(picture.At(finder.X, finder.Y)); got > 40 {
			t.Errorf("%s: the first module has the brightness %d of 255", page, got)
		}
	}
}

// picture returns the picture of an element.
func (u *sandboxUser) picture(selector string) image.Image {
	u.Helper()
	picture, err := png.Decode(bytes.NewReader(u.pictureOf(selector)))
	if err != nil {
		u.Fatal(err)
	}
	return picture
}

// brightness returns the brightness of a color, 255 for white.
func brightness(c color.Color) uint8 {
	gray, _ := color.GrayModel.Convert(c).(color.Gray)
	return gray.Y
}
