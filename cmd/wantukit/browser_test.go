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

// patience is how long a test waits for anything. It is long because the machines
// are shared. A test that passes does not wait so long.
const patience = 3 * time.Minute

// browser is a Chromium that tests share. Each test has a browser context with its own
// cookies and tabs.
type browser struct {
	// flags are those that only this browser has.
	flags  []chromedp.ExecAllocatorOption
	once   sync.Once
	ctx    context.Context //nolint:containedctx // chromedp keeps its browser in one
	cancel context.CancelFunc
	err    error
}

var (
	// chromium is the browser of almost all tests.
	chromium = &browser{}
	// forcedDark is a browser that darkens light pages by itself.
	forcedDark = &browser{flags: []chromedp.ExecAllocatorOption{
		chromedp.Flag("force-dark-mode", true), chromedp.Flag("enable-features", "WebContentsForceDark"),
	}}
)

func TestMain(m *testing.M) {
	testscript.Main(withChromium{m}, map[string]func(){"wantukit": mainOnItsDisk})
}

// withChromium stops the browsers and PostgreSQL after the tests.
type withChromium struct{ *testing.M }

// Run implements testscript.TestingM.
func (m withChromium) Run() int {
	code := m.M.Run()
	pgtest.End()
	if err := openAlbum().bind(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	chromium.end()
	forcedDark.end()
	return code
}

// chromiumPath returns the path of Chromium. It fails if there is none: run `make
// tools`.
func chromiumPath() (string, error) {
	names := []string{os.Getenv("WANTUKIT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	for _, name := range names {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium is installed: run `make tools`")
}

// open starts the browser, once.
func (b *browser) open(t *testing.T) {
	t.Helper()
	b.once.Do(b.start)
	if b.err != nil {
		t.Fatal(b.err)
	}
}

func (b *browser) start() {
	path, err := chromiumPath()
	if err != nil {
		b.err = err
		return
	}
	fonts, err := openAlbum().fonts()
	if err != nil {
		b.err = err
		return
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Env(fonts...), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), append(flags, b.flags...)...)
	ctx, cancel := chromedp.NewContext(allocator)
	b.ctx = ctx
	b.cancel = func() { cancel(); cancelAllocator() }
	b.err = chromedp.Do(ctx)
}

// end stops the browser if it was started.
func (b *browser) end() {
	if b.cancel != nil {
		b.cancel()
	}
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
	width, height int64 // in CSS pixels
}

var (
	desktop = device{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", 1280, 800}
	phone   = device{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", 390, 844}
	wechat  = device{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60 NetType/WIFI Language/en", 390, 844}
)

// shopper is a person with a browser at a demo.
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

// newShopperAt returns a shopper at a running demo, which other shoppers may share.
func newShopperAt(t *testing.T, at *demo, d device, s scripting) *shopper {
	t.Helper()
	return newShopperWith(t, chromium, at, d, s)
}

// newShopperWith is newShopperAt with another browser.
func newShopperWith(t *testing.T, b *browser, at *demo, d device, s scripting) *shopper {
	t.Helper()
	if name, _, _ := strings.Cut(t.Name(), "/"); !slices.Contains(browserTests(t), name) {
		t.Fatal("it opens a browser: .ci/browser-tests has to name it")
	}
	b.open(t)
	person := &shopper{T: t, demo: at, scripting: s}
	if at != nil {
		person.front = at.publicURL + "/"
	}
	person.tab = person.newTab(b.ctx, chromedp.WithNewBrowserContext())
	person.emulate(d)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(person.describe())
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

// patientPage makes the page's timers of 8 s or more 100 times longer. With them
// the page goes on without its program, or reports that a frame is missing, which a
// slow machine would trigger.
const patientPage = `{ const real = window.setTimeout; window.setTimeout = (f, ms, ...rest) => real(f, ms >= 8000 ? 100 * ms : ms, ...rest); }`

// lingeringPage makes the receipt stay for minutes. It would go to the shop after 3
// s, which is too short for a test on a slow machine.
const lingeringPage = `{ const real = window.setTimeout; window.setTimeout = (f, ms, ...rest) => real(f, ms === 3000 ? 100 * ms : ms, ...rest); }`

// stayAtReceipt applies lingeringPage to each page that is loaded from now on.
func (p *shopper) stayAtReceipt() {
	p.Helper()
	p.onNewDocument(lingeringPage)
}

// onNewDocument runs a script before the page's scripts, on each page that is
// loaded from now on.
func (p *shopper) onNewDocument(script string) {
	p.Helper()
	if _, err := chromedp.Call(p.tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		p.Fatal(err)
	}
}

// emulate sets the browser's user agent, window and scripting.
func (p *shopper) emulate(d device) {
	p.Helper()
	ctx := p.tab
	_, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: d.userAgent})
	p.resize(d.width, d.height, 2)
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
	if err := errors.Join(err, scriptErr); err != nil {
		p.Fatal(err)
	}
}

// resize sets the size of the window in CSS pixels, and the device pixels for each
// of them. A narrow window is a phone's.
func (p *shopper) resize(width, height int64, scale float64) {
	p.Helper()
	if _, err := chromedp.Call(p.tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: scale, Mobile: width < 600,
	}); err != nil {
		p.Fatal(err)
	}
}

// emulateMedia sets the medium, "" for the screen, and media features: names and
// values in turn.
func (p *shopper) emulateMedia(medium string, features ...string) {
	p.Helper()
	var list []*emulation.MediaFeature
	for i := 0; i < len(features); i += 2 {
		list = append(list, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	if _, err := chromedp.Call(p.tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium, Features: list}); err != nil {
		p.Fatal(err)
	}
}

// look is one way to show a page.
type look struct {
	name     string
	device   device
	language string // as in Accept-Language
	isDark   bool
}

// scheme is the value of prefers-color-scheme.
func (l look) scheme() string {
	if l.isDark {
		return "dark"
	}
	return "light"
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

// ask runs an action in a tab and returns its value. If the page was replaced
// meanwhile, it runs the action on the new page.
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

// pageExchanged reports whether an action failed because the page was replaced.
func pageExchanged(err error) bool {
	text := err.Error()
	for _, sign := range []string{"Could not find node", "No node with given id", "Cannot find context", "Inspected target navigated"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// describe returns the tab's address, state and text, for the message of a failure.
func (p *shopper) describe() string {
	ctx, cancel := context.WithTimeout(p.tab, 5*time.Second)
	defer cancel()
	address, _ := chromedp.Run(ctx, chromedp.Location())
	state, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('[data-state]')?.dataset.state ?? ''`))
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText.slice(0, 500)`))
	return "at " + address + " state " + state + "\n" + text
}

// location returns the address of the shopper's tab.
func (p *shopper) location() string {
	p.Helper()
	return ask(p, p.tab, chromedp.Location())
}

// eventually waits until holds returns true. It fails after patience.
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

// startDemo runs a demo on free ports of the loopback interface until the test
// ends. Each prepare may change it before it runs.
func startDemo(t testing.TB, prepare ...func(*demo)) *demo {
	t.Helper()
	return startDemoAs(t, nil, prepare...)
}

// startDemoAs starts a demo whose shop's configuration is changed by configure.
func startDemoAs(t testing.TB, configure func(*config.Shop), prepare ...func(*demo)) *demo {
	t.Helper()
	return startDemoIn(t, t.TempDir(), configure, prepare...)
}

// startDemoIn starts a demo with its data in a folder.
func startDemoIn(t testing.TB, data string, configure func(*config.Shop), prepare ...func(*demo)) *demo {
	t.Helper()
	return runDemo(t, &demoCommand{Addr: "127.0.0.1:0", SandboxAddr: "127.0.0.1:0", Data: data, Configure: configure}, prepare...)
}

// runDemo runs a demo until the test ends.
func runDemo(t testing.TB, c *demoCommand, prepare ...func(*demo)) *demo {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	d, err := newDemo(t.Context(), c, logger)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range prepare {
		change(d)
	}
	untilTheEnd(t, func(ctx context.Context) error { return d.run(ctx, logger) })
	return d
}

// orders returns the sandbox's orders, newest first.
func (p *shopper) orders() []sandbox.Order { return p.demo.sandbox.Orders() }

// isAt reports whether the tab shows a page below this path.
func (p *shopper) isAt(path string) bool { return strings.Contains(p.location(), path) }
