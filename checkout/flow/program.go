package flow

import (
	"slices"
	"strings"
)

// programSigns are parts of the user agents of programs that read pages: crawlers,
// link previews, monitors, automated browsers.
var programSigns = []string{
	"crawl", "slurp", "scrapy", "preview", "linkexpander", "externalhit", "transcoder", "imageproxy", "emailproxy",
	"pingdom", "synthetic", "phantomjs", "puppeteer", "playwright", "selenium", "lighthouse", "pagespeed",
	"page speed", "prerender", "nutch", "ptst/", "google-ads", "-google/", "adsense", "google-publisher", "mediapartners", "google-inspectiontool",
	"probe by ", "(contact", "zgrab", "masscan", "linkcheck",
}

// programPrefixes begin the user agents of HTTP libraries and command-line tools.
var programPrefixes = []string{
	"curl/", "wget/", "libcurl", "httpie/", "python", "aiohttp", "go-http-client", "java/", "okhttp/", "apache-httpclient", "jakarta", "libwww",
	"lwp", "perl", "php", "guzzle", "ruby", "faraday", "axios/", "node", "undici", "got ", "postman", "insomnia", "dart/", "reqwest", "git/", "whatsapp/",
}

// programEndings end the names of programs. They are common words too, so the names
// of phones and of apps have them: see otherWords and withoutModel.
var programEndings = []string{
	"bot", "bots", "spider", "scanner", "scraper", "fetcher", "archiver", "favicon", "screenshot",
	"monitor", "monitoring", "checker", "validator", "inspector", "uptime",
}

// otherWords have an ending of programEndings and name no program: makers of phones,
// apps, family names and words of other languages. Other words can end in them.
var otherWords = []string{"cubot", "angebot", "gebot", "talbot", "abbot", "camscanner"}

// findProgram returns why a user agent in lower case is that of a program, or "" if
// it is not. inApp says that an app shows the page: its name may have a word that ends as
// the names of programs do, because the app scans or monitors something.
//
// Not every program has a known name. A crawler also gives an address for
// complaints, calls itself compatible with a browser, or has its name where a
// browser has none.
func findProgram(ua string, inApp bool) string {
	for _, s := range programPrefixes {
		if strings.HasPrefix(ua, s) {
			return "it names " + strings.TrimSpace(s)
		}
	}
	for _, s := range programSigns {
		if strings.Contains(ua, s) {
			return "it names " + strings.TrimSpace(s)
		}
	}
	switch {
	case strings.Contains(ua, "http://"), strings.Contains(ua, "https://"), strings.Contains(ua, "www."):
		return "it gives an address"
	case hasMailAddress(ua):
		return "it gives a mail address"
	case strings.Contains(ua, "like gecko;"):
		return "it adds a name to the engine's"
	case isCompatibleOnly(ua):
		return "it says compatible and names no browser"
	case isNamedHeadless(ua):
		return "it is a headless browser with a name"
	case inApp:
		return ""
	}
	return findProgramName(ua)
}

// withoutModel returns a user agent without the first brackets of an Android
// browser. They hold the phone's model, such as a Cubot or a Spider 8.
func withoutModel(ua string) string {
	if first, rest, found := strings.Cut(ua, ")"); found && strings.Contains(first, "android") {
		return rest
	}
	return ua
}

// findProgramName looks for a word that ends as the names of programs do, such as
// Googlebot, but not robotics. It returns why the user agent is that of a program, or
// "".
func findProgramName(ua string) string {
	for word := range strings.FieldsFuncSeq(withoutModel(ua), func(r rune) bool { return r < 'a' || r > 'z' }) {
		endsIn := func(ending string) bool { return strings.HasSuffix(word, ending) }
		if slices.ContainsFunc(programEndings, endsIn) && !slices.ContainsFunc(otherWords, endsIn) {
			return "it names " + word
		}
	}
	return ""
}

// hasMailAddress reports whether a user agent has a mail address, also one that
// is written with (at) or [at]. A version or a parameter of an app can have an @ too,
// and no host's name follows.
func hasMailAddress(ua string) bool {
	for at := range len(ua) - 1 {
		if at > 0 && ua[at] == '@' && isWordByte(ua[at-1]) && beginsWithHost(ua[at+1:]) {
			return true
		}
	}
	return strings.Contains(ua, "(at)") || strings.Contains(ua, "[at]")
}

// beginsWithHost reports whether a text begins with the name of a host, such as
// example.com. Its last label has letters only, so it is not a version.
func beginsWithHost(text string) bool {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '-' && r != '.' && !isWordRune(r) })
	if end < 0 {
		end = len(text)
	}
	host := strings.TrimRight(text[:end], ".-")
	dot := strings.LastIndexByte(host, '.')
	if dot < 1 || len(host)-dot < 3 {
		return false
	}
	return !strings.ContainsFunc(host[dot+1:], func(r rune) bool { return r < 'a' || r > 'z' })
}

func isWordByte(b byte) bool { return isWordRune(rune(b)) }

func isWordRune(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }

// compatibleBrowsers follow the word compatible in the user agents of browsers.
var compatibleBrowsers = []string{"msie ", "konqueror", "u;", "ibrowse", "netpositive", "ms-office", "windows"}

// isCompatibleOnly reports whether a user agent has the word compatible without
// a browser's name after it.
func isCompatibleOnly(ua string) bool {
	for _, tail := range strings.Split(ua, "compatible;")[1:] {
		tail = strings.TrimSpace(tail)
		isBrowser := false
		for _, b := range compatibleBrowsers {
			isBrowser = isBrowser || strings.HasPrefix(tail, b)
		}
		if !isBrowser || strings.HasPrefix(tail, "msie or") {
			return true
		}
	}
	return false
}

// headlessSigns begin the names of browsers without a window.
var headlessSigns = []string{"headlesschrome/", "headlessedg/"}

// headlessParts begin the words that a headless browser itself adds after its name.
var headlessParts = append([]string{"mobile", "safari/", "edg/"}, headlessSigns...)

// isNamedHeadless reports whether a user agent is that of a headless browser and has
// a name that the browser does not give itself. Without one, a person runs the browser:
// a shop tests its own pages, or an agent buys for somebody.
func isNamedHeadless(ua string) bool {
	for _, s := range headlessSigns {
		if _, rest, found := strings.Cut(ua, s); found {
			words := strings.Fields(rest)
			return slices.ContainsFunc(words[min(1, len(words)):], isNoHeadlessPart)
		}
	}
	return false
}

func isNoHeadlessPart(word string) bool {
	return !slices.ContainsFunc(headlessParts, func(part string) bool { return strings.HasPrefix(word, part) })
}

// engines name the engines that draw pages. Every browser's user agent has one.
var engines = []string{"applewebkit", "gecko/", "trident", "presto", "khtml", "msie", "opera", "netfront", "goanna"}

func hasEngine(ua string) bool {
	for _, e := range engines {
		if strings.Contains(ua, e) {
			return true
		}
	}
	return false
}
