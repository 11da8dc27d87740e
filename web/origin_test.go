package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/web"
)

func TestOriginIsReadAsABrowserDoes(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://pay.example.com":              "https://pay.example.com",
		"https://pay.example.com:443":          "https://pay.example.com",
		"http://pay.example.com:80":            "http://pay.example.com",
		"http://pay.example.com:443":           "http://pay.example.com:443",
		"https://pay.example.com:80":           "https://pay.example.com:80",
		"https://pay.example.com:00443":        "https://pay.example.com",
		"https://pay.example.com:08443":        "https://pay.example.com:8443",
		"HTTPS://Pay.Example.COM":              "https://pay.example.com",
		"https://支付.example":                   "https://xn--bnq875c.example",
		"https://%E6%94%AF%E4%BB%98.example":   "https://xn--bnq875c.example",
		"https://XN--BNQ875C.example":          "https://xn--bnq875c.example",
		"https://支付。example":                   "https://xn--bnq875c.example",
		"https://ＰＡＹ.example":                  "https://pay.example",
		"https://stra\u00dfe.example":          "https://xn--strae-oqa.example",
		"https://u\u0308ber.example":           "https://xn--ber-goa.example",
		"http://127.0.0.1:8080":                "http://127.0.0.1:8080",
		"http://[::1]:80":                      "http://[::1]",
		"http://[0:0:0:0:0:0:0:1]:8080":        "http://[::1]:8080",
		"https://[2001:DB8::0:1]":              "https://[2001:db8::1]",
		"http://localhost:8080":                "http://localhost:8080",
		"http://my_service.internal":           "http://my_service.internal",
		"https://a-very-long.label-of.example": "https://a-very-long.label-of.example",
	} {
		if got, err := web.ParseOrigin(address); got != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", address, got, err, want)
		}
	}
}

func TestInvalidOriginIsRefused(t *testing.T) {
	t.Parallel()
	for address, word := range map[string]string{
		"":                                                     "begin with https://",
		"pay.example.com":                                      "begin with https://",
		"pay.example.com:443":                                  "begin with https://",
		"//pay.example.com":                                    "begin with https://",
		"ftp://pay.example.com":                                "begin with https://",
		"https:pay.example.com":                                "no host",
		"https://":                                             "no host",
		"https://canary@pay.example.com":                       "a user",
		"https://a:canary@pay.example":                         "a user",
		"https://pay.example.com/canary":                       "a path",
		"https://pay.example.com/":                             "a path",
		"https://pay.example.com?canary":                       "a query",
		"https://pay.example.com?":                             "a query",
		"https://pay.example.com#canary":                       "a fragment",
		"https://pay.example.com#":                             "a fragment",
		"https://pay.example.com:0":                            "port",
		"https://pay.example.com:65536":                        "port",
		"https://pay.example.com:":                             "port",
		"https://pay.example.com.":                             "host",
		"https://pay..example.com":                             "host",
		"https://-pay.example.com":                             "host",
		"https://*.example.com":                                "host",
		"https://pay.example.com;canary":                       "host",
		"https://a／b.example":                                  "host",
		"https://a\u202eb.example":                             "host",
		"https://127.1":                                        "host",
		"https://2130706433":                                   "host",
		"https://0x7f.0.0.1":                                   "host",
		"https://127.0.0.0x1":                                  "host",
		"https://127.0.0.01":                                   "host",
		"https://1.2.3.4.5":                                    "host",
		"https://[::ffff:127.0.0.1]":                           "host",
		"https://[fe80::1%25eth0]":                             "host",
		"https://[127.0.0.1]":                                  "not a URL",
		"https://pay.example.com\n":                            "not a URL",
		"https://pay example.com":                              "not a URL",
		"https://pay.example.com\\canary":                      "not a URL",
		"https://" + strings.Repeat("canary.", 40) + "example": "host",
	} {
		got, err := web.ParseOrigin(address)
		if err == nil || got != "" || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %q, %v, want an error about %s", address, got, err, word)
		}
	}
}

// TestReturnHostsAreReadAsBrowsersDo checks hosts that are written in several ways in the
// shop's list and in its URLs.
func TestReturnHostsAreReadAsBrowsersDo(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *web.Config) {
		shop := c.Merchants["shop"]
		shop.ReturnHosts = []string{"Shop.example", "secure.example:443", "plain.example:80", "odd.example:8443", "商店.example", "[::1]"}
		shop.PlainReturns = true
		c.Merchants["shop"] = shop
	})
	for address, good := range map[string]bool{
		"https://shop.example/ok":               true,
		"https://SHOP.EXAMPLE:443/ok":           true,
		"http://shop.example:80/ok":             true,
		"https://shop.example:80/ok":            false,
		"http://shop.example:443/ok":            false,
		"https://secure.example/ok":             true,
		"https://secure.example:443/ok":         true,
		"http://secure.example/ok":              false,
		"http://plain.example/ok":               true,
		"https://plain.example/ok":              false,
		"https://odd.example:8443/ok":           true,
		"https://odd.example:08443/ok":          true,
		"https://odd.example/ok":                false,
		"https://商店.example/ok":                 true,
		"https://xn--czrs0t.example:443/ok":     true,
		"https://%E5%95%86%E5%BA%97.example/":   true,
		"https://[0:0:0:0:0:0:0:1]/ok":          true,
		"https://shop.example./ok":              false,
		"https://shop.example\u200b.evil/ok":    false,
		"https://shop.example／@evil.example/ok": false,
		"https://shop.example:/ok":              false,
		"https://shop.example/\u0085":           false,
		"https://shop.example/\u3000":           false,
	} {
		body := must(json.Marshal(map[string]any{"amount": 1250, "currency": "HKD", "subject": "Tea", "success_url": address, "cancel_url": address}))
		got := f.api(http.MethodPost, "/v1/checkout/sessions", string(body))
		if good && (got.status != http.StatusCreated || !strings.Contains(got.body, `"success_url":"`+address+`"`)) {
			t.Errorf("%s: %d %s, want the URL unchanged", address, got.status, got.body)
		}
		if !good && (got.status != http.StatusBadRequest || !strings.Contains(got.body, `"field":"success_url"`)) {
			t.Errorf("%s: %d %s, want 400", address, got.status, got.body)
		}
	}
}

