package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
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
	hostFlag
	Addr        string `help:"Address of the checkout and the demo shop. :8080 is all addresses of this machine." default:"localhost:8080"`
	SandboxAddr string `help:"Address of the sandbox." default:"localhost:8081"`
	Data        string `help:"Folder of the database and the secret." default:"./data" type:"path"`
	PublicURL   string `help:"Where browsers reach the checkout. Defaults to http://, the host of --host or localhost, and the port of --addr."`
	// Configure changes the demo shop's configuration, for a test. Defaults to nil.
	Configure func(*config.Shop) `kong:"-"`
}

// Run implements kong's command.
func (c *demoCommand) Run(ctx context.Context, logger *slog.Logger, streams gatewaycli.Streams) error {
	d, err := newDemo(ctx, c, logger)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprint(streams.Out, d.greeting())
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
	to, err := c.reach(readMachine())
	if err != nil {
		return nil, err
	}
	if d.listener, err = listen(ctx, c.Addr, to); err != nil {
		return nil, err
	}
	if d.sandboxListener, err = listen(ctx, c.SandboxAddr, to); err != nil {
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
	shop := d.shopConfig()
	if c.Configure != nil {
		c.Configure(&shop)
	}
	if d.sandbox, err = newSandbox(d.sandboxListener, logger, func(s *sandbox.Config) { s.MerchantName = shop.Name }); err != nil {
		return err
	}
	d.gateway = d.sandbox
	// The shop calls the API at a local address. Browsers and the gateway use the
	// public address.
	d.shop, err = demoshop.New(demoshop.Config{
		API: d.listener.callURL(), APIKey: config.DemoAPIKey,
		WebhookSecret: config.DemoWebhookSecret, PublicURL: d.publicURL, SandboxURL: d.sandboxListener.url(),
	})
	if err != nil {
		return err
	}
	secret, err := loadSecret(filepath.Join(c.Data, "secret"))
	if err != nil {
		return err
	}
	merchant, err := shop.Merchant()
	if err != nil {
		return err
	}
	if merchant.Web.Logo == "" {
		merchant.Web.Logo, merchant.Logo = demoshop.Logo()
	}
	database := dbcli.DatabaseFlags{Data: c.Data}
	d.kit, err = kit.New(ctx, kit.Config{
		Database: database.Database(), Secret: secret, PublicURL: d.publicURL, Merchants: []kit.Merchant{merchant},
		Streams: d.listener.limits.streams, Demo: &web.Demo{SandboxOrigin: d.sandboxListener.url()}, Logger: logger,
	})
	return database.Explain(err)
}

// shopConfig returns the demo shop as a configuration file would describe it. A
// developer's own shop may be at the local address.
func (d *demo) shopConfig() config.Shop {
	origins := slices.Compact([]string{d.publicURL, d.listener.localURL()})
	s := config.Shop{ID: "demo", Name: "Harbour Nights", APIKeys: []config.APIKey{{Key: config.DemoAPIKey}}, AllowedOrigins: origins}
	for _, origin := range origins {
		_, host, _ := strings.Cut(origin, "://")
		s.ReturnHosts = append(s.ReturnHosts, host)
	}
	s.Gateway.BaseURL = d.sandboxListener.callURL() + "/paygate"
	s.Gateway.MerchantAccount, s.Gateway.StoreAccount = sandbox.DefaultMerchantAccount, sandbox.DefaultStoreAccount
	s.Gateway.Key = sandbox.DefaultKey
	s.WeChat.AppID, s.WeChat.AppSecret = sandbox.DefaultWeChatAppID, sandbox.DefaultWeChatAppSecret
	s.WeChat.AuthorizeURL = d.sandboxListener.url() + "/connect/oauth2/authorize"
	s.WeChat.AccessTokenURL = d.sandboxListener.callURL() + "/sns/oauth2/access_token"
	// The webhook goes to this program at its local address.
	here := d.listener.ip()
	s.Webhook.URL = d.listener.callURL() + "/shop/webhook"
	s.Webhook.Secret, s.Webhook.AllowPrivate = config.DemoWebhookSecret, []string{netip.PrefixFrom(here, here.BitLen()).String()}
	return s
}

// greeting is what the demo prints when it starts.
func (d *demo) greeting() string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n  Demo shop   %s\n  Sandbox     %s\n", d.listener.localURL(), d.sandboxListener.localURL())
	if d.publicURL != d.listener.localURL() {
		fmt.Fprintf(&text, "  On a phone  %s\n", d.publicURL)
	}
	text.WriteString("\n")
	for line := range strings.Lines(d.sandboxListener.note()) {
		text.WriteString("  " + line)
	}
	text.WriteString("\n")
	return text.String()
}

// handler serves the checkout and the shop on one address. The front page leads to the
// public address: wallets return there, and a browser has its cookies at one address.
func (d *demo) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/shop/", http.StripPrefix("/shop", d.shop))
	mux.Handle("/{$}", http.RedirectHandler(d.publicURL+"/shop/", http.StatusSeeOther))
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
