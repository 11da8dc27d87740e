package web_test

import (
	"reflect"
	"testing"

	"github.com/wantukit/wantukit/web"
)

// TestServerHasNoExportedFields keeps the secret and the shops' keys from being
// read or set from outside.
func TestServerHasNoExportedFields(t *testing.T) {
	t.Parallel()
	server := reflect.TypeFor[web.Server]()
	for i := range server.NumField() {
		if field := server.Field(i); field.IsExported() {
			t.Errorf("web.Server has the exported field %s", field.Name)
		}
	}
}
