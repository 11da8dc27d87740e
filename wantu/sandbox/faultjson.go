package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// MarshalJSON writes Delay as a text, and adds "spent".
func (f Fault) MarshalJSON() ([]byte, error) {
	type plain Fault // without MarshalJSON, to avoid endless recursion
	delay := ""
	if f.Delay != 0 {
		delay = f.Delay.String()
	}
	return json.Marshal(struct {
		plain
		Delay string `json:"delay,omitempty"`
		Spent bool   `json:"spent"`
	}{plain(f), delay, f.Spent()})
}

// UnmarshalJSON reads what MarshalJSON writes. It returns a [*wantu.FieldError] with the
// name of an unknown field or of one with a wrong value, and [wantu.ErrMalformed] for
// any other body, such as one with a name twice. It does not check whether the fields
// fit together: AddFault does.
func (f *Fault) UnmarshalJSON(body []byte) error {
	texts, err := members(body)
	if err != nil {
		return err
	}
	read, err := readFault(texts)
	if err != nil {
		return err
	}
	*f = read
	return nil
}

// readFault reads the texts of a JSON object or of a form. An empty text counts as
// missing.
func readFault(texts map[string]string) (Fault, error) {
	var f Fault
	var code int
	fields := map[string]func(string) error{
		"id":          text(&f.ID),
		"on":          text(&f.On),
		"kind":        text(&f.Kind),
		"endpoint":    text(&f.Endpoint),
		"when":        text(&f.When),
		"forgery":     text(&f.Forgery),
		"times":       number(&f.Times),
		"status":      number(&f.Status),
		"copies":      number(&f.Copies),
		"struck":      number(&f.Struck),
		"return_code": number(&code),
		"delay":       duration(&f.Delay),
		"spent":       func(string) error { return nil }, // depends on times and struck
	}
	if err := fill(fields, texts); err != nil {
		return Fault{}, err
	}
	f.ReturnCode = wantu.ReturnCode(code)
	return f, nil
}

// fill sets fields from texts. If several are wrong, it returns the error of the name
// that comes first in the alphabet, so that the same body always gets the same answer.
func fill(fields map[string]func(string) error, texts map[string]string) error {
	names := make([]string, 0, len(texts))
	for name := range texts {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		set, known := fields[name]
		if !known {
			return &wantu.FieldError{Field: printable(name), Problem: "is not a field"}
		}
		if texts[name] == "" {
			continue
		}
		if err := set(texts[name]); err != nil {
			return &wantu.FieldError{Field: name, Problem: err.Error()}
		}
	}
	return nil
}

// members returns the texts of a JSON object's strings, numbers and booleans.
func members(body []byte) (map[string]string, error) {
	message, err := wantu.Decode(body)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return nil, err
	}
	texts := make(map[string]string, len(raw))
	for name, value := range raw {
		if bytes.ContainsAny(value[:1], "{[n") {
			return nil, &wantu.FieldError{Field: printable(name), Problem: "must be a text or a number"}
		}
		texts[name] = message.Text(name)
	}
	return texts, nil
}

// printable returns a name from a request in a form that is safe to print: at most 40
// characters, with escapes for control characters.
func printable(name string) string {
	runes := []rune(name)
	quoted := strconv.QuoteToGraphic(string(runes[:min(len(runes), 40)]))
	return quoted[1 : len(quoted)-1]
}

func text[T ~string](to *T) func(string) error {
	return func(value string) error {
		*to = T(value)
		return nil
	}
}

func number(to *int) func(string) error {
	return func(value string) (err error) {
		if *to, err = strconv.Atoi(value); err != nil {
			return errors.New("is not a whole number")
		}
		return nil
	}
}

func duration(to *time.Duration) func(string) error {
	return func(value string) (err error) {
		if *to, err = time.ParseDuration(value); err != nil {
			return errors.New(`is not a duration such as "1.5s"`)
		}
		return nil
	}
}
