package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/store"
)

// TestHostileNetworkBeforePostgres checks that a connection to another host needs a
// verified certificate. Otherwise someone on the network could read and change
// payments.
func TestHostileNetworkBeforePostgres(t *testing.T) {
	t.Parallel()
	for url, verified := range map[string]bool{
		"postgres://u:" + canary + "@db.example.com/kit":                                     false,
		"postgres://u:" + canary + "@db.example.com/kit?sslmode=disable":                     false,
		"postgres://u:" + canary + "@db.example.com/kit?sslmode=allow":                       false,
		"postgres://u:" + canary + "@db.example.com/kit?sslmode=prefer":                      false,
		"postgres://u:" + canary + "@db.example.com/kit?sslmode=require":                     false,
		"postgres://u:" + canary + "@db.example.com/kit?sslmode=verify-ca":                   false,
		"postgres://u:" + canary + "@10.0.0.1/kit":                                           false,
		"postgres://u:" + canary + "@127.0.0.1,db.example.com/kit":                           false,
		"postgres://u:" + canary + "@localhost.example.com/kit":                              false,
		"host=db.example.com user=u password=" + canary + " sslmode=require":                 false,
		"postgres://u:" + canary + "@db.example.com/kit?sslmode=verify-full":                 true,
		"postgres://u:" + canary + "@db.example.com,db2.example.com/kit?sslmode=verify-full": true,
		"host=db.example.com user=u password=" + canary + " sslmode=verify-full":             true,
		"postgres://u:" + canary + "@localhost/kit":                                          true,
		"postgres://u:" + canary + "@127.0.0.2:5433/kit?sslmode=disable":                     true,
		"postgres://u:" + canary + "@[::1]/kit":                                              true,
		"postgres:///kit?user=u&host=/run/postgresql&password=" + canary:                     true,
		"host=/run/postgresql user=u password=" + canary:                                     true,
	} {
		err := store.CheckVerified(url)
		if (err == nil) != verified || err != nil && !errors.Is(err, store.ErrUnverified) {
			t.Errorf("%s: error %v", url, err)
		}
		if err != nil && (strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "example")) {
			t.Errorf("%s: the error contains a part of the URL: %v", url, err)
		}
	}
}
