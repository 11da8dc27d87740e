package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// patience bounds whatever a test waits for. It is long: the machines are
// shared, and a test that passes never waits for it.
const patience = 60 * time.Second

// chromium is the one browser that all tests share, each in a context of its
// own: other cookies, other tabs.
var chromium struct {
	once   sync.Once
	ctx    context.Context //nolint:containedctx // chromedp keeps its browser in one
	cancel context.CancelFunc
	err    error
}

func TestMain(m *testing.M) {
	testscript.Main(withChromium{m}, map[string]func(){"wantukit": mainOnItsDisk})
}

// withChromium ends the browser, and PostgreSQL, after the tests.
type withChromium struct{ *testing.M }

// Run implements testscript.TestingM.
func (m withChromium) Run() int {
	code := m.M.Run()
	pgtest.End()
	if err := openAlbum().bind(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if chromium.cancel != nil {
		chromium.cancel()
	}
	return code
}

// chromiumPath finds the browser. A missing one fails the test: run
// `make tools`.
func chromiumPath() (string, error) {
	names := []string{os.Getenv("WANTUKIT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	for _, name := range names {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium is installed: run `make tools`")
}

func startChromium() {
	path, err := chromiumPath()
	if err != nil {
		chromium.err = err
		return
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), flags...)
	ctx, cancel := chromedp.NewContext(allocator)
	chromium.ctx = ctx //nolint:fatcontext // it is the browser, once
	chromium.cancel = func() { cancel(); cancelAllocator() }
	chromium.err = chromedp.Do(ctx)
}

// scripting is how much of the page's script a shopper's browser runs.
type scripting string

const (
	withWasm    scripting = "wasm"
	wasmBlocked scripting = "wasm blocked"
	scriptOff   scripting = "script off"
)

// device is a browser to emulate.
type device struct {
	userAgent     string
	width, height int64
	mobile        bool
}

var (
	desktop = device{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", 1280, 800, false}
	phone   = device{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", 390, 844, true}
	wechat  = device{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60 NetType/WIFI Language/en", 390, 844, true}
)

// shopper is a person with a browser, in front of a demo of their own.
type shopper struct {
	*testing.T
	demo *demo
	// front is the address of the shop.
	front     string
	tab       context.Context //nolint:containedctx // chromedp keeps a tab in one
	scripting scripting
}

func newShopper(t *testing.T, d device, s scripting, prepare ...func(*demo)) *shopper {
	t.Helper()
	return newShopperAt(t, startDemo(t, prepare...), d, s)
}

// newShopperAt is a shopper at a demo that others may visit too.
func newShopperAt(t *testing.T, at *demo, d device, s scripting) *shopper {
	t.Helper()
	if name, _, _ := strings.Cut(t.Name(), "/"); !slices.Contains(browserTests(t), name) {
		t.Fatal("it opens a browser: .ci/browser-tests has to name it")
	}
	chromium.once.Do(startChromium)
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	person := &shopper{T: t, demo: at, scripting: s}
	if at != nil {
		person.front = at.publicURL + "/"
	}
	person.tab = person.newTab(chromium.ctx, chromedp.WithNewBrowserContext())
	person.emulate(d)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(person.where())
		}
	})
	return person
}

// newTab opens a tab that closes with the test.
func (p *shopper) newTab(parent context.Context, options ...chromedp.ContextOption) context.Context {
	p.Helper()
	tab, cancel := chromedp.NewContext(parent, options...)
	p.Cleanup(cancel)
	if err := chromedp.Do(tab); err != nil { // opens it; a deadline here would be the tab's
		p.Fatal(err)
	}
	return tab
}

// patientPage has a page do much later what it does where something takes 8 s or
// longer: go on without its program, or point out that a frame does not come. On
// a busy machine everything takes so long.
const patientPage = `{ const real = window.setTimeout; window.setTimeout = (f, ms, ...rest) => real(f, ms >= 8000 ? 100 * ms : ms, ...rest); }`

// lingeringPage has a page stay for minutes at the receipt, from which it goes
// to the shop after 3 s. On a busy machine a test may take longer to look at it.
const lingeringPage = `{ const real = window.setTimeout; window.setTimeout = (f, ms, ...rest) => real(f, ms === 3000 ? 100 * ms : ms, ...rest); }`

// lingers keeps each page that is loaded from now on at its receipt.
func (p *shopper) lingers() {
	p.Helper()
	p.onNewDocument(lingeringPage)
}

// onNewDocument runs a script before those of each page that is loaded from now
// on.
func (p *shopper) onNewDocument(script string) {
	p.Helper()
	if _, err := chromedp.Call(p.tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		p.Fatal(err)
	}
}

func (p *shopper) emulate(d device) {
	p.Helper()
	ctx := p.tab
	_, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: d.userAgent})
	_, sizeErr := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: d.width, Height: d.height, DeviceScaleFactor: 2, Mobile: d.mobile,
	})
	var scriptErr error
	switch p.scripting {
	case wasmBlocked:
		pattern := &network.BlockPattern{URLPattern: "*://*:*/*.wasm", Block: true}
		_, scriptErr = chromedp.Call(ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{pattern}})
	case scriptOff:
		_, scriptErr = chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	case withWasm:
		_, scriptErr = chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: patientPage})
	}
	if err := errors.Join(err, sizeErr, scriptErr); err != nil {
		p.Fatal(err)
	}
}

