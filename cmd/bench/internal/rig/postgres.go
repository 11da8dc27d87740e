package rig

import (
	"context"

	"github.com/wantukit/wantukit/checkout/storetest/pgtest"
)

// Postgres is a PostgreSQL server with its default settings, which sync each commit to
// the disk.
type Postgres struct{ server *pgtest.Server }

// StartPostgres starts a server, with its data in the folder for temporary files. It
// fails if PostgreSQL is not installed.
func StartPostgres() (*Postgres, error) {
	server, err := pgtest.Run()
	if err != nil {
		return nil, err
	}
	return &Postgres{server}, nil
}

// NewDatabase makes an empty database and returns its URL.
func (p *Postgres) NewDatabase(ctx context.Context, name string) (string, error) {
	return p.server.NewDatabase(ctx, name)
}

// Close stops the server and removes its data.
func (p *Postgres) Close() error { return p.server.Remove() }
