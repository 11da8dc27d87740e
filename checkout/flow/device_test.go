package flow_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
)

const (
	none   = flow.ContainerNone
	wechat = flow.ContainerWeChat
	alipay = flow.ContainerAlipay
)

// These are user agents of browsers and web-views, one of each kind.
const (
	onWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	onMac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
	onLinux   = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
	onIPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
	// onHeadless is a browser without a window.
	onHeadless = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36"
	onAndroid  = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"

	// These are web-views. An app adds its name at the end.
	inIPhoneApp  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
	inAndroidApp = "Mozilla/5.0 (Linux; Android 14; K; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36"
)

// headers returns the function that Detect reads headers with. more has names and
// values in turn.
func headers(userAgent string, more ...string) func(string) string {
	h := map[string]string{"User-Agent": userAgent}
	for i := 0; i < len(more); i += 2 {
		h[more[i]] = more[i+1]
	}
	return func(name string) string { return h[name] }
}

func TestDetectDevice(t *testing.T) {
	t.Parallel()
	const (
		desktop, handheld, screen = flow.DeviceDesktop, flow.DeviceHandheld, flow.DeviceScreen
		unknown                   = flow.DeviceUnknown

		other = flow.ContainerOther
	)
	for name, c := range map[string]struct {
		userAgent string
		kind      flow.DeviceKind
		container flow.Container
	}{
		"Chrome on Windows":       {onWindows, desktop, none},
		"Safari on a Mac":         {onMac, desktop, none},
		"Chrome on Linux":         {onLinux, desktop, none},
		"Chrome OS":               {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", desktop, none},
		"Android on a laptop":     {"Mozilla/5.0 (Linux; Android 9; Acer Chromebook 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", desktop, none},
		"iPhone":                  {onIPhone, handheld, none},
		"iPad":                    {"Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1", handheld, none},
		"Android phone":           {onAndroid, handheld, none},
		"Android tablet":          {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", handheld, none},
		"Android phone of Cubot":  {"Mozilla/5.0 (Linux; Android 11; CUBOT NOTE 20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", handheld, none},
		"Windows Phone":           {"Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0 Mobile Safari/537.36 Edge/15.0", handheld, none},
		"KaiOS":                   {"Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", handheld, none},
		"feature phone":           {"Nokia6300/2.0 (05.50) Profile/MIDP-2.0 Configuration/CLDC-1.1", handheld, none},
		"HarmonyOS phone":         {"Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile", handheld, none},
		"HarmonyOS tablet":        {"Mozilla/5.0 (Tablet; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1", handheld, none},
		"HarmonyOS computer":      {"Mozilla/5.0 (PC; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1", desktop, none},
		"HarmonyOS two in one":    {"Mozilla/5.0 (2in1; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1", desktop, none},
		"HarmonyOS car":           {"Mozilla/5.0 (Car; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1", screen, none},
		"TV":                      {"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/6.0 TV Safari/537.36", screen, none},
		"TV as a word":            {"Mozilla/5.0 (Linux; Android 11; 43U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/113.0.0.0 YaBrowser/24.1 TV Safari/537.36", screen, none},
		"Fire TV":                 {"Mozilla/5.0 (Linux; Android 9; AFTMM) AppleWebKit/537.36 (KHTML, like Gecko) Silk/112.6.3 like Chrome/112.0.0.0 Safari/537.36", screen, none},
		"a model that ends in TV": {"Mozilla/5.0 (Linux; Android 9; EasyPhone TV11HC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/75.0.0.0 Safari/537.36", handheld, none},
		"console":                 {"Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15", screen, none},
		"Xbox, a Windows":         {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0 Safari/537.36 Edge/14.1", screen, none},
		"car":                     {"Mozilla/5.0 (X11; GNU/Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chromium/79.0 Chrome/79.0 Safari/537.36 Tesla/2020.16", screen, none},

		"WeChat on iPhone":            {inIPhoneApp + " MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN", handheld, wechat},
		"WeChat on Android":           {inAndroidApp + " XWEB/1160 MMWEBSDK/20240301 MicroMessenger/8.0.50.2700 WeChat/arm64 Weixin", handheld, wechat},
		"WeChat names QQ's engine":    {inAndroidApp + " MQQBrowser/6.2 TBS/045811 MicroMessenger/8.0.1", handheld, wechat},
		"WeChat on HarmonyOS":         {"Mozilla/5.0 (Phone; OpenHarmony 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile MicroMessenger/8.0.10", handheld, wechat},
		"WeChat on Windows":           {onWindows + " MicroMessenger/7.0.20 WindowsWechat/WMPF", desktop, wechat},
		"WeChat on a Mac":             {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) MicroMessenger/6.8.0 MacWechat/3.8", desktop, wechat},
		"WeChat's developer tools":    {onMac + " wechatdevtools/1.06 MicroMessenger/8.0.5 webview/", handheld, wechat},
		"WeChat on an unknown system": {"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) MicroMessenger/8.0.50", unknown, wechat},
		"WeCom on Android":            {inAndroidApp + " wxwork/4.1.30 MicroMessenger/7.0.1", handheld, flow.ContainerWeCom},
		"WeCom on Windows":            {onWindows + " wxwork/4.1.30 (MicroMessenger/6.2) WindowsWechat", desktop, flow.ContainerWeCom},
		"Alipay on Android":           {inAndroidApp + " NebulaSDK/1.8 AliApp(AP/10.6.0) AlipayClient/10.6.0", handheld, alipay},
		"Alipay with AliApp only":     {inIPhoneApp + " AliApp(AP/10.6.0)", handheld, alipay},
		"Alipay with its client only": {inIPhoneApp + " AlipayClient/10.6.0", handheld, alipay},
		"AlipayHK names Alipay":       {inAndroidApp + " AliApp(AP/10.6.0) AlipayClientHK/10.6.0", handheld, flow.ContainerAlipayHK},
		"AlipayHK with AliApp only":   {inIPhoneApp + " AliApp(APHK/6.2.0)", handheld, flow.ContainerAlipayHK},
		"DingTalk names AliApp":       {inAndroidApp + " AliApp(DingTalk/7.0.0) com.alibaba.android.rimet", handheld, flow.ContainerDingTalk},
		"DingTalk on Windows":         {onWindows + " dingtalk-win/1.0.0 DingTalk(7.0.0)", desktop, flow.ContainerDingTalk},
		"Taobao is not Alipay":        {inAndroidApp + " AliApp(TB/10.30.0)", handheld, other},
		"QQ":                          {inIPhoneApp + " QQ/9.0.17.638 V1_IPH_SQ_9.0.17_1_APP_A", handheld, flow.ContainerQQ},
		"QQ with its version only":    {onAndroid + " V1_AND_SQ_4.5.0_5_YYB_D", handheld, flow.ContainerQQ},
		"QQ's browser is not QQ":      {onAndroid + " MQQBrowser/13.1", handheld, none},
		"Weibo":                       {inIPhoneApp + " Weibo (iPhone15,2__weibo__14.6.2__iphone__os17.5)", handheld, flow.ContainerWeibo},
		"Douyin":                      {inIPhoneApp + " aweme_31.9.0 BytedanceWebview/d8a21c6", handheld, flow.ContainerDouyin},
		"TikTok":                      {inAndroidApp + " trill_340204 BytedanceWebview/d8a21c6", handheld, other},
		"Facebook":                    {inIPhoneApp + " [FBAN/FBIOS;FBAV/445.0.0]", handheld, other},
		"an app on Android":           {inAndroidApp, handheld, other},
		"an app on an iPhone":         {inIPhoneApp, handheld, other},

		"UC's browser is no app":          {inIPhoneApp + " UCBrowser/15.0.4.1842 Mobile AliApp(TUnionSDK/0.1.20.4)", handheld, none},
		"Quark on an iPhone":              {inIPhoneApp + " Quark/4.3.4.1038 Mobile", handheld, none},
		"Firefox in a web-view":           {strings.Replace(inAndroidApp, "Chrome/", "Focus/8.0 Chrome/", 1), handheld, none},
		"Opera in a web-view":             {inAndroidApp + " OPR/65.0.2254.63211", handheld, none},
		"Tencent's web-view in an app":    {inAndroidApp + " MQQBrowser/6.2 TBS/045811 Example/1.0", handheld, other},
		"Meituan without wv":              {onAndroid + " TitansX/12.9.1 KNB/1.2.0 mt/com.sankuai.meituan/12.9.209", handheld, other},
		"Taobao's version with an @":      {inAndroidApp + " AliApp(TB/10.48.0) TTID/600000@taobao_android_10.48.0", handheld, other},
		"Ecosia's version with an @":      {onAndroid + " (Ecosia android@144.0.0.0)", handheld, none},
		"Instagram's region with an @":    {inAndroidApp + " Instagram 300.0.0.29.110 Android (33/13; en_US@rg=hkzzzz; 1)", handheld, other},
		"a phone that is a Spider":        {"Mozilla/5.0 (Linux; Android 11; Spider 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", handheld, none},
		"an app that scans":               {inAndroidApp + " QRScanner/2.1", handheld, other},
		"CamScanner":                      {onAndroid + " CamScanner/6.5", handheld, none},
		"Cubot outside the brackets":      {onAndroid + " CUBOT_X18", handheld, none},
		"an offer in German":              {onAndroid + " Sonderangebot/1.0", handheld, none},
		"a TV of LG's":                    {"Mozilla/5.0 (Unknown; Linux armv7l) AppleWebKit/537.1+ (KHTML, like Gecko) Safari/537.1+", screen, none},
		"Palm's webOS is not OS/2":        {"Mozilla/5.0 (webOS/2.1.0; U; en-US) AppleWebKit/532.2 (KHTML, like Gecko) Version/1.0 Safari/532.2 Pre/1.2", handheld, none},
		"OS/2":                            {"Mozilla/5.0 (OS/2; Warp 4.5; rv:45.0) Gecko/20100101 Firefox/45.0", desktop, none},
		"a phone with a laptop's name":    {"Mozilla/5.0 (Linux; Android 10; SOLO_Aspire) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", handheld, none},
		"a mobile with a laptop's name":   {"Mozilla/5.0 (Linux; Android 10; Aspire) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", handheld, none},
		"a tablet with a laptop's name":   {"Mozilla/5.0 (Linux; Android 10; ThinkPad Tablet) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", handheld, none},
		"a laptop with Android":           {"Mozilla/5.0 (Linux; Android 10; Latitude E6420) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", desktop, none},
		"a NUC with Android":              {"Mozilla/5.0 (Linux; Android 10; NUC8i5BEH) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", desktop, none},
		"a ThinkPad's type with Android":  {"Mozilla/5.0 (Linux; Android 10; 20AB0CDE12) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", desktop, none},
		"HarmonyOS computer, no blank":    {"Mozilla/5.0 (PC;OpenHarmony 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0", desktop, none},
		"iPad with Chrome's desktop site": {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.7339.101 Version/11.1.1 Safari/605.1.15", handheld, none},
		"headless Chrome":                 {onHeadless, desktop, none},
		"headless Chrome as a phone":      {strings.Replace(onAndroid, " Chrome/", " HeadlessChrome/", 1), handheld, none},
		"headless Edge":                   {onHeadless + " HeadlessEdg/140.0.0.0", desktop, none},

		"Internet Explorer":      {"Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)", desktop, none},
		"Konqueror":              {"Mozilla/5.0 (compatible; Konqueror/4.5; Linux) KHTML/4.5.4 (like Gecko)", desktop, none},
		"nothing":                {"", unknown, none},
		"a browser, no system":   {"Mozilla/5.0 (Plan 9) AppleWebKit/537.36 (KHTML, like Gecko) Version/1.0", unknown, none},
		"robotics are not a bot": {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/140.0 Robotics/1.0", desktop, none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, userAgent := range []string{c.userAgent, strings.ToLower(c.userAgent), strings.ToUpper(c.userAgent)} {
				d := flow.Detect(headers(userAgent))
				if d.Kind != c.kind || d.Container != c.container || d.Reason == "" || d.MiniProgram || d.Prefetched || d.Program {
					t.Errorf("kind %s, container %s, reason %q; want kind %s, container %s", d.Kind, d.Container, d.Reason, c.kind, c.container)
				}
			}
		})
	}
}

// TestDetectProgram checks that programs are told from people, and that the device is the
// one that they name.
func TestDetectProgram(t *testing.T) {
	t.Parallel()
	const desktop, handheld, unknown = flow.DeviceDesktop, flow.DeviceHandheld, flow.DeviceUnknown
	for name, c := range map[string]struct {
		userAgent string
		kind      flow.DeviceKind
		container flow.Container
	}{
		"Googlebot as a phone":                 {"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", handheld, none},
		"a word that ends in bot":              {"Mozilla/5.0 (X11; Linux x86_64; ExampleBot/1.2) Gecko/20100101 Firefox/10.0", desktop, none},
		"a spider":                             {"Mozilla/5.0 (Windows NT 10.0) Example-Spider/2.0", desktop, none},
		"Facebook's preview":                   {"facebookexternalhit/1.1", unknown, none},
		"a preview in WeChat":                  {inIPhoneApp + " MicroMessenger/8.0.50 LinkPreview", handheld, wechat},
		"WhatsApp's preview":                   {"WhatsApp/2.23.20.0 A", unknown, none},
		"a web address":                        {"Mozilla/5.0 (Windows NT 10.0) Example/1.0 (https://example.com/why)", desktop, none},
		"a mail address":                       {"Mozilla/5.0 (X11; Linux) Example/1.0 (ops@example.com)", desktop, none},
		"compatible, without a browser's name": {"Mozilla/5.0 (compatible; Example/1.0)", unknown, none},
		"a name after the engine's":            {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko; Example-Qualify) Chrome/85.0 Safari/537.36", desktop, none},
		"curl":                                 {"curl/8.0", unknown, none},
		"a library on a system":                {"python-requests/2.31 (Linux)", desktop, none},
		"Go":                                   {"Go-http-client/2.0", unknown, none},
		"no browser":                           {"Example 1.0", unknown, none},
		"a scanner outside an app":             {onWindows + " Example-Scanner/2.0", desktop, none},
		"a store's crawler in the model":       {"Mozilla/5.0 (Linux; Android 8.0; K Build/X; Storebot-Google/1.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", handheld, none},
		"headless Chrome with a name":          {onHeadless + " Example", desktop, none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := flow.Detect(headers(c.userAgent))
			if !d.Program || d.Kind != c.kind || d.Container != c.container || !strings.HasPrefix(d.Reason, "a program: ") {
				t.Errorf("program %v, kind %s, container %s, reason %q; want a program, kind %s, container %s", d.Program, d.Kind, d.Container, d.Reason, c.kind, c.container)
			}
		})
	}
}

// TestMacMayBeAnIPad: Safari sends the same user agent on a Mac and on an iPad. Other
// browsers do not.
func TestMacMayBeAnIPad(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string]bool{
		onMac:     true,
		onWindows: false,
		onIPhone:  false,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36":                                    false,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                     false,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.7339.101 Version/11.1.1 Safari/605.1.15":             false,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15 MicroMessenger/6.8.0 MacWechat/3.8": false,
	} {
		if d := flow.Detect(headers(ua)); d.MaybeIPad != want {
			t.Errorf("%s: %+v, want MaybeIPad %v", ua, d, want)
		}
	}
}

