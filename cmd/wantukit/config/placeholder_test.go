package config_test

import (
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func TestPlaceholdersOfExamples(t *testing.T) {
	t.Parallel()
	for value, is := range map[string]bool{
		"${HARBOUR_WANTU_KEY}": true, "sk_${NAME}": true, "whsec_${HOOK_SECRET}": true, "$HARBOUR_WANTU_KEY": true, "$(cat /run/key)": true,
		"{{ .Values.key }}": true, "%HARBOUR_WANTU_KEY%": true, "<your key>": true, "[gateway key]": true, "__GATEWAY_KEY__": true, "@gateway.key@": false, "@gateway_key@": true,
		"changeme": true, "CHANGE_ME": true, "change-me-change-me": true, "Change this to a real key": true, "REPLACE_ME": true, "replace-me-with-the-key": true,
		"REPLACE_WITH_YOUR_KEY": true, "your-key-here": true, "YOUR_API_KEY": true, "your-gateway-key-goes-here": true, "put-your-secret-here": true,
		"insert_gateway_key_here": true, "my-merchant-key-here": true, "placeholder-placeholder": true, "example-key-of-the-gateway": true,
		"todo": true, "TBD": true, "secret": true, "xxxxxxxxxxxxxxxx": true, "sk_live_XXXXXXXXXXXXXXXX": true, "0000000000000000": true, "****************": true,

		"": false, "sk_live_0123456789": false, "0123456789abcdef0123456789abcdef": false, "wx0123456789abcdef": false,
		"4f1c0d9b7e2a4c35b1d60a8f93e7c521": false, "K7v$Xq%2mPz!r8@w^Lb3": false, "$2y$10$N9qo8uLOickgx2ZMRZoMye": false, "a<b>c0123456789abcdef": false,
		canary: false, "whsec_" + hookCanary: false, config.DemoAPIKey: false, config.DemoWebhookSecret: false, sandbox.DefaultKey: false, sandbox.DefaultWeChatAppSecret: false,
		"http://user:password@proxy.example.com:3128": false, "correct horse battery staple": false,
	} {
		if config.IsPlaceholder(value) != is {
			t.Errorf("%q: a placeholder %v, want %v", value, !is, is)
		}
	}
}

// TestHostileSecretsThatAreAnExamples: a key that everybody can read in a manual is
// refused in every field.
func TestHostileSecretsThatAreAnExamples(t *testing.T) {
	t.Setenv("WANTUKIT_TEST_EXAMPLE", "REPLACE_ME_c4n4ry\n")
	const example = "changeme-c4n4ry-0123456789"
	for field, c := range map[string]struct{ replace, by string }{
		"gateway.key":              {"key: " + canary, "key: " + example},
		"gateway.previous_key":     {"key: " + canary, "key: " + canary + "\n      previous_key: " + example},
		"gateway.merchant_account": {"HKG1449074190", example},
		"gateway.store_account":    {"HKG1831455570", "${STORE_c4n4ry}"},
		"api_keys[0]":              {"sk_live_0123456789", example},
		"api_keys[1]":              {"sk_live_0123456789", "sk_live_0123456789, env:WANTUKIT_TEST_EXAMPLE"},
		"webhook.secret":           {"whsec_" + hookCanary, `"whsec_${c4n4ry}"`},
		"webhook.previous_secret":  {"secret: whsec_", `previous_secret: "your-key-here-c4n4ry", secret: whsec_`},
		"webhook.proxy":            {"secret: whsec_", `proxy: "http://u:${c4n4ry}@proxy:3128", secret: whsec_`},
		"wechat.app_id":            {"    api_keys", "    wechat: {app_id: YOUR_APP_KEY_c4n4ry, app_secret: 0123456789}\n    api_keys"},
		"wechat.app_secret":        {"    api_keys", "    wechat: {app_id: wx1, app_secret: " + example + "}\n    api_keys"},
	} {
		_, err := readConfig(t, strings.Replace(goodShop, c.replace, c.by, 1))
		if err == nil || !strings.Contains(err.Error(), field+": this is a placeholder") || strings.Contains(err.Error(), "c4n4ry") {
			t.Errorf("%s: error %v", field, err)
		}
	}
}
