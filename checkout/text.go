package checkout

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxText is the greatest length of a text that people read, in characters.
	maxText = 128
	// maxMarks is the greatest number of combining marks on one character. Languages
	// need up to 5. Many more are drawn over the neighbouring lines.
	maxMarks = 8
)

// CheckText returns a *FieldError unless text is empty or valid. A valid text is one line
// of 1 to 128 characters in UTF-8, with at least one visible character. It has no control
// characters, no override of the text direction, no isolate without its end, and at most
// 8 combining marks on one character. The error contains nothing of the text.
func CheckText(field, text string) error {
	if problem := lineProblem(text, maxText); problem != "" {
		return &FieldError{Field: field, Problem: problem}
	}
	if text != "" && !canBeSeen(text) {
		return &FieldError{Field: field, Problem: "has nothing that can be seen"}
	}
	return nil
}

// lineProblem returns why a text is not one line of at most most characters that leaves
// the text around it as it is, or "". Each text of a shop is checked by it, and stored as
// it is or refused.
func lineProblem(text string, most int) string {
	switch {
	case !utf8.ValidString(text):
		return "is not valid UTF-8"
	case utf8.RuneCountInString(text) > most:
		return "is over " + strconv.Itoa(most) + " characters"
	case strings.ContainsFunc(text, isControl):
		return "has control characters"
	case strings.ContainsFunc(text, overridesDirection):
		return "has characters that override the direction of text (U+202A to U+202E)"
	case !isolatesEnd(text):
		return "has an isolate of text direction (U+2066 to U+2068) without its end (U+2069)"
	case mostMarks(text) > maxMarks:
		return "has over " + strconv.Itoa(maxMarks) + " combining marks on one character"
	default:
		return ""
	}
}

// isControl reports whether r is a control character (NUL, a line break), a line
// separator, or a code point that is never a character.
func isControl(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point)
}

// overridesDirection reports whether r embeds or overrides a text direction. It could
// reverse an amount, or the text of the page around it.
func overridesDirection(r rune) bool { return r >= '\u202a' && r <= '\u202e' }

// isolatesEnd reports whether each isolate is closed. Message libraries put isolates
// around a name. A closed isolate does not change the text around it.
func isolatesEnd(text string) bool {
	open := 0
	for _, r := range text {
		switch r {
		case '\u2066', '\u2067', '\u2068':
			open++
		case '\u2069':
			open--
		}
		if open < 0 {
			return false
		}
	}
	return open == 0
}

// mostMarks returns the length of the longest sequence of combining marks.
func mostMarks(text string) int {
	row, longest := 0, 0
	for _, r := range text {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			row++
		} else {
			row = 0
		}
		longest = max(longest, row)
	}
	return longest
}

// canBeSeen reports whether text has a visible character.
func canBeSeen(text string) bool { return strings.ContainsFunc(text, isVisible) }

// isVisible reports whether a font draws something for r.
func isVisible(r rune) bool {
	return !unicode.In(r, unicode.White_Space, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me,
		unicode.Other_Default_Ignorable_Code_Point, blanks)
}

// blanks are letters and symbols by their Unicode category that fonts draw as nothing.
var blanks = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x2800, Hi: 0x2800, Stride: 1}, // braille without a dot
	},
	R32: []unicode.Range32{
		{Lo: 0x13441, Hi: 0x13442, Stride: 1}, // blanks of hieroglyphs
		{Lo: 0x1d159, Hi: 0x1d159, Stride: 1}, // a note without a head
	},
}
