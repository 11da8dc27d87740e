package wantupay_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func newRefund(o checkout.Order, amount int64) checkout.RefundOrder {
	return checkout.RefundOrder{OrderRef: o.OrderRef, OutRefundNo: "r2", Paid: o.Amount, Amount: amount, Currency: o.Currency}
}

// paidOrder places and pays an order.
func (f fixture) paidOrder(t *testing.T) checkout.Order {
	t.Helper()
	o := newOrder(flow.WalletWeChat, flow.Native)
	_, err := f.Create(t.Context(), o)
	wantError(t, err, nil)
	_, err = f.sandbox.Pay(o.OutTradeNo)
	wantError(t, err, nil)
	return o
}

func TestRefundIsMadeOnceForItsNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := newRefund(f.paidOrder(t), 12345)
	for range 2 {
		made, err := f.Refund(t.Context(), r)
		wantError(t, err, nil)
		o, err := f.sandbox.Order(r.OutTradeNo)
		wantError(t, err, nil)
		same(t, "refunds", len(o.Refunds), 1)
		same(t, "number", o.Refunds[0].OutRefundNo, r.OutRefundNo)
		same(t, "amount", o.Refunds[0].Fee, r.Amount)
		same(t, "the gateway's number", made.GatewayID, o.Refunds[0].RefundID)
	}
}

func TestRefundWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	r := newRefund(f.paidOrder(t), 12345)
	_, err := f.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultHangUp, Endpoint: "refund", When: sandbox.After, Times: 1})
	wantError(t, err, nil)
	_, err = f.Refund(t.Context(), r)
	wantKind(t, err, checkout.ErrOutcomeUnknown)
	_, err = f.Refund(t.Context(), r)
	wantError(t, err, nil)
}

// wantRefusal checks that err is a RefusedError with these values.
func wantRefusal(t *testing.T, err error, word string, settled bool) {
	t.Helper()
	wantKind(t, err, checkout.ErrRefused)
	var refused *checkout.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want a RefusedError", err)
	}
	same(t, "refusal", *refused, checkout.RefusedError{Word: word, Settled: settled})
}

func TestRefundRefused(t *testing.T) {
	t.Parallel()
	t.Run("beyond what was paid", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		o := f.paidOrder(t)
		_, err := f.Refund(t.Context(), newRefund(o, o.Amount))
		wantError(t, err, nil)
		more := newRefund(o, 1)
		more.OutRefundNo = "r3"
		_, err = f.Refund(t.Context(), more)
		wantRefusal(t, err, "508 REFUND_ERROR", true)
	})
	t.Run("of an unknown order", func(t *testing.T) {
		t.Parallel()
		_, err := newFixture(t).Refund(t.Context(), newRefund(newOrder(flow.WalletWeChat, flow.Native), 1))
		wantRefusal(t, err, "402 ORDER_INVALID", false)
	})
	t.Run("by the client", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		o := f.paidOrder(t)
		_, err := f.Refund(t.Context(), newRefund(o, o.Amount+1))
		wantRefusal(t, err, "wantu: refund_fee is more than total_fee", false)
	})
	t.Run("for a field", func(t *testing.T) {
		t.Parallel()
		g := gatewayWith(t, signedAnswer(map[string]any{"return_code": 304, "return_msg": "PARAM_ERROR", "return_desc": "total_fee"}))
		_, err := g.Refund(t.Context(), newRefund(newOrder(flow.WalletWeChat, flow.Native), 1))
		wantRefusal(t, err, "304 PARAM_ERROR total_fee", false)
	})
}

// A refund of a merchant that this node does not know has not failed. A node that
// knows the merchant sends it.
func TestRefundOfAnUnknownMerchant(t *testing.T) {
	t.Parallel()
	g, err := wantupay.New(nil)
	wantError(t, err, nil)
	_, err = g.Refund(t.Context(), newRefund(newOrder(flow.WalletWeChat, flow.Native), 1))
	wantKind(t, err, checkout.ErrOutcomeUnknown)
}

func TestRefundAnswersOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	good := func(change string, value any) http.HandlerFunc {
		answer := map[string]any{
			"return_code": 200, "out_trade_no": "abc234", "trade_id": "1", "out_refund_no": "r2", "refund_id": "1_0",
			"total_fee": 88000, "fee_type": "HKD", "refund_fee": 100, "refund_fee_type": "HKD",
		}
		answer[change] = value
		return signedAnswer(answer)
	}
	r := newRefund(newOrder(flow.WalletWeChat, flow.Native), 100)
	if _, err := gatewayWith(t, good("trade_id", "2")).Refund(t.Context(), r); err != nil {
		t.Fatalf("a right answer: error %v", err)
	}
	for name, answer := range map[string]http.HandlerFunc{
		"500":              signedAnswer(map[string]any{"return_code": 500}),
		"506":              signedAnswer(map[string]any{"return_code": 506}),
		"FAIL":             signedAnswer(map[string]any{"return_code": "FAIL"}),
		"unknown code":     signedAnswer(map[string]any{"return_code": 999}),
		"unsigned":         func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"return_code":508}`)) },
		"HTML":             func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat("<p>", 9))) },
		"502":              func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"another order":    good("out_trade_no", "other"),
		"another refund":   good("out_refund_no", "r3"),
		"another amount":   good("refund_fee", 99),
		"another currency": good("refund_fee_type", "USD"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gatewayWith(t, answer).Refund(t.Context(), r)
			wantKind(t, err, checkout.ErrOutcomeUnknown)
		})
	}
}
