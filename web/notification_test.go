package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// notified is a fixture with one pending order.
type notified struct {
	*fixture
	id      string
	attempt checkout.Attempt
}

func newNotified(t *testing.T) *notified {
	t.Helper()
	f := newFixture(t)
	f.sandbox.Notifications(false)
	id := f.session(`,"channels":["wechat"]`)
	f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}})
	return &notified{f, id, f.attempts(id)[0]}
}

// message returns a good notification of the order, with some fields replaced.
func (n *notified) message(replace map[string]any) map[string]any {
	m := map[string]any{
		"return_code": "200", "return_msg": "SUCCESS", "merchant_account": sandbox.DefaultMerchantAccount,
		"total_fee": n.attempt.Amount, "fee_type": "HKD", "subject": "Tea ＆ cake", "out_trade_no": n.attempt.OutTradeNo,
		"trade_id": n.attempt.TradeID, "trade_status": "SUCCESS", "trade_time": "2026-11-22 12:00:00",
	}
	for name, value := range replace {
		m[name] = value
	}
	return m
}

func (n *notified) signed(replace map[string]any) string {
	n.Helper()
	return string(must(wantu.Encode(n.message(replace), sandbox.DefaultKey)))
}

func (n *notified) deliver(body string, headers ...string) answer {
	n.Helper()
	return n.send(http.MethodPost, "/n/"+n.attempt.NotifyToken, body, headers...)
}

func TestGoodNotificationsAreAcknowledgedAndCauseAQuery(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]map[string]any{
		"as the table has it":       nil,
		"without out_trade_no":      {"out_trade_no": ""},
		"amount as text":            {"total_fee": "1250"},
		"a nested status beside it": {"x": map[string]any{"trade_status": "NOT_PAY"}},
		"with a field that is new":  {"coupon": "5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNotified(t)
			if _, err := n.sandbox.Pay(n.attempt.OutTradeNo); err != nil {
				t.Fatal(err)
			}
			got := n.deliver(n.signed(replace))
			if got.status != http.StatusOK || got.body != string(wantu.AckSuccess()) {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if err := n.service.Drain(t.Context()); err != nil { // the query runs in the background
				t.Fatal(err)
			}
			if a := n.attempts(n.id)[0]; a.State != checkout.AttemptPaid {
				t.Errorf("the attempt is %s", a.State)
			}
		})
	}
}
