package web

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/wantukit/wantukit/checkout"
)

// checkValue refuses what encoding/json would change without a word in a
// field's value: text that is not Unicode, which it replaces, and in an object a
// name that is there twice, or null where text is due. value is valid JSON.
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

// escape is one escape of JSON: a surrogate pair, a surrogate that stands alone
// (its group), or any other.
var escape = regexp.MustCompile(`(?i)\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..)|.)`)

// textProblem says why a value's text is none, or "".
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

// membersProblem says why an object is not one of names and texts, or "". What
// it holds else is the decoder's to refuse.
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
			return "has null at " + strconv.Quote(shortened(name)) + ", and not a text"
		}
		seen[name] = true
	}
	return ""
}

// shortened cuts a name that was sent, so that an error never echoes a
// megabyte.
func shortened(name string) string {
	const most = 32
	if r := []rune(name); len(r) > most {
		return string(r[:most]) + "…"
	}
	return name
}
