package dbcli

import (
	"context"
	"errors"
	"fmt"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/web/kit"
)

// DatabaseFlags are the flags of every command that opens the database.
type DatabaseFlags struct {
	Data               string `help:"Folder of the SQLite database and of the secret that serve makes. Not used with --database-url." default:"./data" type:"path"`
	DatabaseURL        string `help:"PostgreSQL database that several nodes may share, such as 'postgres://wantukit@db.example.com/wantukit?sslmode=verify-full'. A password is safer in the environment."`
	DatabaseUnverified bool   `help:"Accept a PostgreSQL on another host that sslmode=verify-full does not verify. Anyone on the network between can then read and change the data."`
}

// Database returns the database that the flags name.
func (f DatabaseFlags) Database() kit.Database {
	return kit.Database{URL: f.DatabaseURL, Unverified: f.DatabaseUnverified, Folder: f.Data}
}

// Open opens the database and brings its schema up to date.
func (f DatabaseFlags) Open(ctx context.Context, options ...store.Option) (*store.DB, error) {
	db, err := f.Database().Open(ctx, options...)
	return db, f.Explain(err)
}

// Explain adds the flag to change to an error of opening the database.
func (f DatabaseFlags) Explain(err error) error {
	switch {
	case errors.Is(err, store.ErrInUse):
		return fmt.Errorf("--data: another serve or demo runs on %s: stop it first, name another folder, or use PostgreSQL for several nodes", f.Database().SQLiteFile())
	case errors.Is(err, store.ErrUnverified):
		return fmt.Errorf("--database-url: %w, or set --database-unverified if nobody else can reach the network between", err)
	default:
		return err
	}
}
