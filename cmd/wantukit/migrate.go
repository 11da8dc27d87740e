package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/cmd/wantukit/dbcli"
)

// migrateCommand brings the schema up to date and exits. It lets an operator
// migrate before serve is started.
type migrateCommand struct{ dbcli.DatabaseFlags }

// Run implements kong's command.
func (c *migrateCommand) Run(ctx context.Context, logger *slog.Logger) (err error) {
	db, err := c.Open(ctx)
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
