package flow

import "strings"

// readers are words for what reads pages instead of a person, in whatever
// longer word a user agent has them.
var readers = []string{
	"crawl", "spider", "slurp", "scanner", "scraper", "scrapy", "fetcher", "archiver",
	"preview", "linkexpander", "externalhit", "favicon", "screenshot", "transcoder", "imageproxy", "emailproxy",
	"monitor", "checker", "validator", "inspector", "linkcheck", "pingdom", "uptime", "synthetic",
	"headlesschrome", "headlessedg", "phantomjs", "puppeteer", "playwright", "selenium", "lighthouse", "pagespeed",
	"page speed", "prerender", "nutch", "ptst/", "google-ads", "-google/", "adsense", "google-publisher", "mediapartners", "google-inspectiontool",
	"probe by ", "(contact", "(unknown; linux", "zgrab", "masscan",
}

// libraries are programs that fetch, by how their user agents begin.
var libraries = []string{
	"curl/", "wget/", "libcurl", "httpie/", "python", "aiohttp", "go-http-client", "java/", "okhttp/", "apache-httpclient", "jakarta", "libwww",
	"lwp", "perl", "php", "guzzle", "ruby", "faraday", "axios/", "node", "undici", "got ", "postman", "insomnia", "dart/", "reqwest", "git/", "whatsapp/",
}

// botSign returns what betrays a program, or "". The user agent is in small
// letters.
//
// Beside a few words this looks for manners: who crawls gives an address to
// complain to, calls itself compatible with a browser, or puts its name where
// browsers have none.
func botSign(ua string) string {
	for _, s := range libraries {
		if strings.HasPrefix(ua, s) {
			return "it names " + strings.TrimSpace(s)
		}
	}
	for _, s := range readers {
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
		return "it names itself beside the engine"
	case isMerelyCompatible(ua):
		return "it is merely compatible with a browser"
	}
	return botWord(ua)
}

// botWord returns the sign for a word that ends in bot: Googlebot, but not
// robotics. What an Android browser says in its first brackets is the phone's
// model, such as Cubot's.
func botWord(ua string) string {
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

func hasMailAddress(ua string) bool {
	for at := range len(ua) - 1 {
		if at > 0 && ua[at] == '@' && isWordByte(ua[at-1]) && isWordByte(ua[at+1]) {
			return true
		}
	}
	return strings.Contains(ua, "(at)") || strings.Contains(ua, "[at]")
}

func isWordByte(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }

// compatibleBrowsers have always called themselves compatible.
var compatibleBrowsers = []string{"msie ", "konqueror", "u;", "ibrowse", "netpositive", "ms-office", "windows"}

// isMerelyCompatible reports whether a program calls itself compatible and
// names no browser behind it.
func isMerelyCompatible(ua string) bool {
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

// engines show pages.
var engines = []string{"applewebkit", "gecko/", "trident", "presto", "khtml", "msie", "opera", "netfront", "goanna"}

func hasEngine(ua string) bool {
	for _, e := range engines {
		if strings.Contains(ua, e) {
			return true
		}
	}
	return false
}
