package wantupay_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// statement reads the statement from an hour ago to an hour from now.
func statement(t *testing.T, g *wantupay.Gateway, merchant string) ([]checkout.Trade, error) {
	t.Helper()
	var list []checkout.Trade
	for trade, err := range g.Statement(t.Context(), merchant, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)) {
		if err != nil {
			return list, err
		}
		list = append(list, trade)
	}
	return list, nil
}

func TestStatementListsBothChannels(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	wechat := f.paidOrder(t)
	alipay := newOrder(flow.WalletAlipayCN, flow.Web)
	alipay.OutTradeNo = "ali234"
	_, err := f.Create(t.Context(), alipay)
	wantError(t, err, nil)
	_, err = f.sandbox.Pay(alipay.OutTradeNo)
	wantError(t, err, nil)
	made, err := f.Refund(t.Context(), newRefund(wechat, 12345))
	wantError(t, err, nil)
	list, err := statement(t, f.Gateway, shop)
	wantError(t, err, nil)
	slices.SortFunc(list, func(a, b checkout.Trade) int {
		return strings.Compare(a.OutTradeNo+a.OutRefundNo, b.OutTradeNo+b.OutRefundNo)
	})
	for i := range list {
		if since := time.Since(list[i].At); since < 0 || since > time.Minute {
			t.Errorf("%s was %s ago, want up to a minute", list[i].OutTradeNo, since)
		}
		list[i].At, list[i].TradeID = time.Time{}, ""
	}
	same(t, "statement", list, []checkout.Trade{
		{OutTradeNo: "abc234", Amount: 88000, Currency: "HKD"},
		{OutTradeNo: "abc234", Refund: true, OutRefundNo: "r2", GatewayRefundID: made.GatewayID, Amount: 12345, Currency: "HKD"},
		{OutTradeNo: "ali234", Amount: 88000, Currency: "HKD"},
	})
}

// row returns a row of the answer of order-list. change replaces fields.
func row(change map[string]any) map[string]any {
	r := map[string]any{
		"trade_id": "1", "out_trade_no": "abc234", "refund_id": "", "out_refund_no": "", "type": 1,
		"total_fee": "880.00", "date_added": "2026-03-01 12:00:00", "fee_type": "HKD",
	}
	for name, value := range change {
		r[name] = value
	}
	return r
}

func orderList(rows ...map[string]any) http.HandlerFunc {
	return signedAnswer(map[string]any{"return_code": 200, "order_list": rows})
}

func TestStatementOfAGatewayThatAnswersForAllChannels(t *testing.T) {
	t.Parallel()
	// Two equal rows of one channel count twice. The same rows of the other channel do
	// not count again.
	got, err := statement(t, gatewayWith(t, orderList(row(nil), row(nil), row(map[string]any{"trade_id": "2"}))), shop)
	wantError(t, err, nil)
	same(t, "rows", len(got), 3)
}

func TestStatementAmounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change map[string]any
		want   int64
	}{
		"a payment":           {nil, 88000},
		"a refund":            {map[string]any{"type": -1, "refund_id": "g1"}, 88000},
		"a negative refund":   {map[string]any{"type": -1, "refund_id": "g1", "total_fee": "-880.00"}, 88000},
		"a negative payment":  {map[string]any{"total_fee": "-880.00"}, -1},
		"an unknown currency": {map[string]any{"fee_type": "XXX"}, -1},
		"too many decimals":   {map[string]any{"total_fee": "880.001"}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := statement(t, gatewayWith(t, orderList(row(c.change))), shop)
			wantError(t, err, nil)
			same(t, "rows", len(got), 1)
			same(t, "amount", got[0].Amount, c.want)
		})
	}
}

func TestStatementOfAStoreWithoutAChannel(t *testing.T) {
	t.Parallel()
	channelOf := func(r *http.Request) string {
		var sent struct {
			PayChannel string `json:"pay_channel"`
		}
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		return sent.PayChannel
	}
	refused := signedAnswer(map[string]any{"return_code": int(wantu.CodeNoPrivilege), "return_msg": "NO_PRIVILEGE"})
	answer := orderList(row(nil))
	for _, without := range []string{"1", "2"} {
		g := gatewayWith(t, func(w http.ResponseWriter, r *http.Request) {
			if channelOf(r) == without {
				refused(w, r)
				return
			}
			answer(w, r)
		})
		got, err := statement(t, g, shop)
		wantError(t, err, nil)
		same(t, "rows", len(got), 1)
	}
	_, err := statement(t, gatewayWith(t, refused), shop)
	wantKind(t, err, checkout.ErrRefused)
}

func TestStatementThatFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.paidOrder(t)
	_, err := f.sandbox.AddFault(sandbox.Fault{Kind: sandbox.FaultHangUp, Endpoint: "order-list", When: sandbox.Before})
	wantError(t, err, nil)
	_, err = statement(t, f.Gateway, shop)
	wantKind(t, err, checkout.ErrOutcomeUnknown)
	_, err = statement(t, f.Gateway, "nobody")
	wantKind(t, err, checkout.ErrRefused)
}

func TestStatementStopsWithItsReader(t *testing.T) {
	t.Parallel()
	g := gatewayWith(t, orderList(row(nil), row(map[string]any{"trade_id": "2"})))
	n := 0
	for range g.Statement(t.Context(), shop, time.Now(), time.Now()) {
		n++
		break
	}
	same(t, "rows", n, 1)
}
