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
		t.Errorf("before: %d, %v", w.Code, w.Header())
	}
	f.web.Drain()
	if w := ask("/readyz"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("ready while it drains: %d", w.Code)
	}
	if w := ask("/healthz"); w.Code != http.StatusOK || w.Header().Get("Connection") != "close" {
		t.Errorf("while it drains: %d, %v", w.Code, w.Header())
	}
}
