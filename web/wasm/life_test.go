//go:build !js

package main_test

import (
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/templates"
)

// mark marks the loaded page and its announcer. A load removes both marks.
const (
	mark   = `window.marked = true; document.getElementById("announce").marked = true`
	marked = `window.marked && document.getElementById("announce").marked`
	// headed finds the heading of a page with a code.
	headed = `document.querySelector("h2[data-say~=code]")`
)

// waitForScript waits until the program or the fallback runs.
func (tb *tab) waitForScript(c *fakeServer, wasm bool) {
	tb.Helper()
	if wasm {
		tb.waitForProgram()
	} else {
		tb.waitUntil("a poll", func() bool { return c.count(&c.polls) >= 1 })
	}
}

// TestCodeOfAnotherTabIsFetched checks that a new code replaces the old one without a
// load. The focus stays where it is, and a screen reader speaks the heading.
func TestCodeOfAnotherTabIsFetched(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := newFakeServer(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/c")
		shopper.waitForScript(c, wasm)
		shopper.run(mark)
		c.setStatus(status{State: "code", Attempt: "b", Remaining: 500})
		shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && ` + marked)
		shopper.wait(`document.activeElement === document.body && document.getElementById("announce").textContent === ` + headed + `.textContent`)
		c.setStatus(status{State: "paid", Attempt: "b", Remaining: -1})
		shopper.waitForState("paid")
		shopper.wait(marked)
	})
}

// TestPageWithoutItsLoader checks that a page that waits shows the payment where the loader
// does not run: a browser cannot read it, or something blocks it.
func TestPageWithoutItsLoader(t *testing.T) {
	t.Parallel()
	const soon = `{ const set = setTimeout; window.setTimeout = (f, ms, ...rest) => set(f, ms === 15e3 ? 500 : ms, ...rest) }`
	for name, loader := range map[string]string{"unreadable": "let let =", "fails": "throw 1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newFakeServer(t)
			c.loader, c.page.RefreshSeconds = loader, 5
			shopper := visit(t, c, "/c", soon)
			c.setStatus(c.paid())
			shopper.waitForState("paid")
		})
	}
	t.Run("and one that runs is not loaded again", func(t *testing.T) {
		t.Parallel()
		withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
			c := newFakeServer(t)
			c.noWasm, c.page.RefreshSeconds = !wasm, 5
			shopper := visit(t, c, "/c")
			shopper.waitForScript(c, wasm)
			shopper.wait(`window.wantukit`)
		})
	})
}

// TestWalletIsChangedInPlace checks that the content of another wallet replaces the old
// one, once and without a load, and that the new heading gets the focus.
func TestWalletIsChangedInPlace(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := newFakeServer(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/c")
		shopper.waitForScript(c, wasm)
		shopper.run(mark + `; const pick = document.querySelector(".way .bar button"); pick.focus(); pick.click(); pick.click()`)
		shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && ` + marked)
		shopper.wait(`document.activeElement === ` + headed + ` && document.getElementById("announce").textContent === ""`)
		if swaps := c.count(&c.swaps); swaps != 1 {
			t.Errorf("the content was replaced %d times, want once", swaps)
		}
	})
}

// TestBrowserThatDoesNotNameTheButton checks a browser without SubmitEvent.submitter
// (Safari before 15.4): it loads the page of the wallet that was pressed.
func TestBrowserThatDoesNotNameTheButton(t *testing.T) {
	t.Parallel()
	c := newFakeServer(t)
	shopper := visit(t, c, "/c", `Object.defineProperty(SubmitEvent.prototype, "submitter", { get() {} })`)
	shopper.waitForProgram()
	shopper.run(mark + `; document.querySelector(".way .bar button").click()`)
	shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && !window.marked`)
	if !c.hasSeen("start wechat secret") {
		t.Errorf("the server has seen %q", c.seen)
	}
}

// TestBrowserThatCannotSwap checks a browser without replaceChildren (Chrome before 86,
// Safari before 14): it loads each page.
func TestBrowserThatCannotSwap(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := newFakeServer(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/c", `delete Element.prototype.replaceChildren`)
		shopper.waitForScript(c, wasm)
		shopper.run(mark + `; document.querySelector(".way .bar button").click()`)
		shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && !window.marked`)
		c.setStatus(status{State: "paid", Attempt: "b", Remaining: -1, Next: c.URL + "/thanks"})
		shopper.wait(`document.title === "thanks" || document.querySelector("[data-link=next]").href.endsWith("/thanks")`)
	})
}

