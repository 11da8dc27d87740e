package checkout_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
)

// entries returns the timeline entries of one kind of an attempt.
func (f *fixture) entries(a checkout.Attempt, kind checkout.EntryKind) []checkout.Entry {
	f.t.Helper()
	timeline, err := f.store.Timeline(f.t.Context(), a.SessionID)
	wantError(f.t, err, nil)
	var found []checkout.Entry
	for _, e := range timeline {
		if e.Kind == kind && e.AttemptID == a.ID {
			found = append(found, e)
		}
	}
	return found
}

// checkTimeline checks a session's timeline, each entry as "kind cause result".
func (f *fixture) checkTimeline(sessionID string, want ...string) {
	f.t.Helper()
	timeline, err := f.store.Timeline(f.t.Context(), sessionID)
	wantError(f.t, err, nil)
	var got []string
	for _, e := range timeline {
		words := []string{string(e.Kind), string(e.Cause), e.Result}
		got = append(got, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	same(f.t, "timeline", got, want)
}

func TestTimeline(t *testing.T) {
	const placed = "order start placed"
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"of a payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.confirm(a)
			f.gateway.pay(a.OutTradeNo)
			f.Returned(t.Context(), a.ReturnToken)
			f.notify(a, nil)
			f.checkTimeline(a.SessionID, "session created", "attempt alipay_cn by web", placed, "query schedule unpaid", "return",
				"notification accepted", "query notification paid", "event session.paid")
			same(t, "reason", f.entries(a, checkout.EntryAttempt)[0].Detail, a.Reason)
			same(t, "status of the gateway", f.entries(a, checkout.EntryQuery)[1].Detail, "SUCCESS")
			same(t, "body", f.entries(a, checkout.EntryNotification)[0].Body, "kept")
			events, err := f.store.Events(t.Context(), a.SessionID)
			wantError(t, err, nil)
			same(t, "event", f.entries(a, checkout.EntryEvent)[0].Ref, events[0].ID)
		},
		"of a session that is canceled": func(t *testing.T, f *fixture) {
			a := f.pending()
			for range 2 { // the second one changes nothing
				_, err := f.Cancel(t.Context(), a.SessionID)
				wantError(t, err, nil)
			}
			f.checkTimeline(a.SessionID, "session created", "attempt alipay_cn by web", placed,
				"cancel", "query cancel unpaid", "close cancel closed", "event session.canceled")
		},
		"of a session that expires and is paid late": func(_ *testing.T, f *fixture) {
			f.gateway.beforeClose = once(func(*order) error { return checkout.ErrRefused })
			f = f.withPolicy(checkout.LateRefund, false)
			a := f.pending()
			time.Sleep(lifetime - 3*time.Second)
			f.sweepFor(2 * time.Second) // this sweep queries by schedule, and the later ones only end the session
			time.Sleep(time.Second)
			f.sweepFor(20 * time.Second)
			f.gateway.pay(a.OutTradeNo)
			f.confirm(a)
			f.sweepFor(4 * time.Second)
			f.checkTimeline(a.SessionID, "session created", "attempt alipay_cn by web", placed,
				"query schedule unpaid", "query expiry unpaid", "close expiry refused",
				"query expiry unpaid", "close expiry closed", "event session.expired",
				"query schedule paid", "event session.paid_late", "refund paid_late",
				"refund_call succeeded", "event refund.succeeded")
		},
		"of a second order": func(t *testing.T, f *fixture) {
			f.gateway.afterCreate = once(timeout)
			s := f.session()
			first := f.startUnanswered(s)
			second := f.start(s, flow.WalletWeChat)
			f.gateway.pay(second.OutTradeNo)
			f.notify(second, func(n *fakeNotification) { n.State = checkout.OrderUnpaid }) // this causes no query
			f.notify(second, func(n *fakeNotification) { n.State = checkout.OrderFailed })
			f.checkTimeline(s.ID, "session created", "attempt wechat by native", "order start no answer",
				"query start unpaid", "close start closed",
				"attempt wechat by native", placed, "notification accepted", "notification accepted",
				"query denial paid", "event session.paid")
			same(t, "detail", f.entries(first, checkout.EntryOrder)[0].Detail,
				"the gateway's answer is not known; context deadline exceeded")
		},
		"of a second wallet": func(_ *testing.T, f *fixture) {
			s := f.session()
			first, second := f.start(s, flow.WalletAlipayCN), f.start(s, flow.WalletWeChat)
			f.gateway.beforeClose = once(func(*order) error { f.gateway.orders[second.OutTradeNo].State = checkout.OrderPaid; return nil })
			f.gateway.pay(first.OutTradeNo)
			f.confirm(first)
			f.waitUntilIdle()
			f.checkTimeline(s.ID, "session created", "attempt alipay_cn by web", placed, "attempt wechat by native", placed,
				"query schedule paid", "event session.paid",
				"query other paid unpaid", "close other paid already paid", "query other paid paid", "event session.paid_twice", "refund paid_twice")
		},
		"of an order that is not the one placed": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.gateway.script(func() { f.gateway.orders[a.OutTradeNo].OrderStatus.Amount = 1 })
			f.confirm(a)
			f.checkTimeline(a.SessionID, "session created", "attempt alipay_cn by web", placed, "query schedule paid", "event session.amount_mismatch")
			same(t, "detail", f.entries(a, checkout.EntryQuery)[0].Detail, "SUCCESS: another amount")
		},
		"of a gateway that does not answer": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.beforeQuery = func(*order) error {
				return errors.Join(checkout.ErrOutcomeUnknown, errors.New(strings.Repeat("界", 400)))
			}
			_, err := f.Confirm(t.Context(), a.ID, checkout.CauseBrowser)
			wantError(t, err, checkout.ErrOutcomeUnknown)
			f.checkTimeline(a.SessionID, "session created", "attempt alipay_cn by web", placed, "query browser no answer")
			if detail := []rune(f.entries(a, checkout.EntryQuery)[0].Detail); len(detail) != 300 || detail[299] != '…' {
				t.Errorf("the detail has %d characters, want 300 with … at the end: %s", len(detail), string(detail))
			}
		},
		"of a refund that is refused, and one without an answer": func(_ *testing.T, f *fixture) {
			a := f.paid()
			f.gateway.beforeRefund = func(sentRefund) error { return &checkout.RefusedError{Word: "508 REFUND_ERROR"} }
			f.refund(a, half, checkout.RefundFailed)
			f.gateway.beforeRefund = func(sentRefund) error { return errTimeout }
			f.refund(a, half, checkout.RefundPending)
			f.checkTimeline(a.SessionID, "session created", "attempt alipay_cn by web", placed, "query schedule paid", "event session.paid",
				"refund requested", "refund_call refused", "event refund.failed", "refund requested", "refund_call no answer")
		},
	})
}

