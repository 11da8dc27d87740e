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

// fixture is a Gateway whose counterpart is the sandbox.
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

// newGateway calls the gateway at base, as the sandbox's merchant.
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

// answering is a Gateway whose counterpart gives one answer to everything.
func answering(t *testing.T, answer http.HandlerFunc) *wantupay.Gateway {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return newGateway(t, server.URL)
}

// signed is an answer under the sandbox's signature.
func signed(object map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		body, err := wantu.Encode(object, sandbox.DefaultKey)
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(body)
	}
}

func newOrder(w flow.Wallet, f flow.Flow) checkout.Order {
	return checkout.Order{
		OrderRef: checkout.OrderRef{Merchant: shop, Channel: w.Channel(), OutTradeNo: "abc234"},
		Wallet:   w, Flow: f, Amount: 88000, Currency: "HKD", Subject: "Simon & Garfunkel", ProductID: "abc234",
		NotifyURL: "https://pay.example/n/x", ReturnURL: "https://pay.example/r/x",
		ExpiresAt: time.Now().Add(time.Hour), FrameWidth: checkout.FrameWidth,
	}
}

// openID walks through the sandbox's OAuth.
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
	back, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	response, err = client.Get(f.url + "/sns/oauth2/access_token?" + url.Values{
		"appid": {sandbox.DefaultWeChatAppID}, "secret": {sandbox.DefaultWeChatAppSecret},
		"code": {back.Query().Get("code")}, "grant_type": {"authorization_code"},
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

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func fails(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// message is a notification as it arrived, without headers.
func message(body string) checkout.NotificationMessage {
	return checkout.NotificationMessage{Header: func(string) string { return "" }, Body: []byte(body)}
}
