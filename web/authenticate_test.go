package web_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/web"
)

// scopeOf is the scope of each route of the merchant API.
var scopeOf = map[string]apikey.Scope{
	"POST /v1/checkout/sessions":             apikey.Create,
	"GET /v1/checkout/sessions/:id":          apikey.Read,
	"POST /v1/checkout/sessions/:id/cancel":  apikey.Create,
	"POST /v1/checkout/sessions/:id/expire":  apikey.Create,
	"POST /v1/checkout/sessions/:id/refunds": apikey.Refund,
	"GET /v1/checkout/sessions/:id/refunds":  apikey.Read,
	"POST /v1/refunds":                       apikey.Refund,
	"GET /v1/refunds/:id":                    apikey.Read,
	"GET /v1/checkout/sessions":              apikey.Read,
	"GET /v1/refunds":                        apikey.Read,
	"GET /v1/events":                         apikey.Read,
	"GET /v1/events/:id":                     apikey.Read,

	"POST /v1/webhook_endpoints":                      apikey.Webhooks,
	"GET /v1/webhook_endpoints":                       apikey.Read,
	"GET /v1/webhook_endpoints/:id":                   apikey.Read,
	"POST /v1/webhook_endpoints/:id":                  apikey.Webhooks,
	"DELETE /v1/webhook_endpoints/:id":                apikey.Webhooks,
	"POST /v1/webhook_endpoints/:id/roll":             apikey.Webhooks,
	"POST /v1/webhook_endpoints/:id/test":             apikey.Webhooks,
	"GET /v1/webhook_endpoints/:id/deliveries":        apikey.Read,
	"GET /v1/webhook_endpoints/:id/deliveries/:event": apikey.Read,
	"POST /v1/webhook_endpoints/:id/retry":            apikey.Webhooks,
	"POST /v1/events/:id/redeliver":                   apikey.Webhooks,
}

// restricted returns the key of the fixture's shop with one scope.
func restricted(scope apikey.Scope) string { return "rk_test_that_may_" + string(scope) }

// withRestrictedKeys adds a restricted key for each scope to the shop.
func withRestrictedKeys(c *web.Config) {
	shop := c.Merchants["shop"]
	for _, scope := range apikey.Scopes() {
		shop.APIKeys = append(shop.APIKeys, apikey.Configured{Secret: apikey.Secret(restricted(scope)), Scopes: []apikey.Scope{scope}})
	}
	c.Merchants["shop"] = shop
}

// TestRestrictedKeyDoesOnlyWhatItMay walks each route of the merchant API with a secret key
// and with a key of each scope. A key with the scope of the route gets as far as to an
// unknown session or to the body.
func TestRestrictedKeyDoesOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withRestrictedKeys)
	var routes []string
	for _, route := range f.web.Routes() {
		isScript := strings.HasSuffix(route, ".js")
		if strings.Contains(route, " /v1/") && !strings.HasPrefix(route, "echo_route_") && !isScript {
			routes = append(routes, route)
		}
	}
	slices.Sort(routes)
	if want := slices.Sorted(maps.Keys(scopeOf)); !slices.Equal(routes, want) {
		t.Fatalf("the routes are %q, want those of the table, %q", routes, want)
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		path = strings.ReplaceAll(path, ":id", "cs_nothing")
		allowed := f.send(method, path, "", "Authorization", "Bearer "+apiKey)
		for _, scope := range apikey.Scopes() {
			got := f.send(method, path, "", "Authorization", "Bearer "+restricted(scope))
			if scope == scopeOf[route] {
				if got.status != allowed.status || got.status == http.StatusForbidden || got.status == http.StatusUnauthorized {
					t.Errorf("%s with the scope %s: %d %s, and with a secret key %d", route, scope, got.status, got.body, allowed.status)
				}
				continue
			}
			p := f.checkProblem(got, http.StatusForbidden, "scope_missing")
			if !strings.HasSuffix(p.Detail, "needs the scope "+string(scopeOf[route])) {
				t.Errorf("%s with the scope %s: the detail is %q", route, scope, p.Detail)
			}
			if want := fmt.Sprintf(`Bearer realm="wantukit", error="insufficient_scope", scope="%s"`, scopeOf[route]); got.header.Get("WWW-Authenticate") != want {
				t.Errorf("%s with the scope %s: WWW-Authenticate is %q, want %q", route, scope, got.header.Get("WWW-Authenticate"), want)
			}
		}
	}
}

