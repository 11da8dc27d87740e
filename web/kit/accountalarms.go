package kit

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

// accountAlarms watches one merchant's calls of the gateway, and raises an alarm
// for what a person must fix: the key, the account, or this machine's clock.
type accountAlarms struct {
	merchant string
	alarms   *alarms
	now      func() time.Time
	// gatewayOffset is what the newest order showed of the gateway's own clock, or
	// nil.
	gatewayOffset atomic.Pointer[clockOffset]
}

// clockOffset is how far the gateway's clock was ahead of this machine's clock.
type clockOffset struct {
	ahead time.Duration
	seen  time.Time
}

// offsetValidFor is how long a clockOffset is used.
const offsetValidFor = time.Hour

// watchAccount returns a transport that raises and clears the alarms of one
// merchant.
func watchAccount(merchant string, alarms *alarms, now func() time.Time) wantu.Transport {
	a := &accountAlarms{merchant: merchant, alarms: alarms, now: now}
	return func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
		return ctx, func(r wantu.Received) {
			a.checkSignature(r)
			a.checkPrivilege(sent, r)
			a.checkClock(sent, r)
		}
	}
}

// signatureRefused is the message for a wrong key or a wrong account.
const signatureRefused = ": the gateway refuses the account's signature; is the key right?"

// checkSignature raises an alarm if the gateway and this program do not share the
// key. A verified answer that is not about the signature clears it.
func (a *accountAlarms) checkSignature(r wantu.Received) {
	name, isVerified := "signature of "+a.merchant, r.Fields != nil
	switch {
	case r.Code == wantu.CodeSignError:
		a.alarms.raise(name, "merchant "+a.merchant+signatureRefused, a.attributes(r)...)
	case isVerified:
		a.alarms.clear(name, "merchant "+a.merchant+": the gateway accepts the account's signature again", "merchant", a.merchant)
	case errors.Is(r.Err, wantu.ErrSignature):
		a.alarms.raise(name, "merchant "+a.merchant+": the gateway's answers lack the account's signature; is the key right?", a.attributes(r)...)
	}
}

// checkPrivilege raises an alarm if the gateway refuses the account, or refuses it
// one endpoint and channel. It ignores statements: the gateway refuses a store
// with one channel the statement of the other channel every day.
func (a *accountAlarms) checkPrivilege(sent wantu.Sent, r wantu.Received) {
	if sent.Endpoint == "order-list" || r.Fields == nil {
		return
	}
	call := sent.Endpoint + " of pay_channel " + sent.Fields["pay_channel"]
	name := "privilege of " + a.merchant + " for " + call
	switch {
	case r.Code == wantu.CodeNoPrivilege:
		a.alarms.raise(name, "merchant "+a.merchant+signatureRefused+
			" Or merchant_account or store_account is wrong, or "+call+" is not enabled", a.attributes(r)...)
	case r.Err == nil:
		a.alarms.clear(name, "merchant "+a.merchant+": the gateway accepts "+call+" again", "merchant", a.merchant)
	}
}

// checkClock raises an alarm if the gateway refuses a time that this machine made
// and the two clocks differ.
func (a *accountAlarms) checkClock(sent wantu.Sent, r wantu.Received) {
	a.readTradeID(sent, r)
	name := "clock of " + a.merchant
	var refusal *wantu.APIError
	switch {
	case r.Err == nil && sent.Fields["time_expire"] != "":
		a.alarms.clear(name, "merchant "+a.merchant+": the gateway accepts time_expire again", "merchant", a.merchant)
	case errors.Is(r.Err, wantu.ErrParam) && errors.As(r.Err, &refusal) && namesTime(refusal.Desc):
		if ahead, by := a.gatewayAhead(r); ahead.Abs() > maxSkew {
			a.alarms.raise(name, "merchant "+a.merchant+": the gateway refuses "+refusal.Desc+
				", and this machine's clock differs from the gateway's clock; is this machine's clock right?",
				append(a.attributes(r), "gateway_ahead", ahead.Round(time.Second).String(), "by", by)...)
		}
	}
}

// namesTime reports whether a refusal names a field that holds a time.
func namesTime(desc string) bool {
	return strings.Contains(desc, "time_expire") || strings.Contains(desc, "send_time")
}

// gatewayAhead returns how far the gateway's clock is ahead, and where that was
// read: in the answer's HTTP Date or in a trade_id, whichever differs more.
func (a *accountAlarms) gatewayAhead(r wantu.Received) (ahead time.Duration, by string) {
	if !r.Date.IsZero() {
		ahead, by = r.Date.Sub(a.now()), "HTTP Date"
	}
	offset := a.gatewayOffset.Load()
	if offset != nil && a.now().Sub(offset.seen) < offsetValidFor && offset.ahead.Abs() > ahead.Abs() {
		ahead, by = offset.ahead, "trade_id"
	}
	return ahead, by
}

// A trade_id such as 100020171130120038029905 holds the time at which the order
// was placed, between the prefix 1000 and six other digits.
const (
	tradeIDPrefix  = "1000"
	tradeIDLength  = 24
	tradeIDTimeEnd = 18
)

// readTradeID compares the time in the trade_id of a new order with this machine's
// time.
func (a *accountAlarms) readTradeID(sent wantu.Sent, r wantu.Received) {
	id := r.Fields["trade_id"]
	placesOrder := sent.Fields["total_fee"] != "" && sent.Endpoint != "refund"
	if r.Err != nil || !placesOrder || len(id) != tradeIDLength || !strings.HasPrefix(id, tradeIDPrefix) {
		return
	}
	if placed, err := wantu.ParseTime(id[len(tradeIDPrefix):tradeIDTimeEnd]); err == nil {
		now := a.now()
		a.gatewayOffset.Store(&clockOffset{placed.Sub(now), now})
	}
}

// attributes are what the log says of an answer.
func (a *accountAlarms) attributes(r wantu.Received) []any {
	return []any{"merchant", a.merchant, "return_code", int(r.Code)}
}
