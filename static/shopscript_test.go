package static_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/static/internal/squeeze"
)

var update = flag.Bool("update", false, "write the newest version of wantukit.js, unless it is there")

// TestShopScriptIsReleased: what is served as the newest version is what wantukit.js says. A
// version that is there is never written again.
func TestShopScriptIsReleased(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("wantukit.js")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), "version: '"+static.ShopScriptVersion+"'") {
		t.Errorf("wantukit.js does not say that its version is %s", static.ShopScriptVersion)
	}
	want, err := squeeze.Script(source)
	if err != nil {
		t.Fatal(err)
	}
	released := filepath.Join("shop", static.ShopScript)
	if _, err := os.Stat(released); *update && os.IsNotExist(err) {
		if err := os.WriteFile(released, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(released)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what wantukit.js says: raise ShopScriptVersion, and run `go test ./static -update`", released)
	}
}

func TestShopScriptsAreServedAsTheyAre(t *testing.T) {
	t.Parallel()
	assets := newAssets(t, static.Config{})
	for _, name := range assets.ShopScripts() {
		want, err := os.ReadFile(filepath.Join("shop", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, encoding := range []string{"", "gzip", "br"} {
			got, ok := assets.Named(name, encoding)
			if !ok || got.Encoding != encoding || string(decode(t, got)) != string(want) {
				t.Errorf("%s in encoding %q: %v, %q, %d bytes", name, encoding, ok, got.Encoding, len(got.Body))
			}
		}
	}
	if _, ok := assets.Named("wantukit-0.0.0.js", ""); ok {
		t.Error("a version is served that was never released")
	}
}
