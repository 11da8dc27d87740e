package wantu_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
)

func sentinel(t testing.TB, name string) error {
	t.Helper()
	found, ok := map[string]error{
		"ok": nil, "signature": wantu.ErrSignature, "malformed": wantu.ErrMalformed,
		"mismatch": wantu.ErrMismatch, "status": wantu.ErrStatus,
	}[name]
	if !ok {
		t.Fatalf("no sentinel is called %q", name)
	}
	return found
}

func TestNotificationVectors(t *testing.T) {
	t.Parallel()
	file := readTestdata[notificationVectors](t, "notification.json")
	client := newClient(t, wantu.Config{
		MerchantAccount: file.MerchantAccount, StoreAccount: file.StoreAccount, Key: file.Key,
	})
	for _, v := range file.Notifications {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			n, err := client.ParseNotification([]byte(v.Body))
			checkNoKey(t, err)
			if want := sentinel(t, v.Want); !errors.Is(err, want) {
				t.Fatalf("error %v, want %v", err, want)
			}
			if err != nil {
				if n != (wantu.Notification{}) {
					t.Errorf("an error comes with %+v", n)
				}
				return
			}
			if n.TotalFee != v.Fields.TotalFee || n.TradeStatus != v.Fields.TradeStatus ||
				n.TradeID != v.Fields.TradeID || n.OutTradeNo != v.Fields.OutTradeNo {
				t.Errorf("got %+v, want %+v", n, v.Fields)
			}
			if v.Time != "" && (n.TradeTimeText != v.Time || !n.TradeTime.IsZero()) {
				t.Errorf("trade_time %q is read as %q, %v", v.Time, n.TradeTimeText, n.TradeTime)
			}
			if (n.ReturnCode == wantu.CodeSuccess) == v.NoCode || n.MerchantAccount != file.MerchantAccount || n.Subject != "这是一个订单" {
				t.Errorf("got %+v", n)
			}
		})
	}
}

func TestNotificationTime(t *testing.T) {
	t.Parallel()
	file := readTestdata[notificationVectors](t, "notification.json")
	client := newClient(t, wantu.Config{Key: file.Key})
	n, err := client.ParseNotification([]byte(file.Notifications[0].Body))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2017, 11, 30, 9, 56, 21, 0, time.UTC); !n.TradeTime.Equal(want) {
		t.Errorf("TradeTime %v, want %v: the gateway writes UTC+8", n.TradeTime, want)
	}
}

func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body []byte
		code string
	}{
		"success": {wantu.AckSuccess(), "200"},
		"fail":    {wantu.AckFail("stored \"nothing\"\n"), "FAIL"},
	} {
		message, err := wantu.Decode(c.body)
		if err != nil || message.Text("return_code") != c.code {
			t.Errorf("%s: %s, %v", name, c.body, err)
		}
	}
}

// FuzzNotification: nothing panics, and each accepted notification has a good signature.
func FuzzNotification(f *testing.F) {
	file := readTestdata[notificationVectors](f, "notification.json")
	for _, v := range file.Notifications {
		f.Add([]byte(v.Body))
	}
	client := newClient(f, wantu.Config{Key: file.Key})
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := client.ParseNotification(body)
		if err != nil {
			if strings.Contains(err.Error(), canary) {
				t.Errorf("the key is in the error: %v", err)
			}
			return
		}
		message, err := wantu.Decode(body)
		if err != nil || message.Verify(file.Key) != nil || n.MerchantAccount != file.MerchantAccount {
			t.Errorf("accepted: %s", body)
		}
	})
}

// TestByteOrderMarkIsIgnored: a proxy may put a byte order mark before a body. The
// signature does not cover it.
func TestByteOrderMarkIsIgnored(t *testing.T) {
	t.Parallel()
	const mark = "\ufeff"
	file := readTestdata[notificationVectors](t, "notification.json")
	client := newClient(t, wantu.Config{MerchantAccount: file.MerchantAccount, StoreAccount: file.StoreAccount, Key: file.Key})
	for _, v := range file.Notifications {
		n, err := client.ParseNotification([]byte(mark + v.Body))
		if want := sentinel(t, v.Want); !errors.Is(err, want) || err == nil && n.TotalFee != v.Fields.TotalFee {
			t.Errorf("%s: got %+v, %v, want %v", v.Name, n, err, want)
		}
		if _, err := client.ParseNotification([]byte(mark + mark + v.Body)); err == nil {
			t.Errorf("%s: two marks are accepted", v.Name)
		}
	}
	body, err := wantu.Encode(map[string]any{"return_code": 200, "url": "https://wallet.example/pay"}, canary)
	if err != nil {
		t.Fatal(err)
	}
	client = newClient(t, wantu.Config{HTTPClient: alwaysAnswers(200, mark+string(body), nil)})
	if page, err := client.Web(t.Context(), webRequest()); err != nil || page.URL != "https://wallet.example/pay" {
		t.Errorf("an answer: got %q, %v", page.URL, err)
	}
}
