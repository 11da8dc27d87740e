package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func (f fixture) refund(r wantu.RefundRequest) (wantu.RefundResponse, error) {
	if r.PayChannel == 0 {
		r.PayChannel = wantu.Alipay
	}
	if r.TotalFee == 0 {
		r.TotalFee = 88000
	}
	if r.RefundFeeType == "" {
		r.RefundFeeType = "HKD"
	}
	return f.client.Refund(context.Background(), r)
}

// paid opens an order and pays it.
func (f fixture) paid(t *testing.T, number string) sandbox.Order {
	t.Helper()
	f.qrCode(t, number, wantu.Alipay)
	o, err := f.Pay(number)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRefundsInPartsUntilNothingIsLeft(t *testing.T) {
	t.Parallel()
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now})
	o := f.paid(t, "n1")
	c.move(time.Hour)
	for i, step := range []struct {
		request wantu.RefundRequest
		id      string
		err     error
	}{
		{wantu.RefundRequest{OutTradeNo: "n1", OutRefundNo: "r1", RefundFee: 30000}, "_0", nil},
		{wantu.RefundRequest{TradeID: o.TradeID, OutRefundNo: "r2", RefundFee: 50000}, "_1", nil},
		{wantu.RefundRequest{OutTradeNo: "n1", OutRefundNo: "r1", RefundFee: 30000}, "_0", nil},
		{wantu.RefundRequest{OutTradeNo: "n1", OutRefundNo: "r3", RefundFee: 8001}, "", wantu.ErrRefund},
		{wantu.RefundRequest{OutTradeNo: "n1", OutRefundNo: "r1", RefundFee: 1}, "", wantu.ErrRefund},
		{wantu.RefundRequest{OutTradeNo: "n1", TradeID: o.TradeID, OutRefundNo: "r3", RefundFee: 8000}, "_2", nil},
		{wantu.RefundRequest{OutTradeNo: "n1", OutRefundNo: "r4", RefundFee: 1}, "", wantu.ErrRefund},
		{wantu.RefundRequest{OutTradeNo: "n1", OutRefundNo: "r2", RefundFee: 50000}, "_1", nil},
	} {
		got, err := f.refund(step.request)
		if !errors.Is(err, step.err) {
			t.Errorf("step %d: %v, want %v", i, err, step.err)
		}
		if want := (wantu.RefundResponse{
			OutTradeNo: "n1", TradeID: o.TradeID, OutRefundNo: step.request.OutRefundNo, RefundID: o.TradeID + step.id,
			TotalFee: 88000, FeeType: "HKD", RefundFee: step.request.RefundFee, RefundFeeType: "HKD",
		}); step.err == nil && got != want {
			t.Errorf("step %d: %+v, want %+v", i, got, want)
		}
	}
	if got := f.query(t, wantu.Alipay, "n1"); got.TradeStatus != wantu.Success || got.TradeTime.IsZero() {
		t.Errorf("query of a refunded order: %+v", got)
	}
	if _, err := f.client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "n1"}); !errors.Is(err, wantu.ErrOrderPaid) {
		t.Errorf("closing a refunded order: %v", err)
	}
	o = f.order(t, "n1")
	if len(o.Refunds) != 3 || o.Refunded() != 88000 || o.Refunds[1].OutRefundNo != "r2" ||
		o.Refunds[1].Fee != 50000 || !o.Refunds[1].CreatedAt.Equal(c.now()) {
		t.Errorf("the refunds are %+v", o.Refunds)
	}
	_, body := browse(t, "GET", f.url+"/sandbox/orders")
	contains(t, body, `"refunds":[{"out_refund_no":"r1","refund_id":"`+o.TradeID+`_0","fee":30000,"created_at":"2026-03-01T13:00:00Z"}`)
	_, body = browse(t, "GET", o.URL)
	contains(t, body, "Refunded", "HKD 880.00")
}

