package templates

import "bytes"

// SharedLength returns the length in bytes of the beginning that a page shares with
// every page of the same language, brand and icon: the head up to the end of the style
// sheet. It returns 0 if page is not a page of this package.
func SharedLength(page []byte) int {
	const end = "</style>"
	at := bytes.Index(page, []byte(end))
	if at < 0 {
		return 0
	}
	return at + len(end)
}
