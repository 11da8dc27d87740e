package checkout_test

import (
	"context"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// beyondLease is longer than a lease: three calls of 10 s and 5 s for the store.
const beyondLease = 40 * time.Second

// interruptedStore is a store that does something right before it stores an attempt.
type interruptedStore struct {
	checkout.Store
	before func()
}

func (c *interruptedStore) CreateAttempt(ctx context.Context, a checkout.Attempt, sessionVersion int64, leaseUntil time.Time) error {
	if do := c.before; do != nil {
		c.before = nil
		do()
	}
	return c.Store.CreateAttempt(ctx, a, sessionVersion, leaseUntil)
}

// slowRefusals is a gateway that takes long before it refuses an order.
type slowRefusals struct {
	*gateway
	wait time.Duration
}

func (g *slowRefusals) Create(context.Context, checkout.Order) (checkout.Created, error) {
	time.Sleep(g.wait)
	return checkout.Created{}, checkout.ErrRefused
}

// TestStaleAnswers: a node that stood still for longer than its lease changes
// nothing by what it was told before, and ends nobody's lease.
func TestStaleAnswers(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"no such order, of an order that was placed since": func(t *testing.T, f *fixture) {
			s := f.session()
			f.gateway.script(func() { f.gateway.beforeCreate = once(timeout) })
			_, err := f.Start(t.Context(), request(s, flow.WalletAlipayCN))
			wantError(t, err, checkout.ErrOutcomeUnknown)
			time.Sleep(2*time.Minute + time.Second)
			all, err := f.store.Attempts(t.Context(), s.ID)
			wantError(t, err, nil)
			node, reads := f.slowNode()
			reads.slow(3, beyondLease) // the session, after the query
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = node.Confirm(context.Background(), all[0].ID, checkout.CauseSchedule)
			}()
			time.Sleep(beyondLease - 4*time.Second)
			a := f.start(s, flow.WalletAlipayCN)
			<-done
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(30 * time.Second)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
		"a refusal, of an order that was placed since": func(t *testing.T, f *fixture) {
			s := f.session()
			node := f.node(func(c *checkout.Config) { c.Gateway = &slowRefusals{f.gateway, beyondLease} })
			done := make(chan checkout.Attempt)
			go func() {
				a, err := node.Start(context.Background(), request(s, flow.WalletAlipayCN))
				wantError(t, err, nil)
				done <- a
			}()
			time.Sleep(beyondLease - 4*time.Second)
			a := f.start(s, flow.WalletAlipayCN)
			same(t, "what the other node shows", (<-done).ID, a.ID)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
		},
		"a failure, while another asks": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
			node, reads := f.slowNode()
			reads.slow(3, beyondLease)
			go func() { _, _ = node.Confirm(context.Background(), a.ID, checkout.CauseSchedule) }()
			time.Sleep(beyondLease - 4*time.Second)
			f.gateway.set(a.OutTradeNo, checkout.OrderUnpaid, "NOT_PAY")
			f.gateway.script(func() { f.gateway.latency = 8 * time.Second })
			go func() { _, _ = f.Confirm(context.Background(), a.ID, checkout.CauseSchedule) }()
			time.Sleep(5 * time.Second) // the first one is awake by now; the gateway reports two queries at once
			_, err := f.Confirm(f.t.Context(), a.ID, checkout.CauseSchedule)
			wantError(f.t, err, nil)
			time.Sleep(20 * time.Second)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkNoLease(a)
		},
	})
}

// TestNothingIsSentAfterTheLease: a node that stood still before a call of the
// gateway does not make it.
func TestNothingIsSentAfterTheLease(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"an order": func(t *testing.T, f *fixture) {
			s := f.session()
			stop := &slowCreates{Store: f.memory, wait: beyondLease}
			node := f.node(func(c *checkout.Config) { c.Store = stop })
			_, err := node.Start(t.Context(), request(s, flow.WalletAlipayCN))
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "orders", f.gateway.placed(), []string(nil))
		},
		"a query and a close": func(t *testing.T, f *fixture) {
			a := f.pending()
			node, reads := f.slowNode()
			reads.slow(2, beyondLease) // the attempt, once it is held
			_, err := node.Cancel(t.Context(), a.SessionID)
			wantError(t, err, checkout.ErrOutcomeUnknown)
			got := f.gateway.order(a.OutTradeNo)
			same(t, "calls", []int{got.queries, got.close}, []int{0, 0})
		},
	})
}

