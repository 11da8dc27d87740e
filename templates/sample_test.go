package templates_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
	"github.com/wantukit/wantukit/templates"
)

// samplePage is a page as a desktop shopper sees it.
func samplePage(state page.State) templates.CheckoutPage {
	return templates.CheckoutPage{
		Lang: templates.LangEnglish, State: state,
		ShopName: "Harbour Tickets", Subject: "Sunset Concert, 2 seats", Amount: "HK$ 480.00", Reference: "HT-42",
		Remaining: 873, RefreshSeconds: 5, Token: "form-token",
		Wallets: []templates.WalletOption{
			{Wallet: flow.WalletAlipayCN, Flow: flow.Web, Top: true, Alternatives: []templates.Alternative{{Flow: flow.Iframe}}},
			{Wallet: flow.WalletAlipayHK, Flow: flow.Iframe, Alternatives: []templates.Alternative{{Flow: flow.Web, Top: true}}},
			{Wallet: flow.WalletWeChat, Flow: flow.Native},
		},
		PreviewImage: "https://pay.example/static/1/preview.png",
		URLs: templates.URLs{
			Status: "/c/1/status", Events: "/c/1/events", Confirm: "/c/1/confirm",
			Start: "/c/1/attempts", Cancel: "/c/1/cancel", CancelReturn: "https://shop.example/cart",
		},
		Assets: templates.Assets{
			Loader: "/static/1/loader.js", Worker: "/static/1/worker.js", WasmExec: "/static/1/wasm_exec.js",
			Wasm: "/static/1/wantukit.wasm", Icon: "/static/1/icon.svg", TouchIcon: "/static/1/touch-icon.png",
		},
	}
}

// withAttempt is samplePage with an open attempt.
func withAttempt(state page.State, a templates.AttemptView) templates.CheckoutPage {
	p := samplePage(state)
	a.Ref = "ref-1"
	p.Attempt = a
	return p
}

// phonePage is samplePage where one wallet has a guide.
func phonePage() templates.CheckoutPage {
	p := samplePage(page.Choose)
	p.PageCode = &templates.QRCode{Path: "M4 4h7v1h-7z", Size: 33}
	p.Wallets = []templates.WalletOption{
		{Wallet: flow.WalletAlipayCN, Flow: flow.WAP, Top: true, Alternatives: []templates.Alternative{{Flow: flow.Iframe}}},
		{
			Wallet: flow.WalletAlipayHK, Flow: flow.Guided, Guide: flow.GuideOpenInBrowser, GuideLink: "https://pay.example/c/1",
			Alternatives: []templates.Alternative{{Flow: flow.Iframe}},
		},
		{
			Wallet: flow.WalletWeChat, Flow: flow.Guided, Guide: flow.GuideOpenInWeChat, GuideLink: "https://pay.example/c/1",
			Alternatives: []templates.Alternative{{Flow: flow.Native}},
		},
	}
	return p
}

// guidedPage is samplePage with the guides that phonePage does not have.
func guidedPage() templates.CheckoutPage {
	p := samplePage(page.Choose)
	alternatives := []templates.Alternative{{Flow: flow.WAP, Top: true, Anyway: true}, {Flow: flow.Iframe}}
	p.Wallets = []templates.WalletOption{
		{Wallet: flow.WalletAlipayCN, Flow: flow.Pick, Guide: flow.GuidePickDevice, Alternatives: []templates.Alternative{{Flow: flow.WAP, Top: true}, {Flow: flow.Iframe}}},
		{
			Wallet: flow.WalletAlipayHK, Flow: flow.Guided, Guide: flow.GuideSwitchWallet, Switch: flow.WalletAlipayCN,
			GuideLink: "https://pay.example/c/1", Alternatives: alternatives,
		},
		{
			Wallet: flow.WalletWeChat, Flow: flow.Guided, Guide: flow.GuideLeaveMiniProgram, GuideLink: "https://pay.example/c/1",
			Alternatives: []templates.Alternative{{Flow: flow.Native, Anyway: true}},
		},
	}
	return p
}

// samples are pages of every state and kind, by name.
func samples() map[string]templates.CheckoutPage {
	code := templates.AttemptView{Wallet: flow.WalletWeChat, Flow: flow.Native, Code: &templates.QRCode{Path: "M4 4h7v1h-7z", Size: 41, Space: 7}}
	pages := map[string]templates.CheckoutPage{
		"choose":        samplePage(page.Choose),
		"choose-phone":  phonePage(),
		"choose-guided": guidedPage(),
		"code":          withAttempt(page.Code, code),
		"code-frame": withAttempt(page.Code, templates.AttemptView{
			Wallet: flow.WalletAlipayHK, Flow: flow.Iframe, FrameURL: "https://cashier.example/qr?a=1&b=2", FrameWidth: 220,
		}),
		"code-none":   samplePage(page.Code),
		"redirecting": withAttempt(page.Redirecting, templates.AttemptView{Wallet: flow.WalletAlipayCN, Flow: flow.Web, RedirectURL: "https://cashier.example/pay"}),
		"redirecting-jsapi": withAttempt(page.Redirecting, templates.AttemptView{
			Wallet: flow.WalletWeChat, Flow: flow.JSAPI, JSAPI: `{"appId":"wx1","package":"prepay_id=2"}`,
		}),
		"confirming": withAttempt(page.Confirming, code),
		"failed":     withAttempt(page.Failed, code),
		"paid":       samplePage(page.Paid),
		"expired":    samplePage(page.Expired),
		"canceled":   samplePage(page.Canceled),
	}
	paid := pages["paid"]
	paid.URLs.Success = "https://shop.example/ok"
	pages["paid"] = paid

	status := withAttempt(page.Confirming, templates.AttemptView{})
	status.StatusOnly = true
	pages["status"] = status

	demo := samplePage(page.Choose)
	demo.Notice = templates.NoticeGatewayDown
	demo.Demo = &templates.DemoBar{
		Current: "phone", Choices: []templates.DemoChoice{{Value: "", Label: "This browser"}, {Value: "phone", Label: "Phone"}},
		Action: "/demo/view-as", Back: "/c/1", Script: "/static/1/demo_bar.js", Pay: "/demo/sandbox/1", BridgeScript: "/static/1/demo_bridge.js", Sandbox: "http://127.0.0.1:8081",
	}
	pages["demo"] = demo

	lines := samplePage(page.Choose)
	lines.LinesOpen = true
	lines.Lines = []templates.BillLine{{Name: "Row C, seat 12", Quantity: 1, Amount: "HK$ 240.00"}, {Name: "Drink & snack", Quantity: 2, Amount: "HK$ 240.00"}}
	pages["choose-lines"] = lines

	for _, lang := range []templates.Lang{templates.LangSimplified, templates.LangTraditional} {
		translated := withAttempt(page.Code, code)
		translated.Lang = lang
		pages["code-"+string(lang)] = translated
	}
	return pages
}

func render(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// mustContain reports each part that a page lacks.
func mustContain(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(html, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
}

// mustLack reports each part that a page has.
func mustLack(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(html, part) {
			t.Errorf("the page has %s", part)
		}
	}
}
