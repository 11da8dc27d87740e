package flow

import "strings"

// botSigns are parts of the user agents of programs that read pages: crawlers,
// link previews, monitors, automated browsers.
var botSigns = []string{
	"crawl", "spider", "slurp", "scanner", "scraper", "scrapy", "fetcher", "archiver",
	"preview", "linkexpander", "externalhit", "favicon", "screenshot", "transcoder", "imageproxy", "emailproxy",
	"monitor", "checker", "validator", "inspector", "linkcheck", "pingdom", "uptime", "synthetic",
	"headlesschrome", "headlessedg", "phantomjs", "puppeteer", "playwright", "selenium", "lighthouse", "pagespeed",
	"page speed", "prerender", "nutch", "ptst/", "google-ads", "-google/", "adsense", "google-publisher", "mediapartners", "google-inspectiontool",
	"probe by ", "(contact", "(unknown; linux", "zgrab", "masscan",
}

// botPrefixes begin the user agents of HTTP libraries and command-line tools.
var botPrefixes = []string{
	"curl/", "wget/", "libcurl", "httpie/", "python", "aiohttp", "go-http-client", "java/", "okhttp/", "apache-httpclient", "jakarta", "libwww",
	"lwp", "perl", "php", "guzzle", "ruby", "faraday", "axios/", "node", "undici", "got ", "postman", "insomnia", "dart/", "reqwest", "git/", "whatsapp/",
}

// findBot returns why a user agent in lower case is that of a program, or "" if
// it is not.
//
// Not every program has a known name. A crawler also gives an address for
// complaints, calls itself compatible with a browser, or has its name where a
// browser has none.
func findBot(ua string) string {
	for _, s := range botPrefixes {
		if strings.HasPrefix(ua, s) {
			return "it names " + strings.TrimSpace(s)
		}
	}
	for _, s := range botSigns {
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
	}
	return findBotWord(ua)
}

// findBotWord looks for a word that ends in bot, such as Googlebot, but not
// robotics. It returns why the user agent is that of a program, or "". It
// ignores the first brackets of an Android browser: they hold the phone's model,
// such as a Cubot.
func findBotWord(ua string) string {
	if first, rest, found := strings.Cut(ua, ")"); found && strings.Contains(first, "android") {
		ua = rest
	}
	for word := range strings.FieldsFuncSeq(ua, func(r rune) bool { return r < 'a' || r > 'z' }) {
		if strings.HasSuffix(word, "bot") || strings.HasSuffix(word, "bots") || word == "robot" {
			return "it names " + word
		}
	}
	return ""
}

// hasMailAddress reports whether a user agent has a mail address, also one that
// is written with (at) or [at].
func hasMailAddress(ua string) bool {
	for at := range len(ua) - 1 {
		if at > 0 && ua[at] == '@' && isWordByte(ua[at-1]) && isWordByte(ua[at+1]) {
			return true
		}
	}
	return strings.Contains(ua, "(at)") || strings.Contains(ua, "[at]")
}

func isWordByte(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }

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
