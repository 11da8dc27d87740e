package main

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// The number of payments, whatever -benchtime is.
const (
	payments         = 1000
	chromiumPayments = 50
)

// BenchmarkNotifiedToPaid measures the time from the gateway's first byte of the
// notification until an open page reads "paid" in its stream. It includes the
// request, its verification and storing, the query, the change of the order, and
// the stream. Only the gateway is a sandbox on this machine, and the page a TCP
// client.
func BenchmarkNotifiedToPaid(b *testing.B) {
	p := newPayer(b)
	var took []time.Duration
	for range payments {
		took = append(took, p.notifiedToPaid())
	}
	report(b, took)
}

// BenchmarkNotifiedToPaidInChromium measures the same with the real page, until its
// first frame that shows "paid".
func BenchmarkNotifiedToPaidInChromium(b *testing.B) {
	p := newPayer(b)
	tab := p.newTab()
	var took []time.Duration
	for range chromiumPayments {
		took = append(took, p.notifiedToFrame(tab))
	}
	report(b, took)
}

// report prints the measured times and compares them with the targets.
func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	millis := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1)+.5)].Microseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op") // one round is all the payments: it would mean nothing
	b.ReportMetric(float64(len(took)), "payments")
	b.ReportMetric(millis(.5), "ms-median")
	b.ReportMetric(millis(.99), "ms-p99")
	b.ReportMetric(millis(1), "ms-max")
	if millis(.5) > medianTarget || millis(.99) > p99Target {
		b.Errorf("%d payments: median %.1f ms, 99th percentile %.1f ms, want at most %d and %d",
			len(took), millis(.5), millis(.99), medianTarget, p99Target)
	}
}

// The targets, in ms.
const (
	medianTarget = 100
	p99Target    = 500
)

// payer pays one session after another.
type payer struct {
	testing.TB
	demo   *demo
	client *http.Client
}

func newPayer(b testing.TB) *payer {
	d := startDemo(b)
	d.sandbox.Notifications(false) // they are sent by hand, to know when
	return &payer{b, d, &http.Client{}}
}

// notifiedToPaid opens a page with a QR code, pays it, and returns the time that it
// took.
func (p *payer) notifiedToPaid() time.Duration {
	p.Helper()
	a := p.placed()
	ctx, cancel := context.WithTimeout(p.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.demo.publicURL+"/c/"+a.SessionID+"/events", nil)
	p.try(err)
	response, err := p.client.Do(r)
	p.try(err)
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	p.try(await(lines, `"state":"code"`))
	_, err = p.demo.sandbox.Pay(a.OutTradeNo)
	p.try(err)
	notified := make(chan error, 1)
	begun := time.Now()
	go func() { notified <- p.demo.sandbox.Notify(ctx, a.OutTradeNo) }()
	p.try(await(lines, `"state":"paid"`))
	took := time.Since(begun)
	p.try(<-notified)
	return took
}

// newTab opens a tab with a desktop's window.
func (p *payer) newTab() context.Context {
	p.Helper()
	chromium.once.Do(chromium.start)
	p.try(chromium.err)
	tab, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	p.Cleanup(cancel)
	p.try(chromedp.Do(tab))
	_, err := chromedp.Call(tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: desktop.userAgent})
	p.try(err)
	_, err = chromedp.Call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchShifts})
	p.try(err)
	return tab
}

// paidFrame is when the page's first frame that shows "paid" was drawn, in
// Unix milliseconds.
const paidFrame = `new Promise((done) => {
	const look = () => {
		if (document.getElementById('checkout').dataset.state === 'paid') done(performance.timeOrigin + performance.now());
		else requestAnimationFrame(look);
	};
	look();
})`

// notifiedToFrame opens a page with a QR code, pays it, and returns the time that
// it took.
func (p *payer) notifiedToFrame(tab context.Context) time.Duration {
	p.Helper()
	a := p.placed()
	ctx, cancel := context.WithTimeout(tab, patience)
	defer cancel()
	p.try(chromedp.Do(ctx, chromedp.Navigate(p.demo.publicURL+"/c/"+a.SessionID)))
	for alive := false; !alive; {
		var err error
		alive, err = chromedp.Run(ctx, chromedp.Evaluate[bool](settled, chromedp.EvalAwaitPromise))
		p.try(err)
	}
	_, err := p.demo.sandbox.Pay(a.OutTradeNo)
	p.try(err)
	notified := make(chan error, 1)
	begun := time.Now()
	go func() { notified <- p.demo.sandbox.Notify(ctx, a.OutTradeNo) }()
	drawn, err := chromedp.Run(ctx, chromedp.Evaluate[float64](paidFrame, chromedp.EvalAwaitPromise))
	p.try(err)
	p.try(<-notified)
	return time.Duration(drawn*float64(time.Millisecond)) - time.Duration(begun.UnixNano())
}

// placed returns an attempt whose QR code can be scanned.
func (p *payer) placed() checkout.Attempt {
	p.Helper()
	ctx := p.Context()
	s, err := p.demo.kit.Service().Create(ctx, checkout.NewSession{
		Merchant: "demo", Amount: 48000, Currency: "HKD", Subject: "Ticket", SuccessURL: p.demo.publicURL + "/shop/",
	})
	p.try(err)
	a, err := p.demo.kit.Service().Start(ctx, checkout.StartRequest{
		SessionID: s.ID, Wallet: flow.WalletWeChat, Flow: flow.Native,
	})
	p.try(err)
	return a
}

func (p *payer) try(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// await reads lines until one contains a text.
func await(lines *bufio.Scanner, says string) error {
	for lines.Scan() {
		if strings.Contains(lines.Text(), says) {
			return nil
		}
	}
	return errors.Join(lines.Err(), errors.New("the stream ended without "+says))
}
