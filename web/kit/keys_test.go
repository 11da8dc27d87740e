package kit_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/web/kit"
)

// clients is the number of requests of statusWith. Each comes from a client of its own, so
// that none is limited.
var clients atomic.Uint32

// statusWith returns the status of a request to the merchant API with a key. 404 means that
// the key is known.
func statusWith(k *kit.Kit, key apikey.Secret) int {
	r := httptest.NewRequest(http.MethodGet, "/v1/checkout/sessions/cs_nothing", nil)
	n := clients.Add(1)
	r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1234", n>>8, n&0xff)
	r.Header.Set("Authorization", "Bearer "+string(key))
	w := httptest.NewRecorder()
	k.ServeHTTP(w, r)
	return w.Code
}

// TestStoredKeysWhileTheKitRuns: a key works from when it is stored until it is revoked,
// without a restart.
func TestStoredKeysWhileTheKitRuns(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	closing, ended := make(chan struct{}), make(chan error, 1)
	serve := func() error {
		<-closing
		return http.ErrServerClosed
	}
	go func() { ended <- k.Run(t.Context(), serve, nil) }()

	made, secret, err := apikey.New(rand.Reader, apikey.Key{Merchant: "tea", Name: "till", CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	gone, orphan, err := apikey.New(rand.Reader, apikey.Key{Merchant: "not configured any more", CreatedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if status := statusWith(k, secret); status != http.StatusUnauthorized {
		t.Errorf("a key that is not stored: %d", status)
	}
	for _, key := range []apikey.Key{gone, made} {
		if err := k.Store().AddAPIKey(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	waitUntil(t, "the new key works", func() bool { return statusWith(k, secret) == http.StatusNotFound })
	if status := statusWith(k, orphan); status != http.StatusUnauthorized {
		t.Errorf("a key of a merchant that is not configured: %d", status)
	}
	if err := k.Store().RevokeAPIKey(t.Context(), made.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the revoked key is refused", func() bool { return statusWith(k, secret) == http.StatusUnauthorized })
	if status := statusWith(k, "sk_test_tea_house"); status != http.StatusNotFound {
		t.Errorf("the configured key: %d", status)
	}
	close(closing)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
