package checkout_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
)

const (
	none   = checkout.ContainerNone
	wechat = checkout.ContainerWeChat
	alipay = checkout.ContainerAlipay
)

func TestDetectDevice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		userAgent string
		kind      checkout.DeviceKind
		container checkout.Container
	}{
		"Chrome on Windows":      {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", checkout.DeviceDesktop, none},
		"Safari on a Mac":        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", checkout.DeviceDesktop, none},
		"Firefox on Linux":       {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", checkout.DeviceDesktop, none},
		"Chrome OS":              {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", checkout.DeviceDesktop, none},
		"iPhone":                 {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", checkout.DeviceHandheld, none},
		"iPad":                   {"Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1", checkout.DeviceHandheld, none},
		"Android phone":          {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", checkout.DeviceHandheld, none},
		"Android phone of Cubot": {"Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", checkout.DeviceHandheld, none},
		"HarmonyOS phone":        {"Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile", checkout.DeviceHandheld, none},
		"HarmonyOS tablet":       {"Mozilla/5.0 (Tablet; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1", checkout.DeviceHandheld, none},
		"HarmonyOS computer":     {"Mozilla/5.0 (PC; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1", checkout.DeviceDesktop, none},
		"WeChat on iPhone":       {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN", checkout.DeviceHandheld, wechat},
		"WeChat on Android":      {"Mozilla/5.0 (Linux; Android 14; K; wv) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.50.2700 WeChat/arm64 Weixin", checkout.DeviceHandheld, wechat},
		"WeChat on Windows":      {"Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Safari/537.36 MicroMessenger/7.0.20 WindowsWechat/WMPF", checkout.DeviceDesktop, wechat},
		"WeChat on a Mac":        {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) MicroMessenger/6.8.0 MacWechat/3.8", checkout.DeviceDesktop, wechat},
		"Alipay on Android":      {"Mozilla/5.0 (Linux; U; Android 14; zh-CN; K) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.0.0 Mobile Safari/537.36 NebulaSDK/1.8 AliApp(AP/10.6.0) AlipayClient/10.6.0", checkout.DeviceHandheld, alipay},
		"Alipay on iPhone":       {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 AliApp(AP/10.6.0)", checkout.DeviceHandheld, alipay},
		"Taobao is not Alipay":   {"Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0.0.0 Mobile Safari/537.36 AliApp(TB/10.30.0)", checkout.DeviceHandheld, none},
		"Googlebot":              {"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", checkout.DeviceBot, none},
		"Facebook's preview":     {"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", checkout.DeviceBot, none},
		"a preview in WeChat":    {"Mozilla/5.0 (iPhone) MicroMessenger/8.0.50 LinkPreview", checkout.DeviceBot, none},
		"nothing":                {"", checkout.DeviceUnknown, none},
		"something else":         {"curl/8.0", checkout.DeviceUnknown, none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, userAgent := range []string{c.userAgent, strings.ToLower(c.userAgent)} {
				d := checkout.DetectDevice(userAgent)
				if d.Kind != c.kind || d.Container != c.container || d.Reason == "" {
					t.Errorf("%s in %s because %q, want %s in %s", d.Kind, d.Container, d.Reason, c.kind, c.container)
				}
			}
		})
	}
}

func TestChooseFlow(t *testing.T) {
	t.Parallel()
	const (
		web, iframe, native = checkout.FlowWeb, checkout.FlowIframe, checkout.FlowNative
		wap, jsapi, guide   = checkout.FlowWAP, checkout.FlowJSAPI, checkout.FlowGuide
	)
	nobody := checkout.Device{Kind: checkout.DeviceUnknown, Container: none}
	for name, c := range map[string]struct {
		device checkout.Device
		flows  [3]checkout.Flow // Alipay CN, Alipay HK, WeChat Pay
		guides [3]checkout.Guide
	}{
		"desktop":             {desktop, [3]checkout.Flow{web, iframe, native}, [3]checkout.Guide{}},
		"phone":               {phone, [3]checkout.Flow{wap, wap, guide}, [3]checkout.Guide{"", "", checkout.GuideOpenInWeChat}},
		"WeChat on a phone":   {inApp, [3]checkout.Flow{guide, guide, jsapi}, [3]checkout.Guide{checkout.GuideOpenInBrowser, checkout.GuideOpenInBrowser}},
		"WeChat on a desktop": {checkout.Device{Kind: checkout.DeviceDesktop, Container: wechat}, [3]checkout.Flow{guide, guide, native}, [3]checkout.Guide{checkout.GuideOpenInBrowser, checkout.GuideOpenInBrowser}},
		"Alipay app":          {checkout.Device{Kind: checkout.DeviceHandheld, Container: alipay}, [3]checkout.Flow{wap, guide, guide}, [3]checkout.Guide{"", checkout.GuideOpenInBrowser, checkout.GuideOpenInWeChat}},
		"unknown":             {nobody, [3]checkout.Flow{web, iframe, native}, [3]checkout.Guide{}},
		"WeChat on who knows": {checkout.Device{Kind: checkout.DeviceUnknown, Container: wechat}, [3]checkout.Flow{web, iframe, native}, [3]checkout.Guide{}},
		"bot":                 {bot, [3]checkout.Flow{checkout.FlowNone, checkout.FlowNone, checkout.FlowNone}, [3]checkout.Guide{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, w := range checkout.Wallets() {
				choice := checkout.ChooseFlow(c.device, w)
				if choice.Flow != c.flows[i] || choice.Guide != c.guides[i] {
					t.Errorf("%s: %s %q, want %s %q", w, choice.Flow, choice.Guide, c.flows[i], c.guides[i])
				}
				if choice.Flow == guide && len(choice.Others) == 0 {
					t.Errorf("%s: a guide without another way", w)
				}
				for _, other := range choice.Others {
					if other == choice.Flow || !w.CanPayBy(other) {
						t.Errorf("%s: %s is no other way than %s", w, other, choice.Flow)
					}
				}
			}
		})
	}
	t.Run("an unknown wallet", func(t *testing.T) {
		t.Parallel()
		if choice := checkout.ChooseFlow(desktop, "paypal"); choice.Flow != checkout.FlowNone || choice.Reason == "" {
			t.Errorf("%+v", choice)
		}
	})
	t.Run("a choice is the caller's own", func(t *testing.T) {
		t.Parallel()
		checkout.ChooseFlow(phone, checkout.WalletAlipayCN).Others[0] = "spoiled"
		if got := checkout.ChooseFlow(phone, checkout.WalletAlipayCN).Others[0]; got != iframe {
			t.Errorf("%s", got)
		}
	})
}

func TestFlows(t *testing.T) {
	t.Parallel()
	for flow, c := range map[checkout.Flow]struct{ redirects, code, alipay, wechat bool }{
		checkout.FlowWeb:    {true, false, true, false},
		checkout.FlowWAP:    {true, false, true, false},
		checkout.FlowIframe: {false, true, true, false},
		checkout.FlowNative: {false, true, false, true},
		checkout.FlowJSAPI:  {false, false, false, true},
		checkout.FlowGuide:  {},
		checkout.FlowNone:   {},
		"":                  {},
	} {
		if flow.Redirects() != c.redirects || flow.ShowsCode() != c.code {
			t.Errorf("%q: redirects %v, shows a code %v", flow, flow.Redirects(), flow.ShowsCode())
		}
		if checkout.WalletAlipayHK.CanPayBy(flow) != c.alipay || checkout.WalletWeChat.CanPayBy(flow) != c.wechat || checkout.Wallet("x").CanPayBy(flow) {
			t.Errorf("%q suits other wallets than it should", flow)
		}
	}
}

func TestExpandWallets(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]checkout.Wallet{
		"alipay":    {checkout.WalletAlipayCN, checkout.WalletAlipayHK},
		"alipay_hk": {checkout.WalletAlipayHK},
		"wechat":    {checkout.WalletWeChat},
		"Alipay":    nil,
		"":          nil,
	} {
		if got := checkout.ExpandWallets(name); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
