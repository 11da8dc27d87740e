package wantupay_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/wantupay"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

const shop = "shop"

// fixture is a Gateway that calls the sandbox.
type fixture struct {
	*wantupay.Gateway
	sandbox *sandbox.Sandbox
	url     string
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{NotifySchedule: []time.Duration{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.Notifications(false)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return fixture{newGateway(t, server.URL), s, server.URL}
}

// newGateway returns a Gateway that calls base as the sandbox's merchant.
func newGateway(t *testing.T, base string) *wantupay.Gateway {
	t.Helper()
	client, err := wantu.New(wantu.Config{
		BaseURL: base + "/paygate", Key: sandbox.DefaultKey,
		MerchantAccount: sandbox.DefaultMerchantAccount, StoreAccount: sandbox.DefaultStoreAccount,
	})
	if err != nil {
		t.Fatal(err)
	}
	g, err := wantupay.New(map[string]wantupay.Account{
		shop:        {Client: client, WeChatAppID: sandbox.DefaultWeChatAppID},
		"no wechat": {Client: client},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// gatewayWith returns a Gateway that gets the same answer to every call.
func gatewayWith(t *testing.T, answer http.HandlerFunc) *wantupay.Gateway {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return newGateway(t, server.URL)
}

// signedAnswer returns an answer that is signed with the sandbox's key.
func signedAnswer(object map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		body, err := wantu.Encode(object, sandbox.DefaultKey)
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(body)
	}
}

// newOrder is an order of HKD 880.00.
func newOrder(w flow.Wallet, f flow.Flow) checkout.Order {
	return checkout.Order{
		OrderRef: checkout.OrderRef{Merchant: shop, Channel: w.Channel(), OutTradeNo: "abc234"},
		Wallet:   w, Flow: f, Amount: 88000, Currency: "HKD", Subject: "Simon & Garfunkel", ProductID: "abc234",
		NotifyURL: "https://pay.example/n/x", ReturnURL: "https://pay.example/r/x",
		ExpiresAt: time.Now().Add(time.Hour), FrameWidth: checkout.FrameWidth,
	}
}

// openID returns an openid from the sandbox's OAuth.
func (f fixture) openID(t *testing.T) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Get(f.url + "/connect/oauth2/authorize?" + url.Values{
		"appid": {sandbox.DefaultWeChatAppID}, "redirect_uri": {"https://pay.example/oauth"},
		"response_type": {"code"}, "scope": {"snsapi_base"}, "state": {"s"},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	location, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	response, err = client.Get(f.url + "/sns/oauth2/access_token?" + url.Values{
		"appid": {sandbox.DefaultWeChatAppID}, "secret": {sandbox.DefaultWeChatAppSecret},
		"code": {location.Query().Get("code")}, "grant_type": {"authorization_code"},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var token struct{ OpenID string }
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil || token.OpenID == "" {
		t.Fatalf("openid %q, error %v", token.OpenID, err)
	}
	return token.OpenID
}

// same checks that got equals want.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wantError checks that err is want. With nil it checks that there is no error.
func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// message is a notification with a body and no headers.
func message(body string) checkout.NotificationMessage {
	return checkout.NotificationMessage{Header: func(string) string { return "" }, Body: []byte(body)}
}
