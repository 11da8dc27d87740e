package gatewaycli

import (
	"strings"
	"unicode"
)

// readable returns text unchanged for a script, and printable for a terminal.
func (s Streams) readable(text string) string {
	if s.Terminal {
		return Printable(text)
	}
	return text
}

// Printable replaces each character of text that could control a terminal by a
// question mark. Text of the gateway or a shop is printed with it.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
