package config_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web/kit"
)

const (
	canary = "canary-key-that-must-not-show"
	// hookCanary is base64 of 24 bytes, the key of a webhook.
	hookCanary = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"
)

const goodShop = `
merchants:
  - id: harbour
    name: Harbour Nights
    gateway:
      base_url: https://merchants-api.wantu.cn/paygate
      merchant_account: HKG1449074190
      store_account: HKG1831455570
      key: ` + canary + `
    api_keys: [sk_live_0123456789]
    webhook: {url: "https://shop.example.com/hook", secret: whsec_` + hookCanary + `}
    return_hosts: [Shop.example.com]
    channels: [alipay]
`

func readConfig(t *testing.T, text string) ([]config.Shop, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shops.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.ReadShops(path)
}

func merchantOf(t *testing.T, shop config.Shop) kit.Merchant {
	t.Helper()
	m, err := shop.Merchant()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestConfigurationIsRead(t *testing.T) {
	t.Parallel()
	shops, err := readConfig(t, goodShop)
	if err != nil {
		t.Fatal(err)
	}
	if w := merchantOf(t, shops[0]).Web; w.ReturnHosts[0] != "shop.example.com" || w.APIKeys[0].Secret != "sk_live_0123456789" {
		t.Errorf("the web gets %+v", w)
	}
	if d := merchantOf(t, shops[0]).Checkout; len(d.Wallets) != 2 || d.Name != "Harbour Nights" {
		t.Errorf("the domain gets %+v", d)
	}
	if text := fmt.Sprintf("%v %+v %#v", shops, shops, shops); strings.Contains(text, canary) || strings.Contains(text, hookCanary) {
		t.Error("printing the configuration shows the key")
	}
}

func TestConfigurationRefusesWhatMustNotGoLive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ replace, by, want string }{
		"no queries at all":            {"base_url:", "queries_per_second: 0\n      base_url:", "gateway.queries_per_second is not between 1 and 10000"},
		"too many queries":             {"base_url:", "queries_per_second: 10001\n      base_url:", "gateway.queries_per_second is not between 1 and 10000"},
		"sandbox's key with a space":   {"key: " + canary, `key: " ` + sandbox.DefaultKey + `"`, "gateway.key is the sandbox's"},
		"sandbox's merchant":           {"HKG1449074190", sandbox.DefaultMerchantAccount, "gateway.merchant_account is the sandbox's"},
		"sandbox's store":              {"HKG1831455570", `"` + sandbox.DefaultStoreAccount + ` "`, "gateway.store_account is the sandbox's"},
		"sandbox's WeChat account":     {"    api_keys", "    wechat: {app_id: " + sandbox.DefaultWeChatAppID + ", app_secret: x}\n    api_keys", "wechat.app_id is the sandbox's"},
		"sandbox's WeChat secret":      {"    api_keys", "    wechat: {app_id: wx1, app_secret: " + sandbox.DefaultWeChatAppSecret + "}\n    api_keys", "wechat.app_secret is the sandbox's"},
		"demo's API key":               {"sk_live_0123456789", config.DemoAPIKey, "api_keys[0] is the demo's"},
		"demo's API key as second":     {"sk_live_0123456789", "sk_live_0123456789, " + config.DemoAPIKey, "api_keys[1] is the demo's"},
		"demo's webhook secret":        {"whsec_" + hookCanary, config.DemoWebhookSecret, "webhook.secret is the demo's"},
		"short API key":                {"sk_live_0123456789", "sk_live_012", "api_keys[0]"},
		"webhook without TLS":          {"https://shop.example.com/hook", "http://shop.example.com/hook", "webhook.url"},
		"webhook without a scheme":     {"https://shop.example.com/hook", "shop.example.com/hook", "webhook.url"},
		"webhook without a host":       {"https://shop.example.com/hook", "https:///hook", "webhook.url"},
		"webhook of another scheme":    {"https://shop.example.com/hook", "ftp://shop.example.com/hook", "webhook.url"},
		"no webhook secret":            {", secret: whsec_" + hookCanary, "", "webhook.secret"},
		"webhook secret of no base64":  {"whsec_" + hookCanary, "whsec_" + canary, "webhook.secret"},
		"webhook secret without mark":  {"whsec_" + hookCanary, hookCanary, "webhook.secret"},
		"short previous secret":        {"secret: whsec_", "previous_secret: whsec_c2VjcmV0, secret: whsec_", "webhook.previous_secret is not"},
		"previous secret, the current": {"secret: whsec_", "previous_secret: whsec_" + hookCanary + ", secret: whsec_", "webhook.previous_secret is webhook.secret"},
		"demo's previous secret":       {"secret: whsec_", "previous_secret: " + config.DemoWebhookSecret + ", secret: whsec_", "webhook.previous_secret is the demo's"},
		"webhook on a private address": {"https://shop.example.com/hook", "https://10.1.2.3/hook?" + canary, "webhook.url: 10.1.2.3 is no public address"},
		"webhook on this machine":      {"https://shop.example.com/hook", "http://localhost/hook", "webhook.url: 127.0.0.1"},
		"webhook in a mapped address":  {"https://shop.example.com/hook", "https://[::ffff:169.254.169.254]/hook", "webhook.url: 169.254.169.254"},
		"range without bits":           {"secret: whsec_", "allow_private: [10.0.0.1], secret: whsec_", "webhook.allow_private[0]"},
		"range with an address":        {"secret: whsec_", "allow_private: [10.0.0.0/8, 10.0.0.1/8], secret: whsec_", "webhook.allow_private[1]"},
		"range that is everything":     {"secret: whsec_", "allow_private: [0.0.0.0/0], secret: whsec_", "webhook.allow_private[0]"},
		"range of mapped addresses":    {"secret: whsec_", `allow_private: ["::ffff:10.0.0.0/104"], secret: whsec_`, "webhook.allow_private[0]"},
		"proxy that is no URL":         {"secret: whsec_", `proxy: "http://u:` + canary + `@:1:2", secret: whsec_`, "webhook.proxy"},
		"proxy and ranges":             {"secret: whsec_", `proxy: "http://proxy:3128", allow_private: [10.0.0.0/8], secret: whsec_`, "webhook.allow_private"},
		"no requests at once":          {"secret: whsec_", "max_requests: 0, secret: whsec_", "webhook.max_requests"},
		"too many requests at once":    {"secret: whsec_", "max_requests: 257, secret: whsec_", "webhook.max_requests"},
		"unknown type of events":       {"secret: whsec_", "events: [session.payed], secret: whsec_", "webhook.events[0] is not a type"},
		"webhooks without an id":       {"    return_hosts", "    webhooks: [{url: https://a.example, secret: whsec_" + hookCanary + "}]\n    return_hosts", "webhooks[0].id is not"},
		"webhooks with an API's id":    {"    return_hosts", "    webhooks: [{id: we_1, url: https://a.example, secret: whsec_" + hookCanary + "}]\n    return_hosts", "webhooks[0].id is not"},
		"webhooks called default":      {"    return_hosts", "    webhooks: [{id: default, url: https://a.example, secret: whsec_" + hookCanary + "}]\n    return_hosts", "webhooks[0].id is in use"},
		"webhooks without a URL":       {"    return_hosts", "    webhooks: [{id: stock, secret: whsec_" + hookCanary + "}]\n    return_hosts", "webhooks[0].url is missing"},
		"webhooks without a secret":    {"    return_hosts", "    webhooks: [{id: stock, url: https://a.example}]\n    return_hosts", "webhooks[0].secret is not"},
		"webhooks on a private host":   {"    return_hosts", "    webhooks: [{id: stock, url: https://10.1.2.3, secret: whsec_" + hookCanary + "}]\n    return_hosts", "webhooks[0].url: 10.1.2.3 is no public"},
		"demo's secret in webhooks":    {"    return_hosts", "    webhooks: [{id: stock, url: https://a.example, secret: " + config.DemoWebhookSecret + "}]\n    return_hosts", "webhooks[0].secret is the demo's"},
		"plain http beside the ranges": {`{url: "https://shop.example.com/hook"`, `{allow_private: [10.1.0.0/16], url: "http://10.2.0.1/hook"`, "webhook.url: 10.2.0.1"},
		"plain http to the public":     {`{url: "https://shop.example.com/hook"`, `{allow_private: [10.1.0.0/16], url: "http://8.8.8.8/hook"`, "webhook.url: 8.8.8.8 is a public"},
		"short webhook secret":         {"whsec_" + hookCanary, "whsec_c2VjcmV0", "webhook.secret"},
		"WeChat without its secret":    {"    api_keys", "    wechat: {app_id: wx1}\n    api_keys", "wechat.app_secret"},
		"WeChat without its id":        {"    api_keys", "    wechat: {app_secret: " + canary + "}\n    api_keys", "wechat.app_id"},
		"short previous key":           {"key: " + canary, "key: " + canary + "\n      previous_key: short", "gateway.previous_key is shorter"},
		"previous key that is the key": {"key: " + canary, "key: " + canary + "\n      previous_key: " + canary, "gateway.previous_key"},
		"sandbox's previous key":       {"key: " + canary, "key: " + canary + "\n      previous_key: " + sandbox.DefaultKey, "gateway.previous_key is the sandbox's"},
		"empty key":                    {"key: " + canary, `key: ""`, "gateway.key"},
		"short key":                    {"key: " + canary, "key: short", "gateway.key"},
		"sandbox's key":                {"key: " + canary, "key: " + sandbox.DefaultKey, "gateway.key is the sandbox's"},
		"no return host":               {"[Shop.example.com]", "[]", "return_hosts"},
		"unknown policy":               {"    api_keys", "    paid_late: keep\n    api_keys", "paid_late"},
		"unknown channel":              {"[alipay]", "[paypal]", "channels"},
		"no gateway":                   {"https://merchants-api.wantu.cn/paygate", "''", "gateway.base_url"},
		"no name":                      {"name: Harbour Nights", "name: ''", "name"},
		"a field that nobody knows":    {"name: Harbour Nights", "title: Harbour Nights", "line 4, column 5: no field has this name"},
		"a key of no environment":      {"key: " + canary, "key: env:WANTUKIT_TEST_NOTHING", "WANTUKIT_TEST_NOTHING"},
		"a key of no file":             {"key: " + canary, "key: file:/nothing", "gateway.key"},
		"a colour by name":             {"    api_keys", "    branding: {color: red}\n    api_keys", "branding.color"},
		"a logo that is not there":     {"    api_keys", "    branding: {logo: nothing.svg}\n    api_keys", "branding.logo"},
		"a mark of no wallet":          {"    api_keys", "    branding: {marks: {alipay: a.svg}}\n    api_keys", "branding.marks.alipay is not of a wallet"},
		"a mark that is not there":     {"    api_keys", "    branding: {marks: {wechat: nothing.png}}\n    api_keys", "branding.marks.wechat: "},
		"a mark that is a photograph":  {"    api_keys", "    branding: {marks: {alipay_hk: a.jpg}}\n    api_keys", "branding.marks.alipay_hk is not a .svg or .png"},
		"a mark without a file":        {"    api_keys", "    branding: {marks: {wechat: }}\n    api_keys", "branding.marks.wechat is not a .svg or .png"},
		"a logo that is a page":        {"    api_keys", "    branding: {logo: logo.html}\n    api_keys", "branding.logo"},
		"an unknown time zone":         {"    api_keys", "    time_zone: Hong Kong\n    api_keys", "time_zone"},
		"no merchants":                 {goodShop, "merchants: []", "merchants"},
	} {
		_, err := readConfig(t, strings.Replace(goodShop, c.replace, c.by, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to name %s", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), hookCanary)) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}

func TestConfigurationTakesHostsAndOriginsAlone(t *testing.T) {
	t.Parallel()
	for entry, good := range map[string]bool{
		"shop.example.com": true, "shop.example.com:8443": true, "localhost:8080": true, "127.0.0.1": true, "[::1]:8080": true, "a": true,
		"": false, " ": false, "https://shop.example.com": false, "shop.example.com/": false, "shop.example.com/a": false, "//shop.example.com": false,
		"shop example.com": false, " shop.example.com": false, "user@shop.example.com": false, "shop.example.com:": false, "shop.example.com:x": false,
		"*.example.com": false, "shop.example.com?a": false, "shop.example.com#a": false, `shop.example.com\a`: false, "shop.example.com\n": false,
	} {
		_, err := readConfig(t, strings.Replace(goodShop, "[Shop.example.com]", fmt.Sprintf("[%q]", entry), 1))
		if (err == nil) != good || err != nil && !strings.Contains(err.Error(), "return_hosts[0]") {
			t.Errorf("return host %q: %v", entry, err)
		}
	}
	for entry, good := range map[string]bool{
		"https://shop.example.com": true, "https://shop.example.com:8443": true, "http://localhost:8080": true, "http://[::1]": true,
		"": false, "shop.example.com": false, "*": false, "https://*.example.com": false, "https://": false, "https:": false, "'self'": false,
		"https://shop.example.com/": false, "https://shop.example.com/a": false, "https://a.example https://b.example": false, "ftp://shop.example.com": false,
		"https://shop.example.com; script-src *": false, "https://shop.example.com;": false, "https://u@shop.example.com": false, "https://shop.example.com\n": false,
	} {
		_, err := readConfig(t, goodShop+fmt.Sprintf("    allowed_origins: [%q]\n", entry))
		if (err == nil) != good || err != nil && !strings.Contains(err.Error(), "allowed_origins[0]") {
			t.Errorf("origin %q: %v", entry, err)
		}
	}
}

func TestConfigurationOfThisMachineMayUseTheSandbox(t *testing.T) {
	t.Parallel()
	here := strings.NewReplacer(
		"https://merchants-api.wantu.cn", "http://127.0.0.1:8081", "HKG1449074190", sandbox.DefaultMerchantAccount,
		"HKG1831455570", sandbox.DefaultStoreAccount, canary, sandbox.DefaultKey, "https://shop.example.com/hook", "http://localhost:3000/hook",
		"secret: whsec_", "allow_private: [127.0.0.1/32], secret: whsec_",
	).Replace(goodShop)
	if _, err := readConfig(t, here); err != nil {
		t.Errorf("the sandbox's account at a gateway on this machine: %v", err)
	}
	for _, demos := range []struct{ replace, by, want string }{
		{"sk_live_0123456789", config.DemoAPIKey, "api_keys[0]"}, {"whsec_" + hookCanary, config.DemoWebhookSecret, "webhook.secret"},
	} {
		if _, err := readConfig(t, strings.Replace(here, demos.replace, demos.by, 1)); err == nil || !strings.Contains(err.Error(), demos.want) {
			t.Errorf("the demo's %s: %v", demos.want, err)
		}
	}
}

// TestEndpointsAsConfigured: the worker gets the webhook of the file.
func TestEndpointsAsConfigured(t *testing.T) {
	t.Parallel()
	const previous = "whsec_cHJldmlvdXMtcHJldmlvdXMtcHJldmlvdXM="
	for more, want := range map[string]worker.Endpoint{
		"": {},
		"previous_secret: " + previous + `, allow_private: [10.0.0.0/8, "fd00::/64"], `: {
			PreviousSecret: previous, AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/64")},
		},
		"max_requests: 3, ":                   {MaxRequests: 3},
		`proxy: "http://u:p@10.0.0.1:3128", `: {Proxy: &url.URL{Scheme: "http", User: url.UserPassword("u", "p"), Host: "10.0.0.1:3128"}},
	} {
		want.URL, want.Secret = "https://shop.example.com/hook", "whsec_"+hookCanary
		shops, err := readConfig(t, strings.Replace(goodShop, "secret: whsec_", more+"secret: whsec_", 1))
		if err != nil {
			t.Errorf("%q: %v", more, err)
			continue
		}
		if got := merchantOf(t, shops[0]).Webhook; !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", more, got, want)
		}
	}
}

// TestFurtherEndpointsAsConfigured checks that the worker gets the list of the file, with
// the network settings of webhook, and that plain http into an allowed range is taken.
func TestFurtherEndpointsAsConfigured(t *testing.T) {
	t.Setenv("STOCK_SECRET", "whsec_"+hookCanary)
	shops, err := readConfig(t, strings.Replace(goodShop, "secret: whsec_", "allow_private: [10.1.0.0/16], events: [session.paid], secret: whsec_", 1)+`
    webhooks:
      - {id: stock, url: "http://stock.internal/hook", secret: env:STOCK_SECRET, events: [refund.succeeded], max_requests: 2}
`)
	if err != nil {
		t.Fatal(err)
	}
	m := merchantOf(t, shops[0])
	if !slices.Equal(m.Webhook.Events, []checkout.EventType{checkout.EventPaid}) {
		t.Errorf("webhook gets %v", m.Webhook.Events)
	}
	want := []worker.Endpoint{{
		ID: "stock", URL: "http://stock.internal/hook", Secret: "whsec_" + hookCanary, Events: []checkout.EventType{checkout.EventRefundSucceeded},
		MaxRequests: 2, AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")},
	}}
	if !reflect.DeepEqual(m.Webhooks, want) {
		t.Errorf("%+v, want %+v", m.Webhooks, want)
	}
}

func TestConfigurationKeepsMerchantsKeysApart(t *testing.T) {
	t.Parallel()
	_, second, _ := strings.Cut(goodShop, "merchants:\n")
	second = strings.Replace(second, "id: harbour", "id: peak", 1)
	_, err := readConfig(t, goodShop+second)
	if err == nil || !strings.Contains(err.Error(), "api_keys[0]") || strings.Contains(err.Error(), "sk_live") {
		t.Errorf("one API key of two merchants: %v", err)
	}
	if _, err := readConfig(t, goodShop+strings.Replace(second, "sk_live_0123456789", "sk_live_9876543210", 1)); err != nil {
		t.Errorf("two merchants with their own keys: %v", err)
	}
}

func TestConfigurationSaysWhatBecomesOfOddPayments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]checkout.Merchant{
		"":                             {},
		"    paid_late: hold\n":        {PaidLate: checkout.LateHold},
		"    paid_late: accept\n":      {PaidLate: checkout.LateAccept},
		"    paid_late: refund\n":      {PaidLate: checkout.LateRefund},
		"    keep_paid_twice: true\n":  {KeepPaidTwice: true},
		"    keep_paid_twice: false\n": {},
	} {
		shops, err := readConfig(t, goodShop+text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got := merchantOf(t, shops[0]).Checkout; got.PaidLate != want.PaidLate || got.KeepPaidTwice != want.KeepPaidTwice {
			t.Errorf("%q: the domain gets %+v", text, got)
		}
	}
}

func TestConfigurationListsEachWalletOnce(t *testing.T) {
	t.Parallel()
	shops, err := readConfig(t, strings.Replace(goodShop, "[alipay]", "[alipay, wechat, alipay_cn, wechat]", 1))
	if err != nil {
		t.Fatal(err)
	}
	want := []flow.Wallet{flow.WalletAlipayCN, flow.WalletAlipayHK, flow.WalletWeChat}
	if got := merchantOf(t, shops[0]).Checkout.Wallets; !slices.Equal(got, want) {
		t.Errorf("the wallets are %v, want %v", got, want)
	}
}

// TestPreviousKeyStillVerifies: while the gateway changes keys, it may sign with
// either key.
func TestPreviousKeyStillVerifies(t *testing.T) {
	t.Parallel()
	const previous = "the-key-that-was-good-until-now"
	shops, err := readConfig(t, strings.Replace(goodShop, "key: "+canary, "key: "+canary+"\n      previous_key: "+previous, 1))
	if err != nil {
		t.Fatal(err)
	}
	client, err := shops[0].Client(nil)
	if err != nil {
		t.Fatal(err)
	}
	for key, good := range map[string]bool{canary: true, previous: true, "another-key": false} {
		body, err := wantu.Encode(map[string]any{
			"return_code": 200, "merchant_account": "HKG1449074190", "trade_id": "1", "total_fee": 1, "trade_status": "SUCCESS",
		}, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.ParseNotification(body); (err == nil) != good {
			t.Errorf("a notification under %q: %v", key, err)
		}
	}
}

func TestPlainHTTPGatewayOutsideThisMachineIsRefused(t *testing.T) {
	t.Parallel()
	shops, err := readConfig(t, strings.Replace(goodShop, "https://merchants-api", "http://merchants-api", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shops[0].Client(nil); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("a gateway without TLS: %v", err)
	}
}

func TestKeysStandElsewhere(t *testing.T) {
	t.Setenv("WANTUKIT_TEST_KEY", canary)
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("whsec_"+hookCanary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(goodShop, "key: "+canary, "key: env:WANTUKIT_TEST_KEY", 1)
	shops, err := readConfig(t, strings.Replace(text, "whsec_"+hookCanary, "file:"+path, 1))
	if err != nil {
		t.Fatal(err)
	}
	if s := shops[0]; string(s.Gateway.Key) != canary || string(s.Webhook.Secret) != "whsec_"+hookCanary {
		t.Error("the keys were not read")
	}
}

// TestKeysLoseTheEndOfTheirLine: a line end in a key would make each signature
// wrong.
func TestKeysLoseTheEndOfTheirLine(t *testing.T) {
	t.Setenv("WANTUKIT_TEST_UNIX", canary+"\n")
	t.Setenv("WANTUKIT_TEST_WINDOWS", " "+canary+"\r\n")
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(canary+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"env:WANTUKIT_TEST_UNIX", "env:WANTUKIT_TEST_WINDOWS", "file:" + path, "|\n        " + canary} {
		shops, err := readConfig(t, strings.Replace(goodShop, "key: "+canary, "key: "+key, 1))
		if err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		if string(shops[0].Gateway.Key) != canary {
			t.Errorf("%q is read as a key of %d characters, want %d", key, len(shops[0].Gateway.Key), len(canary))
		}
	}
}

// TestKeysStandBesideTheConfiguration: relative paths do not depend on the working
// directory.
func TestKeysStandBesideTheConfiguration(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"shops.yaml": strings.Replace(goodShop, "key: "+canary, "key: file:keys/gateway.key", 1), "keys/gateway.key": canary + "\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shops, err := config.ReadShops(filepath.Join(folder, "shops.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if string(shops[0].Gateway.Key) != canary {
		t.Error("the key was not read")
	}
	if got := config.SecretFiles(shops); !slices.Equal(got, []string{filepath.Join(folder, "keys", "gateway.key")}) {
		t.Errorf("the files with keys are %q", got)
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://pay.example.com": "https://pay.example.com", "https://pay.example.com/": "https://pay.example.com",
		"https://pay.example.com:443": "https://pay.example.com", "https://pay.example.com:443//": "https://pay.example.com",
		"HTTPS://PAY.Example.com": "https://pay.example.com", " https://pay.example.com\n": "https://pay.example.com",
		"https://支付.example/": "https://xn--bnq875c.example", "https://pay.example.com:8443": "https://pay.example.com:8443",
		"http://localhost:8080": "http://localhost:8080", "http://LOCALHOST:80/": "http://localhost", "http://127.0.0.1:8080": "http://127.0.0.1:8080",
		"http://[0::1]:8080/": "http://[::1]:8080",
	} {
		if got, err := config.PublicURL(address); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", address, got, err, want)
		}
	}
	for address, words := range map[string]string{
		"http://pay.example.com": "--public-url must be https outside this machine", "http://127.0.0.1.example.com": "must be https",
		"pay.example.com": "--public-url must begin with https://", "": "must begin with https://", "https://": "--public-url has no host",
		"ftp://pay.example.com": "must begin with https://", "https://u:" + canary + "@pay.example.com": "--public-url must not hold a user",
		"https://pay.example.com/x": "--public-url must not hold a path", "https://pay.example.com?x": "--public-url must not hold a query",
		"https://pay.example.com/?": "must not hold a query", "https://pay.example.com/#x": "--public-url must not hold a fragment",
		"https://pay.example.com:99999": "--public-url has a port", "https://*.example.com": "--public-url has a host", "http://127.1": "has a host",
	} {
		if got, err := config.PublicURL(address); got != "" || err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), canary) {
			t.Errorf("%q: %q, %v, want %q", address, got, err, words)
		}
	}
}

// TestConfigurationRefusesANameThatIsNoText: each page shows the shop's name.
func TestConfigurationRefusesANameThatIsNoText(t *testing.T) {
	t.Parallel()
	for name, word := range map[string]string{`a\0b`: "control", `\u202eb`: "direction", `\u200b`: "seen", `a\nb`: "control"} {
		_, err := readConfig(t, strings.Replace(goodShop, "name: Harbour Nights", `name: "`+name+`"`, 1))
		if err == nil || !strings.Contains(err.Error(), "name: has") || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v, want words about %s", name, err, word)
		}
	}
}

func TestQueriesPerSecond(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]int{"": 0, "queries_per_second: 25\n      ": 25} { // 0 is the default
		shops, err := readConfig(t, strings.Replace(goodShop, "base_url:", field+"base_url:", 1))
		if err != nil {
			t.Fatal(err)
		}
		if got := merchantOf(t, shops[0]).Checkout.QueriesPerSecond; got != want {
			t.Errorf("%q: %d queries a second, want %d", field, got, want)
		}
	}
}

func TestAPIRequestsPerSecond(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]int{"": 0, "api_requests_per_second: 2000\n    ": 2000} { // 0 is the default
		shops, err := readConfig(t, strings.Replace(goodShop, "api_keys:", field+"api_keys:", 1))
		if err != nil {
			t.Fatal(err)
		}
		if got := merchantOf(t, shops[0]).Web.APIRequestsPerSecond; got != want {
			t.Errorf("%q: %d requests a second, want %d", field, got, want)
		}
	}
	for _, wrong := range []string{"0", "-1", "100001"} {
		_, err := readConfig(t, strings.Replace(goodShop, "api_keys:", "api_requests_per_second: "+wrong+"\n    api_keys:", 1))
		if err == nil || !strings.Contains(err.Error(), "api_requests_per_second") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
