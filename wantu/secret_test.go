package wantu_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu"
)

// The shopper's secrets in the requests of these tests.
const (
	openID   = "oCanary-of-the-shopper-1b7e"
	authCode = "13467407-canary-982976"
)

// The merchant's secrets: URLs with a token.
const (
	notifyURL = "https://shop.example/n/token-canary-77ab"
	returnURL = "https://shop.example/r/token-canary-77ab?order=1"
	urlToken  = "token-canary-77ab" // #nosec G101 -- for tests only
)

// leakedSecret returns a secret that text contains, or "".
func leakedSecret(text string) string {
	for _, secret := range []string{canary, openID, authCode, urlToken} {
		if strings.Contains(text, secret) {
			return secret
		}
	}
	return ""
}

// withSecrets puts secrets into an example's request.
func withSecrets(e example) example {
	e.Request = []byte(strings.NewReplacer(
		"oMHUm0xbCkwshwylEe6keVhGE7Mg", openID,
		"134674074004982976", authCode,
		"http://www.dev/test/post.php", notifyURL,
		"http://test-mall.wantu.cn//payment/after-pay", notifyURL,
		"http://www.baidu.com", returnURL,
	).Replace(string(e.Request)))
	return e
}

// leakyGateways returns gateways that quote all secrets that they know. Each fails in
// another way.
func leakyGateways(t *testing.T, e example) map[string]*http.Client {
	t.Helper()
	told := []string{"key=" + canary, "old=" + previous}
	for _, secret := range []string{openID, authCode, notifyURL, returnURL} {
		if strings.Contains(string(e.Request), secret) { // otherwise the gateway does not know it
			told = append(told, secret)
		}
	}
	telling := strings.Join(told, " ")
	refusal := map[string]any{"return_code": 304, "return_msg": telling, "return_desc": telling, telling: telling}
	system := map[string]any{"return_code": 500, "return_msg": telling}
	encode := func(object map[string]any, key string) string {
		body, err := wantu.Encode(object, key)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	return map[string]*http.Client{
		"refused":              alwaysAnswers(200, encode(refusal, canary), nil),
		"refused, old key":     alwaysAnswers(200, encode(refusal, previous), nil),
		"refused, another key": alwaysAnswers(200, encode(refusal, "another"), nil),
		"system error":         alwaysAnswers(200, encode(system, canary), nil),
		"no code":              alwaysAnswers(200, encode(map[string]any{"a": telling}, canary), nil),
		"code that tells":      alwaysAnswers(200, encode(map[string]any{"return_code": telling}, canary), nil),
		"fields that tell": alwaysAnswers(200, e.with(t, map[string]any{
			"url": telling, "data": []string{telling}, "parameters": telling, "qrcode_url": "\n" + telling, "total_fee": telling,
			"currency": telling, "order_list": telling, "trade_time": telling, "refund_fee": telling, "attach": telling,
		}), nil),
		"another order":   alwaysAnswers(200, e.with(t, map[string]any{"out_trade_no": telling}), nil),
		"another account": alwaysAnswers(200, e.with(t, map[string]any{"store_account": telling}), nil),
		"unsigned":        alwaysAnswers(200, `{"return_code":200,"a":"`+telling+`"}`, nil),
		"not JSON":        alwaysAnswers(200, telling, nil),
		"HTTP 500":        alwaysAnswers(500, telling, nil),
		"HTTP 302":        alwaysAnswers(302, telling, nil),
		"broken":          alwaysAnswers(0, "", errors.New(telling)),
		"broken off":      alwaysAnswers(0, "", fmt.Errorf("%s: %w", telling, io.ErrUnexpectedEOF)),
		"timeout":         alwaysAnswers(0, "", fmt.Errorf("%s: %w", telling, context.DeadlineExceeded)),
		"canceled":        alwaysAnswers(0, "", fmt.Errorf("%s: %w", telling, context.Canceled)),
		"succeeds":        alwaysAnswers(200, e.with(t, map[string]any{"return_msg": telling, "extra": telling}), nil),
	}
}

// TestSecretsDoNotLeak checks every endpoint with every failure: neither the error nor the
// Transport gets a key, the open_id, the auth_code or a token of a URL.
func TestSecretsDoNotLeak(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		e = withSecrets(e)
		for name, gateway := range leakyGateways(t, e) {
			t.Run(e.Section+"/"+name, func(t *testing.T) {
				t.Parallel()
				var seen strings.Builder
				config := e.config()
				config.PreviousKey, config.HTTPClient = previous, gateway
				config.Transport = func(ctx context.Context, sent wantu.Sent) (context.Context, func(wantu.Received)) {
					fmt.Fprintf(&seen, "%+v\n", sent)
					return ctx, func(r wantu.Received) { fmt.Fprintf(&seen, "%+v %v\n", r, r.Err) }
				}
				_, err := methods()[e.Endpoint](context.Background(), newClient(t, config), e.Request)
				if (err == nil) != (name == "succeeds") && !strings.Contains(name, "tell") && !strings.Contains(name, "another order") {
					t.Errorf("error %v", err)
				}
				if secret := leakedSecret(fmt.Sprintf("%v %+v %#v", err, err, err)); secret != "" {
					t.Errorf("the error contains %s: %v", secret, err)
				}
				if secret := leakedSecret(seen.String()); secret != "" || seen.Len() == 0 {
					t.Errorf("the Transport saw %q: %s", secret, seen.String())
				}
			})
		}
	}
}

