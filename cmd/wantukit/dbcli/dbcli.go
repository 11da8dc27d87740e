// Package dbcli is the command line for the checkout's database, for an operator.
// The server may run at the same time.
//
// [Verbs] are kong's commands. gatewaycli.ExitCode returns the exit code of one.
package dbcli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// Verbs are the commands.
type Verbs struct {
	Session   sessionVerbs  `cmd:"" group:"records" help:"Show what happened to a session."`
	Keys      keysVerbs     `cmd:"" group:"records" help:"List, create, roll and revoke keys of the merchant API."`
	Webhook   webhookVerbs  `cmd:"" group:"records" help:"List and resend webhooks that could not be delivered, and show tries."`
	Reconcile reconcileVerb `cmd:"" group:"records" help:"Compare the gateway's statement with the database, as serve does every day."`

	SettleRefund settleRefundVerb `cmd:"" group:"records" help:"Settle a refund that the gateway does not answer."`
}

// Groups are the titles under which the help lists the verbs and their flags.
func Groups() []kong.Group {
	return []kong.Group{
		{Key: "records", Title: "In the database of serve or demo, which may be running:"},
		{Key: "database", Title: "Database:"},
	}
}

// database is the flags that name the database and the merchants.
type database struct {
	Config string `group:"database" placeholder:"FILE" help:"YAML file with the merchants, as for serve. If given, webhooks are sent only to the merchants in it that have an endpoint."`

	DatabaseFlags `group:"database"`
}

// open opens the database and keeps its schema, because the running server may be
// older. It fails if there is no database, and does not make one.
func (d database) open(ctx context.Context) (*store.DB, error) {
	if d.DatabaseURL == "" {
		file := d.Database().SQLiteFile()
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, gatewaycli.Usage(fmt.Errorf("--data: there is no database %s", file))
		}
	}
	return d.Open(ctx, store.KeepSchema)
}

// with opens the database, calls do and closes the database.
func (d database) with(ctx context.Context, do func(*store.DB, *store.Store) error) error {
	db, err := d.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(db, store.New(db, nil)), db.Close())
}

// readShops returns the shops of the file, or nil if no file was given.
func (d database) readShops() ([]config.Shop, error) {
	if d.Config == "" {
		return nil, nil
	}
	shops, err := config.ReadShops(d.Config)
	if err != nil {
		return nil, gatewaycli.Usage(err)
	}
	return shops, nil
}

// hasEndpoint reports whether a merchant of the file has an endpoint.
func hasEndpoint(shops []config.Shop, merchant, endpoint string) bool {
	for _, s := range shops {
		if s.ID != merchant {
			continue
		}
		return endpoint == checkout.DefaultEndpoint && s.Webhook.URL != "" ||
			slices.ContainsFunc(s.Webhooks, func(w config.Webhook) bool { return w.ID == endpoint })
	}
	return false
}

// checkMerchant fails if a file was given and does not have the merchant. flag is
// the flag's name, for errors. The merchant may be "".
func (d database) checkMerchant(merchant, flag string) error {
	if merchant == "" {
		return nil
	}
	shops, err := d.readShops()
	if err != nil || d.Config == "" {
		return err
	}
	var merchants []string
	for _, s := range shops {
		merchants = append(merchants, s.ID)
	}
	if slices.Contains(merchants, merchant) {
		return nil
	}
	return gatewaycli.Usage(fmt.Errorf("%s must be one of %s", flag, strings.Join(merchants, ", ")))
}

// formatTime returns a time in UTC to the second, or "" for the zero time.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
