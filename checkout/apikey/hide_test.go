package apikey_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/apikey"
)

func TestHideKeys(t *testing.T) {
	t.Parallel()
	for _, k := range []apikey.Key{{}, {Test: true}, {Scopes: []apikey.Scope{apikey.Read}}, {Scopes: []apikey.Scope{apikey.Read}, Test: true}} {
		_, secret, err := apikey.New(rand.Reader, k)
		if err != nil {
			t.Fatal(err)
		}
		text := "Bearer " + string(secret) + `,"` + string(secret) + `"`
		if got := apikey.Hide(text); got != `Bearer [secret],"[secret]"` {
			t.Errorf("hidden in %s: %s", strings.ReplaceAll(text, string(secret), "KEY"), got)
		}
	}
	if text := "sk_live_short, key_abcdefghijklmnop"; apikey.Hide(text) != text {
		t.Errorf("%s is changed to %s", text, apikey.Hide(text))
	}
}
