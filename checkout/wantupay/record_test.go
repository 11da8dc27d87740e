package wantupay_test

import (
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/wantu"
)

// An answer is refused only for its number, amount, currency, account, status or
// trade_id. All other fields may have any format.
func TestMinorFieldsMayHaveAnyFormat(t *testing.T) {
	t.Parallel()
	paid := func(change map[string]any) map[string]any {
		all := map[string]any{
			"return_code": 200, "return_msg": "SUCCESS", "out_trade_no": "abc234", "trade_status": "SUCCESS", "trade_id": "1",
			"total_fee": 88000, "fee_type": "HKD", "trade_time": "2026-03-01 12:00:00", "attach": "", "device_sn": "1",
		}
		for name, value := range change {
			all[name] = value
		}
		return all
	}
	for name, c := range map[string]struct {
		change map[string]any
		detail string
	}{
		"trade_time with slashes":    {map[string]any{"trade_time": "2026/03/01 12:00:00"}, `SUCCESS, trade_time "2026/03/01 12:00:00"`},
		"trade_time of Unix seconds": {map[string]any{"trade_time": 1772337600}, `SUCCESS, trade_time "1772337600"`},
		"trade_time of RFC 3339":     {map[string]any{"trade_time": "2026-03-01T12:00:00+08:00"}, `SUCCESS, trade_time "2026-03-01T12:00:00+08:00"`},
		"trade_time all zeros":       {map[string]any{"trade_time": "0000-00-00 00:00:00"}, `SUCCESS, trade_time "0000-00-00 00:00:00"`},
		"trade_time empty":           {map[string]any{"trade_time": ""}, "SUCCESS"},
		"trade_time an object":       {map[string]any{"trade_time": map[string]any{"at": 1}}, "SUCCESS"},
		"attach a list":              {map[string]any{"attach": []any{1}}, "SUCCESS"},
		"device_sn null":             {map[string]any{"device_sn": nil}, "SUCCESS"},
		"return_msg a number":        {map[string]any{"return_msg": 7}, "SUCCESS"},
		"an unknown field":           {map[string]any{"buyer": map[string]any{"id": "1"}}, "SUCCESS"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := checkout.OrderStatus{
				OutTradeNo: "abc234", TradeID: "1", Amount: 88000, Currency: "HKD", State: checkout.OrderPaid, Detail: c.detail,
			}
			got, err := gatewayWith(t, signedAnswer(paid(c.change))).Query(t.Context(), newOrder(flow.WalletWeChat, flow.Native).OrderRef)
			wantError(t, err, nil)
			same(t, "query", got, want)
			got, _, err = gatewayWith(t, nil).ReadNotification(checkout.OrderRef{Merchant: shop}, message(notification(t, c.change)))
			wantError(t, err, nil)
			same(t, "notification", got, want)
		})
	}
	for name, code := range map[string]any{"missing": "", "unknown": "OK", "a list": []any{200}} {
		t.Run("return_code of a notification "+name, func(t *testing.T) {
			t.Parallel()
			got, _, err := gatewayWith(t, nil).ReadNotification(checkout.OrderRef{Merchant: shop}, message(notification(t, map[string]any{"return_code": code})))
			wantError(t, err, nil)
			same(t, "state", got.State, checkout.OrderPaid)
		})
	}
	t.Run("a refund's numbers at the gateway", func(t *testing.T) {
		t.Parallel()
		made, err := gatewayWith(t, signedAnswer(map[string]any{
			"return_code": 200, "out_trade_no": "abc234", "out_refund_no": "r1", "refund_fee": 100,
		})).Refund(t.Context(), checkout.RefundOrder{
			OrderRef:    checkout.OrderRef{Merchant: shop, Channel: flow.ChannelAlipay, OutTradeNo: "abc234"},
			OutRefundNo: "r1", Paid: 88000, Amount: 100, Currency: "HKD",
		})
		wantError(t, err, nil)
		same(t, "result", made, checkout.RefundResult{})
	})
	for name, date := range map[string]string{"slashes": "2026/03/01 12:00:00", "empty": "", "text": "soon"} {
		t.Run("date_added of a statement: "+name, func(t *testing.T) {
			t.Parallel()
			g := gatewayWith(t, signedAnswer(map[string]any{"return_code": 200, "order_list": []any{map[string]any{
				"type": 1, "trade_id": "1", "out_trade_no": "abc234", "total_fee": "880.00", "fee_type": "HKD", "date_added": date,
			}}}))
			trades := 0
			for trade, err := range g.Statement(t.Context(), shop, time.Now().Add(-time.Hour), time.Now()) {
				wantError(t, err, nil)
				same(t, "trade", trade, checkout.Trade{OutTradeNo: "abc234", TradeID: "1", Amount: 88000, Currency: "HKD"})
				trades++
			}
			same(t, "trades", trades, 1)
		})
	}
}

// An answer is refused if a field that decides about money is empty.
func TestImportantFieldsMustBeValid(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"trade_status", "trade_id", "total_fee", "merchant_account"} {
		_, _, err := gatewayWith(t, nil).ReadNotification(checkout.OrderRef{Merchant: shop}, message(notification(t, map[string]any{name: ""})))
		wantError(t, err, wantu.ErrMalformed)
	}
}
