package flow

import "strings"

// app is an app with a web-view, and the text by which its user agent is known.
type app struct {
	// sign is a part of the user agent, in lower case.
	sign      string
	container Container
}

// apps lists the apps in the order in which findApp must try them. A user agent
// can name more than one: WeCom's names WeChat, AlipayHK's names Alipay,
// DingTalk's and Taobao's name AliApp.
var apps = []app{
	{"wxwork/", ContainerWeCom},
	{"micromessenger", ContainerWeChat},
	{"alipayclienthk", ContainerAlipayHK},
	{"aliapp(aphk", ContainerAlipayHK},
	{"alipayclient", ContainerAlipay},
	{"aliapp(ap/", ContainerAlipay},
	{"dingtalk", ContainerDingTalk},
	{"qq/", ContainerQQ},
	{"_sq_", ContainerQQ}, // the version of QQ, as in V1_AND_SQ_4.5.0
	{"weibo", ContainerWeibo},
	{"aweme", ContainerDouyin},
	{"douyin", ContainerDouyin},

	{"aliapp(", ContainerOther}, // Taobao and other apps of Alibaba
	{"meituan", ContainerOther},
	{"titansx", ContainerOther}, // the web-view of Meituan's apps
	{"bytedancewebview", ContainerOther},
	{"xiaohongshu", ContainerOther},
	{"xhsdiscover", ContainerOther},
	{"kwai", ContainerOther},
	{"baiduboxapp", ContainerOther},
	{"zhihu", ContainerOther},
	{"bilibili", ContainerOther},
	{"jdapp", ContainerOther},
	{"pinduoduo", ContainerOther},
	{"feishu", ContainerOther},
	{" lark/", ContainerOther},
	{"fban/", ContainerOther}, // Facebook and Messenger
	{"fb_iab", ContainerOther},
	{"instagram", ContainerOther},
	{" line/", ContainerOther},
	{"snapchat", ContainerOther},
	{"linkedinapp", ContainerOther},
	{"twitter for", ContainerOther},
}

// unionSDK is what UC's browser says. It has this SDK of Alibaba's and is not one of
// Alibaba's apps.
const unionSDK = "aliapp(tunionsdk"

// findApp returns the app that a user agent in lower case names: the first of apps,
// or else the unknown app of a web-view. The boolean is false for a browser.
func findApp(ua string) (app, bool) {
	ua = strings.ReplaceAll(ua, unionSDK, "")
	for _, a := range apps {
		if strings.Contains(ua, a.sign) {
			return a, true
		}
	}
	if sign := findWebView(ua); sign != "" && !namesBrowser(ua) {
		return app{sign, ContainerOther}, true
	}
	return app{}, false
}

// findWebView returns the part of a user agent by which it is that of a web-view, or
// "".
func findWebView(ua string) string {
	const onAndroid = "; wv)"
	if strings.Contains(ua, onAndroid) {
		return onAndroid
	}
	// On iOS a web-view does not name Safari.
	for _, s := range []string{"(iphone;", "(ipad;", "(ipod"} {
		if strings.Contains(ua, s) && strings.Contains(ua, "applewebkit") && !strings.Contains(ua, "safari") {
			return s + " without safari"
		}
	}
	return ""
}

// browsers are parts of the user agents of browsers that show pages in the system's
// web-view.
var browsers = []string{
	"browser/", // UC's, Vivo's, Huawei's and many more
	"quark/", "firefox/", "fxios/", "focus/", "klar/", "opr/", "opt/", "opx/", "opios/", "crios/", "edga/", "edgios/", "duckduckgo/", "ddg/", "ecosia",
}

// tencentWebView is the web-view for apps that Tencent makes of QQ's browser, and it
// has the browser's name.
const tencentWebView = "tbs/"

func namesBrowser(ua string) bool {
	for _, b := range browsers {
		if strings.Contains(ua, b) {
			return !strings.Contains(ua, tencentWebView)
		}
	}
	return false
}

// device returns the device for a user agent in lower case that names app a.
func (a app) device(ua string) Device {
	kind, reason := findSystem(ua)
	d := Device{Kind: kind, Container: a.container, Reason: "in " + trimSign(a.sign) + "; " + reason}
	if a.container != ContainerWeChat && a.container != ContainerWeCom {
		return d
	}
	switch {
	case strings.Contains(ua, "miniprogram"):
		d.MiniProgram, d.Reason = true, "a mini program "+d.Reason
	case strings.Contains(ua, "windowswechat"), strings.Contains(ua, "macwechat"):
		d.Kind = DeviceDesktop
	case strings.Contains(ua, "wechatdevtools"):
		// They emulate a phone on a computer, with WeChat's payment sheet.
		d.Kind, d.Reason = DeviceHandheld, "WeChat's developer tools "+d.Reason
	}
	return d
}

// trimSign returns a sign without the punctuation around it, for a reason.
func trimSign(sign string) string { return strings.Trim(sign, " ;()/") }
