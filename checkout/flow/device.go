package flow

import (
	"slices"
	"strings"
)

// DeviceKind is what a shopper holds.
type DeviceKind string

// The kinds of devices.
const (
	DeviceDesktop  DeviceKind = "desktop"
	DeviceHandheld DeviceKind = "handheld"
	// DeviceScreen is looked at and not carried to a shop's counter: a TV, a
	// console, a car, a watch or glasses. It shows codes.
	DeviceScreen DeviceKind = "screen"
	// DeviceBot reads pages and never pays: a crawler, a link preview, a
	// program.
	DeviceBot     DeviceKind = "bot"
	DeviceUnknown DeviceKind = "unknown"
)

// Container is the app whose web-view shows the page.
type Container string

// The containers told apart. ContainerOther is any other app with a web-view.
const (
	ContainerNone     Container = "none"
	ContainerWeChat   Container = "wechat"
	ContainerWeCom    Container = "wecom"
	ContainerAlipay   Container = "alipay"
	ContainerAlipayHK Container = "alipayhk"
	ContainerQQ       Container = "qq"
	ContainerDingTalk Container = "dingtalk"
	ContainerWeibo    Container = "weibo"
	ContainerDouyin   Container = "douyin"
	ContainerOther    Container = "other"
)

// Device is what a request's headers say of the shopper's browser.
type Device struct {
	Kind      DeviceKind
	Container Container
	// MiniProgram says that a mini program's web-view shows the page, where
	// WeChat lets nobody pay.
	MiniProgram bool
	// Prefetched says that a browser loads the page ahead of its shopper, who
	// may never come to see it.
	Prefetched bool
	// Reason names the signs that decided, for an operator who asks why.
	Reason string
}

// Hints are the client hints that refine what the user agent says.
func Hints() []string {
	return []string{hintFormFactors, hintMobile, hintPlatform}
}

// DeviceHeaders are all headers that [Detect] reads.
func DeviceHeaders() []string {
	names := append([]string{"User-Agent"}, Hints()...)
	for _, s := range prefetchSigns {
		if !slices.Contains(names, s.header) {
			names = append(names, s.header)
		}
	}
	return names
}

const (
	hintFormFactors = "Sec-CH-UA-Form-Factors"
	hintMobile      = "Sec-CH-UA-Mobile"
	hintPlatform    = "Sec-CH-UA-Platform"
)

// Detect reads the headers of a request: User-Agent, [Hints], and those
// that mark a prefetch. header returns the value of the one that it is asked
// for by its canonical name, "" for none. An empty or strange user agent is
// unknown, never an error: the shopper then picks.
//
// The order is fixed, since one user agent names many: what reads and never
// pays; the app, because most name a browser and a system too; the system.
// Client hints refine the system and never override an app.
func Detect(header func(name string) string) Device {
	ua := strings.ToLower(header("User-Agent"))
	d := Device{Kind: DeviceUnknown, Container: ContainerNone}
	if sign := botSign(ua); sign != "" {
		d.Kind, d.Reason = DeviceBot, "a program: "+sign
	} else if app, found := findApp(ua); found {
		d = app.device(ua)
	} else {
		d.Kind, d.Reason = findSystem(ua)
		refine(&d, header)
		if d.Kind == DeviceUnknown && ua != "" && !hasEngine(ua) {
			d.Kind, d.Reason = DeviceBot, "a program: the user agent is not a browser's"
		}
	}
	if sign := prefetchSign(header); sign != "" {
		d.Prefetched, d.Reason = true, sign+"; "+d.Reason
	}
	return d
}

// prefetchSigns mark a request that a browser makes before its shopper does.
var prefetchSigns = []struct{ header, value string }{
	{"Sec-Purpose", "prefetch"}, // "prefetch;prerender" too
	{"Sec-Purpose", "prerender"},
	{"Purpose", "prefetch"},
	{"Purpose", "prerender"},
	{"X-Purpose", "preview"},
	{"X-Moz", "prefetch"},
}

func prefetchSign(header func(string) string) string {
	for _, s := range prefetchSigns {
		if strings.Contains(strings.ToLower(header(s.header)), s.value) {
			return "loaded ahead: " + s.header + " says " + s.value
		}
	}
	return ""
}
