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

// sessionVerbs look at sessions.
type sessionVerbs struct {
	Show showVerb `cmd:"" help:"Show a session, its attempts and refunds, and what happened to it, in the order in which it was written down. Times are UTC."`
}

// showVerb shows one session.
type showVerb struct {
	Number string `arg:"" help:"The session's id, or what you have: the id of an attempt, a refund or an event, the number of an order or a refund at the gateway, or the shop's own number."`
	JSON   bool   `name:"json" env:"-" help:"Write a JSON object, with amounts in minor units and the notifications as they came, without their signatures."`
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
			return gatewaycli.No(fmt.Sprintf("nothing here has the number %q", v.Number))
		case len(found) > 1:
			return gatewaycli.Usage(fmt.Errorf("%q stands for several sessions, name one of them: %s", v.Number, strings.Join(found, " ")))
		}
		h, err := read(ctx, st, found[0])
		if err != nil {
			return err
		}
		if v.JSON {
			return h.writeJSON(s)
		}
		return h.write(s)
	})
}

// history is all that is known of a session.
type history struct {
	session  checkout.Session
	attempts []checkout.Attempt
	refunds  []checkout.Refund
	timeline []checkout.Entry
}

func read(ctx context.Context, st *store.Store, id string) (h history, err error) {
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
