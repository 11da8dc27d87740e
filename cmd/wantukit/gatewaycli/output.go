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

// record is an answer: fields with the manual's names, in the order of printing.
type record []field

type field struct {
	name  string
	value any
	text  string // for people; "" is the value itself
}

// output is the flag for the format of an answer.
type output struct {
	JSON bool `name:"json" env:"-" help:"Print JSON, with amounts in minor units."`
}

// write prints a record: one line for each field that is not empty, or a JSON object
// of all fields.
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

// MarshalJSON writes the fields in their order.
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

// amountField returns a field with minor units in JSON, and major units as text.
func amountField(name string, fee int64, currency string) field {
	return field{name, fee, AmountOf(fee, currency)}
}

// timeField returns a field with a time in the gateway's format, or "" for the zero
// time.
func timeField(name string, t time.Time) field {
	if t.IsZero() {
		return field{name: name, value: ""}
	}
	return field{name: name, value: wantu.FormatTime(t)}
}

// writeJSON prints one line of JSON. It escapes the control characters from 0x7f to
// 0x9f, which encoding/json does not escape and a terminal may obey.
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
	return s.print("%s", line.String())
}