func TestReturnsAreRecordedOnceAMinute(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		a := f.pending()
		f.Returned(t.Context(), "nobody")
		for range 90 {
			f.Returned(t.Context(), a.ReturnToken)
			time.Sleep(time.Second)
		}
		same(t, "returns in 90 s", len(f.entries(a, checkout.EntryReturn)), 2)
	})
}

// Payments and refunds are recorded even if the timeline cannot be written.
func TestTimelineThatCannotBeWritten(t *testing.T) {
	full := errors.New("the timeline is full")
	inBubbles(t, map[string]func(*testing.T, *fixture){
		"in the change of a payment": func(t *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.memory.timelineError = full
			f.confirm(a)
			f.checkState(a, checkout.AttemptPaid, checkout.StatusComplete, checkout.PaymentPaid, checkout.EventPaid)
			want := checkout.Alert{Problem: "the timeline was not written", SessionID: a.SessionID, AttemptID: a.ID, Err: full}
			if last := f.alerts.all[len(f.alerts.all)-1]; last != want {
				t.Errorf("alert %+v, want %+v", last, want)
			}
		},
		"in the change of a refund": func(t *testing.T, f *fixture) {
			a := f.paid()
			f.memory.timelineError = full
			f.refund(a, 2*half, checkout.RefundSucceeded)
			f.checkMoney(a, checkout.PaymentRefunded, 2*half, 1)
		},
		"without a change": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.memory.timelineError = full
			f.confirm(a)
			f.checkNoLease(a)
		},
		"in the change, and is written after it": func(_ *testing.T, f *fixture) {
			a := f.pending()
			f.gateway.pay(a.OutTradeNo)
			f.memory.broken = func(method string) error {
				if method == "Apply" {
					f.memory.broken = nil
					return full
				}
				return nil
			}
			f.confirm(a)
			f.checkTimeline(a.SessionID, "session created", "attempt alipay_cn by web", "order start placed", "event session.paid", "query schedule paid")
		},
	})
}
