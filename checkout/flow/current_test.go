package flow_test

import (
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
)

// TestDetectCurrentUserAgents checks the answers for user agents of 2024 to 2026, as public
// documents and repositories quote them.
func TestDetectCurrentUserAgents(t *testing.T) {
	t.Parallel()
	const (
		desktop, handheld, screen, unknown = flow.DeviceDesktop, flow.DeviceHandheld, flow.DeviceScreen, flow.DeviceUnknown

		weCom, other = flow.ContainerWeCom, flow.ContainerOther

		inUnifiedWeChat = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090a13) UnifiedPCWindowsWechat(0xf2541a35) XWEB/19977 Flue"
		inMiniProgram   = "Mozilla/5.0 (Linux; Android 12; M2011K2C Build/SKQ1.211006.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/146.0.7680.177 Mobile Safari/537.36 XWEB/1460075 MMWEBSDK/20250804 MMWEBID/4850 MicroMessenger/8.0.63.2920(0x28003FA6) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64 miniProgram/wxd4185d00bf7e08ac"
	)
	program, maybeIPad, mini := flow.Device{Program: true}, flow.Device{MaybeIPad: true}, flow.Device{MiniProgram: true}
	for name, c := range map[string]struct {
		userAgent string
		kind      flow.DeviceKind
		container flow.Container
		flags     flow.Device
	}{
		"WeChat 8.0.69 on iOS 18":         {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.69(0x1800452f) NetType/4G Language/zh_CN", handheld, wechat, flow.Device{}},
		"WeChat 4 on Windows":             {inUnifiedWeChat, desktop, wechat, flow.Device{}},
		"a mini program on Android 12":    {inMiniProgram, handheld, wechat, mini},
		"WeCom 5 on Windows":              {"Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.5304.110 Safari/537.36 Language/zh ColorScheme/Light wxwork/5.0.11 (MicroMessenger/6.2) WindowsWechat MailPlugin_Electron WeMail embeddisk wwmver/3.26.511.637", desktop, weCom, flow.Device{}},
		"WeCom 5 on Android 16":           {"Mozilla/5.0 (Linux; Android 16; FLC-AN00 Build/HONORFLC-AN00; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.7204.180 Mobile Safari/537.36 XWEB/1380347 MMWEBSDK/20250202 MMWEBID/6351 wxwork/5.0.6.66174 MicroMessenger/8.0.28.48(0x28001c30) NetType/WIFI Language/en ABI/arm64", handheld, weCom, flow.Device{}},
		"Meituan on iOS 18":               {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 TitansX/20.0.1.old KNB/1.0 iOS/18.3.2 meituangroup/com.meituan.imeituan/12.35.401 meituangroup/12.35.401 App/10110/12.35.401 iPhone/iPhone16 WKWebView", handheld, other, flow.Device{}},
		"Ecosia 101 on Android":           {"Mozilla/5.0 (Linux; Android 10; M2006C3LVG) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/101.0.4951.41 Mobile Safari/537.36 (Ecosia android@101.0.4951.41)", handheld, none, flow.Device{}},
		"UC 15 on iOS":                    {"Mozilla/5.0 (iPhone; CPU iPhone OS 15_6_1 like Mac OS X; zh-CN) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/19G82 UCBrowser/15.0.4.1842 Mobile AliApp(TUnionSDK/0.1.20.4)", handheld, none, flow.Device{}},
		"Quark 7 on Android 15":           {"Mozilla/5.0 (Linux; U; Android 15; zh-CN; 24117RK2CC Build/AQ3A.240829.003) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/123.0.6312.80 Quark/7.15.1.890 Mobile Safari/537.36", handheld, none, flow.Device{}},
		"Opera Mini 94 on Android 15":     {"Mozilla/5.0 (Linux; U; Android 15; SM-M145F Build/AP3A.240905.015.A2; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/140.0.7339.156 Mobile Safari/537.36 OPR/94.0.2254.78762", handheld, none, flow.Device{}},
		"Chrome 145 on iOS 26":            {"Mozilla/5.0 (iPhone; CPU iPhone OS 26_3_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/145.0.7632.108 Mobile/15E148 Safari/604.1", handheld, none, flow.Device{}},
		"Safari 26 on a Mac or an iPad":   {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.5 Safari/605.1.15", desktop, none, maybeIPad},
		"Huawei's on a HarmonyOS 6 phone": {"Mozilla/5.0 (Phone; OpenHarmony 6.1; Android 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.1.0.117 Mobile HuaweiBrowser/6.1.1.352", handheld, none, flow.Device{}},
		"Huawei's on a HarmonyOS tablet":  {"Mozilla/5.0 (Tablet; OpenHarmony 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36ArkWeb/6.1.0.120 HuaweiBrowser/6.1.6.310", handheld, none, flow.Device{}},
		"Huawei's on a HarmonyOS PC":      {"Mozilla/5.0 (PC; OpenHarmony 6.1; Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.1.0.115 HuaweiBrowser/6.1.7.302", desktop, none, flow.Device{}},
		"UU on a HarmonyOS PC":            {"Mozilla/5.0 (OHOS; OHOS x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36", desktop, none, flow.Device{}},
		"an app on a HarmonyOS PC":        {"Mozilla/5.0 (OHOSHarmonyOS aarch64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36", desktop, none, flow.Device{}},
		"LG's browser on a TV of 2022":    {"Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chr0me/87.0.4280.88 Safari/537.36 LG Browser/8.00.00(LGE; 0V50500; 04.41.33; 0x00000001; DTV_C22P); webOS.TV-2022; LG NetCast.TV-2013 Compatible (LGE, 0V50500, wireless)", screen, none, flow.Device{}},
		"PICO's glasses":                  {"Mozilla/5.0 (Linux; Android 10; PICO 4) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/105.0.0.0 Mobile Safari/537.36 PicoBrowser/5.12.4", screen, none, flow.Device{}},
		"ChatGPT for a person":            {"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot", unknown, none, program},
		"Anthropic's crawler":             {"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)", unknown, none, program},
		"OpenAI's crawler with Chrome":    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36; compatible; OAI-SearchBot/1.3; +https://openai.com/searchbot", desktop, none, program},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, want := flow.Detect(headers(c.userAgent)), c.flags
			want.Kind, want.Container, want.Reason = c.kind, c.container, got.Reason
			if got != want {
				t.Errorf("device %+v, want %+v", got, want)
			}
		})
	}
}
