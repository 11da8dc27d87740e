package config_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// position is the position in the file that an error names.
var position = regexp.MustCompile(`line \d+, column \d+: `)

// TestHostileSecretsInAConfigurationThatIsWrong: a key in the wrong place, as a
// value or as a name, is refused, and the error does not contain it.
func TestHostileSecretsInAConfigurationThatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ replace, by, want string }{
		"as a name of the file":             {"merchants:", canary + ": 1\nmerchants:", "no field has this name"},
		"as a name of a shop":               {"    api_keys", "    " + canary + ": 1\n    api_keys", "no field has this name"},
		"as a name beside the key":          {"      key: " + canary, "      " + canary + ": key", "no field has this name"},
		"as a name without a value":         {"key: " + canary, canary + ":", "no field has this name"},
		"as a name twice":                   {"    api_keys", "    " + canary + ": 1\n    " + canary + ": 2\n    api_keys", "twice"},
		"as a name in braces":               {"webhook: {", "webhook: {" + canary + ": 1, ", "no field has this name"},
		"as a list's only value":            {"[sk_live_0123456789]", canary, "another type of value"},
		"as a number of minutes":            {"    api_keys", "    session_minutes: " + canary + "\n    api_keys", "another type of value"},
		"as a number that is too large":     {"    api_keys", "    session_minutes: 99999999999999999999999999\n    api_keys", "another type of value"},
		"as yes or no":                      {"    api_keys", "    keep_paid_twice: " + canary + "\n    api_keys", "another type of value"},
		"as the gateway itself":             {"webhook: {", "webhook: " + canary + "\n    x: {", ""},
		"as a map":                          {"key: " + canary, "key: {" + canary + ": " + canary + "}", ""},
		"as a list":                         {"key: " + canary, "key: [" + canary + "]", ""},
		"as an alias":                       {"key: " + canary, "key: *" + canary, ""},
		"as an anchor without a value":      {"    api_keys", "    wechat: &" + canary + " [\n    api_keys", ""},
		"as a tag":                          {"webhook: {", "webhook: !!" + canary + " {", ""},
		"in quotes that do not end":         {"key: " + canary, `key: "` + canary, ""},
		"in brackets that do not end":       {"[sk_live_0123456789]", "[" + canary, ""},
		"after another value":               {"key: " + canary, "key: x: " + canary, ""},
		"with a tab before it":              {"      key: ", "\tkey: ", ""},
		"as a line of its own":              {"      key: " + canary, canary, ""},
		"as the whole file":                 {goodShop, canary, ""},
		"as the list of shops":              {goodShop, "merchants: " + canary, ""},
		"as a shop":                         {goodShop, "merchants: [" + canary + "]", ""},
		"as a channel":                      {"[alipay]", "[alipay, " + canary + "]", "channels[1]"},
		"as a policy":                       {"    api_keys", "    paid_late: " + canary + "\n    api_keys", "paid_late"},
		"as an origin":                      {"    api_keys", "    allowed_origins: [" + canary + "]\n    api_keys", "allowed_origins[0]"},
		"as a return host":                  {"[Shop.example.com]", `["` + canary + `/"]`, "return_hosts[0]"},
		"as the gateway's address":          {"https://merchants-api.wantu.cn/paygate", canary, "gateway.base_url"},
		"as the webhook's address":          {"https://shop.example.com/hook", canary, "webhook.url"},
		"as a password in the gateway's":    {"https://merchants-api.wantu.cn/paygate", `"https://u:` + canary + `@:1:2"`, "gateway.base_url"},
		"as a range of private addresses":   {"secret: whsec_", "allow_private: [" + canary + "], secret: whsec_", "webhook.allow_private[0]"},
		"as the webhook's secret, unmarked": {"whsec_" + hookCanary, canary, "webhook.secret"},
	} {
		_, err := readConfig(t, strings.Replace(goodShop, c.replace, c.by, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), hookCanary) || strings.Contains(err.Error(), "99999") {
			t.Errorf("%s: the error repeats it: %v", name, err)
		}
		if strings.HasSuffix(c.want, "value") && !position.MatchString(err.Error()) {
			t.Errorf("%s: the error says no line: %v", name, err)
		}
	}
}

// TestHostileSecretsEmptyKeyDoesNotStart: with an empty key, anyone could sign.
func TestHostileSecretsEmptyKeyDoesNotStart(t *testing.T) {
	t.Setenv("WANTUKIT_TEST_EMPTY", "")
	for name, value := range map[string]string{
		"empty": `""`, "null": "null", "left out": "", "in the environment": "env:WANTUKIT_TEST_EMPTY", "in a file": "file:/dev/null", "spaces": `"   "`,
	} {
		var shops []config.Shop
		shops, err := readConfig(t, strings.Replace(goodShop, "key: "+canary, "key: "+value, 1))
		if err == nil || shops != nil || !strings.Contains(err.Error(), "gateway.key") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
