package sandbox

import (
	"strings"

	"github.com/wantukit/wantukit/wantu"
)

// request is a message whose names may be spelled as the manual's examples of
// web and app print them, with spaces: "total fee". The signature covers the
// names as they were sent.
type request struct{ wantu.Message }

// Text returns the text of a field under its own name or, when that is not
// there, under the name with spaces.
func (r request) Text(name string) string {
	if r.Has(name) {
		return r.Message.Text(name)
	}
	return r.Message.Text(strings.ReplaceAll(name, "_", " "))
}