// slowCreates is a store that takes long to say that an attempt is stored.
type slowCreates struct {
	checkout.Store
	wait time.Duration
}

func (s *slowCreates) CreateAttempt(ctx context.Context, a checkout.Attempt, sessionVersion int64, leaseUntil time.Time) error {
	err := s.Store.CreateAttempt(ctx, a, sessionVersion, leaseUntil)
	time.Sleep(s.wait)
	return err
}

// TestStartDuringOtherChanges: nobody is sent to pay what needs no payment.
func TestStartDuringOtherChanges(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"a payment by another wallet, while the order is placed": func(t *testing.T, f *fixture) {
			s := f.session()
			a := f.start(s, flow.WalletAlipayCN)
			slow := newGateway(t)
			slow.mu, slow.orders, slow.latency = f.gateway.mu, f.gateway.orders, 8*time.Second
			node := f.node(func(c *checkout.Config) { c.Gateway = slow })
			done := make(chan error)
			go func() {
				_, err := node.Start(context.Background(), request(s, flow.WalletWeChat))
				done <- err
			}()
			time.Sleep(time.Second)
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			wantError(t, <-done, checkout.ErrNotPayable)
			wantError(t, node.Drain(t.Context()), nil)
			same(t, "live orders", slow.live(), []string(nil))
		},
		"a mismatch of another wallet's order": func(t *testing.T, f *fixture) {
			s := f.session()
			a := f.start(s, flow.WalletAlipayCN)
			f.gateway.script(func() { f.gateway.orders[a.OutTradeNo].OrderStatus.Amount = 1 })
			f.gateway.pay(a.OutTradeNo)
			node := f.node(func(c *checkout.Config) { c.Store = &interruptedStore{f.memory, func() { f.confirm(a) }} })
			_, err := node.Start(t.Context(), request(s, flow.WalletWeChat))
			wantError(t, err, checkout.ErrNotPayable)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
		"another tab's order, which the wallet refuses": func(t *testing.T, f *fixture) {
			s := f.session()
			node := f.node(func(c *checkout.Config) {
				c.Store = &interruptedStore{f.memory, func() {
					a := f.start(s, flow.WalletAlipayCN)
					f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
					f.confirm(a)
				}}
			})
			_, err := node.Start(t.Context(), request(s, flow.WalletAlipayCN))
			wantError(t, err, nil)
			same(t, "live orders", len(f.gateway.live()), 1)
		},
	})
}

// TestAccountChanges: an order keeps the account that it was placed with, and
// one that the gateway took is not given up because another account does not
// know it.
func TestAccountChanges(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"the order is asked about at its own account": func(t *testing.T, f *fixture) {
			a := f.pending()
			same(t, "account", a.Account, shop)
			f.gateway.script(func() { f.gateway.accountSuffix = " of today" })
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a) // the gateway reports a question about another account
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "account of the next", f.pending().Account, shop+" of today")
		},
		"no second order is placed, and nobody is told that it expired": func(t *testing.T, f *fixture) {
			a := f.pending()
			var order *order
			f.gateway.script(func() {
				order = f.gateway.orders[a.OutTradeNo]
				delete(f.gateway.orders, a.OutTradeNo)
			})
			f.sweepFor(3 * time.Minute)
			b, err := f.Start(t.Context(), request(f.readSession(a.SessionID), flow.WalletAlipayCN))
			wantError(t, err, nil)
			same(t, "order", b.OutTradeNo, a.OutTradeNo)
			f.sweepFor(2 * time.Hour)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.gateway.script(func() { f.gateway.orders[a.OutTradeNo] = order }) // the account from before is configured
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(6 * time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
	})
}

// TestCloseSaysPaidAndQueryDoesNotKnow: the shop is never told that such a
// session expired.
func TestCloseSaysPaidAndQueryDoesNotKnow(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.pending()
		paid := false
		f.gateway.script(func() {
			f.gateway.beforeClose = func(*order) error { paid = true; return checkout.ErrAlreadyPaid }
			f.gateway.beforeQuery = func(*order) error {
				if !paid {
					return nil
				}
				paid = false
				return checkout.ErrNoOrder
			}
		})
		f.sweepFor(95 * time.Minute)
		f.checkEvents(a.SessionID)
		same(t, "status", f.readSession(a.SessionID).Status, checkout.StatusOpen)
	})
}
