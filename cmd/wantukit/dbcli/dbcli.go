// Package dbcli is the checkout's own database at the command line, for an
// operator. The server may run beside it.
//
// [Verbs] are kong's commands; gatewaycli.ExitCode says how one of them ended.
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

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/gatewaycli"
)

// Verbs are the commands.
type Verbs struct {
	Session   sessionVerbs  `cmd:"" group:"records" help:"See what happened to a session."`
	Webhook   webhookVerbs  `cmd:"" group:"records" help:"See to webhooks that a shop could not be sent."`
	Reconcile reconcileVerb `cmd:"" group:"records" help:"Hold the gateway's statement against the books, as serve does every day."`

	SettleRefund settleRefundVerb `cmd:"" group:"records" help:"Settle a refund that the gateway does not answer for."`
}

// Groups are the titles under which the help lists the verbs and their flags.
func Groups() []kong.Group {
	return []kong.Group{
		{Key: "records", Title: "In the database of serve or demo, also while it runs:"},
		{Key: "database", Title: "Which database:"},
	}
}

// database says which database a verb opens, and which merchants there are.
type database struct {
	Config string `group:"database" placeholder:"FILE" help:"YAML file with the merchants, as for serve. Given, it says which merchants have an endpoint."`

	DatabaseFlags `group:"database"`
}

// open opens the database, which must be there: a folder that nobody named is
// not to become one. Its schema stays as it is: the server beside may be older.
func (d database) open(ctx context.Context) (*store.DB, error) {
	if d.DatabaseURL == "" {
		file := d.Database().SQLiteFile()
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, gatewaycli.Usage(fmt.Errorf("--data: there is no database %s", file))
		}
	}
	return d.Open(ctx, store.KeepSchema)
}

// with opens the database for do.
func (d database) with(ctx context.Context, do func(*store.DB, *store.Store) error) error {
	db, err := d.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(db, store.New(db, nil)), db.Close())
}

// endpoints returns the merchants that have an endpoint, and nil where no file
// was given.
func (d database) endpoints() (merchants, withEndpoint []string, err error) {
	if d.Config == "" {
		return nil, nil, nil
	}
	shops, err := config.ReadShops(d.Config)
	if err != nil {
		return nil, nil, gatewaycli.Usage(err)
	}
	for _, s := range shops {
		merchants = append(merchants, s.ID)
		if s.Webhook.URL != "" {
			withEndpoint = append(withEndpoint, s.ID)
		}
	}
	return merchants, withEndpoint, nil
}

// known refuses a merchant that the file does not have, where one was given.
func (d database) known(merchant, flag string) error {
	if merchant == "" {
		return nil
	}
	merchants, _, err := d.endpoints()
	if err != nil || d.Config == "" || slices.Contains(merchants, merchant) {
		return err
	}
	return gatewaycli.Usage(fmt.Errorf("%s must be one of %s", flag, strings.Join(merchants, ", ")))
}

// moment writes a time to the second, "" where there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
