package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// serveCommand runs the checkout for live shops.
type serveCommand struct {
	databaseFlags
	Addr           string         `help:"Address to listen on." default:":8080"`
	SecretFile     string         `help:"File with the secret that protects forms and cookies, 32 bytes or more, the same for all nodes. WANTUKIT_SECRET may hold it instead. Made in --data by default." type:"path"`
	Secret         string         `hidden:"" help:"The secret itself, for WANTUKIT_SECRET."`
	DrainFor       time.Duration  `help:"How long /readyz says no before requests are refused, once the program is told to end." default:"5s"`
	PublicURL      string         `help:"Where shoppers and the gateway reach this server, such as https://pay.example.com." required:""`
	TrustedProxies []netip.Prefix `help:"Ranges of the proxies before this server, such as 10.0.0.0/8,127.0.0.1/32: their X-Forwarded-For says who a client is. Nobody is trusted by default." placeholder:"CIDR"`
	Config         string         `help:"YAML file with the merchants." required:"" type:"existingfile"`
}

// Run implements kong's command.
func (c *serveCommand) Run(ctx context.Context, logger *slog.Logger) error {
	publicURL, err := config.PublicURL(c.PublicURL)
	if err != nil {
		return err
	}
	shops, err := config.ReadShops(c.Config)
	if err != nil {
		return err
	}
	secret, err := c.secret()
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	k, err := newKit(ctx, kitConfig{
		database: c.databaseFlags, secret: secret, drainFor: c.DrainFor, publicURL: publicURL, shops: shops, logger: logger,
		trustedProxies: c.TrustedProxies,
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	logger.Info("serving", "addr", l.Addr().String(), "public_url", publicURL, "merchants", len(shops))
	return k.run(ctx, l, k.web, logger)
}
