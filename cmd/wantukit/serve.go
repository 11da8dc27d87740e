package main

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
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
	if err := checkPublicURL(c.PublicURL); err != nil {
		return err
	}
	shops, err := readShops(c.Config)
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

// checkPublicURL demands https, which the payment page and its cookies need,
// outside this machine.
func checkPublicURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return errors.New("--public-url must be scheme and host, such as https://pay.example.com")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return errors.New("--public-url must be https outside this machine")
	default:
		return nil
	}
}
