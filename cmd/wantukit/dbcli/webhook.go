package dbcli

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// webhookVerbs are the verbs for the tries of webhooks, and for parked webhooks: those
// that are not retried any more.
type webhookVerbs struct {
	List   listVerb   `cmd:"" help:"List the parked events and the disabled endpoints."`
	Tries  triesVerb  `cmd:"" help:"Show the tries to deliver an event, of the last 30 days."`
	Replay replayVerb `cmd:"" help:"Send events again, with their own ids."`
	Enable enableVerb `cmd:"" help:"Enable an endpoint that was disabled because it answered 410 Gone."`
}

// listVerb lists parked events and disabled endpoints.
type listVerb struct {
	Merchant string `env:"-" help:"Id of one merchant. Defaults to all."`
	JSON     bool   `name:"json" env:"-" help:"Print a JSON object."`
	database
}

// parked and disabled are the JSON of an event and an endpoint.
type (
	parked struct {
		Event     string             `json:"event"`
		Type      checkout.EventType `json:"type"`
		Merchant  string             `json:"merchant"`
		Endpoint  string             `json:"endpoint"`
		Session   string             `json:"session"`
		CreatedAt string             `json:"created_at"`
		ParkedAt  string             `json:"parked_at"`
		Tries     int                `json:"tries"`
		Reason    string             `json:"reason"`
	}
	disabled struct {
		Merchant   string `json:"merchant"`
		Endpoint   string `json:"endpoint"`
		DisabledAt string `json:"disabled_at"`
		Reason     string `json:"reason"`
	}
)

// Run implements kong's command.
func (v *listVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if err := v.checkMerchant(v.Merchant, "--merchant"); err != nil {
		return err
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		events, err := st.ParkedWebhooks(ctx, v.Merchant)
		if err != nil {
			return err
		}
		disabledEndpoints, err := st.DisabledWebhooks(ctx, v.Merchant)
		if err != nil {
			return err
		}
		if v.JSON {
			return listJSON(s, events, disabledEndpoints)
		}
		return listTable(s, events, disabledEndpoints)
	})
}

func listJSON(s gatewaycli.Streams, events []store.ParkedWebhook, disabledEndpoints []checkout.DisabledWebhook) error {
	list := struct {
		Parked   []parked   `json:"parked"`
		Disabled []disabled `json:"disabled"`
	}{make([]parked, len(events)), make([]disabled, len(disabledEndpoints))}
	for i, e := range events {
		list.Parked[i] = parked{e.EventID, e.Type, e.Merchant, e.Endpoint, e.SessionID, formatTime(e.CreatedAt), formatTime(e.ParkedAt), e.Tries, gatewaycli.Printable(e.Reason)}
	}
	for i, d := range disabledEndpoints {
		list.Disabled[i] = disabled{d.Merchant, d.Endpoint, formatTime(d.DisabledAt), gatewaycli.Printable(d.Reason)}
	}
	return json.NewEncoder(s.Out).Encode(list)
}

func listTable(s gatewaycli.Streams, events []store.ParkedWebhook, disabledEndpoints []checkout.DisabledWebhook) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "EVENT\tTYPE\tMERCHANT\tENDPOINT\tSESSION\tCREATED\tTRIES\tREASON") // Flush returns the error
	for _, e := range events {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", e.EventID, e.Type, e.Merchant, e.Endpoint, e.SessionID, formatTime(e.CreatedAt), e.Tries, gatewaycli.Printable(e.Reason))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, d := range disabledEndpoints {
		if _, err := fmt.Fprintf(s.Out, "\nthe endpoint %s of %s is disabled since %s: %s\n", d.Endpoint, d.Merchant, formatTime(d.DisabledAt), gatewaycli.Printable(d.Reason)); err != nil {
			return err
		}
	}
	return nil
}

// replayVerb sends events again.
type replayVerb struct {
	Events   []string `arg:"" optional:"" name:"event" help:"Ids of events (evt_…), parked or not."`
	All      bool     `env:"-" help:"All parked events."`
	Merchant string   `env:"-" help:"Id of one merchant, with --all."`
	Endpoint string   `env:"-" help:"Id of one endpoint. Defaults to those for which an event is parked, or else to those to which it was sent."`
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
	if err := v.checkMerchant(v.Merchant, "--merchant"); err != nil {
		return err
	}
	return v.with(ctx, func(db *store.DB, st *store.Store) error {
		keys, err := v.keys(ctx, s, st)
		if err != nil {
			return err
		}
		if err := v.replay(ctx, db, st, keys); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%s will be sent again\n", formatCount(countEvents(keys), "event"))
		return gatewaycli.Unreported(err)
	})
}

