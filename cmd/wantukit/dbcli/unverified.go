package dbcli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wantukit/wantukit/checkout/store"
)

// Unverified is the flag of whoever opens PostgreSQL.
type Unverified struct {
	DatabaseUnverified bool `help:"Take a PostgreSQL on another host that sslmode=verify-full does not verify. Whoever stands between can then read and change the data."`
}

// OpenPostgres opens the database unless its host is another and not verified.
func (u Unverified) OpenPostgres(ctx context.Context, databaseURL string, options ...store.Option) (*store.DB, error) {
	databaseURL = strings.TrimSpace(databaseURL) // the line of a file may end in it
	if err := store.CheckVerified(databaseURL); err != nil && (!u.DatabaseUnverified || !errors.Is(err, store.ErrUnverified)) {
		return nil, fmt.Errorf("--database-url: %w, or set --database-unverified if nobody else can reach the network between", err)
	}
	return store.OpenPostgres(ctx, databaseURL, options...)
}
