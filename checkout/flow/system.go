package flow

import "strings"

// systems tell the kind of device. Screens come first, because they name
// Android, Linux or Windows too; then what is held in a hand, because Android
// names Linux, and Windows Phone names Windows.
var systems = []struct {
	sign string
	is   DeviceKind
}{
	{"smarttv", DeviceScreen},
	{"smart-tv", DeviceScreen},
	{"smart tv", DeviceScreen},
	{"hbbtv", DeviceScreen},
	{"netcast", DeviceScreen},
	{"web0s", DeviceScreen},
	{"googletv", DeviceScreen},
	{"google tv", DeviceScreen},
	{"androidtv", DeviceScreen},
	{"android tv", DeviceScreen},
	{"appletv", DeviceScreen},
	{"apple tv", DeviceScreen},
	{"tvos", DeviceScreen},
	{"bravia", DeviceScreen},
	{"viera", DeviceScreen},
	{"vidaa", DeviceScreen},
	{"roku", DeviceScreen},
	{"crkey", DeviceScreen},
	{"playstation", DeviceScreen},
	{"xbox", DeviceScreen},
	{"nintendo", DeviceScreen},
	{"(ps3", DeviceScreen},
	{"tesla/", DeviceScreen},
	{"qtcarbrowser", DeviceScreen},
	{"carbrowser", DeviceScreen},
	{"automotive", DeviceScreen},
	{"watchos", DeviceScreen},
	{"watch os", DeviceScreen},
	{"apple watch", DeviceScreen},
	{"wear os", DeviceScreen},
	{"oculusbrowser", DeviceScreen},
	{"(car; openharmony", DeviceScreen},
	{"(wearable; openharmony", DeviceScreen},

	{"iphone", DeviceHandheld},
	{"ipad", DeviceHandheld},
	{"ipod", DeviceHandheld},
	{"(phone; openharmony", DeviceHandheld},
	{"(tablet; openharmony", DeviceHandheld},
	{"(pc; openharmony", DeviceDesktop},
	{"(2in1;", DeviceDesktop}, // as some of them say
	{"openharmony", DeviceHandheld},
	{"windows phone", DeviceHandheld},
	{"windows ce", DeviceHandheld},
	{"iemobile", DeviceHandheld},
	{"kaios", DeviceHandheld},
	{"symbian", DeviceHandheld},
	{"midp", DeviceHandheld},
	{"blackberry", DeviceHandheld},
	{"(bb10", DeviceHandheld},
	{"playbook", DeviceHandheld},
	{"kindle", DeviceHandheld},
	{"opera mini", DeviceHandheld},
	{"opera mobi", DeviceHandheld},
	{"docomo", DeviceHandheld},
	{"up.browser", DeviceHandheld},
	{"netfront", DeviceHandheld},
	{"brew/", DeviceHandheld},
	{"wap browser", DeviceHandheld},
	{"wap-browser", DeviceHandheld},
	{"nokia", DeviceHandheld},
	{"maui", DeviceHandheld},
	{"chromebook", DeviceDesktop}, // these run Android's apps, and some run Android
	{"pixelbook", DeviceDesktop},
	{"laptop", DeviceDesktop},
	{"netbook", DeviceDesktop},
	{"thinkpad", DeviceDesktop},
	{"ideapad", DeviceDesktop},
	{"inspiron", DeviceDesktop},
	{"latitude", DeviceDesktop},
	{"vostro", DeviceDesktop},
	{"optiplex", DeviceDesktop},
	{"travelmate", DeviceDesktop},
	{"satellite", DeviceDesktop},
	{"aspire", DeviceDesktop},
	{"elitebook", DeviceDesktop},
	{"probook", DeviceDesktop},
	{"pavilion", DeviceDesktop},
	{"lifebook", DeviceDesktop},
	{"vivobook", DeviceDesktop},
	{"zenbook", DeviceDesktop},
	{"android", DeviceHandheld},
	{"mobile", DeviceHandheld},
	{"tablet;", DeviceHandheld},

	{"windows", DeviceDesktop},
	{"(win", DeviceDesktop},
	{"macintosh", DeviceDesktop},
	{"mac_powerpc", DeviceDesktop},
	{"macos", DeviceDesktop},
	{"mac os", DeviceDesktop},
	{"macbook", DeviceDesktop},
	{"imac", DeviceDesktop},
	{"darwin", DeviceDesktop},
	{"cros ", DeviceDesktop},
	{"x11", DeviceDesktop},
	{"linux", DeviceDesktop},
	{"bsd", DeviceDesktop},
	{"sunos", DeviceDesktop},
	{"haiku", DeviceDesktop},
	{"amiga", DeviceDesktop},
	{"beos", DeviceDesktop},
	{"os/2", DeviceDesktop},
	{"openvms", DeviceDesktop},
	{"cygwin", DeviceDesktop},
	{"os=mac", DeviceDesktop},
	{"(desktop", DeviceDesktop},
}

