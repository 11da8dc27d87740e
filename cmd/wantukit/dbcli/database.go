package dbcli

import (
	"context"
	"errors"
	"fmt"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/web/kit"
)

// DatabaseFlags are the flags that name the database, for serve, migrate and the Verbs.
type DatabaseFlags struct {
	Data               string `help:"Folder of the SQLite database and of the secret that serve makes. Not used with --database-url." default:"./data" type:"path"`
	DatabaseURL        string `help:"PostgreSQL database that several nodes may share, such as 'postgres://wantukit@db.example.com/wantukit?sslmode=verify-full'. A password is safer in the environment."`
	DatabaseUnverified bool   `help:"Accept a PostgreSQL on another host that sslmode=verify-full does not verify. Anyone on the network between can then read and change the data."`
}

// Database returns the database that the flags name.
func (f DatabaseFlags) Database() kit.Database {
	return kit.Database{URL: f.DatabaseURL, Unverified: f.DatabaseUnverified, Folder: f.Data}
}

// Open opens the database and brings its schema up to date. With the option
// store.KeepSchema it only checks the schema. Its errors are those of Explain.
func (f DatabaseFlags) Open(ctx context.Context, options ...store.Option) (*store.DB, error) {
	db, err := f.Database().Open(ctx, options...)
	return db, f.Explain(err)
}

// Explain explains an error of opening the database to the operator. For store.ErrInUse,
// store.ErrDatabaseURL and store.ErrUnverified it returns an error that names the flag to
// change. It returns any other error unchanged.
func (f DatabaseFlags) Explain(err error) error {
	switch {
	case errors.Is(err, store.ErrInUse):
		return fmt.Errorf("--data: another serve or demo runs on %s: stop it first, name another folder, or use PostgreSQL for several nodes", f.Database().SQLiteFile())
	case errors.Is(err, store.ErrDatabaseURL):
		return fmt.Errorf("--database-url: %w", err)
	case errors.Is(err, store.ErrUnverified):
		return fmt.Errorf("--database-url: %w, or set --database-unverified if nobody else can reach the network between", err)
	default:
		return err
	}
}
