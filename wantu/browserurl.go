package wantu

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The ASCII characters that a browser percent-encodes in each part of a URL, as
// the URL standard says (https://url.spec.whatwg.org, "percent-encode set").
// Browsers leave a backslash in the query and the fragment alone. It is encoded
// here: that does not change its meaning, and nothing can read it as a slash.
const (
	encodedInPath     = " \"<>^`{}"
	encodedInQuery    = " \"<>'\\"
	encodedInFragment = " \"<>`\\"
)

// browserURL returns a URL as a browser would send it. The gateway writes the
// subject into its URLs unescaped, as the manual's example of web shows.
// browserURL percent-encodes spaces, quotes and text that is not ASCII after the
// host. It does not change the scheme, the host, or what is already escaped.
func browserURL(text string) string {
	text = strings.Trim(text, " ")
	_, rest, found := strings.Cut(text, "://")
	hostEnd := strings.IndexAny(rest, "/?#")
	if !found || hostEnd < 0 {
		return text
	}
	afterHost := rest[hostEnd:]
	beforeFragment, fragment, hasFragment := strings.Cut(afterHost, "#")
	path, query, hasQuery := strings.Cut(beforeFragment, "?")
	encoded := text[:len(text)-len(afterHost)] + percentEncode(path, encodedInPath)
	if hasQuery {
		encoded += "?" + percentEncode(query, encodedInQuery)
	}
	if hasFragment {
		encoded += "#" + percentEncode(fragment, encodedInFragment)
	}
	return encoded
}

// percentEncode encodes each byte that is not ASCII or is in set.
func percentEncode(text, set string) string {
	var encoded strings.Builder
	for _, b := range []byte(text) {
		if b >= utf8.RuneSelf || strings.IndexByte(set, b) >= 0 {
			fmt.Fprintf(&encoded, "%%%02X", b)
		} else {
			encoded.WriteByte(b)
		}
	}
	return encoded.String()
}
