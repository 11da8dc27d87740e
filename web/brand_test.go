package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/templates"
)

// TestBrand checks that the page has the shop's colour and pictures, that its policy
// allows them, and that a picture runs no script even when it is opened by itself.
func TestBrand(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := f.get("/c/" + f.session(""))
	brand := templates.Brand{Color: "#ffd400"}
	if !strings.Contains(page.body, "--fill:#ffd400") || !strings.Contains(page.header.Get("Content-Security-Policy"), brand.StyleHash()) {
		t.Errorf("the page does not have the shop's colour: %s", page.header.Get("Content-Security-Policy"))
	}
	for what, before := range map[string]string{
		"logo": `<img class="logo" src="`, "mark": `<symbol id="m-wechat" viewBox="0 0 40 40"><image href="`,
	} {
		_, rest, _ := strings.Cut(page.body, before)
		src, _, found := strings.Cut(rest, `"`)
		if !found {
			t.Fatalf("the page has no %s", what)
		}
		picture := f.get(src)
		if picture.status != http.StatusOK || picture.body != logo || picture.header.Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s: %d %s %s", what, picture.status, picture.header.Get("Content-Type"), picture.body)
		}
		if csp := picture.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script-src") || !strings.Contains(csp, "sandbox") {
			t.Errorf("the policy of the %s is %s", what, csp)
		}
		if cached := picture.header.Get("Cache-Control"); !strings.Contains(cached, "immutable") {
			t.Errorf("the %s is cached as %q", what, cached)
		}
	}
}
