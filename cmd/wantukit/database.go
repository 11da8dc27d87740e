package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/cmd/wantukit/dbcli"
)

// databaseFlags say where the data is.
type databaseFlags struct {
	Data        string `help:"Folder of the SQLite database and the secret, where --database-url names no other database." default:"./data" type:"path"`
	DatabaseURL string `help:"PostgreSQL that keeps the data, such as 'postgres://wantukit@db.example.com/wantukit?sslmode=verify-full'; several nodes may share it. A password is safer in the environment."`

	dbcli.Unverified
}

// open opens the database and brings its schema up to date.
func (f databaseFlags) open(ctx context.Context) (*store.DB, error) {
	if f.DatabaseURL != "" {
		return f.OpenPostgres(ctx, f.DatabaseURL)
	}
	return store.OpenSQLite(ctx, f.sqlite())
}

// openToServe opens the database for a program that works its queue: of SQLite
// there may be one.
func (f databaseFlags) openToServe(ctx context.Context) (*store.DB, error) {
	if f.DatabaseURL != "" {
		return f.open(ctx)
	}
	db, err := store.OpenSQLiteAlone(ctx, f.sqlite())
	if errors.Is(err, store.ErrInUse) {
		return nil, fmt.Errorf("--data: another serve or demo runs on %s: end it first, name another folder, or use PostgreSQL for several nodes", f.sqlite())
	}
	return db, err
}

// sqlite is the database's file.
func (f databaseFlags) sqlite() string { return filepath.Join(f.Data, "wantukit.db") }

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