// TestFieldErrorHidesTheValue: the error for a refused field does not contain its value.
func TestFieldErrorHidesTheValue(t *testing.T) {
	t.Parallel()
	form := payFormRequest()
	form.OpenID = openID + "&"
	_, err := offlineClient(t).PayForm(context.Background(), form)
	wantFieldError(t, err, "open_id")
	if leakedSecret(err.Error()) != "" {
		t.Errorf("the error contains a secret: %v", err)
	}
}

// TestPrintedRequestsHideSecrets: a printed request shows everything except the shopper's
// secret.
func TestPrintedRequestsHideSecrets(t *testing.T) {
	t.Parallel()
	till, form := posPayRequest(), payFormRequest()
	till.AuthCode, form.OpenID = authCode, openID
	for _, c := range []struct {
		request any
		secret  string
	}{{till, "[auth_code]"}, {&till, "[auth_code]"}, {form, "[open_id]"}, {&form, "[open_id]"}} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "request", c.request)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "request", c.request)
		held := struct{ Request any }{c.request}
		fmt.Fprintf(&log, "%v %+v %#v %s %q %+v", c.request, c.request, c.request, c.request, c.request, held)
		if text := log.String(); leakedSecret(text) != "" || strings.Count(text, c.secret) != 8 || strings.Count(text, "mall1") != 8 {
			t.Errorf("printed as %s", text)
		}
	}
	if text := fmt.Sprintf("%+v", wantu.PosPayRequest{OutTradeNo: "mall1"}); strings.Contains(text, "[") {
		t.Errorf("printed as %s, although there is no code", text)
	}
}

// TestPrintingHidesTheKeys prints a client and its configuration.
func TestPrintingHidesTheKeys(t *testing.T) {
	t.Parallel()
	config := wantu.Config{MerchantAccount: "HKG1", StoreAccount: "HKG2", Key: canary, PreviousKey: previous}
	client := newClient(t, config)
	for _, text := range []string{
		fmt.Sprint(config), fmt.Sprintf("%+v %#v %s %q", config, config, config, config), fmt.Sprintf("%v", &config),
		fmt.Sprint(client), fmt.Sprintf("%+v %#v %s", client, client, client), config.LogValue().String(),
	} {
		if leakedSecret(text) != "" || !strings.Contains(text, "HKG") {
			t.Errorf("printed as %s", text)
		}
	}
}