// do runs actions in the shopper's tab.
func (p *shopper) do(actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	p.doIn(p.tab, actions...)
}

func (p *shopper) doIn(tab context.Context, actions ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	ask(p, tab, chromedp.Steps(actions...))
}

// ask runs one action in a tab and returns its value. Where the page was
// exchanged under the action's hands, it asks the new one.
func ask[V any](p *shopper, tab context.Context, action chromedp.Action[V]) V {
	p.Helper()
	ctx, cancel := context.WithTimeout(tab, patience)
	defer cancel()
	for {
		value, err := chromedp.Run(ctx, action)
		if err == nil {
			return value
		}
		if !pageExchanged(err) {
			p.Fatal(err)
		}
	}
}

// pageExchanged reports whether an action failed because its page went away
// before it could act.
func pageExchanged(err error) bool {
	text := err.Error()
	for _, sign := range []string{"Could not find node", "No node with given id", "Cannot find context", "Inspected target navigated"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// where tells what the shopper sees, for a failure's message.
func (p *shopper) where() string {
	ctx, cancel := context.WithTimeout(p.tab, 5*time.Second)
	defer cancel()
	address, _ := chromedp.Run(ctx, chromedp.Location())
	state, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('[data-state]')?.dataset.state ?? ''`))
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText.slice(0, 500)`))
	return "at " + address + " state " + state + "\n" + text
}

// location is the address of the shopper's tab.
func (p *shopper) location() string {
	p.Helper()
	return ask(p, p.tab, chromedp.Location())
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-look.C:
		case <-deadline.C:
			t.Fatalf("still not so after %s: %s", patience, what)
		}
	}
}

// startDemo runs a demo on free ports of the loopback interface. Each prepare
// may change it before it runs.
func startDemo(t testing.TB, prepare ...func(*demo)) *demo {
	t.Helper()
	return startDemoAs(t, nil, prepare...)
}

// startDemoAs starts the demo with a shop that is configured otherwise.
func startDemoAs(t testing.TB, configure func(*config.Shop), prepare ...func(*demo)) *demo {
	t.Helper()
	return startDemoIn(t, t.TempDir(), configure, prepare...)
}

// startDemoIn starts the demo with its data in a folder.
func startDemoIn(t testing.TB, data string, configure func(*config.Shop), prepare ...func(*demo)) *demo {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	d, err := newDemo(t.Context(), &demoCommand{
		Addr: "127.0.0.1:0", SandboxAddr: "127.0.0.1:0", Data: data, Configure: configure,
	}, logger)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range prepare {
		change(d)
	}
	untilTheEnd(t, func(ctx context.Context) error { return d.run(ctx, logger) })
	return d
}

// orders are the sandbox's, the newest last.
func (p *shopper) orders() []sandbox.Order { return p.demo.sandbox.Orders() }

// isAt reports whether the tab shows a page below this path.
func (p *shopper) isAt(path string) bool { return strings.Contains(p.location(), path) }