// findSystem reads the kind of device from the system that a user agent in
// small letters names. An iPad that asks for the computer's page names a
// Macintosh, and is taken for one.
func findSystem(ua string) (DeviceKind, string) {
	if namesTV(ua) {
		return DeviceScreen, "the user agent names a TV"
	}
	for _, s := range systems {
		if strings.Contains(ua, s.sign) {
			return s.is, "the user agent names " + clean(s.sign)
		}
	}
	return DeviceUnknown, "no known system in the user agent"
}

// namesTV reports whether TV stands alone, or a Fire TV names its model, which
// begins with AFT.
func namesTV(ua string) bool {
	for word := range strings.FieldsFuncSeq(ua, func(r rune) bool { return r > 'z' || r < 'a' && (r < '0' || r > '9') }) {
		if word == "tv" || strings.HasPrefix(word, "aft") && !strings.HasPrefix(word, "after") {
			return true
		}
	}
	return false
}

// formFactors are what Sec-CH-UA-Form-Factors lists, the telling ones first: a
// car is a desktop too.
var formFactors = []struct {
	name string
	is   DeviceKind
}{
	{"automotive", DeviceScreen},
	{"watch", DeviceScreen},
	{"xr", DeviceScreen},
	{"tablet", DeviceHandheld},
	{"mobile", DeviceHandheld},
	{"eink", DeviceHandheld},
	{"desktop", DeviceDesktop},
}

var platforms = map[string]DeviceKind{
	"android": DeviceHandheld, "ios": DeviceHandheld, "harmonyos": DeviceHandheld,
	"windows": DeviceDesktop, "macos": DeviceDesktop, "linux": DeviceDesktop,
	"chrome os": DeviceDesktop, "chromium os": DeviceDesktop,
}

// refine corrects the kind by the client hints. A phone that asks for the
// computer's page names a computer in its user agent, and Android or its form
// here; a screen that the user agent names stays one.
func refine(d *Device, header func(string) string) {
	kind, reason := hinted(header)
	if kind == DeviceUnknown || kind == d.Kind || d.Kind == DeviceScreen {
		return
	}
	d.Kind, d.Reason = kind, reason+"; "+d.Reason
}

// hinted is the kind that the client hints tell, the most telling one first.
func hinted(header func(string) string) (DeviceKind, string) {
	forms := strings.ToLower(header(hintFormFactors))
	for _, f := range formFactors {
		if strings.Contains(forms, `"`+f.name+`"`) {
			return f.is, "the form factor is " + f.name
		}
	}
	platform := strings.ToLower(strings.Trim(header(hintPlatform), `" `))
	if kind, known := platforms[platform]; known {
		return kind, "the platform is " + platform
	}
	if strings.TrimSpace(header(hintMobile)) == "?1" {
		return DeviceHandheld, "the browser is a mobile one"
	}
	return DeviceUnknown, ""
}