func TestAPIDocumentSaysTheScopes(t *testing.T) {
	t.Parallel()
	document := string(must(os.ReadFile("../docs/api.md")))
	for route, scope := range scopeOf {
		row := fmt.Sprintf("\n| `%s` | `%s` |", strings.NewReplacer(":id", "{id}", ":event", "{event}").Replace(route), scope)
		if !strings.Contains(document, row) {
			t.Errorf("docs/api.md has no row that begins with %q", row)
		}
	}
}

// TestRestrictedKeysOfAShop: what one key creates, another one of the shop can read, and one
// of another shop cannot.
func TestRestrictedKeysOfAShop(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withRestrictedKeys)
	path := "/v1/checkout/sessions/" + f.session("")
	for key, want := range map[string]int{
		restricted(apikey.Read): http.StatusOK, restricted(apikey.Create): http.StatusForbidden,
		"sk_test_of_another": http.StatusNotFound, "rk_test_that_may_everything": http.StatusUnauthorized,
	} {
		if got := f.get(path, "Authorization", "Bearer "+key); got.status != want {
			t.Errorf("%s: %d %s, want %d", key, got.status, got.body, want)
		}
	}
}

// TestWrongKeysOfAMerchantAreRefused: the error names the merchant, and no key.
func TestWrongKeysOfAMerchantAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		keys []apikey.Configured
		want string
	}{
		"a short key":            {[]apikey.Configured{{Secret: "canary of k"}}, `merchant "other": api_keys[0] is shorter`},
		"a key of another shop":  {[]apikey.Configured{{Secret: apiKey}}, `merchants "other" and "shop" have the same API key`},
		"its hash":               {[]apikey.Configured{{Hash: apikey.HashOf(apiKey)}}, `merchants "other" and "shop" have the same API key`},
		"a key twice":            {[]apikey.Configured{{Secret: "canary of a key"}, {Secret: "canary of a key"}}, `merchant "other" has an API key twice`},
		"a key with wrong scope": {[]apikey.Configured{{Secret: "canary of a key", Scopes: []apikey.Scope{"write"}}}, `merchant "other": api_keys[0] has a scope`},
	} {
		config := f.config
		config.Merchants = maps.Clone(config.Merchants)
		config.Merchants["other"] = web.Merchant{APIKeys: c.keys}
		_, err := web.New(config)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), apiKey) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

// oneStoredKey is a store of one key.
type oneStoredKey struct{ apikey.Key }

// ValidAPIKeys implements apikey.Store.
func (k oneStoredKey) ValidAPIKeys(context.Context, time.Time) ([]apikey.Key, error) {
	return []apikey.Key{k.Key}, nil
}

// RecordKeyUses implements apikey.Store.
func (oneStoredKey) RecordKeyUses(context.Context, map[string]time.Time) error { return nil }

// TestTestKeyOfALiveShopIsRefused: a shop that was tried at a sandbox keeps its database when
// it goes live. Its test keys, which may be in many hands, then move no real money.
func TestTestKeyOfALiveShopIsRefused(t *testing.T) {
	t.Parallel()
	const secret = "sk_test_of_the_trial"
	stored := oneStoredKey{apikey.Key{ID: "key_1", Merchant: "shop", Hash: apikey.HashOf(secret), Test: true}}
	for want, isLive := range map[int]bool{http.StatusUnauthorized: true, http.StatusNotFound: false} {
		f := newFixture(t, func(c *web.Config) {
			shop := c.Merchants["shop"]
			shop.PlainReturns = !isLive
			c.Merchants["shop"], c.KeyStore = shop, stored
		})
		if err := f.web.Keys().Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := f.get("/v1/checkout/sessions/cs_nothing", "Authorization", "Bearer "+secret); got.status != want {
			t.Errorf("live %v: %d %s, want %d", isLive, got.status, got.body, want)
		}
	}
}
