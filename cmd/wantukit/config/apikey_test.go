package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// withKeys returns goodShop with these api_keys.
func withKeys(keys string) string {
	return strings.Replace(goodShop, "[sk_live_0123456789]", keys, 1)
}

func TestAPIKeysAreRead(t *testing.T) {
	t.Setenv("WANTUKIT_TEST_TILL", " rk_live_of_the_till\n")
	hash := apikey.HashOf("the books'")
	shops, err := readConfig(t, withKeys(`
      - sk_live_0123456789
      - {name: till, key: "env:WANTUKIT_TEST_TILL", scopes: [read, create]}
      - {name: books, hash: `+hash.Hex()+`, expires_at: "2026-12-31T18:00:00+08:00"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []apikey.Configured{
		{Secret: "sk_live_0123456789"},
		{Name: "till", Secret: "rk_live_of_the_till", Scopes: []apikey.Scope{apikey.Read, apikey.Create}},
		{Name: "books", Hash: hash, EndsAt: time.Date(2026, 12, 31, 10, 0, 0, 0, time.UTC)},
	}
	if diff := cmp.Diff(want, merchantOf(t, shops[0]).Web.APIKeys); diff != "" {
		t.Errorf("the keys (-want +got):\n%s", diff)
	}
	keys, err := shops[0].Keys()
	if err != nil || len(keys) != 3 || keys[1].ID != "harbour/till" {
		t.Errorf("the keys are %+v (%v)", keys, err)
	}
}

// TestShopWithoutConfiguredKeys: its keys may all be in the database.
func TestShopWithoutConfiguredKeys(t *testing.T) {
	t.Parallel()
	for _, none := range []string{"[]", "", "null"} {
		if _, err := readConfig(t, withKeys(none)); err != nil {
			t.Errorf("api_keys: %s: %v", none, err)
		}
	}
}

func TestWrongAPIKeysAreRefused(t *testing.T) {
	t.Parallel()
	hashOfDemo := apikey.HashOf(config.DemoAPIKey)
	for name, c := range map[string]struct{ keys, want string }{
		"no key and no hash":         {"[{name: till}]", "api_keys[0] has neither a key nor a hash"},
		"an empty key":               {`[""]`, "api_keys[0] has neither a key nor a hash"},
		"a key and a hash":           {"[{key: " + canary + ", hash: " + hashOfDemo.Hex() + "}]", "api_keys[0] has a key and a hash"},
		"a hash that is a key":       {"[{hash: " + canary + "}]", "api_keys[0].hash is not 64 hexadecimal digits"},
		"the hash of the demo's key": {"[{hash: " + hashOfDemo.Hex() + "}]", "api_keys[0] is the demo's own"},
		"a short key in an object":   {"[{key: short}]", "api_keys[0] is shorter than 12 characters"},
		"a placeholder in an object": {"[{key: changeme}]", "api_keys[0].key: this is a placeholder"},
		"a key of no environment":    {"[{key: env:WANTUKIT_TEST_NOTHING}]", "api_keys[0].key: the environment has no"},
		"no scopes":                  {"[{key: " + canary + ", scopes: []}]", "api_keys[0].scopes is empty"},
		"an unknown scope":           {"[{key: " + canary + ", scopes: [write]}]", "api_keys[0] has a scope that is not read, create, refund or webhooks"},
		"a restricted key alone":     {"[rk_live_" + canary + "]", "api_keys[0] begins as a restricted key, and has no scopes"},
		"no time":                    {"[{key: " + canary + ", expires_at: " + canary + "}]", "api_keys[0].expires_at is not a time"},
		"a name twice":               {"[{name: a, key: 0123456789ab}, {name: a, key: " + canary + "}]", "api_keys[1] has the name of another key"},
		"a name with a slash":        {"[{name: a/b, key: " + canary + "}]", "api_keys[0] has a name that"},
		"a key twice":                {"[" + canary + ", {name: a, key: " + canary + "}]", "api_keys[1] is api_keys[0]"},
		"a key and its hash":         {"[0123456789ab, {hash: " + apikey.HashOf("0123456789ab").Hex() + "}]", "api_keys[1] is api_keys[0]"},
		"an unknown field":           {"[{" + canary + ": 1}]", "no field has this name"},
		"a list":                     {"[[" + canary + "]]", "another type of value"},
	} {
		_, err := readConfig(t, withKeys(c.keys))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
			continue
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error repeats the key: %v", name, err)
		}
		if strings.Contains(c.want, "value") && !position.MatchString(err.Error()) {
			t.Errorf("%s: the error says no line: %v", name, err)
		}
	}
}
