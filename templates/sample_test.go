package templates_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/wantukit/wantukit/templates"
)

// samplePage is a page as a desktop shopper sees it.
func samplePage(state string) templates.CheckoutPage {
	return templates.CheckoutPage{
		Lang: templates.LangEnglish, State: state,
		ShopName: "Harbour Tickets", Subject: "Sunset Concert, 2 seats", Amount: "HK$ 480.00", Reference: "HT-42",
		Remaining: 873, RefreshSeconds: 5, Token: "form-token",
		Wallets: []templates.WalletOption{
			{Wallet: "alipay_cn", Flow: "web", Top: true, Alternatives: []templates.Alternative{{Flow: "iframe"}}},
			{Wallet: "alipay_hk", Flow: "iframe", Alternatives: []templates.Alternative{{Flow: "web", Top: true}}},
			{Wallet: "wechat", Flow: "native"},
		},
		URLs: templates.URLs{
			Self: "/c/1", Status: "/c/1/status", Events: "/c/1/events", Confirm: "/c/1/confirm",
			Start: "/c/1/attempts", Cancel: "/c/1/cancel", CancelReturn: "https://shop.example/cart",
		},
		Assets: templates.Assets{
			Loader: "/static/1/loader.js", Worker: "/static/1/worker.js", WasmExec: "/static/1/wasm_exec.js",
			Wasm: "/static/1/wantukit.wasm", Icon: "/static/1/icon.svg",
		},
	}
}

// withAttempt is samplePage with an open order.
func withAttempt(state string, a templates.AttemptView) templates.CheckoutPage {
	p := samplePage(state)
	a.Ref = "ref-1"
	p.Attempt = a
	return p
}

// phonePage is samplePage where one wallet has a guide.
func phonePage() templates.CheckoutPage {
	p := samplePage("choose")
	p.PageCode = &templates.QRCode{Path: "M4 4h7v1h-7z", Size: 33}
	p.Wallets = []templates.WalletOption{
		{Wallet: "alipay_cn", Flow: "wap", Top: true, Alternatives: []templates.Alternative{{Flow: "iframe"}}},
		{
			Wallet: "alipay_hk", Flow: "guide", Guide: templates.GuideOpenInBrowser, GuideLink: "https://pay.example/c/1",
			Alternatives: []templates.Alternative{{Flow: "iframe"}},
		},
		{
			Wallet: "wechat", Flow: "guide", Guide: templates.GuideOpenInWeChat, GuideLink: "https://pay.example/c/1",
			Alternatives: []templates.Alternative{{Flow: "native"}},
		},
	}
	return p
}

// guidedPage is samplePage with every guide that phonePage has not.
func guidedPage() templates.CheckoutPage {
	p := samplePage("choose")
	alternatives := []templates.Alternative{{Flow: "wap", Top: true, Anyway: true}, {Flow: "iframe"}}
	p.Wallets = []templates.WalletOption{
		{Wallet: "alipay_cn", Flow: "pick", Guide: templates.GuidePickDevice, Alternatives: []templates.Alternative{{Flow: "wap", Top: true}, {Flow: "iframe"}}},
		{
			Wallet: "alipay_hk", Flow: "guide", Guide: templates.GuideSwitchWallet, Switch: "alipay_cn",
			GuideLink: "https://pay.example/c/1", Alternatives: alternatives,
		},
		{
			Wallet: "wechat", Flow: "guide", Guide: templates.GuideLeaveMiniProgram, GuideLink: "https://pay.example/c/1",
			Alternatives: []templates.Alternative{{Flow: "native", Anyway: true}},
		},
	}
	return p
}

// samples are pages of every state and kind, by name.
func samples() map[string]templates.CheckoutPage {
	code := templates.AttemptView{Wallet: "wechat", Flow: "native", Code: &templates.QRCode{Path: "M4 4h7v1h-7z", Size: 29}}
	pages := map[string]templates.CheckoutPage{
		"choose":        samplePage("choose"),
		"choose-phone":  phonePage(),
		"choose-guided": guidedPage(),
		"code":          withAttempt("code", code),
		"code-frame": withAttempt("code", templates.AttemptView{
			Wallet: "alipay_hk", Flow: "iframe", FrameURL: "https://cashier.example/qr?a=1&b=2", FrameWidth: 220,
		}),
		"code-none":   samplePage("code"),
		"redirecting": withAttempt("redirecting", templates.AttemptView{Wallet: "alipay_cn", Flow: "web", RedirectURL: "https://cashier.example/pay"}),
		"redirecting-jsapi": withAttempt("redirecting", templates.AttemptView{
			Wallet: "wechat", Flow: "jsapi", JSAPI: `{"appId":"wx1","package":"prepay_id=2"}`,
		}),
		"confirming": withAttempt("confirming", code),
		"failed":     withAttempt("failed", code),
		"paid":       samplePage("paid"),
		"expired":    samplePage("expired"),
		"canceled":   samplePage("canceled"),
	}
	paid := pages["paid"]
	paid.URLs.Success = "https://shop.example/ok"
	pages["paid"] = paid

	status := withAttempt("confirming", templates.AttemptView{})
	status.StatusOnly = true
	pages["status"] = status

	demo := samplePage("choose")
	demo.Notice = templates.NoticeGatewayDown
	demo.Demo = &templates.DemoBar{
		Current: "phone", Choices: []templates.DemoChoice{{Value: "", Label: "This browser"}, {Value: "phone", Label: "Phone"}},
		Action: "/demo/view-as", Back: "/c/1", BridgeScript: "/static/1/demo_bridge.js", Sandbox: "http://127.0.0.1:8081",
	}
	pages["demo"] = demo

	for _, lang := range []string{templates.LangSimplified, templates.LangTraditional} {
		translated := withAttempt("code", code)
		translated.Lang = lang
		pages["code-"+lang] = translated
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

// mustContain reports each part that is missing from a page.
func mustContain(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(html, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
}

// mustLack reports each part that is there.
func mustLack(t *testing.T, html string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(html, part) {
			t.Errorf("the page has %s", part)
		}
	}
}
