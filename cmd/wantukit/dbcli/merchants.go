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

// merchants says whose gateway a verb asks, beside the database.
type merchants struct {
	Gateway   string `env:"-" help:"Where the sandbox of a demo is, without --config. Defaults to http://127.0.0.1:8081/paygate."`
	PublicURL string `help:"Where shoppers reach the server, as for serve: webhooks name it. Needed with --config."`
	database
}

// shops are the file's, or the demo's: all, or the one that is named.
func (m *merchants) shops(merchant string) ([]config.Shop, error) {
	if m.Config == "" {
		return m.demo(merchant)
	}
	if m.Gateway != "" {
		return nil, gatewaycli.Usage(errors.New("--config names the gateway: leave --gateway out"))
	}
	publicURL, err := config.PublicURL(m.PublicURL)
	if err != nil {
		return nil, gatewaycli.Usage(err)
	}
	m.PublicURL = publicURL
	all, err := config.ReadShops(m.Config)
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
	return nil, gatewaycli.Usage(fmt.Errorf("--merchant %s is not in %s", merchant, m.Config))
}

// domain returns the domain for shops over an open database.
func (m *merchants) domain(ctx context.Context, db *store.DB, shops []config.Shop, logger *slog.Logger) (*kit.Domain, error) {
	configured, err := config.Merchants(shops)
	if err != nil {
		return nil, err
	}
	return kit.NewDomain(ctx, db, kit.Config{Merchants: configured, PublicURL: m.PublicURL, Logger: logger})
}

// demo is the shop of `wantukit demo`. Its worker knows where the webhooks go;
// here it matters that there is such a place.
func (m *merchants) demo(merchant string) ([]config.Shop, error) {
	if merchant != "" && merchant != "demo" {
		return nil, gatewaycli.Usage(errors.New("--merchant needs --config"))
	}
	if m.PublicURL == "" {
		m.PublicURL = "http://localhost:8080"
	}
	s := config.Shop{ID: "demo"}
	s.Gateway.BaseURL, s.Gateway.Key = m.Gateway, sandbox.DefaultKey
	if m.Gateway == "" {
		s.Gateway.BaseURL = gatewaycli.SandboxURL
	}
	s.Gateway.MerchantAccount, s.Gateway.StoreAccount = sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount
	s.Webhook.URL, s.Webhook.Secret = m.PublicURL+"/shop/webhook", config.DemoWebhookSecret
	if err := s.CheckSandbox(); err != nil {
		return nil, gatewaycli.Usage(err)
	}
	return []config.Shop{s}, nil
}
