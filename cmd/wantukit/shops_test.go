package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/wantu/sandbox"
)

const canary = "canary-key-that-must-not-show"

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
    webhook: {url: "https://shop.example.com/hook", secret: whsec_` + canary + `}
    return_hosts: [Shop.example.com]
    channels: [alipay]
`

func readConfig(t *testing.T, text string) ([]shopConfig, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shops.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return readShops(path)
}

func TestConfigurationIsRead(t *testing.T) {
	t.Parallel()
	shops, err := readConfig(t, goodShop)
	if err != nil {
		t.Fatal(err)
	}
	if w := shops[0].web(); w.ReturnHosts[0] != "shop.example.com" || w.APIKeys[0] != "sk_live_0123456789" {
		t.Errorf("the web gets %+v", w)
	}
	if d := shops[0].domain(); len(d.Wallets) != 2 || d.Name != "Harbour Nights" {
		t.Errorf("the domain gets %+v", d)
	}
	if text := fmt.Sprintf("%v %+v %#v", shops, shops, shops); strings.Contains(text, canary) {
		t.Error("printing the configuration shows the key")
	}
}

func TestConfigurationRefusesWhatMustNotGoLive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ replace, by, want string }{
		"empty key":                 {"key: " + canary, `key: ""`, "gateway.key"},
		"short key":                 {"key: " + canary, "key: short", "gateway.key"},
		"sandbox's key":             {"key: " + canary, "key: " + sandbox.DefaultKey, "gateway.key is the sandbox's"},
		"no API key":                {"[sk_live_0123456789]", "[]", "api_keys"},
		"no return host":            {"[Shop.example.com]", "[]", "return_hosts"},
		"unknown channel":           {"[alipay]", "[paypal]", "channels"},
		"no gateway":                {"https://merchants-api.wantu.cn/paygate", "''", "gateway.base_url"},
		"no name":                   {"name: Harbour Nights", "name: ''", "name"},
		"a field that nobody knows": {"name: Harbour Nights", "title: Harbour Nights", "title"},
		"a key of no environment":   {"key: " + canary, "key: env:WANTUKIT_TEST_NOTHING", "WANTUKIT_TEST_NOTHING"},
		"a key of no file":          {"key: " + canary, "key: file:/nothing", "gateway.key"},
		"no merchants":              {goodShop, "merchants: []", "merchants"},
	} {
		_, err := readConfig(t, strings.Replace(goodShop, c.replace, c.by, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to name %s", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}

func TestPlainHTTPGatewayOutsideThisMachineIsRefused(t *testing.T) {
	t.Parallel()
	shops, err := readConfig(t, strings.Replace(goodShop, "https://merchants-api", "http://merchants-api", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shops[0].account(); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("a gateway without TLS: %v", err)
	}
}

func TestKeysStandElsewhere(t *testing.T) {
	t.Setenv("WANTUKIT_TEST_KEY", canary)
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("whsec_c2VjcmV0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(goodShop, "key: "+canary, "key: env:WANTUKIT_TEST_KEY", 1)
	shops, err := readConfig(t, strings.Replace(text, "whsec_"+canary, "file:"+path, 1))
	if err != nil {
		t.Fatal(err)
	}
	if s := shops[0]; string(s.Gateway.Key) != canary || string(s.Webhook.Secret) != "whsec_c2VjcmV0" {
		t.Error("the keys were not read")
	}
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://pay.example.com": true, "https://pay.example.com/": true, "http://localhost:8080": true, "http://127.0.0.1:8080": true,
		"http://pay.example.com": false, "pay.example.com": false, "https://": false, "https://u@pay.example.com": false,
		"https://pay.example.com/x": false, "https://pay.example.com?x": false, "ftp://pay.example.com": false,
	} {
		if err := checkPublicURL(address); (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestSecretIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "secret")
	first, err := loadSecret(path)
	if err != nil || len(first) != secretLength {
		t.Fatalf("%d bytes (%v)", len(first), err)
	}
	second, err := loadSecret(path)
	if err != nil || string(second) != string(first) {
		t.Errorf("the second start has another secret (%v)", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v)", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadSecret(path); err == nil {
		t.Error("a short secret is taken")
	}
}