// countEvents returns how many events are in keys.
func countEvents(keys []checkout.WebhookKey) int {
	events := map[string]bool{}
	for _, k := range keys {
		events[k.EventID] = true
	}
	return len(events)
}

// keys returns what is replayed: the events that were named, or all parked events.
func (v *replayVerb) keys(ctx context.Context, s gatewaycli.Streams, st *store.Store) (keys []checkout.WebhookKey, err error) {
	if v.All {
		return v.parkedKeys(ctx, s, st)
	}
	for _, id := range v.Events {
		targets := []checkout.WebhookKey{{EventID: id, Endpoint: v.Endpoint}}
		if v.Endpoint == "" {
			if targets, err = st.ReplayTargets(ctx, id); err != nil {
				return nil, err
			}
		}
		keys = append(keys, targets...)
	}
	return keys, nil
}

// parkedKeys returns all that is parked for endpoints that are not disabled. It prints how
// much it leaves out.
func (v *replayVerb) parkedKeys(ctx context.Context, s gatewaycli.Streams, st *store.Store) (keys []checkout.WebhookKey, err error) {
	events, err := st.ParkedWebhooks(ctx, v.Merchant)
	if err != nil {
		return nil, err
	}
	disabledEndpoints, err := st.DisabledWebhooks(ctx, v.Merchant)
	if err != nil {
		return nil, err
	}
	type endpoint struct{ merchant, id string }
	isDisabled, skipped := map[endpoint]bool{}, map[endpoint]int{}
	for _, d := range disabledEndpoints {
		isDisabled[endpoint{d.Merchant, d.Endpoint}] = true
	}
	for _, e := range events {
		switch at := (endpoint{e.Merchant, e.Endpoint}); {
		case v.Endpoint != "" && e.Endpoint != v.Endpoint:
		case isDisabled[at]:
			skipped[at]++
		default:
			keys = append(keys, checkout.WebhookKey{EventID: e.EventID, Endpoint: e.Endpoint})
		}
	}
	for _, d := range disabledEndpoints {
		if n := skipped[endpoint{d.Merchant, d.Endpoint}]; n > 0 {
			_, _ = fmt.Fprintf(s.Err, "%s of %s left parked, because the endpoint is disabled: run `%s` first\n",
				formatCount(n, "event"), d.Merchant, enableCommand(d.Merchant, d.Endpoint))
		}
	}
	return keys, nil
}

// enableCommand returns the command that enables an endpoint.
func enableCommand(merchant, endpoint string) string {
	if endpoint == checkout.DefaultEndpoint {
		return "wantukit webhook enable " + merchant
	}
	return "wantukit webhook enable " + merchant + " --endpoint " + endpoint
}

// replay writes the jobs that send the events.
func (v *replayVerb) replay(ctx context.Context, db *store.DB, st *store.Store, keys []checkout.WebhookKey) error {
	shops, err := v.readShops()
	if err != nil {
		return err
	}
	queue, err := worker.NewQueue(ctx, db, nil, nil)
	if err != nil {
		return err
	}
	err = st.ReplayWebhooks(ctx, keys, func(ctx context.Context, tx *sql.Tx, e checkout.Event, endpoint string) error {
		if v.Config != "" && !checkout.IsMadeByAPI(endpoint) && !hasEndpoint(shops, e.Merchant, endpoint) {
			return fmt.Errorf("merchant %q has no webhook endpoint %q in %s", e.Merchant, endpoint, v.Config)
		}
		return queue.Replay(ctx, tx, e, endpoint)
	})
	var disabled *checkout.DisabledError
	if errors.As(err, &disabled) {
		return fmt.Errorf("%w: run `%s` first", err, enableCommand(disabled.Merchant, disabled.Endpoint))
	}
	return err
}

// enableVerb enables an endpoint that 410 Gone disabled.
type enableVerb struct {
	Merchant string `arg:"" help:"Id of the merchant."`
	Endpoint string `env:"-" default:"default" help:"Id of the endpoint. Defaults to webhook of the configuration."`
	database
}

// Run implements kong's command.
func (v *enableVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if err := v.checkMerchant(v.Merchant, "the merchant"); err != nil {
		return err
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		err := st.EnableWebhooks(ctx, v.Merchant, v.Endpoint)
		if errors.Is(err, checkout.ErrNotFound) {
			return gatewaycli.No(fmt.Sprintf("the endpoint %s of %s is not disabled", v.Endpoint, v.Merchant))
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "webhooks are sent to %s again\n", v.Merchant)
		if events, listErr := st.ParkedWebhooks(ctx, v.Merchant); listErr == nil && len(events) > 0 {
			_, _ = fmt.Fprintf(s.Err, "parked: %s; `wantukit webhook replay --all --merchant %s` sends them\n", formatCount(len(events), "event"), v.Merchant)
		}
		return gatewaycli.Unreported(err)
	})
}
