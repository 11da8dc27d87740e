package web

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"golang.org/x/text/language"

	"github.com/wantukit/wantukit/checkout"
)

// fieldValueError is what is wrong with the value of a field, for an UnmarshalJSON, which
// does not know the field's name.
type fieldValueError string

func (e fieldValueError) Error() string { return string(e) }

// wholeNumber is an amount. Its JSON is an integer literal, which is never read as a
// float.
type wholeNumber int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *wholeNumber) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return fieldValueError("must be a whole number of minor units, such as 1000")
	}
	*n = wholeNumber(value)
	return nil
}

// instant is a time. Its JSON is a string in RFC 3339, or a number of Unix seconds.
type instant time.Time

// UnmarshalJSON implements json.Unmarshaler.
func (i *instant) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	if seconds, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		*i = instant(time.Unix(seconds, 0))
		return nil
	}
	at, err := time.Parse(`"`+time.RFC3339+`"`, string(text))
	if err != nil {
		return fieldValueError(notATime)
	}
	*i = instant(at)
	return nil
}

// MarshalJSON implements json.Marshaler. Equal times have equal texts.
func (i instant) MarshalJSON() ([]byte, error) { return time.Time(i).UTC().MarshalJSON() }

// notATime is what is wrong with a text that is no time.
const notATime = "must be a time in RFC 3339, or Unix seconds"

// textMap is pairs of text. Its JSON is an object, or an empty list: PHP writes an empty
// object so.
type textMap map[string]string

// UnmarshalJSON implements json.Unmarshaler.
func (m *textMap) UnmarshalJSON(text []byte) error {
	if isEmptyList(text) {
		return nil
	}
	return json.Unmarshal(text, (*map[string]string)(m))
}

// isEmptyList reports whether a JSON text is [].
func isEmptyList(text []byte) bool {
	inside, isList := bytes.CutPrefix(bytes.TrimSpace(text), []byte("["))
	return isList && string(bytes.TrimSpace(inside)) == "]"
}

// canonicalLocale returns a language tag in the form of BCP 47: zh-HK for zh_hk. It returns
// a FieldError unless locale is empty or a language tag.
func canonicalLocale(locale string) (string, error) {
	if locale == "" {
		return "", nil
	}
	tag, err := language.Parse(locale)
	if err != nil {
		return "", &checkout.FieldError{Field: "locale", Problem: "is not a language tag, such as zh-Hans"}
	}
	return tag.String(), nil
}
