package demoshop_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/demoshop"
)

// TestAPIsRedirectIsNotFollowed: Go's client would send the API key to another port
// of the same host.
func TestAPIsRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
	t.Cleanup(elsewhere.Close)
	api := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(api.Close)
	s, err := demoshop.New(demoshop.Config{API: api.URL, APIKey: "sk_test_of_the_shop", WebhookSecret: secret, PublicURL: "http://localhost"})
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/orders", nil))
	if answer.Code != http.StatusBadGateway || followed.Load() {
		t.Errorf("the shopper is answered %d, the redirect followed %v", answer.Code, followed.Load())
	}
}
