package dbcli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// sessionVerbs are the verbs for sessions.
type sessionVerbs struct {
	Show showVerb `cmd:"" help:"Show a session with its attempts, refunds and timeline. Times are in UTC."`
}

// showVerb shows one session.
type showVerb struct {
	Number string `arg:"" help:"Id of the session, or of an attempt, a refund or an event of it, or the number of its order or refund at the gateway, or the shop's reference."`
	JSON   bool   `name:"json" env:"-" help:"Print a JSON object, with amounts in minor units, and with the notifications as they were received, without signatures."`
	database
}

// Run implements kong's command.
func (v *showVerb) Run(ctx context.Context, s gatewaycli.Streams) error {
	if v.Number == "" {
		return gatewaycli.Usage(errors.New("the number is empty"))
	}
	return v.with(ctx, func(_ *store.DB, st *store.Store) error {
		found, err := st.Lookup(ctx, v.Number)
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			return gatewaycli.No(fmt.Sprintf("no session has the number %q", v.Number))
		case len(found) > 1:
			return gatewaycli.Usage(fmt.Errorf("%q matches several sessions, name one of them: %s", v.Number, strings.Join(found, " ")))
		}
		h, err := readHistory(ctx, st, found[0])
		if err != nil {
			return err
		}
		if v.JSON {
			return h.writeJSON(s)
		}
		return h.write(s)
	})
}

// history is everything that is stored of a session.
type history struct {
	session  checkout.Session
	attempts []checkout.Attempt
	refunds  []checkout.Refund
	timeline []checkout.Entry
}

// readHistory reads a session with its attempts, refunds and timeline.
func readHistory(ctx context.Context, st *store.Store, id string) (h history, err error) {
	if h.session, err = st.Session(ctx, id); err != nil {
		return h, err
	}
	if h.attempts, err = st.Attempts(ctx, id); err != nil {
		return h, err
	}
	if h.refunds, err = st.Refunds(ctx, id); err != nil {
		return h, err
	}
	h.timeline, err = st.Timeline(ctx, id)
	return h, err
}
