package main

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// window is a browser's window in which a page is shown, or a frame in the page of a
// shop.
type window struct {
	name   string
	device device
	// frame is the width of the frame in CSS pixels; 0 for none.
	frame int64
}

// phoneWindow is the window of a phone's browser.
func phoneWindow(width, height int64) window {
	return window{name: strconv.FormatInt(width, 10), device: device{phone.userAgent, width, height}}
}

// computerWindow is the window of a computer's browser.
func computerWindow(width, height int64) window {
	return window{name: strconv.FormatInt(width, 10), device: device{desktop.userAgent, width, height}}
}

// shopsFrame is a frame in the page of a shop, on a computer. The window is a little wider
// than the frame.
func shopsFrame(width int64) window {
	return window{"framed-" + strconv.FormatInt(width, 10), device{desktop.userAgent, width + 2*embedderMargin, 900}, width}
}

// reuses reports whether a page that is open in another window can be shown in this one
// without a load.
func (w window) reuses(other window) bool {
	return w.frame == 0 && other.frame == 0 && w.device.userAgent == other.device.userAgent
}

// shows reports whether a page can be shown in the window. A shop frames the checkout,
// and neither error pages nor the pages of the demo.
func (w window) shows(e exhibit) bool {
	return w.frame == 0 || strings.Contains(e.url, "/c/") && e.state != "" && !e.hasSheet
}

// embedder is the origin of a shop whose page shows a checkout in a frame.
type embedder string

// embedderMargin is the space around the frame in CSS pixels.
const embedderMargin = 20

var embeddingPage = template.Must(template.New("").Parse(`<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shop</title>
<style>html { color-scheme: light dark; } body { margin: ` + strconv.Itoa(embedderMargin) + `px; font: 16px sans-serif; } iframe { display: block; border: 0; height: 900px; }</style>
<h1>Your order</h1><iframe class="checkout" title="Checkout" width="{{.Width}}" src="{{.Page}}" allow="clipboard-write"></iframe>`))

// startEmbedder starts the shop. Its host is the checkout's, so that Chromium keeps both
// pages in one process, where the tests reach the frame.
func startEmbedder(t *testing.T) embedder {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = embeddingPage.Execute(w, map[string]string{"Width": r.FormValue("width"), "Page": r.FormValue("page")})
	}))
	t.Cleanup(server.Close)
	return embedder(server.URL)
}

// page is the address of the shop's page that frames another.
func (shop embedder) page(framed string, width int64) string {
	return string(shop) + "/?" + url.Values{"width": {strconv.FormatInt(width, 10)}, "page": {framed}}.Encode()
}

// tour shows a page in each window, in a language. It loads the page as rarely as it can.
func (p *shopper) tour(e exhibit, shop embedder, language string, windows []window, look func(window)) {
	p.Helper()
	var open window
	for _, w := range windows {
		if !w.shows(e) {
			continue
		}
		p.resize(w.device.width, w.device.height, 1)
		if !w.reuses(open) {
			p.comesAs(e.userAgentIn(w), language)
			p.openIn(w, e, shop)
			open = w
		}
		look(w)
	}
}

// userAgentIn returns the user agent of a window. A page in WeChat stays there.
func (e exhibit) userAgentIn(w window) string {
	if e.device == wechat {
		return wechat.userAgent
	}
	return w.device.userAgent
}

// comesAs sets the browser's user agent and language.
func (p *shopper) comesAs(userAgent, language string) {
	p.Helper()
	_, err := chromedp.Call(p.tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: userAgent, AcceptLanguage: language})
	if err != nil {
		p.Fatal(err)
	}
}

// openIn opens an exhibit in a window. A frame gets the height of its page.
func (p *shopper) openIn(w window, e exhibit, shop embedder) {
	p.Helper()
	if w.frame == 0 {
		p.openExhibit(e)
		return
	}
	p.do(chromedp.Navigate(shop.page(e.url, w.frame)))
	eventually(p.T, "the frame shows "+e.name, func() bool {
		return evaluateIn[bool](p, w, `document.querySelector('`+string(e.sign())+`')?.checkVisibility() ?? false`)
	})
	if e.isOpen {
		evaluateIn[bool](p, w, openDetails+`, true`)
	}
	height := evaluateIn[int](p, w, `document.body.scrollHeight`)
	p.run(`document.querySelector('iframe.checkout').style.height = '` + strconv.Itoa(height) + `px'`)
}

// evaluateIn runs a script in the page that a window shows: in the frame, if it is one.
func evaluateIn[V any](p *shopper, w window, script string) V {
	p.Helper()
	if w.frame == 0 {
		return ask(p, p.tab, chromedp.Evaluate[V](script))
	}
	tree, err := chromedp.Call(p.tab, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		p.Fatal(err)
	}
	if len(tree.FrameTree.ChildFrames) != 1 {
		p.Fatalf("the shop's page has %d frames", len(tree.FrameTree.ChildFrames))
	}
	world, err := chromedp.Call(p.tab, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.ChildFrames[0].Frame.ID})
	if err != nil {
		p.Fatal(err)
	}
	return ask(p, p.tab, chromedp.Evaluate[V](script, func(params *runtime.EvaluateParams) { params.ContextID = world.ExecutionContextID }))
}