func TestDetectMiniProgram(t *testing.T) {
	t.Parallel()
	for _, ua := range []string{
		inAndroidApp + " MicroMessenger/8.0.50 miniProgram/wx0123456789abcdef",
		inIPhoneApp + " MicroMessenger/8.0.50 miniProgram",
		onWindows + " MicroMessenger/7.0.20 WindowsWechat miniProgram",
	} {
		if d := flow.Detect(headers(ua)); !d.MiniProgram || d.Container != wechat {
			t.Errorf("Detect(%q) = %+v, want a mini program of WeChat", ua, d)
		}
	}
}

func TestClientHintsChangeTheKind(t *testing.T) {
	t.Parallel()
	const forms, platform, mobile = "Sec-CH-UA-Form-Factors", "Sec-CH-UA-Platform", "Sec-CH-UA-Mobile"
	for name, c := range map[string]struct {
		header    func(string) string
		kind      flow.DeviceKind
		container flow.Container
	}{
		"a phone that requests the desktop site": {headers(onLinux, platform, `"Android"`, mobile, "?0"), flow.DeviceHandheld, none},
		"a tablet by its form factor":            {headers(onWindows, forms, `"Desktop", "Tablet"`), flow.DeviceHandheld, none},
		"a car":                                  {headers(onAndroid, forms, `"Automotive", "Tablet"`, platform, `"Android"`), flow.DeviceScreen, none},
		"a watch":                                {headers(onAndroid, forms, `"Watch"`), flow.DeviceScreen, none},
		"glasses":                                {headers(onLinux, forms, `"XR"`), flow.DeviceScreen, none},
		"a computer that emulates a phone":       {headers(onIPhone, platform, `"Windows"`), flow.DeviceDesktop, none},
		"only a platform":                        {headers("", platform, `"macOS"`), flow.DeviceDesktop, none},
		"only the mobile hint":                   {headers("", mobile, "?1"), flow.DeviceHandheld, none},
		"not mobile, and an unknown platform":    {headers("", mobile, "?0", platform, `"Unknown"`), flow.DeviceUnknown, none},
		"odd values are ignored":                 {headers(onIPhone, mobile, "yes", platform, "<?>", forms, "Desktop"), flow.DeviceHandheld, none},
		"an app keeps its kind":                  {headers(onWindows+" MicroMessenger/7.0.20 WindowsWechat", platform, `"Android"`, mobile, "?1"), flow.DeviceDesktop, wechat},
		"a TV stays a screen":                    {headers("Mozilla/5.0 (Linux; Android TV) AppleWebKit/537.36", platform, `"Android"`), flow.DeviceScreen, none},
		"a program":                              {headers("curl/8", platform, `"Windows"`), flow.DeviceDesktop, none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if d := flow.Detect(c.header); d.Kind != c.kind || d.Container != c.container {
				t.Errorf("device %+v, want kind %s, container %s", d, c.kind, c.container)
			}
		})
	}
}

