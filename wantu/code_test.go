package wantu_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// codeSentinels returns the sentinels of the return codes by name.
func codeSentinels() map[string]error {
	return map[string]error{
		"ErrDataFormat": wantu.ErrDataFormat, "ErrSignRefused": wantu.ErrSignRefused, "ErrNoPrivilege": wantu.ErrNoPrivilege,
		"ErrParamMissing": wantu.ErrParamMissing, "ErrParam": wantu.ErrParam, "ErrOutTradeNoUsed": wantu.ErrOutTradeNoUsed,
		"ErrOrderPaid": wantu.ErrOrderPaid, "ErrOrderInvalid": wantu.ErrOrderInvalid, "ErrSystem": wantu.ErrSystem,
		"ErrTrade": wantu.ErrTrade, "ErrNotEnough": wantu.ErrNotEnough, "ErrNotSupportCard": wantu.ErrNotSupportCard,
		"ErrBank": wantu.ErrBank, "ErrAuthCodeInvalid": wantu.ErrAuthCodeInvalid, "ErrUserPaying": wantu.ErrUserPaying,
		"ErrAuthCodeExpired": wantu.ErrAuthCodeExpired, "ErrRefund": wantu.ErrRefund,
		"ErrUnsupportedCurrency": wantu.ErrUnsupportedCurrency,
	}
}

// isRepeatable reports whether an endpoint may be called twice without harm.
func isRepeatable(endpoint string) bool {
	return map[string]bool{
		"query": true, "close": true, "cancel": true, "refund": true, "order-list": true, "merchant-qrcode": true, "currency": true,
	}[endpoint]
}

// TestReturnCodes checks the error for each code of the manual, and for some other
// codes, at every endpoint.
func TestReturnCodes(t *testing.T) {
	t.Parallel()
	for _, v := range readTestdata[[]struct {
		Code               any
		Name, Sentinel     string
		Unknown, Retryable bool
	}](t, "codes.json") {
		for _, e := range examples(t) {
			t.Run(fmt.Sprint(v.Code, "/", e.Section), func(t *testing.T) {
				t.Parallel()
				body, err := wantu.Encode(map[string]any{"return_code": v.Code, "return_msg": v.Name}, canary)
				if err != nil {
					t.Fatal(err)
				}
				config := e.config()
				config.HTTPClient = alwaysAnswers(200, string(body), nil)
				_, err = methods()[e.Endpoint](context.Background(), newClient(t, config), e.Request)
				var api *wantu.APIError
				if !errors.As(err, &api) || api.Endpoint != e.Endpoint || api.Code.Name() != v.Name || api.Unverified {
					t.Fatalf("error %v", err)
				}
				for name, s := range codeSentinels() {
					if errors.Is(err, s) != (name == v.Sentinel) {
						t.Errorf("errors.Is(%v, %s) = %t", err, name, name != v.Sentinel)
					}
				}
				if got := wantu.OutcomeUnknown(err); got != v.Unknown {
					t.Errorf("OutcomeUnknown is %t", got)
				}
				if got := wantu.Retryable(err); got != (v.Retryable && isRepeatable(e.Endpoint)) {
					t.Errorf("Retryable is %t", got)
				}
			})
		}
	}
}

// TestSentinelsWithoutAnAPIError: OutcomeUnknown must know a sentinel by itself, because
// a caller may keep only that.
func TestSentinelsWithoutAnAPIError(t *testing.T) {
	t.Parallel()
	for name, err := range codeSentinels() {
		want := name == "ErrSystem" || name == "ErrBank" || name == "ErrUserPaying"
		if wantu.OutcomeUnknown(err) != want || wantu.Retryable(err) {
			t.Errorf("%s: unknown %t, retryable %t", name, !want, wantu.Retryable(err))
		}
	}
	if wantu.OutcomeUnknown(wantu.ErrCanceled) || wantu.Retryable(wantu.ErrCanceled) {
		t.Error("ErrCanceled has an unknown outcome or is retryable")
	}
}
