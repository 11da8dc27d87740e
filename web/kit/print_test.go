package kit_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/apikey"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/web"
	"github.com/wantukit/wantukit/web/kit"
)

// TestConfigPrintsNoSecret: a struct with a secret that is logged or printed by mistake
// shows no secret.
func TestConfigPrintsNoSecret(t *testing.T) {
	t.Parallel()
	const canary = "canary"
	merchant := kit.Merchant{
		Checkout: checkout.Merchant{ID: "tea"},
		Web:      web.Merchant{APIKeys: []apikey.Configured{{Secret: canary}}, WeChat: web.WeChatApp{ID: "wx1", Secret: canary}},
		Account:  wantu.Config{Key: canary, PreviousKey: canary}, PreviousAccounts: []wantu.Config{{Key: canary}},
		Webhook: worker.Endpoint{URL: "https://user:" + canary + "@shop.example.com/" + canary + "?k=" + canary, Secret: canary, PreviousSecret: canary},
	}
	config := kit.Config{
		Database: kit.Database{URL: "postgres://u:" + canary + "@db/kit"}, PublicURL: "https://pay.example.com", Secret: []byte(canary),
		Merchants: []kit.Merchant{merchant},
	}
	bytesOfCanary := strings.Trim(fmt.Sprintf("%d", []byte(canary)), "[]")
	for _, value := range []any{
		config, &config, merchant, merchant.Web, merchant.Web.WeChat, merchant.Webhook, config.Database, config.Merchants,
		web.Config{Secret: []byte(canary), Merchants: map[string]web.Merchant{"tea": merchant.Web}},
	} {
		var printed bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&printed, nil)).Info("m", "value", value)
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("m", "value", value)
		for _, secret := range []string{canary, bytesOfCanary, fmt.Sprintf("%x", canary)} {
			if strings.Contains(printed.String(), secret) {
				t.Errorf("%T prints a secret: %s", value, &printed)
			}
		}
	}
}