func TestDetectPrefetch(t *testing.T) {
	t.Parallel()
	for _, header := range [][]string{
		{"Sec-Purpose", "prefetch"}, {"Sec-Purpose", "prefetch;prerender"}, {"Sec-Purpose", "prerender"},
		{"Purpose", "prefetch"}, {"X-Purpose", "preview"}, {"X-Moz", "Prefetch"},
	} {
		d := flow.Detect(headers(onWindows, header...))
		if !d.Prefetched || d.Kind != flow.DeviceDesktop || !strings.Contains(d.Reason, header[0]) {
			t.Errorf("header %v: device %+v, want a prefetch that names the header", header, d)
		}
	}
	if flow.Detect(headers(onWindows, "Purpose", "fun")).Prefetched {
		t.Error("an unknown Purpose counts as a prefetch")
	}
}

// A page's Vary header lists DeviceHeaders, so Detect must read no other header.
func TestDetectReadsDeviceHeadersOnly(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	for _, ua := range []string{"", onWindows, "curl/8", inAndroidApp} {
		flow.Detect(func(name string) string {
			read[name] = true
			return map[string]string{"User-Agent": ua}[name]
		})
	}
	if got, want := slices.Sorted(maps.Keys(read)), slices.Sorted(slices.Values(flow.DeviceHeaders())); !slices.Equal(got, want) {
		t.Errorf("Detect reads %v, DeviceHeaders returns %v", got, want)
	}
}

