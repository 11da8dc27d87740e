package flow

import "strings"

// app is a container's sign in a user agent in small letters.
type app struct {
	sign string
	is   Container
}

// apps are in the order in which they must be matched: WeCom names WeChat,
// AlipayHK names Alipay, DingTalk and Taobao name AliApp, and many name QQ's
// browser, whose engine their web-views are.
var apps = []app{
	{"wxwork/", ContainerWeCom},
	{"micromessenger", ContainerWeChat},
	{"alipayclienthk", ContainerAlipayHK},
	{"aliapp(aphk", ContainerAlipayHK},
	{"alipayclient", ContainerAlipay},
	{"aliapp(ap/", ContainerAlipay},
	{"dingtalk", ContainerDingTalk},
	{"qq/", ContainerQQ},
	{"_sq_", ContainerQQ}, // QQ's version, as in V1_AND_SQ_4.5.0
	{"weibo", ContainerWeibo},
	{"aweme", ContainerDouyin},
	{"douyin", ContainerDouyin},

	{"aliapp(", ContainerOther}, // Taobao and others of Alibaba's
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
	{"; wv)", ContainerOther}, // what any app's web-view on Android says
}

// findApp returns the first app that a user agent names.
func findApp(ua string) (app, bool) {
	for _, a := range apps {
		if strings.Contains(ua, a.sign) {
			return a, true
		}
	}
	// The web-view of iOS names no Safari; every browser there does.
	for _, s := range []string{"(iphone;", "(ipad;", "(ipod"} {
		if strings.Contains(ua, s) && strings.Contains(ua, "applewebkit") && !strings.Contains(ua, "safari") {
			return app{s + " without safari", ContainerOther}, true
		}
	}
	return app{}, false
}

// device is what shows the page when a is the app.
func (a app) device(ua string) Device {
	kind, reason := findSystem(ua)
	d := Device{Kind: kind, Container: a.is, Reason: "in " + clean(a.sign) + "; " + reason}
	if a.is != ContainerWeChat && a.is != ContainerWeCom {
		return d
	}
	switch {
	case strings.Contains(ua, "miniprogram"):
		d.MiniProgram, d.Reason = true, "a mini program "+d.Reason
	case strings.Contains(ua, "windowswechat"), strings.Contains(ua, "macwechat"):
		d.Kind = DeviceDesktop
	case strings.Contains(ua, "wechatdevtools"):
		// It plays a phone on a computer, the payment sheet included.
		d.Kind, d.Reason = DeviceHandheld, "WeChat's developer tools "+d.Reason
	}
	return d
}

func clean(sign string) string { return strings.Trim(sign, " ;()/") }
