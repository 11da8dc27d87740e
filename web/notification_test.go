package web_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// notified is a fixture with one order that waits for its payment.
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

// message is a good notification of the order, with some fields replaced.
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

func TestHostileNotificationsAreNotAcknowledged(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	good := n.signed(nil)
	sign := good[strings.Index(good, `"sign":"`)+8:][:32]
	unsigned := strings.Replace(good, `"sign":"`+sign+`"`, `"nothing":1`, 1)
	withSign := func(literal string) string { return strings.Replace(good, `"`+sign+`"`, literal, 1) }
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"no sign":               {unsigned, 400},
		"sign empty":            {withSign(`""`), 400},
		"sign null":             {withSign("null"), 400},
		"sign an array":         {withSign(`["` + sign + `"]`), 400},
		"sign a number":         {withSign("12345678901234567890123456789012"), 400},
		"one byte changed":      {strings.Replace(good, "1250", "1251", 1), 400},
		"a name twice":          {strings.Replace(good, "{", `{"total_fee":1250,`, 1), 400},
		"a name in two cases":   {strings.Replace(good, "{", `{"Total_fee":1250,`, 1), 400},
		"signed by another key": {string(must(wantu.Encode(n.message(nil), "another-key-of-a-merchant"))), 400},
		"another merchant":      {n.signed(map[string]any{"merchant_account": "HKG0000000002"}), 400},
		"another store":         {n.signed(map[string]any{"store_account": "HKG0000000102"}), 400},
		"another order":         {n.signed(map[string]any{"out_trade_no": "another"}), 400},
		"another trade_id":      {n.signed(map[string]any{"trade_id": "100020171129124053091020"}), 400},
		"a cent less":           {n.signed(map[string]any{"total_fee": n.attempt.Amount - 1}), 400},
		"another currency":      {n.signed(map[string]any{"fee_type": "CNY"}), 400},
		"not JSON":              {"{", 400},
		"10,000 levels":         {strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), 400},
		"10 MB":                 {`{"a":"` + strings.Repeat("x", 10<<20) + `"}`, 413},
	} {
		got := n.deliver(c.body, "Host", "localhost")
		if got.status != c.status || strings.Contains(got.body, "SUCCESS") || strings.Contains(got.body, "200") {
			t.Errorf("%s: %d %s, want %d and no acknowledgement", name, got.status, got.body, c.status)
		}
	}
	if a := n.attempts(n.id)[0]; a.State != checkout.AttemptPending {
		t.Errorf("the attempt became %s", a.State)
	}
	if strings.Contains(n.log.String(), sandbox.DefaultKey) || strings.Contains(n.log.String(), sign) {
		t.Error("the log holds a key or a signature")
	}
}

func TestNotificationOfNoOrder(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	for _, token := range []string{"x", strings.Repeat("a", 26), n.attempt.ReturnToken} {
		got := n.send(http.MethodPost, "/n/"+token, n.signed(nil))
		if got.status != http.StatusNotFound || strings.Contains(got.body, "SUCCESS") {
			t.Errorf("token %s: %d %s", token, got.status, got.body)
		}
	}
	if !strings.Contains(n.log.String(), "notification refused") {
		t.Error("the log has no line of it")
	}
}

func TestCompressedNotificationIsRefused(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, err := w.Write(bytes.Repeat([]byte{' '}, 50<<20))
	if err := must(0, err); err != 0 || w.Close() != nil {
		t.Fatal("no bomb")
	}
	if got := n.deliver(bomb.String(), "Content-Encoding", "gzip"); got.status != http.StatusUnsupportedMediaType {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestGoodNotificationsAreAcknowledgedAndAsk(t *testing.T) {
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

func TestNotificationWithoutPaymentDoesNotPay(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	if got := n.deliver(n.signed(nil)); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if err := n.service.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := n.attempts(n.id)[0]; a.State != checkout.AttemptPending {
		t.Errorf("a signed hint alone made the attempt %s", a.State)
	}
}

func TestAmbiguousSignatureNeverPays(t *testing.T) {
	t.Parallel()
	n := newNotified(t)
	// "attach=z&total_fee=1" joins to the same text whether it is one field or
	// two: the signature of one message fits the other.
	replace := map[string]any{"attach": "z&total_fee=1"}
	message := n.message(replace)
	delete(message, "total_fee")
	body := string(must(wantu.Encode(message, sandbox.DefaultKey)))
	split := strings.Replace(body, `"z\u0026total_fee=1"`, `"z","total_fee":"1"`, 1)
	for _, b := range []string{body, split} {
		if got := n.deliver(b); got.status == http.StatusOK {
			t.Errorf("acknowledged: %s", b)
		}
	}
	if a := n.attempts(n.id)[0]; a.State != checkout.AttemptPending {
		t.Errorf("the attempt became %s", a.State)
	}
}
