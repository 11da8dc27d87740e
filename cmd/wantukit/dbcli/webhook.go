package dbcli

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// webhookVerbs see to webhooks that were given up.
type webhookVerbs struct {
	List   listVerb   `cmd:"" help:"List the events that are parked, and the endpoints that are disabled."`
	Replay replayVerb `cmd:"" help:"Have events sent again, each under its own id."`
	Enable enableVerb `cmd:"" help:"Send webhooks again to an endpoint that answered 410 Gone."`
}

// listVerb lists what is parked.
type listVerb struct {
	Merchant string `env:"-" help:"Whose, by its id. Left out, all are listed."`
	JSON     bool   `name:"json" env:"-" help:"Write a JSON object."`
	database
}

// parked and disabled are the records as JSON has them.
type (
	parked struct {
		Event     string             `json:"event"`
		Type      checkout.EventType `json:"type"`
		Merchant  string             `json:"merchant"`
		Session   string             `json:"session"`
		CreatedAt string             `json:"created_at"`
		ParkedAt  string             `json:"parked_at"`
		Tries     int                `json:"tries"`
		Reason    string             `json:"reason"`
	}
	disabled struct {
		Merchant   string `json:"merchant"`
		DisabledAt string `json:"disabled_at"`
		Reason     string `json:"reason"`
	}
)

// Run implements kong's command.
func (v *listVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if err := v.known(v.Merchant, "--merchant"); err != nil {
		return err
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		events, err := st.ParkedWebhooks(ctx, v.Merchant)
		if err != nil {
			return err
		}
		off, err := st.DisabledWebhooks(ctx)
		if err != nil {
			return err
		}
		if v.Merchant != "" {
			off = slices.DeleteFunc(off, func(d store.DisabledWebhook) bool { return d.Merchant != v.Merchant })
		}
		if v.JSON {
			return listJSON(s, events, off)
		}
		return listTable(s, events, off)
	})
}

func listJSON(s gatewaycli.Streams, events []store.ParkedWebhook, off []store.DisabledWebhook) error {
	list := struct {
		Parked   []parked   `json:"parked"`
		Disabled []disabled `json:"disabled"`
	}{make([]parked, len(events)), make([]disabled, len(off))}
	for i, e := range events {
		list.Parked[i] = parked{e.EventID, e.Type, e.Merchant, e.SessionID, moment(e.CreatedAt), moment(e.ParkedAt), e.Tries, gatewaycli.Printable(e.Reason)}
	}
	for i, d := range off {
		list.Disabled[i] = disabled{d.Merchant, moment(d.DisabledAt), gatewaycli.Printable(d.Reason)}
	}
	return json.NewEncoder(s.Out).Encode(list)
}

func listTable(s gatewaycli.Streams, events []store.ParkedWebhook, off []store.DisabledWebhook) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "EVENT\tTYPE\tMERCHANT\tSESSION\tCREATED\tTRIES\tREASON") // Flush tells
	for _, e := range events {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", e.EventID, e.Type, e.Merchant, e.SessionID, moment(e.CreatedAt), e.Tries, gatewaycli.Printable(e.Reason))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, d := range off {
		if _, err := fmt.Fprintf(s.Out, "\n%s is disabled since %s: %s\n", d.Merchant, moment(d.DisabledAt), gatewaycli.Printable(d.Reason)); err != nil {
			return err
		}
	}
	return nil
}

// replayVerb has events sent again.
type replayVerb struct {
	Events   []string `arg:"" optional:"" name:"event" help:"Ids of events, such as evt_…: those that are parked, or any."`
	All      bool     `env:"-" help:"All that is parked."`
	Merchant string   `env:"-" help:"With --all, that merchant's alone."`
	database
}

// Run implements kong's command.
func (v *replayVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	switch {
	case v.All == (len(v.Events) > 0):
		return gatewaycli.Usage(errors.New("name the events, or give --all"))
	case v.Merchant != "" && !v.All:
		return gatewaycli.Usage(errors.New("--merchant goes with --all"))
	}
	if err := v.known(v.Merchant, "--merchant"); err != nil {
		return err
	}
	return v.with(ctx, func(db *store.DB, st *store.Store) error {
		ids, err := v.ids(ctx, s, st)
		if err != nil {
			return err
		}
		if err := v.replay(ctx, db, st, ids); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%d to be sent again\n", len(ids))
		return gatewaycli.Unreported(err)
	})
}

// ids returns the events that were named, or all that is parked and can be sent.
func (v *replayVerb) ids(ctx context.Context, s gatewaycli.Streams, st *store.Store) ([]string, error) {
	if !v.All {
		return v.Events, nil
	}
	events, err := st.ParkedWebhooks(ctx, v.Merchant)
	if err != nil {
		return nil, err
	}
	off, err := st.DisabledWebhooks(ctx)
	if err != nil {
		return nil, err
	}
	left := map[string]int{}
	var ids []string
	for _, e := range events {
		if slices.ContainsFunc(off, func(d store.DisabledWebhook) bool { return d.Merchant == e.Merchant }) {
			left[e.Merchant]++
			continue
		}
		ids = append(ids, e.EventID)
	}
	for _, d := range off {
		if left[d.Merchant] > 0 {
			_, _ = fmt.Fprintf(s.Err, "%d of %s stay parked, for its endpoint is disabled: `wantukit webhook enable %s` first\n",
				left[d.Merchant], d.Merchant, d.Merchant)
		}
	}
	return ids, nil
}

func (v *replayVerb) replay(ctx context.Context, db *store.DB, st *store.Store, ids []string) error {
	_, reachable, err := v.endpoints()
	if err != nil {
		return err
	}
	queue, err := worker.NewQueue(ctx, db, nil, nil)
	if err != nil {
		return err
	}
	err = st.ReplayWebhooks(ctx, ids, func(ctx context.Context, tx *sql.Tx, e checkout.Event) error {
		if v.Config != "" && !slices.Contains(reachable, e.Merchant) {
			return fmt.Errorf("merchant %q has no webhook endpoint in %s", e.Merchant, v.Config)
		}
		return queue.Replay(ctx, tx, e)
	})
	var off *store.DisabledError
	if errors.As(err, &off) {
		return fmt.Errorf("%w: `wantukit webhook enable %s` first", err, off.Merchant)
	}
	return err
}

// enableVerb undoes what 410 Gone did.
type enableVerb struct {
	Merchant string `arg:"" help:"The merchant's id."`
	database
}

// Run implements kong's command.
func (v *enableVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if err := v.known(v.Merchant, "the merchant"); err != nil {
		return err
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		err := st.EnableWebhooks(ctx, v.Merchant)
		if errors.Is(err, checkout.ErrNotFound) {
			return gatewaycli.No(fmt.Sprintf("the endpoint of %s is not disabled", v.Merchant))
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%s gets webhooks again\n", v.Merchant)
		if events, listErr := st.ParkedWebhooks(ctx, v.Merchant); listErr == nil && len(events) > 0 {
			_, _ = fmt.Fprintf(s.Err, "%d are parked: `wantukit webhook replay --all --merchant %s` sends them\n", len(events), v.Merchant)
		}
		return gatewaycli.Unreported(err)
	})
}
