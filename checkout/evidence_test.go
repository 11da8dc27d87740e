package checkout_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/page"
)

// contradicts is the problem of an alert.
const contradicts = "the gateway reports a payment that query does not"

// hints has what can report a payment before query does.
var hints = map[string]func(*fixture, checkout.Attempt){
	"a signed notification": func(f *fixture, a checkout.Attempt) { f.notify(a, nil) },
	"a return": func(f *fixture, a checkout.Attempt) {
		f.Returned(f.t.Context(), a.ReturnToken)
		_, _ = f.Confirm(f.t.Context(), a.ID, checkout.CauseBrowser)
	},
	"the ok of WeChat's sheet": func(f *fixture, a checkout.Attempt) {
		f.BridgeAnswered(f.t.Context(), a, "get_brand_wcpay_request:ok")
		_, _ = f.Confirm(f.t.Context(), a.ID, checkout.CauseBrowser)
	},
}

// answers has the answers of query. For each it has the page and the alarms that
// follow: after a signed notification, and after an unsigned hint from a browser.
var answers = map[string]struct {
	prepare                      func(*fixture, checkout.Attempt)
	signedPage, unsignedPage     page.State
	signedAlarms, unsignedAlarms []string
}{
	"SUCCESS": {func(f *fixture, a checkout.Attempt) { f.gateway.pay(a.OutTradeNo) }, page.Paid, page.Paid, nil, nil},
	"NOT_PAY": {func(*fixture, checkout.Attempt) {}, page.Confirming, page.Redirecting, []string{contradicts}, nil},
	"PAY_ERROR": {func(f *fixture, a checkout.Attempt) { f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_EEROR") },
		page.Confirming, page.Failed, []string{contradicts}, nil},
	"an unknown word": {func(f *fixture, a checkout.Attempt) { f.gateway.set(a.OutTradeNo, checkout.OrderUnknown, "?") },
		page.Confirming, page.Redirecting, []string{"query reports a status that the kit does not know", contradicts},
		[]string{"query reports a status that the kit does not know"}},
	"no such order": {func(f *fixture, a checkout.Attempt) {
		f.gateway.script(func() { delete(f.gateway.orders, a.OutTradeNo) })
	},
		page.Confirming, page.Redirecting, []string{"the gateway does not know an order that it took", contradicts},
		[]string{"the gateway does not know an order that it took"}},
	"no answer": {func(f *fixture, _ checkout.Attempt) { f.gateway.script(func() { f.gateway.beforeQuery = timeout }) },
		page.Confirming, page.Redirecting, nil, nil},
	"another amount, paid": {func(f *fixture, a checkout.Attempt) {
		f.gateway.script(func() { f.gateway.orders[a.OutTradeNo].OrderStatus.Amount-- })
		f.gateway.pay(a.OutTradeNo)
	}, page.Failed, page.Failed, []string{"quarantined: another amount"}, []string{"quarantined: another amount"}},
}

// TestHintsAndAnswers checks the page and the alarms for each hint with each
// answer of query.
func TestHintsAndAnswers(t *testing.T) {
	t.Parallel()
	for hint, give := range hints {
		for answer, c := range answers {
			t.Run(hint+", "+answer, func(t *testing.T) {
				inBubble(t, func(t *testing.T, f *fixture) {
					a := f.pending()
					time.Sleep(3 * time.Second)
					c.prepare(f, a)
					give(f, a)
					f.waitUntilIdle()
					want, alarms := c.unsignedPage, c.unsignedAlarms
					if hint == "a signed notification" {
						want, alarms = c.signedPage, c.signedAlarms
					}
					v, err := f.View(t.Context(), a.SessionID)
					wantError(t, err, nil)
					same(t, "page", v.State, want)
					same(t, "alarms", f.alerts.alarms(), alarms)
					f.checkNoLease(a)
				})
			})
		}
	}
}

// A payment that a signed notification reported stays processing until query
// confirms it, or denies it twice.
func TestReportedPayment(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"that query cannot confirm allows no other order": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { f.gateway.beforeQuery = timeout })
			f.notify(a, nil)
			_, err := f.Start(t.Context(), request(f.readSession(a.SessionID), flow.WalletWeChat))
			wantError(t, err, checkout.ErrNotPayable)
			f.gateway.script(func() { f.gateway.beforeQuery = nil })
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(40 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"whose query is under way allows no other order": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { f.gateway.latency = 8 * time.Second })
			_, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil))
			wantError(t, err, nil)
			_, err = f.Start(t.Context(), request(f.readSession(a.SessionID), flow.WalletWeChat))
			wantError(t, err, checkout.ErrNotPayable)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
		"of a closed order keeps its session open": func(t *testing.T, f *fixture) {
			a := f.pending()
			r := request(f.readSession(a.SessionID), flow.WalletAlipayCN)
			r.Flow = flow.Iframe
			_, err := f.Start(t.Context(), r)
			wantError(t, err, nil)
			f.gateway.script(func() {
				f.gateway.beforeQuery = func(o *order) error {
					if o == f.gateway.orders[a.OutTradeNo] {
						return errTimeout
					}
					return nil
				}
			})
			f.notify(a, nil)
			f.sweepFor(time.Hour)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentProcessing)
			f.gateway.script(func() { f.gateway.beforeQuery = nil })
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(time.Hour)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"that is withdrawn leaves that of another order": func(t *testing.T, f *fixture) {
			s := f.session()
			a, b := f.start(s, flow.WalletAlipayCN), f.start(s, flow.WalletWeChat)
			f.gateway.script(func() {
				f.gateway.beforeQuery = func(o *order) error {
					if o == f.gateway.orders[b.OutTradeNo] {
						return errTimeout
					}
					return nil
				}
			})
			f.notify(a, nil)
			f.notify(b, nil)
			f.sweepFor(30 * time.Second)
			same(t, "no payment of the first order is reported", f.readAttempt(a).ReportedAt.IsZero(), true)
			f.checkState(b, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentProcessing)
			f.gateway.script(func() { f.gateway.beforeQuery = nil })
			f.sweepFor(2 * time.Minute)
			f.checkState(b, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"that is reported again during a query is not withdrawn by that query": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.notify(a, nil)
			same(t, "the payment was never denied", f.readAttempt(a).DeniedAt.IsZero(), false)
			f.gateway.script(func() { f.gateway.latency = 8 * time.Second })
			done := make(chan struct{})
			go func() { defer close(done); _, _ = f.Confirm(context.Background(), a.ID, checkout.CauseSchedule) }()
			time.Sleep(time.Second)
			_, err := f.Notify(t.Context(), a.NotifyToken, notification(a, nil))
			wantError(t, err, nil)
			<-done
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentProcessing)
		},
		"without a time, from an older version, is withdrawn too": func(t *testing.T, f *fixture) {
			a := f.pending()
			s := f.readSession(a.SessionID)
			s.PaymentStatus = checkout.PaymentProcessing
			wantError(t, f.store.Apply(t.Context(), checkout.Change{Session: &s}), nil)
			f.sweepFor(time.Minute)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"alerts the operator once, after two minutes": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { f.gateway.beforeQuery = timeout })
			f.notify(a, nil)
			f.sweepFor(110 * time.Second)
			same(t, "alarms before", f.alerts.alarms(), []string(nil))
			f.sweepFor(10 * time.Minute)
			same(t, "alarms", f.alerts.alarms(), []string{"a reported payment is not confirmed after two minutes"})
		},
		"whose query was lost with its process is queried by the sweep": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.script(func() { f.gateway.beforeQuery = timeout })
			wantError(t, f.Drain(t.Context()), nil)
			f.notify(a, nil)
			f.sweepFor(4 * time.Second)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentProcessing)
		},
		"of a closed order makes the open session processing": func(t *testing.T, f *fixture) {
			a := f.pending()
			r := request(f.readSession(a.SessionID), flow.WalletAlipayCN)
			r.Flow = flow.Iframe
			_, err := f.Start(t.Context(), r)
			wantError(t, err, nil)
			f.notify(a, nil)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentProcessing)
			f.sweepFor(20 * time.Second)
			f.checkState(a, checkout.AttemptClosed, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
	})
}

