package apikey_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestNewKey(t *testing.T) {
	t.Parallel()
	for prefix, k := range map[string]apikey.Key{
		"sk_live_": {},
		"sk_test_": {Test: true},
		"rk_live_": {Scopes: []apikey.Scope{apikey.Read}},
		"rk_test_": {Scopes: []apikey.Scope{apikey.Read}, Test: true},
	} {
		made, secret, err := apikey.New(rand.Reader, k)
		text := string(secret)
		switch {
		case err != nil:
			t.Fatal(err)
		case !strings.HasPrefix(text, prefix) || len(text) != len(prefix)+32:
			t.Errorf("the key of %+v begins with %.8s and has %d characters", k, text, len(text))
		case made.Hash != apikey.HashOf(text):
			t.Errorf("%s: the hash is not the key's", prefix)
		case made.Hint != prefix+"…"+text[len(text)-4:]:
			t.Errorf("%s: the hint is %q", prefix, made.Hint)
		case !strings.HasPrefix(text, apikey.Prefix(len(k.Scopes) > 0, k.Test)) || apikey.IsRestricted(text) != (len(k.Scopes) > 0):
			t.Errorf("%s: the key does not tell its kind", prefix)
		}
		again, second, err := apikey.New(rand.Reader, k)
		if err != nil || second == secret || again.ID == made.ID {
			t.Errorf("%s: two keys are the same (%v)", prefix, err)
		}
	}
	if _, _, err := apikey.New(iotest.ErrReader(errors.New("no random bits")), apikey.Key{}); err == nil {
		t.Error("a key is made without random bits")
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	t.Parallel()
	_, secret, err := apikey.New(rand.Reader, apikey.Key{})
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"%s", "%v", "%+v", "%#v"} {
		if printed := fmt.Sprintf(format, struct{ S apikey.Secret }{secret}); strings.Contains(printed, string(secret)) {
			t.Errorf("%s prints the key", format)
		}
	}
}

func TestHint(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"":                                  "",
		"sk_live_0123456789":                "",
		"sk_live_0123456789012345678901234": "sk_live_…1234",
		"a_long_phrase_that_somebody_made_by_hand": "…hand",
	} {
		if got := apikey.HintOf(secret); got != want {
			t.Errorf("the hint of %q is %q, want %q", secret, got, want)
		}
	}
}

func TestHashText(t *testing.T) {
	t.Parallel()
	hash := apikey.HashOf("sk_live_0123456789")
	if again, err := apikey.ParseHash(strings.ToUpper(hash.Hex())); err != nil || again != hash {
		t.Errorf("reading %s gives %s (%v)", hash.Hex(), again.Hex(), err)
	}
	for _, text := range []string{"", "00", strings.Repeat("g", 64), hash.Hex() + "00"} {
		if _, err := apikey.ParseHash(text); err == nil {
			t.Errorf("%q is a hash", text)
		}
	}
}

func TestScopesOfAKey(t *testing.T) {
	t.Parallel()
	for _, scope := range apikey.Scopes() {
		if !(apikey.Key{}).Allows(scope) {
			t.Errorf("a secret key lacks %s", scope)
		}
		parsed, err := apikey.ParseScope(string(scope))
		if err != nil || parsed != scope {
			t.Errorf("%s is read as %q (%v)", scope, parsed, err)
		}
		for _, other := range apikey.Scopes() {
			if k := (apikey.Key{Scopes: []apikey.Scope{other}}); k.Allows(scope) != (other == scope) {
				t.Errorf("a key for %s: Allows(%s) is %v", other, scope, k.Allows(scope))
			}
		}
	}
	if _, err := apikey.ParseScope("Read"); err == nil {
		t.Error("Read is a scope")
	}
}

func TestKeyPrintsAsJSONWithoutSecret(t *testing.T) {
	t.Parallel()
	k, secret, err := apikey.New(rand.Reader, apikey.Key{Merchant: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(k)
	if err != nil || strings.Contains(string(text), string(secret)) {
		t.Errorf("the key is written as %s (%v)", text, err)
	}
}
