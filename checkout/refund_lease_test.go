package checkout_test

import (
	"context"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// A node that was paused between its reads and its call does not call the gateway,
// because another node may have settled the refund meanwhile.
func TestPausedNodeSendsNoRefund(t *testing.T) {
	refusal := func(sentRefund) error { return &checkout.RefusedError{Word: "508 REFUND_ERROR", Settled: true} }
	// refundPaused requests a refund at a node that pauses after its third read, that
	// of the attempt. The call of the gateway comes next.
	refundPaused := func(f *fixture, a checkout.Attempt, wait time.Duration) <-chan checkout.Refund {
		node, reads := f.slowNode()
		reads.slow(3, wait)
		done := make(chan checkout.Refund, 1)
		go func() {
			r, err := node.Refund(context.Background(), a.SessionID, newRefund(half, "R-1"))
			wantError(f.t, err, nil)
			done <- r
		}()
		time.Sleep(time.Second)
		return done
	}
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"that another node found refused before the shop requested another one": func(t *testing.T, f *fixture) {
			a := f.paid()
			done := refundPaused(f, a, time.Minute)
			f.gateway.script(func() { f.gateway.beforeRefund = refusal })
			f.sweepFor(40 * time.Second)
			f.gateway.script(func() { f.gateway.beforeRefund = nil })
			f.refund(a, half, checkout.RefundSucceeded)
			r := <-done
			same(t, "state at the paused node", r.State, checkout.RefundFailed)
			same(t, "how often it was sent", f.gateway.timesSent(r), 1)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundFailed, checkout.EventRefundSucceeded)
			same(t, "alarms", f.alerts.alarms(), []string(nil))
		},
		"after a pause that leaves less than a call of the lease": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := <-refundPaused(f, a, 25*time.Second) // the lease is 35 s, and a call can take 10 s
			same(t, "state", r.State, checkout.RefundPending)
			same(t, "how often it was sent", f.gateway.timesSent(r), 0)
			f.sweepFor(20 * time.Second)
			same(t, "how often it was sent after the sweep", f.gateway.timesSent(r), 1)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"but sends one after a shorter pause": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := <-refundPaused(f, a, 24*time.Second)
			same(t, "state", r.State, checkout.RefundSucceeded)
			same(t, "how often it was sent", f.gateway.timesSent(r), 1)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
	})
}

// A refund that another node settles right after it was leased is not sent again.
func TestRefundSettledByAnotherNodeIsNotSent(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.paid()
		f.gateway.afterRefund = firstTry(noAnswer)
		r := f.refund(a, half, checkout.RefundPending)
		settled := false
		f.memory.broken = func(called string) error {
			if called != "Refund" || settled {
				return nil
			}
			settled = true
			other := f.memory.refunds[r.ID]
			other.State, other.Version, other.NextTryAt = checkout.RefundSucceeded, other.Version+1, time.Time{}
			f.memory.refunds[r.ID] = other
			return nil
		}
		f.sweepFor(time.Minute)
		same(t, "settled", settled, true)
		same(t, "how often it was sent", f.gateway.timesSent(r), 1)
		f.checkEvents(a.SessionID, checkout.EventPaid)
		same(t, "alarms", f.alerts.alarms(), []string(nil))
	})
}

// timesSent returns how often a refund was sent to the gateway.
func (g *gateway) timesSent(r checkout.Refund) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sends[r.OutRefundNo]
}

// answer is how a gateway answers a refund.
type answer string

const (
	makes   answer = "makes it"
	refuses answer = "refuses it"
	silent  answer = "does not answer"
)

// script is the script of a gateway with this answer.
func (a answer) script(sentRefund) error {
	switch a {
	case refuses:
		return &checkout.RefusedError{Word: "508 REFUND_ERROR", Settled: true}
	case silent:
		return errTimeout
	default:
		return nil
	}
}

// While one node calls the gateway, its lease ends early and another node settles the
// refund, or leases it. The answer that the first node then gets is applied as the
// stored state allows.
func TestRefundAnswersOfTwoNodes(t *testing.T) {
	const pending, succeeded, failed = checkout.RefundPending, checkout.RefundSucceeded, checkout.RefundFailed
	made, refused := checkout.EventRefundSucceeded, checkout.EventRefundFailed
	cases := map[string]struct {
		other, own answer
		state      checkout.RefundState
		events     []checkout.EventType
		alarms     []string
	}{
		"made, and made":       {makes, makes, succeeded, []checkout.EventType{made}, nil},
		"made, and refused":    {makes, refuses, succeeded, []checkout.EventType{made}, nil},
		"made, and unknown":    {makes, silent, succeeded, []checkout.EventType{made}, nil},
		"refused, and made":    {refuses, makes, succeeded, []checkout.EventType{refused, made}, []string{"a refund was made that the books said had failed"}},
		"refused, and refused": {refuses, refuses, failed, []checkout.EventType{refused}, nil},
		"refused, and unknown": {refuses, silent, failed, []checkout.EventType{refused}, nil},
		"leased, and made":     {"", makes, succeeded, []checkout.EventType{made}, nil},
		"leased, and refused":  {"", refuses, pending, nil, nil},
		"leased, and unknown":  {"", silent, pending, nil, nil},
	}
	tests := map[string]func(*testing.T, *fixture){}
	for name, c := range cases {
		tests[name] = func(t *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.latency = 9 * time.Second
			f.gateway.beforeRefund = c.own.script
			done := make(chan checkout.Refund)
			go func() {
				r, err := f.Refund(t.Context(), a.SessionID, newRefund(half, ""))
				wantError(t, err, nil)
				done <- r
			}()
			time.Sleep(time.Second)
			until := f.takeOver(a, c.other)
			r := f.readRefund(<-done)
			same(t, "state", r.State, c.state)
			f.checkEvents(a.SessionID, append([]checkout.EventType{checkout.EventPaid}, c.events...)...)
			same(t, "alarms", f.alerts.alarms(), c.alarms)
			same(t, "reported as failed before", r.Public().ReportedFailed, c.other == refuses && c.state == succeeded)
			if c.state == succeeded {
				f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			}
			if c.state == pending && !f.memory.refunds[r.ID].leaseUntil.Equal(until) {
				t.Errorf("the other node's lease ends at %s, want %s", f.memory.refunds[r.ID].leaseUntil, until)
			}
		}
	}
	inBubbles(t, tests)
}

// takeOver ends the lease of the one refund of an attempt. Another node then sends the
// refund and gets this answer. If the answer is "", the other node only leases the
// refund, and takeOver returns the end of the lease.
func (f *fixture) takeOver(a checkout.Attempt, gets answer) (leaseUntil time.Time) {
	f.t.Helper()
	all, err := f.Refunds(f.t.Context(), a.SessionID)
	wantError(f.t, err, nil)
	f.memory.mu.Lock()
	r := f.memory.refunds[all[0].ID]
	r.leaseUntil, r.NextTryAt = time.Now(), time.Now()
	f.memory.refunds[r.ID] = r
	f.memory.mu.Unlock()
	if gets == "" {
		leaseUntil = time.Now().Add(time.Hour)
		leased, err := f.store.LeaseRefund(f.t.Context(), r.ID, time.Now(), leaseUntil)
		same(f.t, "leased", leased, true)
		wantError(f.t, err, nil)
		return leaseUntil
	}
	other := newFixture(f.t, f.store)
	other.gateway.mu, other.gateway.orders = f.gateway.mu, f.gateway.orders
	other.gateway.beforeRefund = gets.script
	wantError(f.t, other.Sweep(f.t.Context()), nil)
	return leaseUntil
}
