package dbcli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// triesVerb shows the tries to deliver an event.
type triesVerb struct {
	Event string `arg:"" help:"Id of an event (evt_…)."`
	JSON  bool   `name:"json" env:"-" help:"Print a JSON array."`
	database
}

// try is the JSON of a try. Status is 0 where no answer came.
type try struct {
	Endpoint     string `json:"endpoint"`
	Try          int    `json:"try"`
	At           string `json:"at"`
	Status       int    `json:"status"`
	Milliseconds int64  `json:"milliseconds"`
	Answer       string `json:"answer"`
	Error        string `json:"error"`
	NextAt       string `json:"next_at"`
}

// Run implements kong's command.
func (v *triesVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		if _, err := st.Event(ctx, v.Event); err != nil {
			return fmt.Errorf("event %s: %w", v.Event, err)
		}
		recorded, err := st.WebhookTries(ctx, v.Event)
		if err != nil {
			return err
		}
		tries := make([]try, len(recorded))
		for i, t := range recorded {
			tries[i] = newTry(t)
		}
		if v.JSON {
			return json.NewEncoder(s.Out).Encode(tries)
		}
		return triesTable(s, tries)
	})
}

// newTry returns a try without control characters: the answer is the shop's text.
func newTry(t checkout.WebhookTry) try {
	return try{t.Endpoint, t.Number, formatTime(t.At), t.Status, t.Took.Milliseconds(), gatewaycli.Printable(t.Answer), gatewaycli.Printable(t.Error), formatTime(t.NextAt)}
}

func triesTable(s gatewaycli.Streams, tries []try) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ENDPOINT\tTRY\tAT\tSTATUS\tMS\tNEXT\tERROR\tANSWER") // Flush returns the error
	for _, t := range tries {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\t%d\t%d\t%s\t%s\t%s\n", t.Endpoint, t.Try, t.At, t.Status, t.Milliseconds, cmp.Or(t.NextAt, "-"), cmp.Or(t.Error, "-"), t.Answer)
	}
	return w.Flush()
}
