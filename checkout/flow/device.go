package flow

import (
	"slices"
	"strings"
)

// DeviceKind is the kind of device that requests a page.
type DeviceKind string

// The kinds of devices.
const (
	DeviceDesktop  DeviceKind = "desktop"
	DeviceHandheld DeviceKind = "handheld"
	// DeviceScreen has no wallet app and can show a QR code: a TV, a console, a
	// car, a watch or glasses.
	DeviceScreen  DeviceKind = "screen"
	DeviceUnknown DeviceKind = "unknown"
)

// Container is the app whose web-view shows the page.
type Container string

// The containers. ContainerNone is a browser, and ContainerOther is any app with
// a web-view that has no constant here.
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

// Device is what a request's headers say about the shopper's browser.
type Device struct {
	Kind      DeviceKind
	Container Container
	// MiniProgram says that a WeChat mini program's web-view shows the page.
	// Nobody can pay there.
	MiniProgram bool
	// MaybeIPad says that the device calls itself a Macintosh. An iPad does so too,
	// and only a script can tell the difference.
	MaybeIPad bool
	// Program says that a program reads the page, such as a crawler or a link
	// preview. A page starts nothing by itself for a program. Kind and Container are
	// what the program names: it can be a browser that was taken for a program.
	Program bool
	// Prefetched says that a browser loads the page before the shopper opens it.
	// The shopper may never open it.
	Prefetched bool
	// Reason explains the result to an operator. It quotes the headers.
	Reason string
}

// Hints returns the names of the client hints that [Detect] reads.
func Hints() []string {
	return []string{hintFormFactors, hintMobile, hintPlatform}
}

// DeviceHeaders returns the names of all headers that [Detect] reads.
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

// Detect returns the device that the headers of a request describe. header
// returns a header's value by its canonical name, or "". Detect reads
// [DeviceHeaders]. It cannot fail. An empty user agent, or a browser on an unknown
// system, is [DeviceUnknown]: the shopper picks the device. A user agent that names
// neither a browser's engine nor a known system is a program's.
//
// One user agent can name a program, an app and a system. Client hints can change the
// kind that the system gives, and never that of an app.
func Detect(header func(name string) string) Device {
	ua := strings.ToLower(header("User-Agent"))
	d := detectBrowser(ua, header)
	if reason := findProgram(ua, d.Container != ContainerNone); reason != "" {
		d.Program, d.Reason = true, "a program: "+reason+"; "+d.Reason
	} else if ua != "" && d.Kind == DeviceUnknown && d.Container == ContainerNone && !hasEngine(ua) {
		d.Program, d.Reason = true, "a program: the user agent is not a browser's"
	}
	if reason := findPrefetch(header); reason != "" {
		d.Prefetched, d.Reason = true, reason+"; "+d.Reason
	}
	return d
}

// detectBrowser returns the device without Program and Prefetched. ua is the user
// agent in lower case.
func detectBrowser(ua string, header func(name string) string) Device {
	if app, found := findApp(ua); found {
		return app.device(ua)
	}
	d := Device{Container: ContainerNone}
	d.Kind, d.Reason = findSystem(ua)
	d.MaybeIPad = d.Kind == DeviceDesktop && isSafariOnMac(ua)
	applyHints(&d, header)
	return d
}

// prefetchSigns are the headers of a request for a page that the shopper has not
// opened yet.
var prefetchSigns = []struct{ header, value string }{
	{"Sec-Purpose", "prefetch"}, // "prefetch;prerender" too
	{"Sec-Purpose", "prerender"},
	{"Purpose", "prefetch"},
	{"Purpose", "prerender"},
	{"X-Purpose", "preview"},
	{"X-Moz", "prefetch"},
}

// findPrefetch returns why a request is a prefetch, or "" if it is not.
func findPrefetch(header func(string) string) string {
	for _, s := range prefetchSigns {
		if strings.Contains(strings.ToLower(header(s.header)), s.value) {
			return "loaded ahead: " + s.header + " says " + s.value
		}
	}
	return ""
}