// TestShopperComesBackToAnInternationalHost checks that the headers with an international
// host are ASCII.
func TestShopperComesBackToAnInternationalHost(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *web.Config) {
		shop := c.Merchants["shop"]
		shop.ReturnHosts = append(shop.ReturnHosts, "商店.example")
		c.Merchants["shop"] = shop
	})
	page := "/c/" + f.session(`,"cancel_url":"https://商店.example:443/否?a=%20茶&s={CHECKOUT_SESSION_ID}#茶"`)
	if policy := f.get(page).header.Get("Content-Security-Policy"); !strings.Contains(policy, "https://xn--czrs0t.example") || strings.Contains(policy, "商") {
		t.Errorf("the policy is %s", policy)
	}
	got := f.post(page, "/cancel", nil)
	want := "https://xn--czrs0t.example/%E5%90%A6?a=%20%E8%8C%B6&s=" + strings.TrimPrefix(page, "/c/") + "#%E8%8C%B6"
	if to := got.header.Get("Location"); got.status != http.StatusSeeOther || to != want {
		t.Errorf("status %d, the redirect leads to %s, want %s", got.status, to, want)
	}
}

// TestFormsOfAPublicURLInAnotherForm checks that forms work if the public URL is not
// written as browsers write an origin.
func TestFormsOfAPublicURLInAnotherForm(t *testing.T) {
	t.Parallel()
	for public, origin := range map[string]string{
		"https://Pay.Example.COM:443": "https://pay.example.com",
		"https://支付.example:443":      "https://xn--bnq875c.example",
		"http://[0:0::1]:80":          "http://[::1]",
	} {
		t.Run(public, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, func(c *web.Config) { c.PublicURL = public })
			id := f.session(`,"channels":["wechat"]`)
			for from, good := range map[string]bool{origin: true, origin + ".evil": false, "null": false, "https://evil.example": false, "https://;": false} {
				got := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "Origin", from, "User-Agent", windows)
				if (got.status == http.StatusSeeOther) != good || !good && got.status != http.StatusForbidden {
					t.Errorf("from %s: %d", from, got.status)
				}
			}
		})
	}
	t.Run("a proxy that names the default port", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t, func(c *web.Config) { c.PublicURL = "https://pay.example" })
		id := f.session(`,"channels":["wechat"]`)
		for host, origin := range map[string]string{"Inside.example:80": "http://inside.example", "inside.example": "http://inside.example:80"} {
			if got := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "Origin", origin, "Host", host); got.status != http.StatusSeeOther {
				t.Errorf("%s from %s: %d", host, origin, got.status)
			}
		}
		if got := f.post("/c/"+id, "/attempts", url.Values{"wallet": {"wechat"}}, "Origin", "null", "Host", "a;b"); got.status == http.StatusSeeOther {
			t.Errorf("two invalid origins count as equal: %d", got.status)
		}
	})
}

func TestFramingOriginsAreCanonicalInThePolicy(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *web.Config) {
		shop := c.Merchants["shop"]
		shop.AllowedOrigins = []string{"https://Shop.example:443", "https://商店.example"}
		c.Merchants["shop"] = shop
	})
	policy := f.get("/c/" + f.session("")).header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "frame-ancestors https://shop.example https://xn--czrs0t.example;") {
		t.Errorf("the policy is %s", policy)
	}
}

func TestServerRefusesInvalidAddresses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		corrupt func(*web.Config)
		word    string
	}{
		"a path in PublicURL": {func(c *web.Config) { c.PublicURL = "https://pay.example/x" }, "PublicURL must not hold a path"},
		"an origin":           {func(c *web.Config) { c.Merchants = map[string]web.Merchant{"other": {AllowedOrigins: []string{"*"}}} }, "AllowedOrigins"},
	} {
		config := f.config
		c.corrupt(&config)
		if _, err := web.New(config); err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: %v, want an error about %s", name, err, c.word)
		}
	}
}

func TestReturnPolicyRefusesInvalidHosts(t *testing.T) {
	t.Parallel()
	_, err := web.NewReturnPolicy(map[string]web.Merchant{"other": {ReturnHosts: []string{"a/b"}}})
	if err == nil || !strings.Contains(err.Error(), `ReturnHosts of merchant "other"`) {
		t.Errorf("error %v, want one that names the field", err)
	}
}
