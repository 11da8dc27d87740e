package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/templates"
)

// TestBrand checks that the page has the shop's colour and picture, that its policy
// allows both, and that the picture runs no script even when it is opened by itself.
func TestBrand(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	page := f.get("/c/" + f.session(""))
	brand := templates.Brand{Color: "#ffd400"}
	if !strings.Contains(page.body, "--fill:#ffd400") || !strings.Contains(page.header.Get("Content-Security-Policy"), brand.StyleHash()) {
		t.Errorf("the page does not have the shop's colour: %s", page.header.Get("Content-Security-Policy"))
	}
	_, rest, _ := strings.Cut(page.body, `<img class="logo" src="`)
	src, _, found := strings.Cut(rest, `"`)
	if !found {
		t.Fatal("the page has no logo")
	}
	picture := f.get(src)
	if picture.status != http.StatusOK || picture.body != logo || picture.header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("%d %s %s", picture.status, picture.header.Get("Content-Type"), picture.body)
	}
	if csp := picture.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script-src") || !strings.Contains(csp, "sandbox") {
		t.Errorf("the picture's policy is %s", csp)
	}
}
