package wantupay_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
)

// kinds has the errors of checkout that a call can fail with.
var kinds = []error{
	checkout.ErrOutcomeUnknown, checkout.ErrRefused, checkout.ErrNoOrder, checkout.ErrNumberUsed, checkout.ErrAlreadyPaid,
}

// wantKind checks that an error is of one kind, and of no other kind.
func wantKind(t *testing.T, err, kind error) {
	t.Helper()
	for _, k := range kinds {
		if errors.Is(err, k) != errors.Is(kind, k) {
			t.Errorf("error %v, want one that is only %q", err, kind)
		}
	}
}

// wantKindOfEachCall checks the kind of the error of Create, Query and Close.
func wantKindOfEachCall(t *testing.T, g checkout.Gateway, kind error) {
	t.Helper()
	o := newOrder(flow.WalletWeChat, flow.Native)
	_, err := g.Create(t.Context(), o)
	wantKind(t, err, kind)
	_, err = g.Query(t.Context(), o.OrderRef)
	wantKind(t, err, kind)
	wantKind(t, g.Close(t.Context(), o.OrderRef), kind)
}

func TestReturnCodes(t *testing.T) {
	t.Parallel()
	for code, kind := range map[any]error{
		300: checkout.ErrRefused, 301: checkout.ErrRefused, 302: checkout.ErrRefused, 303: checkout.ErrRefused,
		304: checkout.ErrRefused, 501: checkout.ErrRefused, 509: checkout.ErrRefused,
		400: checkout.ErrNumberUsed, "401": checkout.ErrAlreadyPaid, 402: checkout.ErrNoOrder,
		500: checkout.ErrOutcomeUnknown, 504: checkout.ErrOutcomeUnknown, 506: checkout.ErrOutcomeUnknown, 999: checkout.ErrOutcomeUnknown,
		"FAIL": checkout.ErrOutcomeUnknown,
	} {
		wantKindOfEachCall(t, gatewayWith(t, signedAnswer(map[string]any{"return_code": code, "return_msg": "x"})), kind)
	}
}

func TestAnswersOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"unsigned": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"return_code":402}`)) },
		"HTML":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) },
		"empty":    func(http.ResponseWriter, *http.Request) {},
		"502":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"broken":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantKindOfEachCall(t, gatewayWith(t, answer), checkout.ErrOutcomeUnknown)
		})
	}
	t.Run("a gateway that cannot be reached", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(nil)
		server.Close()
		wantKindOfEachCall(t, newGateway(t, server.URL), checkout.ErrOutcomeUnknown)
	})
	t.Run("an answer that comes too late", func(t *testing.T) {
		t.Parallel()
		done := make(chan struct{})
		g := gatewayWith(t, func(http.ResponseWriter, *http.Request) { <-done })
		defer close(done)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := g.Create(ctx, newOrder(flow.WalletWeChat, flow.Native))
		wantKind(t, err, checkout.ErrOutcomeUnknown)
	})
}

func TestQueryAnswersThatDoNotMatch(t *testing.T) {
	t.Parallel()
	answer := func(change map[string]any) map[string]any {
		all := map[string]any{
			"return_code": 200, "out_trade_no": "abc234", "trade_status": "SUCCESS", "trade_id": "1", "total_fee": 88000, "fee_type": "HKD",
		}
		for name, value := range change {
			all[name] = value
		}
		return all
	}
	ref := newOrder(flow.WalletWeChat, flow.Native).OrderRef
	for name, change := range map[string]map[string]any{
		"other number":   {"out_trade_no": "other"},
		"no number":      {"out_trade_no": ""},
		"no amount":      {"total_fee": ""},
		"half a cent":    {"total_fee": "0.5"},
		"no currency":    {"fee_type": ""},
		"other merchant": {"merchant_account": "other"},
		"other store":    {"store_account": "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := gatewayWith(t, signedAnswer(answer(change))).Query(t.Context(), ref)
			wantKind(t, err, checkout.ErrOutcomeUnknown)
		})
	}
	for status, state := range map[wantu.TradeStatus]checkout.OrderState{
		"SUCCESS": checkout.OrderPaid, "NOT_PAY": checkout.OrderUnpaid,
		"PAY_ERROR": checkout.OrderFailed, "PAY_EEROR": checkout.OrderFailed,
		"USERPAYING": checkout.OrderUnknown, "success": checkout.OrderUnknown, "TRADE_SUCCESS": checkout.OrderUnknown,
	} {
		t.Run("status "+string(status), func(t *testing.T) {
			t.Parallel()
			got, err := gatewayWith(t, signedAnswer(answer(map[string]any{"trade_status": status}))).Query(t.Context(), ref)
			wantError(t, err, nil)
			same(t, "state", got.State, state)
		})
	}
}
