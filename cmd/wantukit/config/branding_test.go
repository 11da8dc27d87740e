package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout/flow"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// branded writes a configuration with this branding and a picture of size bytes, and returns
// its path.
func branded(t *testing.T, branding, picture string, size int) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, picture), make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "shops.yaml")
	text := strings.Replace(goodShop, "    api_keys", "    branding: {"+branding+"}\n    time_zone: Asia/Tokyo\n    api_keys", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLook(t *testing.T) {
	t.Parallel()
	shops, err := config.ReadShops(branded(t, `color: "#7a1f3d", logo: Logo.PNG`, "Logo.PNG", 100))
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
		if _, err := config.ReadShops(branded(t, "logo: "+name, name, size)); err == nil || !strings.Contains(err.Error(), "branding.logo") {
			t.Errorf("%s of %d bytes: %v", name, size, err)
		}
	}
}

// TestMarks checks that the files of a shop's marks reach its pages, each under a name of its
// own.
func TestMarks(t *testing.T) {
	t.Parallel()
	shops, err := config.ReadShops(branded(t, "logo: a.png, marks: {wechat: a.png, alipay_hk: a.png}", "a.png", 100))
	if err != nil {
		t.Fatal(err)
	}
	m := merchantOf(t, shops[0])
	names := map[string]bool{m.Web.Logo: true}
	for _, w := range []flow.Wallet{flow.WalletWeChat, flow.WalletAlipayHK} {
		name := m.Web.Marks[w]
		if names[name] || !strings.HasSuffix(name, ".png") || len(m.Marks[w]) != 100 {
			t.Errorf("the mark of %s is %q with %d bytes", w, name, len(m.Marks[w]))
		}
		names[name] = true
	}
	if len(m.Web.Marks) != 2 {
		t.Errorf("the marks are %v", m.Web.Marks)
	}
	for name, size := range map[string]int{"empty.png": 0, "large.svg": 64<<10 + 1} {
		if _, err := config.ReadShops(branded(t, "marks: {wechat: "+name+"}", name, size)); err == nil || !strings.Contains(err.Error(), "branding.marks.wechat") {
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
