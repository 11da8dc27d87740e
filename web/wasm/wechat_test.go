//go:build !js

package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/templates"
)

// newFakeServerInWeChat starts a fakeServer whose page opens WeChat's payment sheet.
func newFakeServerInWeChat(t *testing.T, wasm bool) *fakeServer {
	t.Helper()
	c := newFakeServer(t)
	c.noWasm = !wasm
	c.status.State = "redirecting"
	c.page.Attempt = templates.AttemptView{Wallet: "wechat", Flow: "jsapi", JSAPI: `{"package":"prepay_id=p1"}`}
	return c
}

// withAndWithoutWasm runs a test with the program and with the fallback.
func withAndWithoutWasm(t *testing.T, test func(t *testing.T, wasm bool)) {
	t.Helper()
	for _, wasm := range []bool{true, false} {
		t.Run(fmt.Sprintf("wasm %v", wasm), func(t *testing.T) {
			t.Parallel()
			test(t, wasm)
		})
	}
}

// TestWeChatSheet checks that every answer of the sheet causes a query, and that the
// shopper can open the sheet again after a failure.
func TestWeChatSheet(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := newFakeServerInWeChat(t, wasm)
		c.page.Demo = &templates.DemoBar{BridgeScript: c.assets.URL(static.DemoBridge), Sandbox: c.URL}
		c.sheet = "fail"
		c.confirm = func(said string) {
			if strings.HasSuffix(said, ":ok") {
				c.setStatus(c.paid())
			}
		}
		shopper := visit(t, c, "/c")
		const failed, pay = `document.querySelector("[data-reveal=bridge-failed]").checkVisibility()`, `document.querySelector("[data-action=pay]").click()`
		shopper.wait(failed)
		shopper.waitUntil("a query after a failure", func() bool {
			return c.hasSeen("confirm secret application/json get_brand_wcpay_request:fail") || c.hasSeen("request:fail")
		})
		c.change(func() { c.sheet = "cancel" })
		shopper.run(pay)
		shopper.waitUntil("a query after a cancel", func() bool { return c.hasSeen("request:cancel") })
		shopper.wait("!" + failed)
		c.change(func() { c.sheet = "ok" })
		shopper.run(pay)
		shopper.waitForState("paid")
		if !c.hasSeen("sheet p1") || !c.hasSeen("confirm secret") {
			t.Errorf("the server has seen %q", c.seen)
		}
	})
}

// TestBridgeThatIsLate checks that the page warns after 5 s and keeps waiting.
func TestBridgeThatIsLate(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := newFakeServerInWeChat(t, wasm)
		shopper := visit(t, c, "/c")
		const missing = `document.querySelector("[data-reveal=bridge-missing]").checkVisibility()`
		shopper.wait(missing)
		shopper.run(`document.querySelector("[data-action=pay]").click()`)
		shopper.run(`window.WeixinJSBridge = { invoke: (method, { package: order }) => { window.opened = method + " " + order; } };
			document.dispatchEvent(new Event("WeixinJSBridgeReady"))`)
		shopper.wait(`window.opened === "getBrandWCPayRequest prepay_id=p1" && !` + missing)
	})
}

// TestBridgeThatWasThereFirst checks a bridge that is ready before the page loads, and so
// sends no event.
func TestBridgeThatWasThereFirst(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		shopper := visit(t, newFakeServerInWeChat(t, wasm), "/c", `window.WeixinJSBridge = { invoke: () => { window.opened = (window.opened || 0) + 1; } }`)
		shopper.wait(`window.opened === 1`)
	})
}
