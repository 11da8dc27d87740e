package domain

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// account watches the calls for one merchant, and says what a person must put
// right: a key, an account, or this machine's clock.
type account struct {
	merchant string
	alarms   *alarms
	now      func() time.Time
	// own is what the newest order said of the gateway's time; nil where none
	// has.
	own atomic.Pointer[ownTime]
}

// ownTime is how far the gateway's own time was ahead of this machine's clock.
type ownTime struct {
	ahead time.Duration
	seen  time.Time
}

// ownTimeHolds is for how long an order's time says something of the clocks.
const ownTimeHolds = time.Hour

// watchAccount returns what is to see each call for a merchant.
func watchAccount(merchant string, alarms *alarms, now func() time.Time) wantu.Transport {
	a := &account{merchant: merchant, alarms: alarms, now: now}
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		return ctx, func(r wantu.Received) {
			a.watchSignature(r)
			a.watchPrivilege(sent, r)
			a.watchClock(sent, r)
		}
	}
}

// signatureRefused is what a wrong key, or a wrong account, looks like.
const signatureRefused = ": the gateway refuses the account's signature; is the key right?"

// watchSignature tells of a key that the gateway does not share. An answer that
// verifies, and is not about the signature, shows that it does.
func (a *account) watchSignature(r wantu.Received) {
	name, verified := "signature of "+a.merchant, r.Fields != nil
	switch {
	case r.Code == wantu.CodeSignError:
		a.alarms.raise(name, "merchant "+a.merchant+signatureRefused, a.about(r)...)
	case verified:
		a.alarms.clear(name, "merchant "+a.merchant+": the gateway takes the account's signature again", "merchant", a.merchant)
	case errors.Is(r.Err, wantu.ErrSignature):
		a.alarms.raise(name, "merchant "+a.merchant+": the gateway's answers lack the account's signature; is the key right?", a.about(r)...)
	}
}

// watchPrivilege tells of an account that the gateway refuses, or that it
// refuses one endpoint and channel. A store with one channel is refused the
// other's statement each day, which is as it should be.
func (a *account) watchPrivilege(sent wantu.Sent, r wantu.Received) {
	if sent.Endpoint == "order-list" || r.Fields == nil {
		return
	}
	what := sent.Endpoint + " of pay_channel " + sent.Fields["pay_channel"]
	name := "privilege of " + a.merchant + " for " + what
	switch {
	case r.Code == wantu.CodeNoPrivilege:
		a.alarms.raise(name, "merchant "+a.merchant+signatureRefused+
			" Or merchant_account or store_account is wrong, or "+what+" is not switched on", a.about(r)...)
	case r.Err == nil:
		a.alarms.clear(name, "merchant "+a.merchant+": the gateway takes "+what+" again", "merchant", a.merchant)
	}
}

// watchClock names the clock where the gateway refuses a time that this machine
// made, while the two clocks differ.
func (a *account) watchClock(sent wantu.Sent, r wantu.Received) {
	a.learnOwnTime(sent, r)
	name := "clock of " + a.merchant
	var refusal *wantu.APIError
	switch {
	case r.Err == nil && sent.Fields["time_expire"] != "":
		a.alarms.clear(name, "merchant "+a.merchant+": the gateway takes time_expire again", "merchant", a.merchant)
	case errors.Is(r.Err, wantu.ErrParam) && errors.As(r.Err, &refusal) && aboutTime(refusal.Desc):
		if ahead, by := a.gatewayAhead(r); ahead.Abs() > differs {
			a.alarms.raise(name, "merchant "+a.merchant+": the gateway refuses "+refusal.Desc+
				", and this machine's clock differs from the gateway's; is this machine's clock right?",
				append(a.about(r), "gateway_ahead", ahead.Round(time.Second).String(), "by", by)...)
		}
	}
}

func aboutTime(desc string) bool {
	return strings.Contains(desc, "time_expire") || strings.Contains(desc, "send_time")
}

// gatewayAhead returns by how much the gateway's clock is ahead, and what says
// so: of the answer's HTTP Date and the gateway's own times, the larger.
func (a *account) gatewayAhead(r wantu.Received) (ahead time.Duration, by string) {
	if !r.Date.IsZero() {
		ahead, by = r.Date.Sub(a.now()), "HTTP Date"
	}
	own := a.own.Load()
	if own != nil && a.now().Sub(own.seen) < ownTimeHolds && own.ahead.Abs() > ahead.Abs() {
		ahead, by = own.ahead, "trade_id"
	}
	return ahead, by
}

// tradeIDTime is where a trade_id holds the moment in which the order was
// placed, as in 100020171130120038029905: behind 1000, before six digits.
const (
	tradeIDPrefix = "1000"
	tradeIDLength = 24
	tradeIDEnd    = 18
)

// learnOwnTime compares the gateway's time with this machine's when an order is
// placed: its trade_id holds it.
func (a *account) learnOwnTime(sent wantu.Sent, r wantu.Received) {
	id := r.Fields["trade_id"]
	places := sent.Fields["total_fee"] != "" && sent.Endpoint != "refund"
	if r.Err != nil || !places || len(id) != tradeIDLength || !strings.HasPrefix(id, tradeIDPrefix) {
		return
	}
	if placed, err := wantu.ParseTime(id[len(tradeIDPrefix):tradeIDEnd]); err == nil {
		now := a.now()
		a.own.Store(&ownTime{placed.Sub(now), now})
	}
}

func (a *account) about(r wantu.Received) []any {
	return []any{"merchant", a.merchant, "return_code", int(r.Code)}
}

// both has two watch the calls.
func both(first, second wantu.Transport) wantu.Transport {
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		ctx, firstDone := first(ctx, sent)
		ctx, secondDone := second(ctx, sent)
		return ctx, func(r wantu.Received) {
			firstDone(r)
			secondDone(r)
		}
	}
}
