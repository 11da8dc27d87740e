package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/cmd/bench/internal/rig"
	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
)

// What a phone loads, and how long it takes.
const (
	binarySize measure = "the program"
	wasmSize   measure = "the browser's program (brotli)"
	liveAfter  measure = "a phone's page, until its first live status"
)

const (
	// slowdown is how many times slower Chromium makes the page's processor: a phone's.
	slowdown = 4
	// loads is how often a page is loaded.
	loads = 5
	// loadWithin limits one load.
	loadWithin = 30 * time.Second
	phoneAgent = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
)

// inBrowser measures sizes, and the start of the page in Chromium.
func (b *bench) inBrowser(ctx context.Context) error {
	path, err := chromium()
	if err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	browser, closeBrowser := chromedp.NewContext(allocator)
	defer closeBrowser()
	if err := chromedp.Do(browser); err != nil {
		return fmt.Errorf("starting Chromium: %w", err)
	}
	for _, name := range b.names {
		b.progress("browser: %s", name)
		if err := b.loadPages(ctx, browser, subject{name, sqlite}); err != nil {
			return fmt.Errorf("%s in a browser: %w", name, err)
		}
	}
	return nil
}

// chromium returns the path of Chromium.
func chromium() (string, error) {
	for _, name := range []string{os.Getenv("WANTUKIT_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium is installed: run `make tools`")
}

// loadPages loads the pages of one checkout.
func (b *bench) loadPages(ctx, browser context.Context, of subject) (err error) {
	proxy, err := rig.NewProxy(ctx, "event: status")
	if err != nil {
		return err
	}
	s, err := b.town.open(ctx, place{binary: b.paths[of.binary], engine: sqlite, publicAddr: proxy.Addr})
	if err != nil {
		return errors.Join(err, proxy.Close())
	}
	defer func() { err = errors.Join(err, proxy.Close(), s.close()) }()
	proxy.To(s.node.Addr)
	_, err = s.target.Closed(ctx, 1, loads, func(c *wire.Conn, n int) error {
		p, err := s.create(c, rig.Quiet)
		if err == nil && n == 0 {
			err = b.sizes(of, s, c, p)
		}
		if err != nil {
			return err
		}
		took, err := load(browser, proxy, "http://"+proxy.Addr+"/c/"+p.session)
		b.results.add(of, liveAfter, millis(took))
		return err
	})
	return err
}

// load loads a page in a browser without a cache. It returns the time from the
// navigation until the stream sends its first status.
func load(browser context.Context, proxy *rig.Proxy, url string) (time.Duration, error) {
	tab, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	defer closeTab()
	if err := chromedp.Do(tab); err != nil {
		return 0, err
	}
	_, err := chromedp.Call(tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: phoneAgent})
	if err != nil {
		return 0, err
	}
	size := emulation.SetDeviceMetricsOverrideParams{Width: 390, Height: 844, DeviceScaleFactor: 3, Mobile: true}
	if _, err := chromedp.Call(tab, emulation.SetDeviceMetricsOverride, size); err != nil {
		return 0, err
	}
	if _, err := chromedp.Call(tab, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: slowdown}); err != nil {
		return 0, err
	}
	live := proxy.Next()
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		return 0, err
	}
	begun, err := chromedp.Run(tab, chromedp.Evaluate[float64]("performance.timeOrigin"))
	if err != nil {
		return 0, err
	}
	select {
	case at := <-live:
		return at.Sub(time.UnixMicro(int64(begun * 1000))), nil
	case <-time.After(loadWithin):
		return 0, fmt.Errorf("the page has no live status after %s", loadWithin)
	}
}

// sizes reports the size of the program, and of the browser's program as it is served.
func (b *bench) sizes(of subject, s *sale, c *wire.Conn, p *payment) error {
	info, err := os.Stat(b.paths[of.binary])
	if err != nil {
		return err
	}
	b.results.add(of, binarySize, float64(info.Size())/(1<<20))
	page, err := c.Do(get(s.node.Addr, "/c/"+p.session, "identity"))
	if err != nil {
		return err
	}
	_, rest, found := bytes.Cut(page.Body, []byte(`data-wasm="`))
	path, _, _ := bytes.Cut(rest, []byte(`"`))
	if !found {
		return errors.New("the page names no program")
	}
	wasm, err := c.Do(get(s.node.Addr, string(path), "br"))
	b.results.add(of, wasmSize, float64(len(wasm.Body))/1000)
	return err
}