// One trade_id makes one order paid, on each flow. A second order with the same
// trade_id is quarantined.
func TestPaymentSettlesOneOrder(t *testing.T) {
	t.Parallel()
	for _, way := range []flow.Flow{flow.Web, flow.Iframe, flow.WAP, flow.Native, flow.JSAPI} {
		t.Run(string(way), func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture) {
				f.gateway.script(func() { f.gateway.omitsTradeID = way != flow.Native })
				first, second := f.startWithFlow(way), f.startWithFlow(way)
				f.gateway.pay(first.OutTradeNo)
				f.confirm(first)
				f.checkState(first, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
				f.gateway.script(func() {
					f.gateway.orders[second.OutTradeNo].TradeID = f.gateway.orders[first.OutTradeNo].TradeID
				})
				f.gateway.pay(second.OutTradeNo)
				f.confirm(second)
				f.checkState(second, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAmountMismatch)
				same(t, "alarms", len(f.alerts.alarms()), 1)
				if got := f.readAttempt(second); !got.Quarantined {
					t.Errorf("attempt is not quarantined: %+v", got)
				}
			})
		})
	}
}

// startWithFlow places an order by a flow in a new session.
func (f *fixture) startWithFlow(way flow.Flow) checkout.Attempt {
	f.t.Helper()
	r := request(f.session(), flow.WalletAlipayCN)
	r.Flow = way
	switch way {
	case flow.WAP:
		r.Device = phone
	case flow.JSAPI:
		r.Wallet, r.Device, r.OpenID, r.Payer = flow.WalletWeChat, inApp, "openid", "tag"
	case flow.Native:
		r.Wallet = flow.WalletWeChat
	default:
	}
	a, err := f.Start(f.t.Context(), r)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

// An order that was placed without a trade_id gets the first one that query or a
// notification names. A different one alerts the operator, and is never accepted.
func TestTradeIDs(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"query names one before the order is paid": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.omitsTradeID = true })
			a := f.pending()
			f.confirm(a)
			same(t, "trade id", f.readAttempt(a).TradeID, "T"+a.OutTradeNo)
		},
		"query names another order's trade_id before the order is paid": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.omitsTradeID = true })
			paid, other := f.pending(), f.pending()
			f.gateway.pay(paid.OutTradeNo)
			f.confirm(paid)
			f.gateway.script(func() { f.gateway.orders[other.OutTradeNo].TradeID = f.gateway.orders[paid.OutTradeNo].TradeID })
			f.confirm(other)
			same(t, "alarms", f.alerts.alarms(), []string{"query names the number of another order's payment"})
			f.checkNoLease(other)
			f.sweepFor(time.Hour)
			f.checkState(other, checkout.AttemptClosed, checkout.StatusExpired, checkout.PaymentUnpaid, checkout.EventExpired)
		},
		"the trade_id of an answer about another order is ignored": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.omitsTradeID = true })
			a := f.pending()
			f.gateway.script(func() {
				f.gateway.orders[a.OutTradeNo].TradeID = "other"
				f.gateway.orders[a.OutTradeNo].OrderStatus.Amount--
			})
			f.confirm(a)
			same(t, "trade id", f.readAttempt(a).TradeID, "")
			same(t, "alarms", f.alerts.alarms(), []string{"query is about another order than was placed"})
		},
		"query and a notification differ": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.omitsTradeID = true })
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.notify(a, func(n *fakeNotification) { n.TradeID = "another" })
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid, checkout.EventAmountMismatch)
			same(t, "alarms", f.alerts.alarms(), []string{"quarantined: another trade_id than a notification named"})
		},
		"two notifications differ": func(t *testing.T, f *fixture) {
			f.gateway.script(func() { f.gateway.omitsTradeID = true })
			a := f.pending()
			for i, want := range []checkout.Verdict{checkout.VerdictAccepted, checkout.VerdictMismatch} {
				verdict := f.notify(a, func(n *fakeNotification) { n.State, n.TradeID = checkout.OrderUnpaid, strconv.Itoa(i) })
				same(t, "verdict", verdict, want)
			}
		},
		"a payment without one has an unknown outcome": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.gateway.script(func() { f.gateway.orders[a.OutTradeNo].TradeID = "" })
			_, err := f.Confirm(t.Context(), a.ID, checkout.CauseSchedule)
			wantError(t, err, checkout.ErrOutcomeUnknown)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
	})
}
