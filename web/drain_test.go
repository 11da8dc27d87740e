package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestDrainingServerIsNotReadyAndServes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		f.web.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	if w := ask("/readyz"); w.Code != http.StatusOK || w.Header().Get("Connection") != "" {
		t.Errorf("before the drain: %d, %v", w.Code, w.Header())
	}
	f.web.Drain()
	if w := ask("/readyz"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d while the server drains, want 503", w.Code)
	}
	if w := ask("/healthz"); w.Code != http.StatusOK || w.Header().Get("Connection") != "close" {
		t.Errorf("/healthz answers %d, %v while the server drains", w.Code, w.Header())
	}
}
