package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
)

// databaseFlags say where the data is.
type databaseFlags struct {
	Data        string `help:"Folder of the SQLite database and the secret, where --database-url names no other database." default:"./data" type:"path"`
	DatabaseURL string `help:"PostgreSQL that keeps the data, such as postgres://wantukit@db.example.com/wantukit; several nodes may share it. A password is safer in the environment."`
}

// open opens the database and brings its schema up to date.
func (f databaseFlags) open(ctx context.Context) (*store.DB, error) {
	if f.DatabaseURL != "" {
		return store.OpenPostgres(ctx, f.DatabaseURL)
	}
	return store.OpenSQLite(ctx, filepath.Join(f.Data, "wantukit.db"))
}

// migrateCommand brings the schema up to date and exits, for those who let
// serve start only once that is done.
type migrateCommand struct{ databaseFlags }

// Run implements kong's command.
func (c *migrateCommand) Run(ctx context.Context, logger *slog.Logger) (err error) {
	db, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := worker.NewQueue(ctx, db, nil, nil); err != nil {
		return err
	}
	logger.Info("the schema is up to date")
	return nil
}
