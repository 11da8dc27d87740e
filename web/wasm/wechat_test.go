//go:build !js

package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// openInWeChat starts a counter with a page for WeChat's payment sheet.
func openInWeChat(t *testing.T, wasm bool) *counter {
	t.Helper()
	c := open(t)
	c.noWasm = !wasm
	c.status.State = "redirecting"
	c.page.Attempt = templates.AttemptView{Wallet: "wechat", Flow: "jsapi", JSAPI: `{"package":"prepay_id=p1"}`}
	return c
}

// withAndWithoutWasm runs a test in both halves of the page's script.
func withAndWithoutWasm(t *testing.T, test func(t *testing.T, wasm bool)) {
	t.Helper()
	for _, wasm := range []bool{true, false} {
		t.Run(fmt.Sprintf("wasm %v", wasm), func(t *testing.T) {
			t.Parallel()
			test(t, wasm)
		})
	}
}

// TestWeChatSheet: whatever the sheet answers leads to a query, and a shopper
// whom it failed can try again.
func TestWeChatSheet(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := openInWeChat(t, wasm)
		c.page.Demo = &templates.DemoBar{BridgeScript: c.assets.URL(static.DemoBridge), Sandbox: c.URL}
		c.sheet = "fail"
		c.confirm = func(said string) {
			if strings.HasSuffix(said, ":ok") {
				c.move(c.paid())
			}
		}
		shopper := visit(t, c, "/c")
		const failed, pay = `document.querySelector("[data-reveal=bridge-failed]").checkVisibility()`, `document.querySelector("[data-action=pay]").click()`
		shopper.wait(failed)
		shopper.until("a query after a failure", func() bool {
			return c.saw("confirm secret application/json get_brand_wcpay_request:fail") || c.saw("request:fail")
		})
		c.change(func() { c.sheet = "cancel" })
		shopper.run(pay)
		shopper.until("a query after a cancel", func() bool { return c.saw("request:cancel") })
		shopper.wait("!" + failed)
		c.change(func() { c.sheet = "ok" })
		shopper.run(pay)
		shopper.shows("paid")
		if !c.saw("sheet p1") || !c.saw("confirm secret") {
			t.Errorf("the server saw %q", c.seen)
		}
	})
}

// TestBridgeThatIsLate: the page says so after 5 s, and goes on waiting.
func TestBridgeThatIsLate(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := openInWeChat(t, wasm)
		shopper := visit(t, c, "/c")
		const missing = `document.querySelector("[data-reveal=bridge-missing]").checkVisibility()`
		shopper.wait(missing)
		shopper.run(`document.querySelector("[data-action=pay]").click()`)
		shopper.run(`window.WeixinJSBridge = { invoke: (method, { package: order }) => { window.opened = method + " " + order; } };
			document.dispatchEvent(new Event("WeixinJSBridgeReady"))`)
		shopper.wait(`window.opened === "getBrandWCPayRequest prepay_id=p1" && !` + missing)
	})
}

// TestBridgeThatWasThereFirst says nothing when the page loads.
func TestBridgeThatWasThereFirst(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		shopper := visit(t, openInWeChat(t, wasm), "/c", `window.WeixinJSBridge = { invoke: () => { window.opened = (window.opened || 0) + 1; } }`)
		shopper.wait(`window.opened === 1`)
	})
}
