//go:build !js

package main_test

import (
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/templates"
)

// mark marks the page that is loaded, and its announcer: a load would lose
// both.
const (
	mark   = `window.marked = true; document.getElementById("announce").marked = true`
	marked = `window.marked && document.getElementById("announce").marked`
	// headed is the heading of a page with a code.
	headed = `document.querySelector("h2[data-say~=code]")`
)

// ready waits until the page's script listens, whichever half it is.
func (tb *tab) ready(c *counter, wasm bool) {
	tb.Helper()
	if wasm {
		tb.lives()
	} else {
		tb.until("a poll", func() bool { return c.count(&c.polls) >= 1 })
	}
}

// TestCodeOfAnotherTabIsFetched: in place, and a shopper who looks elsewhere
// hears of it and stays where they are.
func TestCodeOfAnotherTabIsFetched(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := open(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/c")
		shopper.ready(c, wasm)
		shopper.run(mark)
		c.move(status{State: "code", Attempt: "b", Remaining: 500})
		shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && ` + marked)
		shopper.wait(`document.activeElement === document.body && document.getElementById("announce").textContent === ` + headed + `.textContent`)
		c.move(status{State: "paid", Attempt: "b", Remaining: -1})
		shopper.shows("paid")
		shopper.wait(marked)
	})
}

// TestWalletIsChangedInPlace: whoever pressed the button is taken to the new
// words, once.
func TestWalletIsChangedInPlace(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := open(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/c")
		shopper.ready(c, wasm)
		shopper.run(mark + `; document.querySelector(".ways details").open = true;
			const pick = document.querySelector(".ways button.pick"); pick.focus(); pick.click(); pick.click()`)
		shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && ` + marked)
		shopper.wait(`document.activeElement === ` + headed + ` && document.getElementById("announce").textContent === ""`)
		if swaps := c.count(&c.swaps); swaps != 1 {
			t.Errorf("%d pages took the place of the first, want one", swaps)
		}
	})
}

// TestBrowserThatDoesNotNameTheButton: Safari before 15.4 swaps nothing, and
// sends the wallet that was pressed.
func TestBrowserThatDoesNotNameTheButton(t *testing.T) {
	t.Parallel()
	c := open(t)
	shopper := visit(t, c, "/c", `Object.defineProperty(SubmitEvent.prototype, "submitter", { get() {} })`)
	shopper.lives()
	shopper.run(mark + `; document.querySelector(".ways details").open = true;
		document.querySelector(".ways button.pick").click()`)
	shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && !window.marked`)
	if !c.saw("start wechat secret") {
		t.Errorf("the server saw %q", c.seen)
	}
}

// TestBrowserThatCannotSwap: Chrome before 86 and Safari before 14 load each page.
func TestBrowserThatCannotSwap(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := open(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/c", `delete Element.prototype.replaceChildren`)
		shopper.ready(c, wasm)
		shopper.run(mark + `; document.querySelector(".ways details").open = true;
			document.querySelector(".ways button.pick").click()`)
		shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && !window.marked`)
		c.move(status{State: "paid", Attempt: "b", Remaining: -1, Next: c.URL + "/thanks"})
		shopper.wait(`document.title === "thanks" || document.querySelector("[data-link=next]").href.endsWith("/thanks")`)
	})
}

// impatient lets the page look again at once whether a form's answer is there,
// and counts how often it does.
const impatient = `{
	const set = setTimeout;
	window.looks = 0;
	window.setTimeout = (f, ms, ...rest) => {
		if (ms === 500) window.looks++;
		return set(f, ms === 500 ? 0 : ms, ...rest);
	};
}`

// TestNewContentIsFetchedOnce: the status tells of the new order before the
// form's answer shows it, and then there is nothing left to fetch.
func TestNewContentIsFetchedOnce(t *testing.T) {
	t.Parallel()
	c := open(t)
	c.started = make(chan struct{})
	shopper := visit(t, c, "/c", impatient)
	shopper.lives()
	shopper.run(mark + `; document.querySelector(".ways details").open = true;
		document.querySelector(".ways button.pick").click()`)
	shopper.wait(`window.looks > 1`)
	close(c.started)
	shopper.wait(`document.getElementById("checkout").dataset.attempt === "b" && ` + marked)
	c.move(status{State: "paid", Attempt: "b", Remaining: -1})
	shopper.shows("paid")
	if swaps := c.count(&c.swaps); swaps != 1 {
		t.Errorf("%d pages took the place of the first, want one", swaps)
	}
}

// TestWhatCannotBeSwappedIsLoaded: a frame and WeChat's sheet need the policy
// and the address of a page of their own.
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
			c := open(t)
			shopper := visit(t, c, "/c")
			shopper.lives()
			shopper.run(mark)
			c.change(func() { c.page.Attempt = next.attempt })
			c.move(status{State: next.state, Attempt: "b", Remaining: 500})
			shopper.wait(`!window.marked && document.querySelector("` + next.shown + `").checkVisibility()`)
		})
	}
}

// keepLate keeps the timer that waits for a frame, for the test to let it run
// out.
const keepLate = `{
	const set = setTimeout, clear = clearTimeout;
	window.setTimeout = (f, ms, ...rest) => {
		if (rest[0] !== "frame-late") return set(f, ms, ...rest);
		window.late = () => f(...rest);
		return -1;
	};
	window.clearTimeout = (id) => { if (id === -1) window.late = () => { window.inTime = true; }; else clear(id); };
}`

// TestFrameThatDoesNotLoad: there is always a way past the frame, and it is
// pointed out to who waits in vain.
func TestFrameThatDoesNotLoad(t *testing.T) {
	t.Parallel()
	for path, inTime := range map[string]bool{"/wallet/never": false, "/wallet/code": true} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			c := open(t)
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

// TestPageThatWasFrozen: a phone that was locked stops the page and its
// program; both come back to the truth.
func TestPageThatWasFrozen(t *testing.T) {
	t.Parallel()
	withAndWithoutWasm(t, func(t *testing.T, wasm bool) {
		c := open(t)
		c.noWasm = !wasm
		shopper := visit(t, c, "/c", `addEventListener("freeze", () => { window.frozen = true; }, true)`)
		shopper.ready(c, wasm)
		shopper.run(mark)
		shopper.lifecycle("frozen")
		c.move(c.paid())
		shopper.lifecycle("active")
		shopper.shows("paid")
		shopper.wait(marked + " && window.frozen")
	})
}

func (tb *tab) lifecycle(state page.SetWebLifecycleStateState) {
	tb.Helper()
	if _, err := chromedp.Call(tb.ctx, page.SetWebLifecycleState, page.SetWebLifecycleStateParams{State: state}); err != nil {
		tb.Fatal(err)
	}
}