func TestRefundRefuses(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	o, other := f.paid(t, "n1"), f.paid(t, "n2")
	f.qrCode(t, "open", wantu.Alipay)
	if _, err := f.refund(wantu.RefundRequest{OutTradeNo: "n2", OutRefundNo: "used", RefundFee: 100}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change map[string]any
		code   wantu.ReturnCode
		desc   string
	}{
		"unknown order":            {map[string]any{"out_trade_no": "n9"}, wantu.CodeOrderInvalid, ""},
		"another channel":          {map[string]any{"pay_channel": 1}, wantu.CodeOrderInvalid, ""},
		"numbers of two orders":    {map[string]any{"trade_id": other.TradeID}, wantu.CodeOrderInvalid, ""},
		"unknown trade_id":         {map[string]any{"out_trade_no": nil, "trade_id": "1000"}, wantu.CodeOrderInvalid, ""},
		"no number":                {map[string]any{"out_trade_no": nil}, wantu.CodeParamMissing, "out_trade_no"},
		"another total":            {map[string]any{"total_fee": 87999}, wantu.CodeParamError, "total_fee"},
		"another currency":         {map[string]any{"refund_fee_type": "USD"}, wantu.CodeParamError, "refund_fee_type"},
		"not paid":                 {map[string]any{"out_trade_no": "open"}, wantu.CodeRefundError, ""},
		"too much":                 {map[string]any{"refund_fee": 88001}, wantu.CodeRefundError, ""},
		"number of another refund": {map[string]any{"out_refund_no": "used"}, wantu.CodeRefundError, ""},
		"no refund_fee_type":       {map[string]any{"refund_fee_type": nil}, wantu.CodeSuccess, ""},
		"by trade_id":              {map[string]any{"out_trade_no": nil, "trade_id": o.TradeID}, wantu.CodeSuccess, ""},
		"as numbers":               {map[string]any{"refund_fee": 1, "out_refund_no": 77}, wantu.CodeSuccess, ""},
		"by a name with spaces":    {map[string]any{"out_trade_no": nil, "out trade no": "n1"}, wantu.CodeSuccess, ""},
	} {
		members := map[string]any{"total_fee": 88000, "refund_fee": 1, "out_refund_no": strings.ReplaceAll(name, " ", "_")}
		for field, value := range c.change {
			members[field] = value
		}
		t.Run(name, func(t *testing.T) { wantAnswer(t, f.call(t, "refund", members), c.code, c.desc) })
	}
	if left := f.order(t, "n2").Refunded(); left != 100 {
		t.Errorf("%d of the other order were refunded, want 100", left)
	}
}

func TestConcurrentRefundsDoNotExceedThePayment(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	f.paid(t, "n1")
	var calls sync.WaitGroup
	for i := range 40 {
		calls.Go(func() { // 20 refunds, each sent twice: the payment is enough for 8 of them
			_, err := f.refund(wantu.RefundRequest{OutTradeNo: "n1", OutRefundNo: "r" + string(rune('a'+i%20)), RefundFee: 10000})
			if err != nil && !errors.Is(err, wantu.ErrRefund) {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if o := f.order(t, "n1"); len(o.Refunds) != 8 || o.Refunded() != 80000 {
		t.Errorf("refunded %d in %d refunds, want 80000 in 8", o.Refunded(), len(o.Refunds))
	}
}

func TestOrdersAreCopies(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	f.paid(t, "n1")
	for _, number := range []string{"r1", "r2", "r3"} {
		if _, err := f.refund(wantu.RefundRequest{OutTradeNo: "n1", OutRefundNo: number, RefundFee: 1}); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range []sandbox.Order{f.order(t, "n1"), f.Orders()[0]} {
		o.Refunds[0].Fee = 99
		_ = append(o.Refunds, sandbox.Refund{Fee: 99})
	}
	if refunds := f.order(t, "n1").Refunds; refunds[0].Fee != 1 || len(refunds) != 3 {
		t.Errorf("the order store has changed: %+v", refunds)
	}
}

func TestForgottenOrderFreesItsRefundNumbers(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{MaxOrders: 1})
	for _, number := range []string{"n1", "n2"} {
		f.paid(t, number)
		if _, err := f.refund(wantu.RefundRequest{OutTradeNo: number, OutRefundNo: "r1", RefundFee: 1}); err != nil {
			t.Errorf("%s: %v", number, err)
		}
	}
}

func TestNumberOfRefundsIsLimited(t *testing.T) {
	t.Parallel()
	s, _ := startWithClock(t, sandbox.Config{}, ackBody)
	contains(t, callEndpoint(t, s, "create-qrcode", map[string]any{"total_fee": 2000}), `"return_code":200`)
	pay(t, s)
	for i := range 1001 {
		want := `"return_code":200`
		if i == 1000 {
			want = `"return_code":508`
		}
		contains(t, callEndpoint(t, s, "refund", map[string]any{"total_fee": 2000, "refund_fee": 1, "out_refund_no": fmt.Sprint("r", i)}), want)
	}
	callEndpoint(t, s, "cancel", nil)
	if sum := order(t, s).Refunded(); sum != 2000 {
		t.Errorf("refunds of %d, want 2000", sum)
	}
}
