package checkout_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// laterGateway is the fixture's gateway with refunds that settle later, and with wallets
// that cannot refund.
type laterGateway struct {
	*gateway
	// result is what QueryRefund returns.
	result  checkout.RefundResult
	err     error
	queries int
	// noRefunds says that no wallet can refund.
	noRefunds bool
}

func (g *laterGateway) Refund(ctx context.Context, r checkout.RefundOrder) (checkout.RefundResult, error) {
	result, err := g.gateway.Refund(ctx, r)
	result.Pending = true
	return result, err
}

func (g *laterGateway) QueryRefund(context.Context, checkout.RefundOrder) (checkout.RefundResult, error) {
	g.queries++
	return g.result, g.err
}

func (g *laterGateway) CanRefund(flow.Wallet) bool { return !g.noRefunds }

// later gives the fixture such a gateway.
func (f *fixture) later() *laterGateway {
	f.t.Helper()
	g := &laterGateway{gateway: f.gateway, result: checkout.RefundResult{Pending: true}}
	c := f.config()
	c.Gateway = g
	f.configure(c)
	return g
}

func (f *fixture) sendsOf(r checkout.Refund) (sends int) {
	f.gateway.script(func() { sends = f.gateway.sends[r.OutRefundNo] })
	return sends
}

func TestRefundThatSettlesLater(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"it is queried until it has settled, and sent once": func(t *testing.T, f *fixture) {
			g := f.later()
			r := f.refund(f.paid(), half, checkout.RefundPending)
			f.sweepFor(2 * time.Minute)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
			g.result = checkout.RefundResult{GatewayID: "R1"}
			f.sweepFor(11 * time.Minute)
			got := f.readRefund(r)
			same(t, "state", got.State, checkout.RefundSucceeded)
			same(t, "the gateway's number", got.GatewayID, "R1")
			same(t, "sends", f.sendsOf(r), 1)
			if g.queries < 3 {
				t.Errorf("%d queries", g.queries)
			}
		},
		"one that the gateway does not know is sent again": func(t *testing.T, f *fixture) {
			g := f.later()
			g.err = checkout.ErrNoRefund
			r := f.refund(f.paid(), half, checkout.RefundPending)
			f.sweepFor(20 * time.Second)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
			if sends := f.sendsOf(r); sends < 2 {
				t.Errorf("%d sends", sends)
			}
		},
		"one that is refused later has failed": func(t *testing.T, f *fixture) {
			g := f.later()
			g.err = &checkout.RefusedError{Word: "closed account", Settled: true}
			r := f.refund(f.paid(), half, checkout.RefundPending)
			f.sweepFor(20 * time.Second)
			same(t, "state", f.readRefund(r).State, checkout.RefundFailed)
		},
		"the statement does not list it while it is pending": func(t *testing.T, f *fixture) {
			g := f.later()
			r := f.refund(f.paid(), half, checkout.RefundPending)
			time.Sleep(25 * time.Hour)
			settle := func() (checkout.Refund, error) { return f.SettleRefund(t.Context(), r.ID, checkout.Settlement{}) }
			_, err := settle()
			wantError(t, err, checkout.ErrRefundBusy)
			g.err = checkout.ErrOutcomeUnknown
			_, err = settle()
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "state", f.readRefund(r).State, checkout.RefundPending)
			g.err, g.result = nil, checkout.RefundResult{GatewayID: "R1"}
			got, err := settle()
			wantError(t, err, nil)
			same(t, "state", got.State, checkout.RefundSucceeded)
		},
		"the gateway does not know it and the statement does not list it": func(t *testing.T, f *fixture) {
			g := f.later()
			r := f.refund(f.paid(), half, checkout.RefundPending)
			g.err = checkout.ErrNoRefund
			time.Sleep(2 * time.Hour)
			got, err := f.SettleRefund(t.Context(), r.ID, checkout.Settlement{})
			wantError(t, err, nil)
			same(t, "state", got.State, checkout.RefundFailed)
		},
		"after a day the shop is told": func(t *testing.T, f *fixture) {
			f.later()
			a := f.paid()
			r := f.refund(a, half, checkout.RefundPending)
			time.Sleep(25 * time.Hour)
			f.sweepFor(2 * time.Second)
			if f.readRefund(r).DelayedAt.IsZero() {
				t.Error("the shop was not told")
			}
			f.sweepFor(7 * time.Hour)
			same(t, "alarms", f.alerts.alarms(), []string{"refund is still pending at the gateway"})
			same(t, "events", len(f.entries(a, checkout.EntryEvent)), 2)
		},
	})
}

func TestWalletThatCannotRefund(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"a refund is refused with the field": func(t *testing.T, f *fixture) {
			f.later().noRefunds = true
			a := f.paid()
			_, err := f.Refund(t.Context(), a.SessionID, checkout.NewRefund{Amount: half})
			var field *checkout.FieldError
			if !errors.As(err, &field) || field.Field != "payment" {
				t.Errorf("error %v, want one that names the payment", err)
			}
		},
		"a second payment is recorded and not refunded": func(t *testing.T, f *fixture) {
			f.later().noRefunds = true
			s := f.session()
			first, second := f.start(s, flow.WalletAlipayCN), f.start(s, flow.WalletWeChat)
			f.gateway.pay(first.OutTradeNo)
			f.gateway.pay(second.OutTradeNo)
			f.confirm(first)
			f.waitUntilIdle()
			same(t, "paid twice", f.readSession(s.ID).PaidTwice, true)
			refunds, err := f.Refunds(t.Context(), s.ID)
			wantError(t, err, nil)
			same(t, "refunds", len(refunds), 0)
		},
	})
}
