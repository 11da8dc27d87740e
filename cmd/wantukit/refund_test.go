package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// Money is refunded once, by the shop's request or by its policies.

// answered is the merchant API's answer: a refund or a problem.
type answered struct {
	checkout.PublicRefund
	problem struct{ Field, Detail string }
}

func (b *buyer) refund(id string, amount int64, reference string) (int, answered) {
	b.Helper()
	var text json.RawMessage
	status := b.api(http.MethodPost, "/v1/checkout/sessions/"+id+"/refunds",
		map[string]any{"amount": amount, "client_reference_id": reference}, &text)
	var got answered
	into := any(&got.PublicRefund)
	if status/100 != 2 {
		into = &got.problem
	}
	if err := json.Unmarshal(text, into); err != nil {
		b.Fatalf("%d %s: %v", status, text, err)
	}
	return status, got
}

// refunds returns the session's refunds from the merchant API.
func (b *buyer) refunds(id string) []checkout.PublicRefund {
	b.Helper()
	var list struct{ Data []checkout.PublicRefund }
	if status := b.api(http.MethodGet, "/v1/checkout/sessions/"+id+"/refunds", nil, &list); status != http.StatusOK {
		b.Fatalf("listing the refunds: %d", status)
	}
	return list.Data
}

// books checks the amount that was refunded, in the session and at the gateway.
func (b *buyer) books(id string, a checkout.Attempt, status checkout.PaymentStatus, refunds ...int64) {
	b.Helper()
	var session checkout.PublicSession
	b.api(http.MethodGet, "/v1/checkout/sessions/"+id, nil, &session)
	order, err := b.demo.sandbox.Order(a.OutTradeNo)
	if err != nil {
		b.Fatal(err)
	}
	var made []int64
	for _, r := range order.Refunds {
		made = append(made, r.Fee)
	}
	if session.PaymentStatus != status || session.AmountRefunded != order.Refunded() || !slices.Equal(made, refunds) {
		b.Errorf("the session is %s, %d refunded; the gateway gave back %v, want %s and %v",
			session.PaymentStatus, session.AmountRefunded, made, status, refunds)
	}
}

// awaitEvents waits until the session has so many events, and checks that they are
// these, in any order.
func (b *buyer) awaitEvents(id string, want ...checkout.EventType) {
	b.Helper()
	var got []checkout.EventType
	eventually(b.T, "the shop is told", func() bool {
		events, err := b.demo.kit.Store().Events(b.Context(), id)
		got = nil
		for _, e := range events {
			got = append(got, e.Type)
		}
		return err == nil && len(got) >= len(want)
	})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		b.Errorf("the shop was told %v, want %v", got, want)
	}
}

// buy makes a session and pays it with WeChat.
func (b *buyer) buy() (string, checkout.Attempt) {
	b.Helper()
	id := b.session("wechat")
	a := b.start(id, flow.WalletWeChat)
	b.pay(a)
	b.awaitPaid(id)
	return id, a
}

func TestRefundInPartsAndOneTooMany(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	id, a := b.buy()
	for i, status := range []checkout.PaymentStatus{checkout.PaymentPartiallyRefunded, checkout.PaymentRefunded} {
		code, r := b.refund(id, 24000, []string{"half", "rest"}[i])
		if code != http.StatusCreated || r.Status != checkout.RefundSucceeded {
			t.Fatalf("refund %d: %d %+v", i, code, r)
		}
		b.books(id, a, status, []int64{24000, 24000}[:i+1]...)
	}
	if code, r := b.refund(id, 1, "more"); code != http.StatusBadRequest || r.problem.Field != "amount" || !strings.HasSuffix(r.problem.Detail, ": 0") {
		t.Errorf("one too many: %d %+v", code, r)
	}
	if code, r := b.refund(id, 24000, "rest"); code != http.StatusOK || r.ID != b.refunds(id)[1].ID {
		t.Errorf("the second once more: %d %+v", code, r)
	}
	b.books(id, a, checkout.PaymentRefunded, 24000, 24000)
	b.awaitEvents(id, checkout.EventPaid, checkout.EventRefundSucceeded, checkout.EventRefundSucceeded)
}

func TestRefundWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	id, a := b.buy()
	if _, err := b.demo.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultHangUp, Endpoint: "refund", When: sandbox.After, Times: 1}); err != nil {
		t.Fatal(err)
	}
	code, r := b.refund(id, 24000, "R-1")
	if code != http.StatusCreated || r.Status != checkout.RefundPending {
		t.Fatalf("the refund: %d %+v", code, r)
	}
	if code, more := b.refund(id, 24001, "R-2"); code != http.StatusBadRequest {
		t.Errorf("the money is not reserved: %d %+v", code, more)
	}
	b.awaitEvents(id, checkout.EventPaid, checkout.EventRefundSucceeded)
	b.books(id, a, checkout.PaymentPartiallyRefunded, 24000)
	if all := b.refunds(id); len(all) != 1 || all[0].ID != r.ID || all[0].OutRefundNo != r.OutRefundNo || all[0].Status != checkout.RefundSucceeded {
		t.Errorf("the refunds are %+v", all)
	}
}

// payTwice pays a session with two wallets and returns its attempts.
func (b *buyer) payTwice() (id string, first, second checkout.Attempt) {
	b.Helper()
	b.demo.sandbox.Notifications(false)
	id = b.session("alipay_cn", "wechat")
	b.start(id, flow.WalletAlipayCN)
	b.start(id, flow.WalletWeChat)
	all := b.attempts(id)
	for _, a := range all {
		b.pay(a)
	}
	for _, a := range all {
		b.notify(a)
	}
	eventually(b.T, "both payments are recorded", func() bool {
		all = b.attempts(id)
		return all[0].State == checkout.AttemptPaid && all[1].State == checkout.AttemptPaid
	})
	session, err := b.demo.kit.Store().Session(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	if session.PaidBy == all[1].ID {
		slices.Reverse(all)
	}
	return id, all[0], all[1]
}

func TestSecondPaymentGoesBackByItself(t *testing.T) {
	t.Parallel()
	b := newBuyer(t)
	id, first, second := b.payTwice()
	b.awaitEvents(id, checkout.EventPaid, checkout.EventPaidTwice, checkout.EventRefundSucceeded)
	b.books(id, first, checkout.PaymentPaid)
	order, err := b.demo.sandbox.Order(second.OutTradeNo)
	if err != nil || len(order.Refunds) != 1 || order.Refunded() != 48000 {
		t.Errorf("of the second order the gateway gave back %+v (%v), want all, once", order.Refunds, err)
	}
	if all := b.refunds(id); len(all) != 1 || all[0].Reason != checkout.RefundPaidTwice {
		t.Errorf("the refunds are %+v", all)
	}
}

func TestSecondPaymentIsKept(t *testing.T) {
	t.Parallel()
	b := newBuyerAt(t, startDemoAs(t, func(s *config.Shop) { s.KeepPaidTwice = true }))
	id, first, _ := b.payTwice()
	b.awaitEvents(id, checkout.EventPaid, checkout.EventPaidTwice)
	b.books(id, first, checkout.PaymentPaid)
	if all := b.refunds(id); len(all) != 0 {
		t.Errorf("the refunds are %+v", all)
	}
}

// crossed answers that an order is closed, which the gateway keeps open: as if the
// shopper paid at the same time.
func (f *faulty) crossed(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/close") {
		f.gateway.ServeHTTP(w, r)
		return
	}
	body, err := wantu.Encode(map[string]any{"return_code": 200, "return_msg": "SUCCESS"}, sandbox.DefaultKey)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(body)
}

func TestLatePayment(t *testing.T) {
	t.Parallel()
	canceled, late := checkout.EventCanceled, checkout.EventPaidLate
	for policy, c := range map[checkout.LatePolicy]struct {
		events  []checkout.EventType
		money   checkout.PaymentStatus
		refunds []int64
	}{
		checkout.LateHold:   {[]checkout.EventType{canceled, late}, checkout.PaymentPaid, nil},
		checkout.LateAccept: {[]checkout.EventType{canceled, late, checkout.EventPaid}, checkout.PaymentPaid, nil},
		checkout.LateRefund: {[]checkout.EventType{canceled, late, checkout.EventRefundSucceeded}, checkout.PaymentRefunded, []int64{48000}},
	} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			f := &faulty{}
			b := newBuyerAt(t, startDemoAs(t, func(s *config.Shop) { s.PaidLate = policy }, f.before))
			f.set(f.crossed)
			id := b.session("wechat")
			a := b.start(id, flow.WalletWeChat)
			b.post("/c/"+id, "/cancel", nil)
			b.awaitEvents(id, canceled)
			b.pay(a)
			b.awaitEvents(id, c.events...)
			b.books(id, a, c.money, c.refunds...)
			if session, err := b.demo.kit.Store().Session(t.Context(), id); err != nil || session.Status != checkout.StatusCanceled || !session.PaidLate {
				t.Errorf("the session is %+v (%v), want it canceled and paid late", session, err)
			}
		})
	}
}
