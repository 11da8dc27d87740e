package sandbox_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/wantu/sandbox"
)

func TestNewReturnsAFieldError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config sandbox.Config
		field  string
	}{
		"public path":      {sandbox.Config{PublicURL: "http://a/b"}, "sandbox PublicURL"},
		"public query":     {sandbox.Config{PublicURL: "http://a?b"}, "sandbox PublicURL"},
		"public scheme":    {sandbox.Config{PublicURL: "ftp://a"}, "sandbox PublicURL"},
		"public user":      {sandbox.Config{PublicURL: "http://u:p@a"}, "sandbox PublicURL"},
		"scan":             {sandbox.Config{ScanURL: "a"}, "sandbox ScanURL"},
		"scan too long":    {sandbox.Config{ScanURL: "http://" + strings.Repeat("a", 45)}, "sandbox ScanURL"},
		"no orders":        {sandbox.Config{MaxOrders: -1}, "sandbox MaxOrders"},
		"two clocks":       {sandbox.Config{Clock: sandbox.NewClock(noon()), Now: time.Now}, "sandbox Now"},
		"wait in the past": {sandbox.Config{NotifySchedule: []time.Duration{-1}}, "sandbox NotifySchedule"},
	} {
		s, err := sandbox.New(c.config)
		var field *wantu.FieldError
		if s != nil || !errors.As(err, &field) || field.Field != c.field {
			t.Errorf("%s: error %v, want one about %s", name, err, c.field)
		}
	}
}

func TestAddressesOfPagesAndCodes(t *testing.T) {
	t.Parallel()
	f := start(t, sandbox.Config{PublicURL: "http://localhost:8081/", ScanURL: "http://192.168.100.100:8081"})
	code := f.qrCode(t, "n1", wantu.WeChat).QRCodeURL
	if !strings.HasPrefix(code, "http://192.168.100.100:8081/q/") || len(code) > 64 {
		t.Errorf("qrcode_url %q", code)
	}
	if page := f.web(t, "n2", ""); !strings.HasPrefix(page, "http://localhost:8081/cashier/") {
		t.Errorf("url %q", page)
	}
	if page := f.web(t, "n3", wantu.AlipayHK); !strings.HasPrefix(page, "http://localhost:8081/frame/") {
		t.Errorf("url %q", page)
	}
	if page := f.wap(t, "n4"); !strings.HasPrefix(page, "http://localhost:8081/m/") {
		t.Errorf("url %q", page)
	}
	order := f.order(t, "n3")
	if !strings.HasPrefix(order.ScanURL, "http://192.168.100.100:8081/q/") || order.PaymentInst != wantu.AlipayHK {
		t.Errorf("the order is %+v", order)
	}
}
