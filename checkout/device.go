package checkout

import "strings"

// DeviceKind is what a shopper holds.
type DeviceKind string

// The kinds of devices.
const (
	DeviceDesktop  DeviceKind = "desktop"
	DeviceHandheld DeviceKind = "handheld"
	// DeviceBot reads pages and never pays: a crawler, a link preview.
	DeviceBot     DeviceKind = "bot"
	DeviceUnknown DeviceKind = "unknown"
)

// Container is the app whose web-view shows the page.
type Container string

// The containers told apart.
const (
	ContainerNone   Container = "none"
	ContainerWeChat Container = "wechat"
	ContainerAlipay Container = "alipay"
)

// Device is what a user agent says of the shopper's browser.
type Device struct {
	Kind      DeviceKind
	Container Container
	// Reason names the sign that decided, for an operator who asks why.
	Reason string
}

// botSigns come first: a preview of a link shared in WeChat names WeChat too.
var botSigns = []string{
	"bot/", "bot;", "bot)", "bot ", "-bot", "spider", "crawler", "crawl/", "slurp",
	"facebookexternalhit", "facebookcatalog", "linkpreview", "link preview", "embedly",
	"whatsapp/", "google-inspectiontool", "mediapartners-google", "bingpreview", "ia_archiver",
}

// containerSigns are in the order in which they must be matched.
// A bare "AliApp(" is any app of Alibaba's, not Alipay.
var containerSigns = []struct {
	text string
	is   Container
}{
	{"micromessenger", ContainerWeChat},
	{"alipayclient", ContainerAlipay},
	{"aliapp(ap/", ContainerAlipay},
}

// systemSigns tell the kind of device: the handheld ones first, because an
// Android or HarmonyOS phone names Linux too, and an iPad may name Macintosh.
var systemSigns = []struct {
	text string
	is   DeviceKind
}{
	{"windowswechat", DeviceDesktop},
	{"macwechat", DeviceDesktop},
	{"iphone", DeviceHandheld},
	{"ipad", DeviceHandheld},
	{"ipod", DeviceHandheld},
	{"(phone; openharmony", DeviceHandheld},
	{"(tablet; openharmony", DeviceHandheld},
	{"(pc; openharmony", DeviceDesktop},
	{"android", DeviceHandheld},
	{"windows phone", DeviceHandheld},
	{"windows nt", DeviceDesktop},
	{"macintosh", DeviceDesktop},
	{"cros ", DeviceDesktop},
	{"x11", DeviceDesktop},
	{"linux", DeviceDesktop},
	{"mobile", DeviceHandheld},
}

// DetectDevice reads a User-Agent header. An empty or strange one is unknown,
// never an error: the shopper then picks.
func DetectDevice(userAgent string) Device {
	// Cubot makes phones, whose name ends as a crawler's does.
	ua := strings.ReplaceAll(strings.ToLower(userAgent), "cubot", "cub-t")
	for _, s := range botSigns {
		if strings.Contains(ua, s) {
			return Device{Kind: DeviceBot, Container: ContainerNone, Reason: "the user agent names " + strings.TrimSpace(s)}
		}
	}
	d := Device{Kind: DeviceUnknown, Container: ContainerNone, Reason: "no known sign in the user agent"}
	for _, s := range systemSigns {
		if strings.Contains(ua, s.text) {
			d.Kind, d.Reason = s.is, "the user agent names "+strings.TrimSpace(s.text)
			break
		}
	}
	for _, s := range containerSigns {
		if strings.Contains(ua, s.text) {
			d.Container, d.Reason = s.is, d.Reason+" and "+s.text
			break
		}
	}
	return d
}
