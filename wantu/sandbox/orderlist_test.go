package sandbox_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func (f fixture) trades(t *testing.T, channel wantu.PayChannel, start, end time.Time) []wantu.Trade {
	t.Helper()
	response, err := f.client.OrderList(context.Background(), wantu.OrderListRequest{PayChannel: channel, StartDate: start, EndDate: end})
	if err != nil {
		t.Fatal(err)
	}
	return response.OrderList
}

func TestOrderListShowsPaymentsAndRefunds(t *testing.T) {
	t.Parallel()
	c := newTestClock()
	f := start(t, sandbox.Config{Now: c.now})
	begin := c.now()
	f.qrCode(t, "late", wantu.Alipay)
	f.qrCode(t, "open", wantu.Alipay)
	f.qrCode(t, "wechat", wantu.WeChat)
	if _, err := f.Pay("wechat"); err != nil {
		t.Fatal(err)
	}
	early := f.paid(t, "early")
	c.move(time.Minute)
	if _, err := f.refund(wantu.RefundRequest{OutTradeNo: "early", OutRefundNo: "r1", RefundFee: 5}); err != nil {
		t.Fatal(err)
	}
	c.move(time.Minute)
	late, err := f.Pay("late")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.client.Cancel(context.Background(), wantu.CancelRequest{PayChannel: wantu.Alipay, OutTradeNo: "late"}); err != nil {
		t.Fatal(err)
	}
	want := []struct {
		kind                wantu.TradeType
		of                  sandbox.Order
		refundID, outRefund string
		fee                 string
		after               time.Duration
	}{
		{wantu.TypePayment, early, "", "", "880.00", 0},
		{wantu.TypeRefund, early, early.TradeID + "_0", "r1", "0.05", time.Minute},
		{wantu.TypePayment, late, "", "", "880.00", 2 * time.Minute},
		{wantu.TypeRefund, late, late.TradeID + "_0", "", "880.00", 2 * time.Minute},
	}
	got := f.trades(t, wantu.Alipay, begin, c.now())
	if len(got) != len(want) {
		t.Fatalf("%d trades, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		g := got[i]
		if g.Type != w.kind || g.TradeID != w.of.TradeID || g.OutTradeNo != w.of.OutTradeNo || g.RefundID != w.refundID ||
			g.OutRefundNo != w.outRefund || g.TotalFee.String() != w.fee || g.FeeType != "HKD" || !g.DateAdded.Equal(begin.Add(w.after)) {
			t.Errorf("trade %d: %+v, want %+v", i, g, w)
		}
	}
	for name, span := range map[string]struct {
		from, to time.Duration
		want     int
	}{
		"one second":        {time.Minute, time.Minute, 1},
		"a second too late": {time.Second, time.Minute - time.Second, 0},
		"the end counts":    {time.Minute + time.Second, 2 * time.Minute, 2},
		"seven days":        {0, 7 * 24 * time.Hour, 4},
	} {
		if got := f.trades(t, wantu.Alipay, begin.Add(span.from), begin.Add(span.to)); len(got) != span.want {
			t.Errorf("%s: %+v, want %d trades", name, got, span.want)
		}
	}
}

func TestOrderListWritesAmountsExactly(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{Now: newTestClock().now})
	for number, feeType := range map[string]string{"yen": "JPY", "dollars": "USD"} {
		wantAnswer(t, f.call(t, "pospay", map[string]any{"out_trade_no": number, "fee_type": feeType, "total_fee": 10}), wantu.CodeSuccess, "")
	}
	request := object("order-list", nil)
	_, body := f.exchange(t, "order-list", f.signed(t, request))
	contains(t, body, `"total_fee":10,"date_added":"2026-03-01 20:00:00","fee_type":"JPY"`,
		`"total_fee":0.10,"date_added":"2026-03-01 20:00:00","fee_type":"USD"`,
		`"refund_id":"","out_refund_no":"","type":1`)
	request["pay_channel"] = 1
	_, body = f.exchange(t, "order-list", f.signed(t, request))
	contains(t, body, `"order_list":[]`)
}

func TestOrderListRefusesAWideWindow(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for name, c := range map[string]struct {
		start, end string
		code       wantu.ReturnCode
	}{
		"seven days":        {"2026-03-01 00:00:00", "2026-03-08 00:00:00", wantu.CodeSuccess},
		"a second more":     {"2026-03-01 00:00:00", "2026-03-08 00:00:01", wantu.CodeParamError},
		"one second":        {"2026-03-01 00:00:00", "2026-03-01 00:00:00", wantu.CodeSuccess},
		"the end before it": {"2026-03-01 00:00:01", "2026-03-01 00:00:00", wantu.CodeParamError},
	} {
		desc := ""
		if c.code != wantu.CodeSuccess {
			desc = "end_date"
		}
		t.Run(name, func(t *testing.T) {
			wantAnswer(t, f.call(t, "order-list", map[string]any{"start_date": c.start, "end_date": c.end}), c.code, desc)
		})
	}
}

func TestCurrency(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{})
	for feeType, want := range map[string]string{"": "0.87080000", "HKD": "0.87080000", "CNY": "1.00000000", "JPY": "0.04652000"} {
		got, err := f.client.Currency(context.Background(), wantu.CurrencyRequest{PayChannel: wantu.WeChat, FeeType: feeType})
		if err != nil || got.Currency.String() != want {
			t.Errorf("%q: %s, %v, want %s", feeType, got.Currency, err, want)
		}
	}
	_, err := f.client.Currency(context.Background(), wantu.CurrencyRequest{PayChannel: wantu.WeChat, FeeType: "XAU"})
	if !errors.Is(err, wantu.ErrUnsupportedCurrency) {
		t.Errorf("gold: %v", err)
	}
	// Every currency that can be paid has a rate, and no other.
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				feeType := string([]rune{a, b, c})
				if _, known := wantu.MinorDigits(feeType); known {
					answer := f.call(t, "currency", map[string]any{"fee_type": feeType})
					if text := answer.Text("currency"); len(text) != 10 {
						t.Errorf("%s: rate %q", feeType, text)
					}
				}
			}
		}
	}
}
