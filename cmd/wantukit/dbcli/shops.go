package dbcli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web/kit"
)

// shopFlags are the flags of a verb that calls the gateway.
type shopFlags struct {
	Gateway   string `env:"-" help:"Base URL of the sandbox, without --config. Defaults to http://127.0.0.1:8081/paygate."`
	PublicURL string `help:"Where shoppers reach the server, as for serve. Webhooks contain it. Needed with --config."`
	database
}

// shops returns the shops of the file, or the demo's shop without a file. If
// merchant is not "", it returns only that shop.
func (f *shopFlags) shops(merchant string) ([]config.Shop, error) {
	if f.Config == "" {
		return f.demoShop(merchant)
	}
	if f.Gateway != "" {
		return nil, gatewaycli.Usage(errors.New("--config names the gateway: do not set --gateway"))
	}
	publicURL, err := config.PublicURL(f.PublicURL)
	if err != nil {
		return nil, gatewaycli.Usage(err)
	}
	f.PublicURL = publicURL
	all, err := config.ReadShops(f.Config)
	if err != nil {
		return nil, gatewaycli.Usage(err)
	}
	if merchant == "" {
		return all, nil
	}
	for _, s := range all {
		if s.ID == merchant {
			return []config.Shop{s}, nil
		}
	}
	return nil, gatewaycli.Usage(fmt.Errorf("--merchant %s is not in %s", merchant, f.Config))
}

// domain returns the domain for shops over an open database.
func (f *shopFlags) domain(ctx context.Context, db *store.DB, shops []config.Shop, logger *slog.Logger) (*kit.Domain, error) {
	return kit.NewDomain(ctx, db, kit.Config{Merchants: config.MerchantsWithoutPictures(shops), PublicURL: f.PublicURL, Logger: logger})
}

// demoShop returns the shop of `wantukit demo`. Its webhook URL only makes the
// domain store webhooks: the demo's worker knows the real URL.
func (f *shopFlags) demoShop(merchant string) ([]config.Shop, error) {
	if merchant != "" && merchant != "demo" {
		return nil, gatewaycli.Usage(errors.New("--merchant needs --config"))
	}
	if f.PublicURL == "" {
		f.PublicURL = "http://localhost:8080"
	}
	s := config.Shop{ID: "demo"}
	s.Gateway.BaseURL, s.Gateway.Key = f.Gateway, sandbox.DefaultKey
	if f.Gateway == "" {
		s.Gateway.BaseURL = gatewaycli.SandboxURL
	}
	s.Gateway.MerchantAccount, s.Gateway.StoreAccount = sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount
	s.Webhook.URL, s.Webhook.Secret = f.PublicURL+"/shop/webhook", config.DemoWebhookSecret
	if err := s.CheckSandbox(); err != nil {
		return nil, gatewaycli.Usage(err)
	}
	return []config.Shop{s}, nil
}
