//go:build !js

package main_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// waitLimit is the longest wait. A passing test does not reach it.
const waitLimit = 60 * time.Second

var chromium struct {
	once sync.Once
	ctx  context.Context //nolint:containedctx // chromedp keeps its browser in one
	stop context.CancelFunc
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

func startChromium() {
	path, err := chromiumPath()
	if err != nil {
		chromium.err = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(allocator)
	chromium.ctx = ctx //nolint:fatcontext // made once, for all tests
	chromium.stop = func() { stop(); stopAllocator() }
	chromium.err = chromedp.Do(ctx)
}

func chromiumPath() (string, error) {
	for _, name := range []string{os.Getenv("WANTUKIT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium is installed: run `make tools`")
}

// tab is a browser tab with a page of a fakeServer.
type tab struct {
	*testing.T
	ctx context.Context //nolint:containedctx // chromedp keeps a tab in one
}

// slowProgramTimeout lengthens the 8 s that the page waits for its program, for a busy
// machine.
const slowProgramTimeout = `{ const real = window.setTimeout; window.setTimeout = (f, ms, ...rest) => real(f, ms === 8000 ? 100 * ms : ms, ...rest); }`

// visit opens a page of the fakeServer in a new tab. The scripts run before the page's own.
func visit(t *testing.T, c *fakeServer, path string, scripts ...string) *tab {
	t.Helper()
	chromium.once.Do(startChromium)
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	ctx, cancel := chromedp.NewContext(chromium.ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	for _, script := range append([]string{slowProgramTimeout}, scripts...) {
		if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
			t.Fatal(err)
		}
	}
	// It does not wait for the load event, which a frame may delay.
	if _, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: c.URL + path}); err != nil {
		t.Fatal(err)
	}
	return &tab{t, ctx}
}

// wait waits until a JavaScript expression is true. The page may reload meanwhile.
func (tb *tab) wait(expression string) {
	tb.Helper()
	tb.waitUntil(expression, func() bool {
		ctx, cancel := context.WithTimeout(tb.ctx, waitLimit)
		defer cancel()
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && is
	})
}

func (tb *tab) waitUntil(what string, is func() bool) {
	tb.Helper()
	for end := time.Now().Add(waitLimit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if is() {
			return
		}
	}
	tb.Fatalf("gave up waiting for %s", what)
}

func (tb *tab) run(script string) {
	tb.Helper()
	tb.do(chromedp.Evaluate[chromedp.Void](script))
}

func (tb *tab) do(action chromedp.Action[chromedp.Void]) {
	tb.Helper()
	if err := chromedp.Do(tb.ctx, action); err != nil {
		tb.Fatal(err)
	}
}

// waitForState waits until the page shows a state.
func (tb *tab) waitForState(state string) {
	tb.Helper()
	tb.wait(`document.getElementById("checkout").dataset.state === "` + state + `" && document.querySelector("h2[data-say~=` + state + `]").checkVisibility()`)
}

// waitForProgram waits until the Worker's program has changed the page.
func (tb *tab) waitForProgram() {
	tb.Helper()
	tb.wait(`document.querySelector("[data-text=countdown]").textContent < "10:00"`)
}

func TestPaidIsSeenLive(t *testing.T) {
	t.Parallel()
	c := newFakeServer(t)
	shopper := visit(t, c, "/c")
	shopper.waitForProgram()
	c.setStatus(c.paid())
	shopper.waitForState("paid")
	shopper.wait(`document.getElementById("announce").textContent === "Payment complete"`)
	if loads := c.count(&c.loads); loads != 1 {
		t.Errorf("the page was loaded %d times", loads)
	}
	shopper.wait(`document.title === "thanks"`)
}

func TestPaidIsSeenByTheFallback(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*fakeServer){
		"wasm missing":     func(c *fakeServer) { c.noWasm = true },
		"wasm not built":   func(c *fakeServer) { c.page.Assets.Wasm = "" },
		"wasm is not wasm": func(c *fakeServer) { c.page.Assets.Wasm = c.assets.URL(static.Icon) },
		"no worker":        func(c *fakeServer) { c.page.Assets.Worker = "/static/0/none.js" },
		"wasm crashes":     func(c *fakeServer) { c.brokenStream = true },
	}
	for name, breakIt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newFakeServer(t)
			breakIt(c)
			shopper := visit(t, c, "/c")
			shopper.waitUntil("a poll", func() bool { return c.count(&c.polls) >= 1 })
			c.setStatus(c.paid())
			shopper.waitForState("paid")
			if loads := c.count(&c.loads); loads != 2 {
				t.Errorf("the page was loaded %d times, so it was not the fallback", loads)
			}
			shopper.wait(`document.querySelector("[data-link=next]").href.endsWith("/thanks")`)
		})
	}
}

func TestComingBackAsksTheGateway(t *testing.T) {
	t.Parallel()
	for _, wasm := range []bool{true, false} {
		c := newFakeServer(t)
		c.noWasm = !wasm
		c.confirm = func(string) { c.setStatus(c.paid()) }
		shopper := visit(t, c, "/c")
		if wasm {
			shopper.waitForProgram()
		} else {
			shopper.waitUntil("a poll", func() bool { return c.count(&c.polls) >= 1 })
		}
		shopper.run(`window.dispatchEvent(new Event("focus"))`)
		shopper.waitForState("paid")
		if !c.hasSeen("confirm secret application/json") {
			t.Errorf("wasm %v: the server saw %q", wasm, c.seen)
		}
	}
}

