package sandbox

import (
	"encoding/json"
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// request is a message whose names may have spaces instead of underscores ("total fee"),
// as in the manual's examples of web and app. The signature covers the names as they
// were sent.
type request struct {
	wantu.Message
	nested map[string]bool // the names of objects and arrays
}

func readRequest(body []byte) (request, error) {
	message, err := wantu.Decode(body)
	if err != nil {
		return request{}, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		return request{}, err
	}
	nested := map[string]bool{}
	for name, value := range raw {
		if value[0] == '{' || value[0] == '[' {
			nested[name] = true
		}
	}
	return request{message, nested}, nil
}

// Text returns the text of a field. If the field is missing, it returns the text of the
// field with spaces in its name.
func (r request) Text(name string) string { return r.Message.Text(r.sentName(name)) }

// isNested reports whether a field is an object or an array.
func (r request) isNested(name string) bool { return r.nested[r.sentName(name)] }

func (r request) sentName(name string) string {
	if r.Has(name) {
		return name
	}
	return strings.ReplaceAll(name, "_", " ")
}
