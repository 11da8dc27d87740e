package gatewaycli

import (
	"strings"
	"unicode"
)

// readable is text as it is for a script, and printable for a person.
func (s Streams) readable(text string) string {
	if s.Terminal {
		return printable(text)
	}
	return text
}

// printable keeps what came over the wire from moving a terminal's cursor.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
