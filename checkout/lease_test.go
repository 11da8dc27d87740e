package checkout_test

import (
	"context"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// beyondLease is longer than a lease. A lease lasts for three calls of 10 s each, and
// 5 s for the store.
const beyondLease = 40 * time.Second

// interruptedStore is a store that calls before once, right before it stores an
// attempt.
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

// slowRefusals is a gateway that refuses an order after a wait.
type slowRefusals struct {
	*gateway
	wait time.Duration
}

func (g *slowRefusals) Create(context.Context, checkout.Order) (checkout.Created, error) {
	time.Sleep(g.wait)
	return checkout.Created{}, checkout.ErrRefused
}

// A node that was paused for longer than its lease does not apply the answer that
// it got before, and does not end the lease of another node.
func TestStaleAnswers(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"no such order, and the order was placed after that": func(t *testing.T, f *fixture) {
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
		"a refusal, and the order was placed after that": func(t *testing.T, f *fixture) {
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
		"a failure, while another node queries": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.set(a.OutTradeNo, checkout.OrderFailed, "PAY_ERROR")
			node, reads := f.slowNode()
			reads.slow(3, beyondLease)
			go func() { _, _ = node.Confirm(context.Background(), a.ID, checkout.CauseSchedule) }()
			time.Sleep(beyondLease - 4*time.Second)
			f.gateway.set(a.OutTradeNo, checkout.OrderUnpaid, "NOT_PAY")
			f.gateway.script(func() { f.gateway.latency = 8 * time.Second })
			go func() { _, _ = f.Confirm(context.Background(), a.ID, checkout.CauseSchedule) }()
			time.Sleep(5 * time.Second) // the first node has continued; the gateway fails on two queries at once
			_, err := f.Confirm(f.t.Context(), a.ID, checkout.CauseSchedule)
			wantError(f.t, err, nil)
			time.Sleep(20 * time.Second)
			f.checkState(a, checkout.AttemptPending, checkout.StatusOpen, checkout.PaymentUnpaid)
			f.checkNoLease(a)
		},
	})
}

// A node that was paused until its lease cannot outlast a call does not call the
// gateway.
func TestNothingIsSentAfterTheLease(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"an order": func(t *testing.T, f *fixture) {
			s := f.session()
			slow := &slowCreates{Store: f.memory, wait: beyondLease}
			node := f.node(func(c *checkout.Config) { c.Store = slow })
			_, err := node.Start(t.Context(), request(s, flow.WalletAlipayCN))
			wantError(t, err, checkout.ErrOutcomeUnknown)
			same(t, "orders", f.gateway.placed(), []string(nil))
		},
		"a query and a close": func(t *testing.T, f *fixture) {
			a := f.pending()
			node, reads := f.slowNode()
			reads.slow(2, beyondLease) // the attempt, after it was leased
			_, err := node.Cancel(t.Context(), a.SessionID)
			wantError(t, err, checkout.ErrOutcomeUnknown)
			got := f.gateway.order(a.OutTradeNo)
			same(t, "calls", []int{got.queries, got.close}, []int{0, 0})
		},
	})
}

// slowCreates is a store that returns only some time after it has stored an
// attempt.
type slowCreates struct {
	checkout.Store
	wait time.Duration
}

func (s *slowCreates) CreateAttempt(ctx context.Context, a checkout.Attempt, sessionVersion int64, leaseUntil time.Time) error {
	err := s.Store.CreateAttempt(ctx, a, sessionVersion, leaseUntil)
	time.Sleep(s.wait)
	return err
}

// startsWhile places an order with WeChat at a slow gateway. Meanwhile the session's
// order with Alipay is changed, paid and confirmed. It checks that the new order is then
// closed.
func (f *fixture) startsWhile(change func(checkout.Attempt)) {
	f.t.Helper()
	s := f.session()
	a := f.start(s, flow.WalletAlipayCN)
	slow := newGateway(f.t)
	slow.mu, slow.orders, slow.latency = f.gateway.mu, f.gateway.orders, 8*time.Second
	node := f.node(func(c *checkout.Config) { c.Gateway = slow })
	done := make(chan error)
	go func() {
		_, err := node.Start(context.Background(), request(s, flow.WalletWeChat))
		done <- err
	}()
	time.Sleep(time.Second)
	change(a)
	f.gateway.pay(a.OutTradeNo)
	f.confirm(a)
	wantError(f.t, <-done, checkout.ErrNotPayable)
	wantError(f.t, node.Drain(f.t.Context()), nil)
	same(f.t, "live orders", slow.live(), []string(nil))
}

// No shopper gets an order to pay if the session needs no payment any more.
func TestStartDuringOtherChanges(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"a payment by another wallet, while the order is placed": func(t *testing.T, f *fixture) {
			f.startsWhile(func(checkout.Attempt) {})
		},
		"a quarantine of another wallet's order, while the order is placed": func(t *testing.T, f *fixture) {
			f.startsWhile(func(a checkout.Attempt) {
				f.gateway.script(func() { f.gateway.orders[a.OutTradeNo].OrderStatus.Amount = 1 })
			})
		},
		"a quarantine of another wallet's order": func(t *testing.T, f *fixture) {
			s := f.session()
			a := f.start(s, flow.WalletAlipayCN)
			f.gateway.script(func() { f.gateway.orders[a.OutTradeNo].OrderStatus.Amount = 1 })
			f.gateway.pay(a.OutTradeNo)
			node := f.node(func(c *checkout.Config) { c.Store = &interruptedStore{f.memory, func() { f.confirm(a) }} })
			_, err := node.Start(t.Context(), request(s, flow.WalletWeChat))
			wantError(t, err, checkout.ErrNotPayable)
			same(t, "orders", len(f.gateway.placed()), 1)
		},
		"a failed order of another tab": func(t *testing.T, f *fixture) {
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

// An order keeps the account that it was placed with. An order that the gateway
// took is not given up because another account does not know it.
func TestAccountChanges(t *testing.T) {
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"the order is queried at its own account": func(t *testing.T, f *fixture) {
			a := f.pending()
			same(t, "account", a.Account, shop)
			f.gateway.script(func() { f.gateway.accountSuffix = " new" })
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a) // the gateway fails on a query at another account
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			same(t, "account of the next order", f.pending().Account, shop+" new")
		},
		"an order that the new account does not know is kept": func(t *testing.T, f *fixture) {
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
			f.gateway.script(func() { f.gateway.orders[a.OutTradeNo] = order }) // the old account is configured again
			f.gateway.pay(a.OutTradeNo)
			f.sweepFor(6 * time.Minute)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
		},
	})
}

// If close says that an order is paid and query does not know the order, the session
// does not expire.
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
