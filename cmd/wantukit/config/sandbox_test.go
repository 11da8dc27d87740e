package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

// besideSandbox returns goodShop with a sandbox on this machine.
func besideSandbox(gateway string) string {
	return strings.NewReplacer(
		"https://merchants-api.wantu.cn", gateway, "HKG1449074190", sandbox.DefaultMerchantAccount,
		"HKG1831455570", sandbox.DefaultStoreAccount, canary, sandbox.DefaultKey,
	).Replace(goodShop)
}

// TestShopBesideASandbox: its forms may lead to the sandbox's pages without TLS. A
// live shop's forms may not.
func TestShopBesideASandbox(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"live":            {goodShop, nil},
		"at an address":   {besideSandbox("http://127.0.0.1:8081"), []string{"http://127.0.0.1:8081", "http://localhost:8081"}},
		"by name":         {besideSandbox("http://localhost:8081"), []string{"http://127.0.0.1:8081", "http://localhost:8081"}},
		"by IPv6":         {besideSandbox("http://[::1]:8081"), []string{"http://*:8081", "http://127.0.0.1:8081", "http://localhost:8081"}},
		"without a port":  {besideSandbox("http://localhost"), []string{"http://127.0.0.1", "http://localhost"}},
		"with TLS":        {besideSandbox("https://localhost:8081"), nil},
		"WeChat's alone":  {besideSandbox("https://localhost:8081") + weChatAt("http://localhost:8082"), []string{"http://127.0.0.1:8082", "http://localhost:8082"}},
		"both at a place": {besideSandbox("http://localhost:8081") + weChatAt("http://localhost:8081"), []string{"http://127.0.0.1:8081", "http://localhost:8081"}},
	} {
		shops, err := readConfig(t, c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		web, domain := merchantOf(t, shops[0]).Web, merchantOf(t, shops[0]).Checkout
		if live := name == "live"; !slices.Equal(web.FormTargets, c.want) || web.PlainReturns == live || domain.TestMode == live || shops[0].Live() != live {
			t.Errorf("%s: forms may lead to %q, returns may be http %v, in test mode %v", name, web.FormTargets, web.PlainReturns, domain.TestMode)
		}
	}
}

func weChatAt(origin string) string {
	return "    wechat: {app_id: wx1, app_secret: 0123456789, authorize_url: \"" + origin + "/authorize\", access_token_url: \"" + origin + "/token\"}\n"
}

func TestWeChatsOAuthAsConfigured(t *testing.T) {
	t.Parallel()
	shops, err := readConfig(t, goodShop+weChatAt("https://wechat.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	at := merchantOf(t, shops[0]).Web.WeChat.Endpoints
	if at.Authorize != "https://wechat.example.com/authorize" || at.AccessToken != "https://wechat.example.com/token" {
		t.Errorf("the web gets %+v", at)
	}
	for _, wrong := range []string{"http://wechat.example.com", "http://10.0.0.1", "ftp://localhost", "https://u:" + canary + "@wechat.example.com", "https://"} {
		if _, err := readConfig(t, goodShop+weChatAt(wrong)); err == nil || !strings.Contains(err.Error(), "wechat.a") || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: error %v", wrong, err)
		}
	}
	for _, more := range []string{"?x=1", "?", "#x"} {
		text := strings.Replace(goodShop+weChatAt("https://wechat.example.com"), "/token", "/token"+more, 1)
		if _, err := readConfig(t, text); err == nil || !strings.Contains(err.Error(), "wechat.access_token_url") {
			t.Errorf("with %s: error %v", more, err)
		}
	}
}

// TestHostileOriginWithoutTLS: an attacker on the network could frame the page like
// the shop.
func TestHostileOriginWithoutTLS(t *testing.T) {
	t.Parallel()
	const origin = "    allowed_origins: [\"http://shop.example.com\"]\n"
	if _, err := readConfig(t, goodShop+origin); err == nil || !strings.Contains(err.Error(), "allowed_origins[0] must be https") {
		t.Errorf("of a live shop: error %v", err)
	}
	if _, err := readConfig(t, besideSandbox("http://localhost:8081")+origin); err != nil {
		t.Errorf("of a shop beside a sandbox: %v", err)
	}
}
