package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/web"
)

// TestRequestsOfAKeyAreBounded uses a key's quota up.
func TestRequestsOfAKeyAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *web.Config) {
		shop := c.Merchants["shop"]
		shop.APIRequestsPerSecond = 5
		shop.APIKeys = append(shop.APIKeys, apikey.Configured{Secret: "sk_test_of_the_fixture_too"})
		c.Merchants["shop"] = shop
	})
	id := f.session("")
	f.clock.advance(time.Minute)
	resume := f.clock.stop()
	defer resume()
	path := "/v1/checkout/sessions/" + id
	for left := 9; left >= 0; left-- {
		got := f.api(http.MethodGet, path, "")
		want := fmt.Sprintf(`"key";r=%d;t=%d`, left, (10-left+4)/5)
		if got.status != http.StatusOK || got.header.Get("RateLimit") != want || got.header.Get("RateLimit-Policy") != `"key";q=10;w=2` {
			t.Errorf("%d: RateLimit is %s, RateLimit-Policy is %s, want %s", got.status, got.header.Get("RateLimit"), got.header.Get("RateLimit-Policy"), want)
		}
	}
	got := f.api(http.MethodGet, path, "")
	f.checkProblem(got, http.StatusTooManyRequests, "too_many_requests")
	if got.header.Get("Retry-After") != "1" || !strings.HasPrefix(got.header.Get("RateLimit"), `"key";r=0;`) {
		t.Errorf("Retry-After is %q, RateLimit is %q", got.header.Get("Retry-After"), got.header.Get("RateLimit"))
	}
	if got := f.get(path, "Authorization", "Bearer sk_test_of_the_fixture_too"); got.status != http.StatusOK {
		t.Errorf("another key of the shop: %d", got.status)
	}
	resume()
	f.clock.advance(time.Second)
	if got := f.api(http.MethodGet, path, ""); got.status != http.StatusOK {
		t.Errorf("after a second: %d", got.status)
	}
}

func TestAPIVersion(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	path := "/v1/checkout/sessions/" + f.session("")
	newest := f.api(http.MethodGet, path, "").header.Get("Wantukit-Version")
	if _, err := time.Parse(time.DateOnly, newest); err != nil {
		t.Errorf("the default version is %q", newest)
	}
	if got := f.get(path, "Authorization", "Bearer "+apiKey, "Wantukit-Version", newest); got.status != http.StatusOK {
		t.Errorf("the newest version: %d", got.status)
	}
	p := f.checkProblem(f.get(path, "Authorization", "Bearer "+apiKey, "Wantukit-Version", "2020-01-01"), http.StatusBadRequest, "invalid_request")
	if p.Field != "Wantukit-Version" || len(p.Errors) != 1 || p.Errors[0].Allowed[0] != newest {
		t.Errorf("an unknown version: %+v", p)
	}
}
