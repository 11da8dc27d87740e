package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/wantukit/wantukit/cmd/wantukit/config"
)

// serveCommand runs the checkout for live shops.
type serveCommand struct {
	Addr      string `help:"Address to listen on." default:":8080"`
	Data      string `help:"Folder of the database and the secret." default:"./data" type:"path"`
	PublicURL string `help:"Where shoppers and the gateway reach this server, such as https://pay.example.com." required:""`
	Config    string `help:"YAML file with the merchants." required:"" type:"existingfile"`
}

// Run implements kong's command.
func (c *serveCommand) Run(ctx context.Context, logger *slog.Logger) error {
	if err := config.CheckPublicURL(c.PublicURL); err != nil {
		return err
	}
	shops, err := config.ReadShops(c.Config)
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.Addr)
	if err != nil {
		return err
	}
	k, err := newKit(ctx, kitConfig{
		dataDir: c.Data, publicURL: strings.TrimRight(c.PublicURL, "/"), shops: shops, logger: logger,
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	logger.Info("serving", "addr", l.Addr().String(), "public_url", c.PublicURL, "merchants", len(shops))
	return k.run(ctx, l, k.web, logger)
}