func TestAutoStart(t *testing.T) {
	t.Parallel()
	c := newFakeServer(t)
	c.status = status{State: "choose", Remaining: 600}
	c.page.Attempt = templates.AttemptView{Wallet: "wechat", Flow: "native", Code: &templates.QRCode{Path: "M4 4h7v1h-7z", Size: 29}}
	c.page.AutoStart = "wechat"
	shopper := visit(t, c, "/c")
	shopper.waitForState("code")
	if loads, swaps := c.count(&c.loads), c.count(&c.swaps); !c.hasSeen("start wechat secret") || loads != 2 || swaps != 1 {
		t.Errorf("%d loads, %d of them in place; the server saw %q", loads, swaps, c.seen)
	}
}

// TestEmbeddingPageIsTold checks that the page around the page learns the state and the
// height, at first and when they change.
func TestEmbeddingPageIsTold(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := newFakeServer(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/shop")
		shopper.wait(`told === "ready " && ` + fits)
		shopper.run(framed + `.querySelector(".how").open = true`)
		shopper.wait(fits)
		c.setStatus(c.paid())
		shopper.wait(`told === "ready completed " + location.origin + "/thanks" && ` + fits)
		shopper.wait(framed + `.querySelector("[data-link=next]").checkVisibility()`)
	})
}

const (
	framed = `document.querySelector("iframe").contentDocument`
	// fits is true if the frame is as high as its content.
	fits = `((page, high) => high > 100 && page.scrollHeight === high && page.querySelector("main").getBoundingClientRect().height > high - 2)(` +
		framed + `.documentElement, document.querySelector("iframe").clientHeight)`
)

// chooser is a page with radio buttons. A tap on one of them sends its form.
const chooser = `<!DOCTYPE html><html><head><script defer src="{loader}"></script></head><body>
<main id="checkout" data-state="choose" data-status="/status" data-confirm="/confirm">
<label class="pick"><input type="radio" name="pick" value="alipay_hk" checked><b>AlipayHK</b></label>
<label class="pick"><input type="radio" name="pick" value="wechat" data-starts="go-wechat"><b>WeChat</b></label>
<form id="go-wechat" method="post" action="/start" data-swap><input type="hidden" name="token" value="secret">
<button name="wallet" value="wechat" data-default>Pay</button></form>
</main><p id="announce"></p></body></html>`

// touchChooser is a page whose second wallet opens the wallet's app on a touch screen.
var touchChooser = strings.NewReplacer(
	`<form id="go-wechat"`, `<div class="way"><form id="go-wechat"`,
	`data-default>`, `data-default data-touch="Open the app">`,
	`</form>`, `</form><form class="alt" method="post" action="/start"><input type="hidden" name="token" value="touch"></form></div>`,
).Replace(chooser)

// TestTapOnAWalletOpensNoApp checks that a tap on a wallet only picks it where its button
// opens the wallet's app, and that the button then sends the other form.
func TestTapOnAWalletOpensNoApp(t *testing.T) {
	t.Parallel()
	c := newFakeServer(t)
	c.chooser, c.status = touchChooser, status{State: "choose", Remaining: 600}
	shopper := visit(t, c, "/c", `Object.defineProperty(navigator, "maxTouchPoints", { value: 5 })`)
	shopper.waitUntil("a poll", func() bool { return c.count(&c.polls) >= 1 })
	shopper.do(chromedp.Click(chromedp.CSS("label:nth-of-type(2) b")))
	shopper.wait(`document.querySelector("input:checked").value === "wechat"`)
	polls := c.count(&c.polls)
	shopper.waitUntil("the next poll", func() bool { return c.count(&c.polls) > polls })
	if c.hasSeen("start") {
		t.Fatal("a tap on the wallet has opened the app")
	}
	shopper.do(chromedp.Click(chromedp.CSS("button")))
	shopper.waitUntil("the form of the app", func() bool { return c.hasSeen("start wechat touch") })
}

// TestTapOnAWalletStartsIt checks that a tap starts a wallet, once, and that a key only
// chooses it.
func TestTapOnAWalletStartsIt(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"b", "input"} {
		c := newFakeServer(t)
		c.chooser, c.status = chooser, status{State: "choose", Remaining: 600}
		shopper := visit(t, c, "/c")
		shopper.waitUntil("a poll", func() bool { return c.count(&c.polls) >= 1 })
		shopper.run(`document.querySelector("input").focus()`)
		shopper.do(chromedp.KeyEvent(kb.ArrowDown))
		shopper.wait(`document.querySelector("input:checked").value === "wechat"`)
		shopper.do(chromedp.KeyEvent(" "))
		shopper.run(mark)
		if c.hasSeen("start") {
			t.Fatal("a key has started the wallet")
		}
		shopper.do(chromedp.Click(chromedp.CSS("label:nth-of-type(2) " + part)))
		shopper.waitForState("code")
		shopper.wait(marked)
		var starts int
		c.change(func() { starts = strings.Count(strings.Join(c.seen, " "), "start wechat secret") })
		if starts != 1 {
			t.Errorf("a tap on %s starts the wallet %d times", part, starts)
		}
	}
}
