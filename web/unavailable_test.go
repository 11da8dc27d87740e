package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/web"
)

// TestUnavailableDatabase checks that requests are answered with 503 and Retry-After.
func TestUnavailableDatabase(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *web.Config) { c.Unavailable = func(error) bool { return true } })
	id := f.session("")
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]answer{
		"the API": f.api("GET", "/v1/checkout/sessions/"+id, ""), "the page": f.get("/c/" + id),
	} {
		if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") != "5" {
			t.Errorf("%s: status %d, Retry-After %q", name, got.status, got.header.Get("Retry-After"))
		}
	}
}

// TestFailureNamesItsKey: the log says whose request failed, by the key's ID.
func TestFailureNamesItsKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.session("")
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	f.api("GET", "/v1/checkout/sessions/"+id, "")
	f.get("/c/" + id)
	log := f.log.String()
	if strings.Count(log, "request failed") != 2 || strings.Count(log, "key=shop/api_keys[0] ") != 1 || strings.Contains(log, apiKey) {
		t.Errorf("the log says\n%s", log)
	}
}

// TestDisconnectedClientIsNotLogged checks that a canceled request leaves no line in the
// log.
func TestDisconnectedClientIsNotLogged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, path := range []string{"/c/" + f.session(""), "/nowhere"} {
		w := httptest.NewRecorder()
		f.web.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	}
	if log := f.log.String(); strings.Contains(log, "context canceled") {
		t.Errorf("the log is\n%s", log)
	}
}

// TestNotReadyIsLoggedOnce checks that repeated requests of a load balancer log one line.
func TestNotReadyIsLoggedOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *web.Config) { c.Ready = func(context.Context) error { return http.ErrServerClosed } })
	for range 3 {
		if got := f.get("/readyz"); got.status != http.StatusServiceUnavailable {
			t.Errorf("status %d", got.status)
		}
	}
	if n := strings.Count(f.log.String(), "not ready"); n != 1 {
		t.Errorf("the log has %d lines, want 1:\n%s", n, f.log)
	}
}
