package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	cancel := func(channel wantu.PayChannel, number string) error {
		_, err := f.client.Cancel(context.Background(), wantu.CancelRequest{PayChannel: channel, OutTradeNo: number})
		return err
	}
	f.paid(t, "paid")
	f.paid(t, "partly")
	f.paid(t, "given_back")
	f.qrCode(t, "open", wantu.Alipay)
	f.qrCode(t, "closed", wantu.Alipay)
	f.qrCode(t, "failed", wantu.Alipay)
	_, err := f.Fail("failed")
	_, err1 := f.refund(wantu.RefundRequest{OutTradeNo: "partly", OutRefundNo: "r1", RefundFee: 30000})
	_, err2 := f.refund(wantu.RefundRequest{OutTradeNo: "given_back", OutRefundNo: "r2", RefundFee: 88000})
	_, err3 := f.client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: "closed"})
	if err := errors.Join(err, err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string][]int64{
		"paid": {88000}, "partly": {30000, 58000}, "given_back": {88000}, "open": nil, "closed": nil, "failed": nil,
	} {
		if err := errors.Join(cancel(wantu.Alipay, number), cancel(wantu.Alipay, number)); err != nil {
			t.Errorf("%s: canceling twice: %v", number, err)
		}
		o := f.order(t, number)
		if o.Status != sandbox.StatusCanceled || o.Cancels != 2 || len(o.Refunds) != len(want) {
			t.Errorf("%s: %+v", number, o)
		}
		for i, fee := range want {
			if o.Refunds[i].Fee != fee {
				t.Errorf("%s: refunds %+v, want %v", number, o.Refunds, want)
			}
		}
		if got := f.query(t, wantu.Alipay, number); got.TradeStatus != wantu.NotPay || !got.TradeTime.IsZero() {
			t.Errorf("%s: query says %+v", number, got)
		}
		if _, err := f.Pay(number); !errors.Is(err, sandbox.ErrOrderEnded) {
			t.Errorf("%s: paying a canceled order: %v", number, err)
		}
		_, err := f.client.Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.Alipay, OutTradeNo: number})
		if err != nil || f.order(t, number).Status != sandbox.StatusCanceled {
			t.Errorf("%s: closing a canceled order: %v", number, err)
		}
		_, body := browse(t, "GET", o.URL)
		contains(t, body, "Order canceled")
		lacks(t, body, `id="pay"`)
	}
	if refund := f.order(t, "paid").Refunds[0]; refund.OutRefundNo != "" {
		t.Errorf("the refund of cancel has a number: %+v", refund)
	}
	if _, err := f.refund(wantu.RefundRequest{OutTradeNo: "partly", OutRefundNo: "r9", RefundFee: 1}); !errors.Is(err, wantu.ErrRefund) {
		t.Errorf("a refund of a canceled order: %v", err)
	}
	if _, err := f.refund(wantu.RefundRequest{OutTradeNo: "partly", OutRefundNo: "r1", RefundFee: 30000}); err != nil {
		t.Errorf("an earlier refund, sent again: %v", err)
	}
	if err := f.Notify(context.Background(), "paid"); !errors.Is(err, sandbox.ErrNotPaid) {
		t.Errorf("notifying a canceled order: %v", err)
	}
	if err := cancel(wantu.Alipay, "n9"); !errors.Is(err, wantu.ErrOrderInvalid) {
		t.Errorf("unknown: %v", err)
	}
	if err := cancel(wantu.WeChat, "open"); !errors.Is(err, wantu.ErrOrderInvalid) {
		t.Errorf("another channel: %v", err)
	}
}

func TestCanceledOrderIsNoLongerNotified(t *testing.T) {
	t.Parallel()
	simulate(t, sandbox.Config{}, func(int) string { return "500" }, func(s *sandbox.Sandbox, m *merchant) {
		pay(t, s)
		synctest.Wait()
		body, err := wantu.Encode(object("cancel", nil), sandbox.DefaultKey)
		if err != nil {
			t.Fatal(err)
		}
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/paygate/cancel", bytes.NewReader(body)))
		contains(t, recorder.Body.String(), `"return_code":200`)
		<-time.After(48 * time.Hour)
		if got := m.times(); len(got) != 1 {
			t.Errorf("attempts at %v, want only the first", got)
		}
	})
}
