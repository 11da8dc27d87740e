package wantu_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// previous is the old key. It begins with the new key.
const previous = canary + "-before"

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	order := map[string]any{
		"return_code": 200, "merchant_account": "HKG0000000001", "out_trade_no": "1112", "trade_id": "1", "total_fee": 5,
		"fee_type": "HKD", "trade_status": "NOT_PAY",
	}
	for name, c := range map[string]struct {
		key, previous, signer string
		want                  error
	}{
		"new":                      {canary, previous, canary, nil},
		"old":                      {canary, previous, previous, nil},
		"neither":                  {canary, previous, "another", wantu.ErrSignature},
		"old, once it was dropped": {canary, "", previous, wantu.ErrSignature},
		"no key at all":            {canary, "", "", wantu.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := wantu.Encode(order, c.signer)
			if err != nil {
				t.Fatal(err)
			}
			client := newClient(t, wantu.Config{
				Key: c.key, PreviousKey: c.previous,
				HTTPClient: inMemory(func(_ string, sent wantu.Message) (int, string, error) {
					if err := sent.Verify(canary); err != nil {
						t.Errorf("the request is not signed with the new key: %v", err)
					}
					return 200, string(body), nil
				}),
			})
			_, err = query(client)
			_, notified := client.ParseNotification(body)
			if !errors.Is(err, c.want) || !errors.Is(notified, c.want) {
				t.Errorf("query: %v, notification: %v, want %v", err, notified, c.want)
			}
		})
	}
}

func TestPreviousKeyIsChecked(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{
		"the same": canary, "too long": strings.Repeat("k", 257), "a space": " k", "a line break": "k\n", "an &": "k&",
	} {
		_, err := wantu.New(wantu.Config{MerchantAccount: "M", StoreAccount: "S", Key: canary, PreviousKey: key})
		checkNoKey(t, err)
		var field *wantu.FieldError
		if !errors.As(err, &field) || field.Field != "PreviousKey" {
			t.Errorf("%s: error %v, want a FieldError for PreviousKey", name, err)
		}
	}
}

// TestBothKeysAreMasked: both keys are masked completely, although one begins with the
// other.
func TestBothKeysAreMasked(t *testing.T) {
	t.Parallel()
	body, err := wantu.Encode(map[string]any{"return_code": 301, "return_desc": "key=" + canary + " key=" + previous}, previous)
	if err != nil {
		t.Fatal(err)
	}
	_, err = newClient(t, wantu.Config{PreviousKey: previous, HTTPClient: alwaysAnswers(200, string(body), nil)}).
		Close(context.Background(), wantu.CloseRequest{PayChannel: wantu.WeChat, OutTradeNo: "1"})
	var api *wantu.APIError
	if !errors.As(err, &api) || api.Desc != "key=[key] key=[key]" {
		t.Errorf("error %v", err)
	}
}
