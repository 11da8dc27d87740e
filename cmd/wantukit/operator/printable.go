package operator

import (
	"strings"
	"unicode"
)

// printable keeps what came over the wire from moving a terminal's cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
