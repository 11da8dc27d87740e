package gatewaycli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// record is an answer in the manual's names, in the order to show it.
type record []field

type field struct {
	name  string
	value any
	text  string // for people, where that differs from value
}

// output is how a verb writes its answer.
type output struct {
	JSON bool `name:"json" env:"-" help:"Write JSON, with amounts in minor units."`
}

// write shows a record: a line for each field that has something to say, or a
// JSON object of all.
func (o output) write(s Streams, r record) error {
	if o.JSON {
		return writeJSON(s, r)
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, f := range r {
		text := f.text
		if text == "" {
			text = fmt.Sprint(f.value)
		}
		if text != "" {
			_, _ = fmt.Fprintf(w, "%s\t%s\n", f.name, Printable(text))
		}
	}
	return w.Flush()
}

// MarshalJSON keeps the order of the fields.
func (r record) MarshalJSON() ([]byte, error) {
	var object bytes.Buffer
	object.WriteByte('{')
	for i, f := range r {
		if i > 0 {
			object.WriteByte(',')
		}
		pair, err := json.Marshal(map[string]any{f.name: f.value})
		if err != nil {
			return nil, err
		}
		object.Write(pair[1 : len(pair)-1])
	}
	object.WriteByte('}')
	return object.Bytes(), nil
}

// amountField shows minor units as such to a script, and as money to people.
func amountField(name string, fee int64, currency string) field {
	return field{name, fee, AmountOf(fee, currency)}
}

// timeField writes a time as the gateway does, "" when there is none.
func timeField(name string, t time.Time) field {
	if t.IsZero() {
		return field{name: name, value: ""}
	}
	return field{name: name, value: wantu.FormatTime(t)}
}

// writeJSON writes one line of JSON. encoding/json escapes control characters
// below the space only; a terminal obeys those behind ~ too.
func writeJSON(s Streams, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	var line strings.Builder
	for _, r := range string(text) {
		if r >= 0x7f && r <= 0x9f {
			fmt.Fprintf(&line, `\u%04x`, r)
		} else {
			line.WriteRune(r)
		}
	}
	return s.say("%s", line.String())
}
