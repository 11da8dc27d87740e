package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/dbcli"
	"github.com/wantukit/wantukit/cmd/wantukit/demoshop"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/wantu/sandbox"
	"github.com/wantukit/wantukit/web"
	"github.com/wantukit/wantukit/web/kit"
)

// demoCommand runs the checkout, a shop and the sandbox. It needs no account and
// no configuration.
type demoCommand struct {
	Addr        string `help:"Address of the checkout and the demo shop." default:":8080"`
	SandboxAddr string `help:"Address of the sandbox." default:":8081"`
	Data        string `help:"Folder of the database and the secret." default:"./data" type:"path"`
	PublicURL   string `help:"Where browsers reach the checkout. Defaults to http://localhost with the port of --addr."`
	// Configure changes the demo shop's configuration, for a test. Defaults to nil.
	Configure func(*config.Shop) `kong:"-"`
}

// Run implements kong's command.
func (c *demoCommand) Run(ctx context.Context, logger *slog.Logger, streams gatewaycli.Streams) error {
	d, err := newDemo(ctx, c, logger)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(streams.Out, "\n  Demo shop   %s\n  Sandbox     %s\n\n", d.publicURL, d.sandboxListener.url())
	return d.run(ctx, logger)
}

// demo is the checkout with a demo shop and a sandbox.
type demo struct {
	kit     *kit.Kit
	sandbox *sandbox.Sandbox
	// gateway is the sandbox, or a test's handler before it.
	gateway                   http.Handler
	shop                      *demoshop.Shop
	listener, sandboxListener listener
	publicURL                 string
}

func newDemo(ctx context.Context, c *demoCommand, logger *slog.Logger) (_ *demo, err error) {
	d := &demo{}
	if c.PublicURL != "" {
		if d.publicURL, err = web.ParseOrigin(strings.TrimRight(c.PublicURL, "/")); err != nil {
			return nil, fmt.Errorf("--public-url %w", err)
		}
	}
	if d.listener, err = listen(ctx, c.Addr); err != nil {
		return nil, err
	}
	if d.sandboxListener, err = listen(ctx, c.SandboxAddr); err != nil {
		return nil, errors.Join(err, d.listener.Close())
	}
	d.listener.limits, d.sandboxListener.limits = limitsFor(descriptors()/2), limitsFor(descriptors()/2)
	if d.publicURL == "" {
		d.publicURL = d.listener.url()
	}
	if err := d.assemble(ctx, c, logger); err != nil {
		return nil, errors.Join(err, d.listener.Close(), d.sandboxListener.Close())
	}
	return d, nil
}

func (d *demo) assemble(ctx context.Context, c *demoCommand, logger *slog.Logger) (err error) {
	if d.sandbox, err = newSandbox(d.sandboxListener, logger); err != nil {
		return err
	}
	d.gateway = d.sandbox
	public, err := url.Parse(d.publicURL)
	if err != nil {
		return fmt.Errorf("--public-url: %w", err)
	}
	// The shop calls the API at a local address. Browsers and the gateway use the
	// public address.
	d.shop, err = demoshop.New(demoshop.Config{
		API: "http://" + net.JoinHostPort(d.listener.host("127.0.0.1"), d.listener.port()), APIKey: config.DemoAPIKey,
		WebhookSecret: config.DemoWebhookSecret, PublicURL: d.publicURL,
	})
	if err != nil {
		return err
	}
	secret, err := loadSecret(filepath.Join(c.Data, "secret"))
	if err != nil {
		return err
	}
	shop := d.shopConfig(public.Host)
	if c.Configure != nil {
		c.Configure(&shop)
	}
	merchant, err := shop.Merchant()
	if err != nil {
		return err
	}
	database := dbcli.DatabaseFlags{Data: c.Data}
	d.kit, err = kit.New(ctx, kit.Config{
		Database: database.Database(), Secret: secret, PublicURL: d.publicURL, Merchants: []kit.Merchant{merchant},
		Streams: d.listener.limits.streams, Demo: &web.Demo{SandboxOrigin: d.sandboxListener.url()}, Logger: logger,
	})
	return database.Explain(err)
}

// shopConfig returns the demo shop as a configuration file would describe it.
func (d *demo) shopConfig(host string) config.Shop {
	s := config.Shop{
		ID: "demo", Name: "Harbour Nights", APIKeys: []config.Confidential{config.DemoAPIKey},
		ReturnHosts: []string{host}, AllowedOrigins: []string{d.publicURL},
	}
	s.Gateway.BaseURL = "http://" + net.JoinHostPort(d.sandboxListener.host("127.0.0.1"), d.sandboxListener.port()) + "/paygate"
	s.Gateway.MerchantAccount, s.Gateway.StoreAccount = sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount
	s.Gateway.Key = sandbox.DefaultKey
	s.WeChat.AppID, s.WeChat.AppSecret = sandbox.DefaultWeChatAppID, sandbox.DefaultWeChatAppSecret
	s.WeChat.AuthorizeURL = d.sandboxListener.url() + "/connect/oauth2/authorize"
	s.WeChat.AccessTokenURL = d.sandboxListener.url() + "/sns/oauth2/access_token"
	// The webhook goes to this program at its local address.
	here := netip.MustParseAddr(d.listener.host("127.0.0.1"))
	s.Webhook.URL = "http://" + net.JoinHostPort(here.String(), d.listener.port()) + "/shop/webhook"
	s.Webhook.Secret, s.Webhook.AllowPrivate = config.DemoWebhookSecret, []string{netip.PrefixFrom(here, here.BitLen()).String()}
	return s
}

// handler serves the checkout and the shop on one address.
func (d *demo) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/shop/", http.StripPrefix("/shop", d.shop))
	mux.Handle("/{$}", http.RedirectHandler("/shop/", http.StatusSeeOther))
	mux.Handle("/", d.kit)
	return web.ViewAs(mux)
}

// run serves both addresses until ctx is done or one of them fails.
func (d *demo) run(ctx context.Context, logger *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gateway := make(chan error, 1)
	go func() {
		defer cancel()
		gateway <- d.sandboxListener.serve(ctx, d.gateway, d.sandbox.Close, logger)
	}()
	err := d.listener.serveKit(ctx, d.kit, d.handler(), logger)
	cancel()
	return errors.Join(err, <-gateway)
}
