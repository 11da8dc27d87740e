package checkout_test

import (
	"context"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
)

// A node that stood still between its reads and its call does not call: others
// may have decided about the refund since.
func TestPausedNodeSendsNoRefund(t *testing.T) {
	refusal := func(sentRefund) error { return &checkout.RefusedError{Word: "508 REFUND_ERROR", Settled: true} }
	// The third read is that of the attempt, just before the call.
	stands := func(f *fixture, a checkout.Attempt, wait time.Duration) <-chan checkout.Refund {
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
		"and another found it refused, and the shop asked for another": func(t *testing.T, f *fixture) {
			a := f.paid()
			done := stands(f, a, time.Minute)
			f.gateway.script(func() { f.gateway.beforeRefund = refusal })
			f.sweepFor(40 * time.Second)
			f.gateway.script(func() { f.gateway.beforeRefund = nil })
			f.refund(a, half, checkout.RefundSucceeded)
			r := <-done
			same(t, "state for the one that stood still", r.State, checkout.RefundFailed)
			same(t, "sends of its number", f.gateway.timesSent(r), 1)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			f.checkEvents(a.SessionID, checkout.EventPaid, checkout.EventRefundFailed, checkout.EventRefundSucceeded)
			same(t, "alarms", f.alerts.alarms(), []string(nil))
		},
		"for as long as a call could outlast its hold": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := <-stands(f, a, 25*time.Second) // of a hold of 35 s, and a call takes 10 s
			same(t, "state", r.State, checkout.RefundPending)
			same(t, "sends of its number", f.gateway.timesSent(r), 0)
			f.sweepFor(20 * time.Second)
			same(t, "sends of its number by the sweep", f.gateway.timesSent(r), 1)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
		"for less than that is sent": func(t *testing.T, f *fixture) {
			a := f.paid()
			r := <-stands(f, a, 24*time.Second)
			same(t, "state", r.State, checkout.RefundSucceeded)
			same(t, "sends of its number", f.gateway.timesSent(r), 1)
			f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
		},
	})
}

// A refund that another settles right after it was held is not sent again.
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
		same(t, "sends of its number", f.gateway.timesSent(r), 1)
		f.checkEvents(a.SessionID, checkout.EventPaid)
		same(t, "alarms", f.alerts.alarms(), []string(nil))
	})
}

// timesSent returns how often the gateway was asked for a refund.
func (g *gateway) timesSent(r checkout.Refund) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sends[r.OutRefundNo]
}

// answer is what a gateway says to a refund.
type answer string

const (
	makes   answer = "makes it"
	refuses answer = "refuses it"
	silent  answer = "does not answer"
)

// script is the gateway's script that answers so.
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

// While one node's call is under way its hold ends early, and another node
// settles the refund, or holds it. Each answer to the first is then held against
// what the books say.
func TestRefundAnswersOfTwoNodes(t *testing.T) {
	const pending, succeeded, failed = checkout.RefundPending, checkout.RefundSucceeded, checkout.RefundFailed
	made, refused := checkout.EventRefundSucceeded, checkout.EventRefundFailed
	cases := map[string]struct {
		other, own answer
		state      checkout.RefundState
		told       []checkout.EventType
		alarms     []string
	}{
		"made, and made":       {makes, makes, succeeded, []checkout.EventType{made}, nil},
		"made, and refused":    {makes, refuses, succeeded, []checkout.EventType{made}, nil},
		"made, and unknown":    {makes, silent, succeeded, []checkout.EventType{made}, nil},
		"refused, and made":    {refuses, makes, succeeded, []checkout.EventType{refused, made}, []string{"a refund was made that the books said had failed"}},
		"refused, and refused": {refuses, refuses, failed, []checkout.EventType{refused}, nil},
		"refused, and unknown": {refuses, silent, failed, []checkout.EventType{refused}, nil},
		"held, and made":       {"", makes, succeeded, []checkout.EventType{made}, nil},
		"held, and refused":    {"", refuses, pending, nil, nil},
		"held, and unknown":    {"", silent, pending, nil, nil},
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
			f.checkEvents(a.SessionID, append([]checkout.EventType{checkout.EventPaid}, c.told...)...)
			same(t, "alarms", f.alerts.alarms(), c.alarms)
			same(t, "reported as failed before", r.Public().ReportedFailed, c.other == refuses && c.state == succeeded)
			if c.state == succeeded {
				f.checkMoney(a, checkout.PaymentPartiallyRefunded, half, 1)
			}
			if c.state == pending && !f.memory.refunds[r.ID].leaseUntil.Equal(until) {
				t.Errorf("the other's hold is until %s, want %s", f.memory.refunds[r.ID].leaseUntil, until)
			}
		}
	}
	inBubbles(t, tests)
}

// takeOver ends the hold of the one refund of an attempt, and has another node
// send it, whose gateway answers so; or hold it, where that is "".
func (f *fixture) takeOver(a checkout.Attempt, says answer) (leaseUntil time.Time) {
	f.t.Helper()
	all, err := f.Refunds(f.t.Context(), a.SessionID)
	wantError(f.t, err, nil)
	f.memory.mu.Lock()
	r := f.memory.refunds[all[0].ID]
	r.leaseUntil, r.NextTryAt = time.Now(), time.Now()
	f.memory.refunds[r.ID] = r
	f.memory.mu.Unlock()
	if says == "" {
		leaseUntil = time.Now().Add(time.Hour)
		held, err := f.store.LeaseRefund(f.t.Context(), r.ID, time.Now(), leaseUntil)
		same(f.t, "held", held, true)
		wantError(f.t, err, nil)
		return leaseUntil
	}
	other := newFixture(f.t, f.store)
	other.gateway.mu, other.gateway.orders = f.gateway.mu, f.gateway.orders
	other.gateway.beforeRefund = says.script
	wantError(f.t, other.Sweep(f.t.Context()), nil)
	return leaseUntil
}
