package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// branded writes a configuration with a logo of size bytes, and returns its path.
func branded(t *testing.T, logo string, size int) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, logo), make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "shops.yaml")
	text := strings.Replace(goodShop, "    api_keys", "    branding: {color: \"#7a1f3d\", logo: "+logo+"}\n    time_zone: Asia/Tokyo\n    api_keys", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLook(t *testing.T) {
	t.Parallel()
	shops, err := config.ReadShops(branded(t, "Logo.PNG", 100))
	if err != nil {
		t.Fatal(err)
	}
	m := merchantOf(t, shops[0])
	if w := m.Web; w.Color != "#7a1f3d" || !strings.HasSuffix(w.Logo, ".png") || w.Location.String() != "Asia/Tokyo" {
		t.Errorf("the web gets %q, %q, %v", w.Color, w.Logo, w.Location)
	}
	if len(m.Logo) != 100 {
		t.Errorf("the logo has %d bytes, want 100", len(m.Logo))
	}
	for name, size := range map[string]int{"logo.png": 0, "logo.svg": 64<<10 + 1} {
		if _, err := config.ReadShops(branded(t, name, size)); err == nil || !strings.Contains(err.Error(), "branding.logo") {
			t.Errorf("%s of %d bytes: %v", name, size, err)
		}
	}
}

func TestLookByDefault(t *testing.T) {
	t.Parallel()
	shops, err := readConfig(t, goodShop)
	if err != nil {
		t.Fatal(err)
	}
	if w := merchantOf(t, shops[0]).Web; w.Color != "" || w.Logo != "" || w.Location.String() != "Asia/Hong_Kong" {
		t.Errorf("the web gets %q, %q, %v", w.Color, w.Logo, w.Location)
	}
}
