package apikey_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
)

func TestKeysOfAConfiguration(t *testing.T) {
	t.Parallel()
	ends := noon.Add(time.Hour)
	keys, err := apikey.KeysOf("tea", []apikey.Configured{
		{Secret: "sk_live_0123456789"},
		{Name: "till", Hash: apikey.HashOf("of the till"), Scopes: []apikey.Scope{apikey.Create}, EndsAt: ends},
	})
	if err != nil || len(keys) != 2 {
		t.Fatalf("%d keys (%v)", len(keys), err)
	}
	if k := keys[0]; k.ID != "tea/api_keys[0]" || k.Merchant != "tea" || k.Hash != apikey.HashOf("sk_live_0123456789") || !k.Allows(apikey.Refund) {
		t.Errorf("the first key is %+v", k)
	}
	if k := keys[1]; k.ID != "tea/till" || k.Name != "till" || k.Hash != apikey.HashOf("of the till") || !k.EndsAt.Equal(ends) ||
		!slices.Equal(k.Scopes, []apikey.Scope{apikey.Create}) {
		t.Errorf("the second key is %+v", k)
	}
}

func TestWrongKeysOfAConfigurationAreRefused(t *testing.T) {
	t.Parallel()
	const canary = "canary-of-a-key"
	for name, c := range map[string]struct {
		key  apikey.Configured
		want string
	}{
		"neither key nor hash":         {apikey.Configured{Name: "till"}, "api_keys[1] has neither a key nor a hash"},
		"key and hash":                 {apikey.Configured{Secret: canary, Hash: apikey.HashOf(canary)}, "api_keys[1] has a key and a hash"},
		"a short key":                  {apikey.Configured{Secret: "canary-of-a"}, "api_keys[1] is shorter than 12 characters"},
		"an unknown scope":             {apikey.Configured{Secret: canary, Scopes: []apikey.Scope{"write"}}, "api_keys[1] has a scope that is not read, create, refund or webhooks"},
		"a restricted key by its look": {apikey.Configured{Secret: "rk_live_" + canary}, "begins as a restricted key"},
		"the name of another key":      {apikey.Configured{Name: "api_keys[0]", Secret: canary}, "api_keys[1] has the name of another key"},
		"a name with a slash":          {apikey.Configured{Name: "a/b", Secret: canary}, "api_keys[1] has a name that"},
	} {
		_, err := apikey.KeysOf("tea", []apikey.Configured{{Secret: "sk_live_0123456789"}, c.key})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canary[:11]) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestNamesOfKeys(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"till": true, "api_keys[0]": true, "收银台 2": true, strings.Repeat("茶", 64): true,
		"": false, " till": false, "till ": false, "a/b": false, "a\nb": false, "a\x1bb": false, "a\u202eb": false, "\xff": false, strings.Repeat("x", 65): false,
	} {
		if err := apikey.CheckName(name); (err == nil) != good {
			t.Errorf("the name %q: %v", name, err)
		}
	}
}

func TestConfiguredKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	const canary = "canary-of-a-key"
	c := apikey.Configured{Name: "till", Secret: canary}
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&printed, verb+"\n", c)
	}
	slog.New(slog.NewTextHandler(&printed, nil)).Info("m", "key", c, "secret", c.Secret)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("m", "key", c, "secret", c.Secret)
	if err := json.NewEncoder(&printed).Encode(c); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{canary, fmt.Sprintf("%x", canary)} {
		if strings.Contains(printed.String(), form) {
			t.Errorf("the key is printed: %s", &printed)
		}
	}
}
