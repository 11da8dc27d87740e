package web

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/wantukit/wantukit/checkout"
)

// checkValue returns a FieldError for a value that encoding/json would silently
// change: text that is not Unicode, which it replaces; and an object that has a name
// twice, or null in place of a text. value must be valid JSON.
func checkValue(field string, value json.RawMessage) error {
	problem := textProblem(value)
	if problem == "" && value[0] == '{' {
		problem = membersProblem(value)
	}
	if problem != "" {
		return &checkout.FieldError{Field: field, Problem: problem}
	}
	return nil
}

// escape matches one escape of JSON: a surrogate pair, a lone surrogate (as its group),
// or any other escape.
var escape = regexp.MustCompile(`(?i)\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..)|.)`)

// textProblem returns why a value is not valid Unicode text, or "".
func textProblem(value []byte) string {
	if !utf8.Valid(value) {
		return "is not valid UTF-8"
	}
	for _, found := range escape.FindAllSubmatch(value, -1) {
		if found[1] != nil {
			return `has \` + string(found[1]) + ", which is half of a character"
		}
	}
	return ""
}

// membersProblem returns the problem with the names or the nulls of an object, or "".
// The decoder refuses values of other types.
func membersProblem(object []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token() // the brace
	seen := map[string]bool{}
	for decoder.More() {
		token, _ := decoder.Token() // the object is valid JSON
		name, _ := token.(string)
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return "cannot be read"
		}
		switch {
		case seen[name]:
			return "has " + strconv.Quote(shortened(name)) + " twice"
		case string(value) == "null":
			return "has null at " + strconv.Quote(shortened(name)) + " in place of a text"
		}
		seen[name] = true
	}
	return ""
}

// shortened returns at most 32 characters of a name, so that an error never repeats a
// very long one.
func shortened(name string) string {
	const most = 32
	if r := []rune(name); len(r) > most {
		return string(r[:most]) + "…"
	}
	return name
}
