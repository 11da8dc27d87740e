package web_test

import (
	"slices"
	"testing"

	"github.com/wantukit/wantukit/web"
)

// TestRoutes fixes the URLs: the gateway and open pages hold them across a
// deployment.
func TestRoutes(t *testing.T) {
	t.Parallel()
	r := web.NewRoutes("https://pay.example")
	for got, want := range map[string]string{
		r.Page("cs_1"):       "https://pay.example/c/cs_1",
		r.Notify("token"):    "https://pay.example/n/token",
		r.Return("token"):    "https://pay.example/r/token",
		r.PaymentDirectory(): "https://pay.example/c/",
	} {
		if got != want {
			t.Errorf("the URL is %s, want %s", got, want)
		}
	}
	served := newFixture(t).web.Routes()
	paths := web.NewRoutes("")
	for _, route := range []string{"GET " + paths.Page(":id"), "POST " + paths.Notify(":token"), "GET " + paths.Return(":token")} {
		if !slices.Contains(served, route) {
			t.Errorf("the server has no route %q, only %v", route, served)
		}
	}
}
