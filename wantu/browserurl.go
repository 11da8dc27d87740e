package wantu

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// What a browser percent-encodes in a URL beside what is not ASCII, by the URL
// standard (https://url.spec.whatwg.org, "percent-encode set"). A backslash in
// the query or the fragment is encoded too: it means the same, and nobody takes
// it for a slash.
const (
	encodedInPath     = " \"<>^`{}"
	encodedInQuery    = " \"<>'\\"
	encodedInFragment = " \"<>`\\"
)

// browserURL returns text as a browser would send it. The gateway writes the
// subject into its URLs unescaped, as the manual's example of web shows: behind
// the host, spaces, quotes and text that is not ASCII are percent-encoded. What
// is escaped already stays as it is, and so do the scheme and the host.
func browserURL(text string) string {
	text = strings.Trim(text, " ")
	_, rest, found := strings.Cut(text, "://")
	host := strings.IndexAny(rest, "/?#")
	if !found || host < 0 {
		return text
	}
	behind := rest[host:]
	beforeFragment, fragment, hasFragment := strings.Cut(behind, "#")
	path, query, hasQuery := strings.Cut(beforeFragment, "?")
	mended := text[:len(text)-len(behind)] + percentEncode(path, encodedInPath)
	if hasQuery {
		mended += "?" + percentEncode(query, encodedInQuery)
	}
	if hasFragment {
		mended += "#" + percentEncode(fragment, encodedInFragment)
	}
	return mended
}

// percentEncode encodes the bytes that are not ASCII or are in set.
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
