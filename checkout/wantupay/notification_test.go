package wantupay_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

// notification returns the body of a signed notification. change replaces fields before
// it is signed.
func notification(t *testing.T, change map[string]any) string {
	t.Helper()
	all := map[string]any{
		"return_code": 200, "merchant_account": sandbox.DefaultMerchantAccount, "store_account": sandbox.DefaultStoreAccount,
		"out_trade_no": "abc234", "trade_id": "1", "total_fee": 88000, "fee_type": "HKD", "trade_status": "SUCCESS",
	}
	for name, value := range change {
		all[name] = value
	}
	body, err := wantu.Encode(all, sandbox.DefaultKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestReadNotification(t *testing.T) {
	t.Parallel()
	g := gatewayWith(t, nil)
	good := notification(t, nil)
	n, text, err := g.ReadNotification(checkout.OrderRef{Merchant: shop}, message(good))
	wantError(t, err, nil)
	same(t, "status", n, checkout.OrderStatus{
		OutTradeNo: "abc234", TradeID: "1", Amount: 88000, Currency: "HKD", State: checkout.OrderPaid, Detail: "SUCCESS",
	})
	if !strings.Contains(text, `"out_trade_no":"abc234"`) || strings.Contains(text, signature(t, good)) {
		t.Errorf("the text to record is %s", text)
	}
}

// signature returns the sign of a body.
func signature(t *testing.T, body string) string {
	t.Helper()
	message, err := wantu.Decode([]byte(body))
	wantError(t, err, nil)
	return message.Text("sign")
}

func TestNotificationsThatAreRejected(t *testing.T) {
	t.Parallel()
	g, good := gatewayWith(t, nil), notification(t, nil)
	for name, body := range map[string]string{
		"empty":            "",
		"not JSON":         "out_trade_no=abc234",
		"one byte changed": strings.Replace(good, "88000", "88001", 1),
		"no signature":     strings.Replace(good, `"sign":"`+signature(t, good)+`"`, `"seal":1`, 1),
		"empty signature":  strings.Replace(good, signature(t, good), "", 1),
		"a name twice":     strings.Replace(good, "{", `{"total_fee":1,`, 1),
		"10,000 levels":    strings.Repeat(`{"a":`, 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, text, err := g.ReadNotification(checkout.OrderRef{Merchant: shop}, message(body))
			if err == nil || errors.Is(err, checkout.ErrOtherAccount) {
				t.Errorf("error %v, want one that is not ErrOtherAccount", err)
			}
			same(t, "status", n, checkout.OrderStatus{})
			if strings.Contains(text, signature(t, good)) {
				t.Errorf("the text to record is %s", text)
			}
		})
	}
	t.Run("for a merchant without account", func(t *testing.T) {
		t.Parallel()
		_, _, err := g.ReadNotification(checkout.OrderRef{Merchant: "nobody"}, message(good))
		wantError(t, err, checkout.ErrRefused)
	})
	for name, change := range map[string]map[string]any{
		"another merchant": {"merchant_account": "HKG9999999999"}, "another store": {"store_account": "HKG9999999999"},
	} {
		t.Run("for "+name, func(t *testing.T) {
			t.Parallel()
			n, _, err := g.ReadNotification(checkout.OrderRef{Merchant: shop}, message(notification(t, change)))
			wantError(t, err, checkout.ErrOtherAccount)
			same(t, "status", n, checkout.OrderStatus{})
		})
	}
}

func TestRecordedNotificationHasNoSignature(t *testing.T) {
	t.Parallel()
	g := gatewayWith(t, nil)
	for name, body := range map[string]string{
		"string":           `{"a":1,"sign":"SECRET","b":2}`,
		"with escapes":     `{"sign":"x\"SECRET"}`,
		"spread out":       "{\"sign\" \n:\t\"SECRET\"}",
		"in capitals":      `{"SIGN":"SECRET"}`,
		"number":           `{"sign":5EC2E7}`,
		"twice":            `{"sign":"SECRET","sign":"SECRET"}`,
		"deeper":           `{"a":{"sign":"SECRET"}}`,
		"unterminated":     `{"sign":"SECRET`,
		"cut at the limit": `{"a":"` + strings.Repeat("x", 4<<10-20) + `","sign":"` + strings.Repeat("SECRET", 9) + `"}`,
		"not UTF-8":        "{\"sign\":\"SECRET\xff\",\"a\":\"\xff\"}",
		"NUL":              "{\"a\":\"\x00\",\"sign\":\"SECRET\"}",
		"endless":          strings.Repeat("票", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, text, err := g.ReadNotification(checkout.OrderRef{Merchant: shop}, message(body))
			if err == nil {
				t.Error("the notification was accepted")
			}
			if strings.Contains(text, "SECRET") || strings.Contains(text, "5EC2E7") {
				t.Errorf("the text to record is %s", text)
			}
			if len(text) > 5<<10 || !utf8.ValidString(text) {
				t.Errorf("%d bytes to record, want 5 KiB of UTF-8 at most: %.100q", len(text), text)
			}
		})
	}
}