func TestFlowMethods(t *testing.T) {
	t.Parallel()
	for way, c := range map[flow.Flow]struct{ redirects, code, alipay, wechat bool }{
		flow.Web:    {true, false, true, false},
		flow.WAP:    {true, false, true, false},
		flow.Iframe: {false, true, true, false},
		flow.Native: {false, true, false, true},
		flow.JSAPI:  {false, false, false, true},
		flow.Guided: {},
		flow.Pick:   {},
		flow.None:   {},
		"":          {},
	} {
		if way.Redirects() != c.redirects || way.ShowsCode() != c.code {
			t.Errorf("%q: redirects %v, shows a code %v", way, way.Redirects(), way.ShowsCode())
		}
		if flow.WalletAlipayHK.CanPayBy(way) != c.alipay || flow.WalletWeChat.CanPayBy(way) != c.wechat || flow.Wallet("x").CanPayBy(way) {
			t.Errorf("CanPayBy(%q) is wrong for a wallet", way)
		}
	}
}

func TestExpandWallets(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]flow.Wallet{
		"alipay":    {flow.WalletAlipayCN, flow.WalletAlipayHK},
		"alipay_hk": {flow.WalletAlipayHK},
		"wechat":    {flow.WalletWeChat},
		"Alipay":    nil,
		"":          nil,
	} {
		if got := flow.ExpandWallets(name); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
