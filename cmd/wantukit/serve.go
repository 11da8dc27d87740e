package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/dbcli"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
	"github.com/wantukit/wantukit/web"
	"github.com/wantukit/wantukit/web/kit"
)

// serveCommand runs the checkout for live shops.
type serveCommand struct {
	dbcli.DatabaseFlags
	Addr           string         `help:"Address to listen on." default:":8080"`
	SecretFile     string         `help:"File with the secret that signs forms and encrypts cookies: at least 32 bytes, the same on all nodes. WANTUKIT_SECRET can hold the secret itself instead. By default serve makes one in --data." type:"path"`
	Secret         string         `hidden:"" help:"The secret itself, for WANTUKIT_SECRET."`
	DrainFor       time.Duration  `help:"How long /readyz says no before requests are refused, when the program is told to stop." default:"5s"`
	PublicURL      string         `help:"Where shoppers and the gateway reach this server, such as https://pay.example.com." required:""`
	TrustedProxies []netip.Prefix `help:"Ranges of the proxies before this server, such as 10.0.0.0/8,127.0.0.1/32. Their X-Forwarded-For names the client. Defaults to none." placeholder:"CIDR"`
	Config         string         `help:"YAML file with the merchants." required:"" type:"existingfile"`
	Sandbox        string         `help:"For development: origin of the sandbox in your browser, such as http://localhost:8081. Pages get the demo's bar, which shows them as other devices do, and a simulation of WeChat's payment sheet. Refused if a merchant's gateway is not on this machine." placeholder:"URL"`
}

// Run implements kong's command.
func (c *serveCommand) Run(ctx context.Context, logger *slog.Logger) error {
	s, err := c.open(ctx, logger)
	if err != nil {
		return err
	}
	return s.run(ctx, logger)
}

// server is the checkout with its open address.
type server struct {
	kit      *kit.Kit
	listener listener
	handler  http.Handler
}

// run serves until ctx is done.
func (s *server) run(ctx context.Context, logger *slog.Logger) error {
	return s.listener.serveKit(ctx, s.kit, s.handler, logger)
}

// open checks the configuration and opens the address and the database.
func (c *serveCommand) open(ctx context.Context, logger *slog.Logger) (*server, error) {
	publicURL, err := config.PublicURL(c.PublicURL)
	if err != nil {
		return nil, err
	}
	shops, err := config.ReadShops(c.Config)
	if err != nil {
		return nil, err
	}
	demo, err := c.demo(shops)
	if err != nil {
		return nil, err
	}
	c.warnOfExposed(shops, logger) // before c.secret restricts the mode of the file that it made
	secret, err := c.secret()
	if err != nil {
		return nil, err
	}
	merchants, err := config.Merchants(shops)
	if err != nil {
		return nil, err
	}
	l, err := listen(ctx, c.Addr, reach{})
	if err != nil {
		return nil, err
	}
	l.trustedProxies = c.TrustedProxies
	if n := descriptors(); n <= fewDescriptors {
		logger.Warn("this process may open few files, so most pages poll instead of using a live stream: raise ulimit -n or LimitNOFILE", "files", n)
	}
	k, err := kit.New(ctx, kit.Config{
		Database: c.Database(), Secret: secret, DrainFor: c.DrainFor, PublicURL: publicURL, Merchants: merchants, Logger: logger,
		TrustedProxies: c.TrustedProxies, Streams: l.limits.streams, Demo: demo,
	})
	if err != nil {
		return nil, errors.Join(c.Explain(err), l.Close())
	}
	if err := warnOfNoKey(ctx, shops, k, logger); err != nil {
		return nil, errors.Join(err, k.DB().Close(), l.Close())
	}
	s := &server{kit: k, listener: l, handler: k}
	if demo != nil {
		s.handler = web.ViewAs(k)
	}
	logger.Info("serving", "addr", l.Addr().String(), "public_url", publicURL, "merchants", len(shops), l.limits.attributes())
	return s, nil
}

// demo returns the bar for a developer's pages, or nil without --sandbox. It fails
// if --sandbox is wrong or a shop is live.
func (c *serveCommand) demo(shops []config.Shop) (*web.Demo, error) {
	if c.Sandbox == "" {
		return nil, nil
	}
	if err := config.CheckSandboxOrigin(c.Sandbox, shops); err != nil {
		return nil, gatewaycli.Usage(err)
	}
	return &web.Demo{SandboxOrigin: c.Sandbox}, nil
}

// warnOfNoKey logs the shops that have no API key, neither in the file nor in the database.
func warnOfNoKey(ctx context.Context, shops []config.Shop, k *kit.Kit, logger *slog.Logger) error {
	stored, err := k.Store().ValidAPIKeys(ctx, k.Service().Now())
	if err != nil {
		return err
	}
	hasKey := map[string]bool{}
	for _, key := range stored {
		hasKey[key.Merchant] = true
	}
	for i := range shops {
		if s := &shops[i]; len(s.APIKeys) == 0 && !hasKey[s.ID] {
			logger.Warn("this merchant has no API key: make one with `wantukit keys create`", "merchant", s.ID)
		}
	}
	return nil
}

// warnOfExposed logs the files with keys that every user of this machine can read
// or write.
func (c *serveCommand) warnOfExposed(shops []config.Shop, logger *slog.Logger) {
	files := append([]string{c.Config}, config.SecretFiles(shops)...)
	if c.SecretFile != "" {
		files = append(files, c.SecretFile)
	} else if c.DatabaseURL == "" {
		files = append(files, c.madeSecretFile(), c.Database().SQLiteFile())
		if config.WritableByOthers(c.Data) {
			logger.Warn("other users of this machine can replace the files of the data folder: chmod 700 it", "folder", c.Data)
		}
	}
	for _, file := range config.Exposed(files...) {
		logger.Warn("this file holds keys, and other users of this machine can read or write it: chmod 600 it", "file", file)
	}
}