// fastFormCheck removes the wait between two checks whether a form is still being sent,
// and counts the checks.
const fastFormCheck = `{
	const set = setTimeout;
	window.looks = 0;
	window.setTimeout = (f, ms, ...rest) => {
		if (ms === 500) window.looks++;
		return set(f, ms === 500 ? 0 : ms, ...rest);
	};
}`

// TestNewContentIsFetchedOnce checks a status that reports the new attempt before the
// form's response arrives: the page does not fetch the content again.
func TestNewContentIsFetchedOnce(t *testing.T) {
	t.Parallel()
	c := newFakeServer(t)
	c.started = make(chan struct{})
	shopper := visit(t, c, "/c", fastFormCheck)
	shopper.waitForProgram()
	shopper.run(mark + `; document.querySelector(".way .bar button").click()`)
	shopper.wait(`window.looks > 1`)
	close(c.started)
	shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && ` + marked)
	c.setStatus(status{State: "paid", Attempt: "b", Remaining: -1})
	shopper.waitForState("paid")
	if swaps := c.count(&c.swaps); swaps != 1 {
		t.Errorf("the content was replaced %d times, want once", swaps)
	}
}

// TestWhatCannotBeSwappedIsLoaded checks that the page is loaded for a frame and for
// WeChat's sheet, which need their own policy and URL.
func TestWhatCannotBeSwappedIsLoaded(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]struct {
		state   string
		attempt templates.AttemptView
		shown   string
	}{
		"a frame": {"code", templates.AttemptView{Wallet: "alipay_hk", Flow: "iframe", FrameURL: "/wallet/code"}, ".qr iframe"},
		"a sheet": {"redirecting", templates.AttemptView{Wallet: "wechat", Flow: "jsapi", JSAPI: "{}"}, "[data-action=pay]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newFakeServer(t)
			shopper := visit(t, c, "/c")
			shopper.waitForProgram()
			shopper.run(mark)
			c.change(func() { c.page.Attempt = next.attempt })
			c.setStatus(status{State: next.state, Attempt: "b", Remaining: 500})
			shopper.wait(`!window.marked && document.querySelector("` + next.shown + `").checkVisibility()`)
		})
	}
}

// keepLate keeps the timer that waits for a frame, so that the test can fire it.
const keepLate = `{
	const set = setTimeout, clear = clearTimeout;
	window.setTimeout = (f, ms, ...rest) => {
		if (rest[0] !== "frame-late") return set(f, ms, ...rest);
		window.late = () => f(...rest);
		return -1;
	};
	window.clearTimeout = (id) => { if (id === -1) window.late = () => { window.inTime = true; }; else clear(id); };
}`

// TestFrameThatDoesNotLoad checks that the link to the cashier is always there, and that a
// warning points to it if the frame does not load.
func TestFrameThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	for path, inTime := range map[string]bool{"/wallet/never": false, "/wallet/code": true} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			c := newFakeServer(t)
			c.page.Attempt = templates.AttemptView{Wallet: "alipay_hk", Flow: "iframe", FrameURL: path, FrameWidth: 240}
			shopper := visit(t, c, "/c", keepLate)
			shopper.wait(`window.late && document.querySelector(".fallback[target=_top] button").checkVisibility()`)
			const pointedOut = `document.querySelector("[data-reveal=frame-late]").checkVisibility()`
			if inTime {
				shopper.wait(`(late(), window.inTime) && !` + pointedOut)
			} else {
				shopper.wait(`!` + pointedOut)
				shopper.run(`late()`)
				shopper.wait(pointedOut + ` && !window.inTime`)
			}
		})
	}
}

// shown shows a page that Chromium keeps hidden after it was frozen: a headless browser has
// no screen.
const shown = `Object.defineProperty(document, "hidden", { value: false }); document.dispatchEvent(new Event("visibilitychange"))`

// TestPageThatWasFrozen checks that a page that a locked phone has frozen shows the
// current state afterwards.
func TestPageThatWasFrozen(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := newFakeServer(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/c", `addEventListener("freeze", () => { window.frozen = true; }, true)`)
		shopper.waitForScript(c, wasm)
		shopper.run(mark)
		shopper.lifecycle("frozen")
		c.setStatus(c.paid())
		shopper.lifecycle("active")
		shopper.run(shown)
		shopper.waitForState("paid")
		shopper.wait(marked + " && window.frozen")
	})
}

func (tb *tab) lifecycle(state page.SetWebLifecycleStateState) {
	tb.Helper()
	if _, err := chromedp.Call(tb.ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}); err != nil {
		tb.Fatal(err)
	}
}
