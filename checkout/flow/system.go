package flow

import (
	"slices"
	"strings"
)

// systems lists parts of user agents in lower case with the kind of device, in
// the order in which findSystem must try them. Screens come first, because they
// name Android, Linux or Windows too. Phones and tablets come next, because
// Android names Linux, Windows Phone names Windows, and a browser on an iPad that
// requests the desktop site names a Macintosh.
var systems = []struct {
	sign string
	kind DeviceKind
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
	{"picobrowser", DeviceScreen},
	{"(car; openharmony", DeviceScreen},
	{"(wearable; openharmony", DeviceScreen},
	{"(unknown; linux", DeviceScreen}, // LG's TVs

	{"iphone", DeviceHandheld},
	{"ipad", DeviceHandheld},
	{"ipod", DeviceHandheld},
	{"crios/", DeviceHandheld}, // this and the next ones are browsers for iOS
	{"fxios/", DeviceHandheld},
	{"edgios/", DeviceHandheld},
	{"opios/", DeviceHandheld},
	{"(phone; openharmony", DeviceHandheld},
	{"(tablet; openharmony", DeviceHandheld},
	{"(pc; openharmony", DeviceDesktop},
	{"(2in1;", DeviceDesktop}, // some computers with OpenHarmony
	{"openharmony", DeviceHandheld},
	{"ohos x86", DeviceDesktop},
	{"windows phone", DeviceHandheld},
	{"windows ce", DeviceHandheld},
	{"iemobile", DeviceHandheld},
	{"kaios", DeviceHandheld},
	{"symbian", DeviceHandheld},
	{"midp", DeviceHandheld},
	{"blackberry", DeviceHandheld},
	{"(bb10", DeviceHandheld},
	{"playbook", DeviceHandheld},
	{"webos/", DeviceHandheld}, // Palm's. LG's TVs have other names
	{"hpwos/", DeviceHandheld},
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
	{"chromebook", DeviceDesktop}, // this and the next ones run Android's apps
	{"pixelbook", DeviceDesktop},
	{"waydroid", DeviceDesktop},
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
	{"(os/2", DeviceDesktop},
	{" os/2", DeviceDesktop},
	{"openvms", DeviceDesktop},
	{"cygwin", DeviceDesktop},
	{"os=mac", DeviceDesktop},
	{"(desktop", DeviceDesktop},
	{"(ohos", DeviceDesktop},
}

// findSystem returns the kind of device of the system that a user agent in lower
// case names, and the reason.
func findSystem(ua string) (DeviceKind, string) {
	if namesTV(ua) {
		return DeviceScreen, "the user agent names a TV"
	}
	ua = strings.ReplaceAll(ua, ";openharmony", "; openharmony")
	for _, s := range systems {
		if !strings.Contains(ua, s.sign) {
			continue
		}
		if name := findComputer(ua); s.sign == "android" && name != "" {
			return DeviceDesktop, "the user agent names android on a computer: " + name
		}
		return s.kind, "the user agent names " + trimSign(s.sign)
	}
	return DeviceUnknown, "no known system in the user agent"
}

// namesTV reports whether a user agent has the word TV, or the model of a Fire
// TV, a word that begins with AFT.
func namesTV(ua string) bool {
	for word := range strings.FieldsFuncSeq(ua, func(r rune) bool { return !isWordRune(r) }) {
		if word == "tv" || strings.HasPrefix(word, "aft") && !strings.HasPrefix(word, "after") {
			return true
		}
	}
	return false
}

// computers are words of the models of computers on which people install Android.
var computers = []string{
	"laptop", "netbook", "thinkpad", "ideapad", "inspiron", "latitude", "vostro", "optiplex", "travelmate", "satellite",
	"aspire", "elitebook", "probook", "pavilion", "lifebook", "vivobook", "zenbook", "easynote", "compaq", "bilimbook",
	"aio", "sff", "remix", "x86_64",
}

// findComputer returns the word by which an Android user agent in lower case is that of
// a computer, or "". Phones and tablets have the names of computers too, and say that
// they are mobile or a tablet. A name such as SOLO_Aspire is one word.
func findComputer(ua string) string {
	if strings.Contains(ua, "mobile") || strings.Contains(ua, "tablet") {
		return ""
	}
	for word := range strings.FieldsFuncSeq(ua, func(r rune) bool { return r != '_' && !isWordRune(r) }) {
		if slices.Contains(computers, word) || isIntelNUC(word) || isThinkPadType(word) {
			return word
		}
	}
	return ""
}

// isIntelNUC reports whether a word is the model of a small computer of Intel's, such
// as NUC10i3FNH.
func isIntelNUC(word string) bool {
	after, found := strings.CutPrefix(word, "nuc")
	return found && after != "" && after[0] >= '0' && after[0] <= '9'
}

// isThinkPadType reports whether a word is the type of a ThinkPad, such as
// 20JJS0CU1M: 20 or 21, a letter, and 7 letters or digits. The firmware of a ThinkPad has
// this type where other computers have a name.
func isThinkPadType(word string) bool {
	begins := strings.HasPrefix(word, "20") || strings.HasPrefix(word, "21")
	return len(word) == 10 && begins && word[2] >= 'a' && !strings.Contains(word, "_")
}

// isSafariOnMac reports whether a user agent in lower case is that of Safari on a Mac.
// Every browser on an iPad may send the same.
func isSafariOnMac(ua string) bool {
	return strings.Contains(ua, "macintosh") && strings.Contains(ua, "safari/") && !strings.Contains(ua, "chrome/")
}

// formFactors lists the values of Sec-CH-UA-Form-Factors. The header can have
// several, and the first of this list decides: a car is a desktop too.
var formFactors = []struct {
	name string
	kind DeviceKind
}{
	{"automotive", DeviceScreen},
	{"watch", DeviceScreen},
	{"xr", DeviceScreen},
	{"tablet", DeviceHandheld},
	{"mobile", DeviceHandheld},
	{"eink", DeviceHandheld},
	{"desktop", DeviceDesktop},
}

// platforms has the kind of device for each value of Sec-CH-UA-Platform.
var platforms = map[string]DeviceKind{
	"android": DeviceHandheld, "ios": DeviceHandheld, "harmonyos": DeviceHandheld,
	"windows": DeviceDesktop, "macos": DeviceDesktop, "linux": DeviceDesktop,
	"chrome os": DeviceDesktop, "chromium os": DeviceDesktop,
}

// applyHints corrects the kind of a device by its client hints. A phone that
// requests the desktop site names a computer in its user agent, but not in its
// client hints. A screen stays a screen.
func applyHints(d *Device, header func(string) string) {
	kind, reason := kindFromHints(header)
	if kind == DeviceUnknown || kind == d.Kind || d.Kind == DeviceScreen {
		return
	}
	d.Kind, d.Reason = kind, reason+"; "+d.Reason
}

// kindFromHints returns the kind that the client hints give, and the reason. The
// form factor decides first, then the platform, then the mobile hint. It returns
// DeviceUnknown if none decides.
func kindFromHints(header func(string) string) (DeviceKind, string) {
	forms := strings.ToLower(header(hintFormFactors))
	for _, f := range formFactors {
		if strings.Contains(forms, `"`+f.name+`"`) {
			return f.kind, "the form factor is " + f.name
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
