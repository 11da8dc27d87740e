package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/wantukit/wantukit/cmd/bench/internal/rig"
	"github.com/wantukit/wantukit/cmd/bench/internal/wire"
)

// slowGateway is how long each answer of the slow gateway takes.
const slowGateway = 5 * time.Second

// town is what surrounds the checkouts that are measured, one after the other.
type town struct {
	folder        string
	gateway       *rig.Gateway
	told, hanging *rig.Shop
	postgres      *rig.Postgres // nil until it is needed

	// numbers makes the references of the payments.
	numbers atomic.Int64
	// starts counts the checkouts, for the names of their folders.
	starts int
	// reference is the URL of referenceDatabase.
	reference string
}

func newTown(ctx context.Context) (*town, error) {
	folder, err := os.MkdirTemp("", "wantukit-bench")
	if err != nil {
		return nil, err
	}
	t := &town{folder: folder}
	t.gateway, err = rig.NewGateway(ctx, slowGateway)
	if err == nil {
		t.hanging, err = rig.NewShop(ctx, true)
	}
	if err == nil {
		t.told, err = rig.NewShop(ctx, false)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return t, nil
}

// close ends what newTown and open have started, and removes the data.
func (t *town) close() error {
	t.gateway.Close()
	t.told.Close()
	t.hanging.Close()
	var err error
	if t.postgres != nil {
		err = t.postgres.Close()
	}
	return errors.Join(err, os.RemoveAll(t.folder)) // #nosec G703 -- the folder that newTown made
}

// place is where and how a checkout runs.
type place struct {
	binary string
	engine engine
	// wrapper runs the checkout: see rig.Plan.
	wrapper []string
	// publicAddr is where browsers reach it: see rig.Plan.
	publicAddr string
}

// engine is a database.
type engine string

const (
	sqlite   engine = "SQLite"
	postgres engine = "PostgreSQL"
)

// open starts a checkout with an empty database.
func (t *town) open(ctx context.Context, p place) (*sale, error) {
	t.starts++
	t.gateway.Forget()
	plan := rig.Plan{
		Binary: p.binary, Folder: filepath.Join(t.folder, fmt.Sprint("node", t.starts)), Wrapper: p.wrapper, PublicAddr: p.publicAddr,
		Gateway: t.gateway, Told: t.told, Hanging: t.hanging,
	}
	if err := os.Mkdir(plan.Folder, 0o700); err != nil {
		return nil, err
	}
	if p.engine == postgres {
		var err error
		if plan.DatabaseURL, err = t.newDatabase(ctx); err != nil {
			return nil, err
		}
	}
	return t.start(ctx, plan)
}

func (t *town) start(ctx context.Context, plan rig.Plan) (*sale, error) {
	node, err := rig.Start(ctx, plan)
	if err != nil {
		return nil, err
	}
	plan.Addr = node.Addr
	return &sale{town: t, node: node, plan: plan, target: wire.Target(node.Addr)}, nil
}

// newDatabase returns the URL of an empty PostgreSQL database.
func (t *town) newDatabase(ctx context.Context) (string, error) {
	if t.postgres == nil {
		var err error
		if t.postgres, err = rig.StartPostgres(); err != nil {
			return "", err
		}
	}
	return t.postgres.NewDatabase(ctx, fmt.Sprint("node", t.starts))
}

// referenceDatabase returns the URL of the PostgreSQL database of the references.
func (t *town) referenceDatabase(ctx context.Context) (string, error) {
	if t.reference == "" {
		t.starts++
		var err error
		if t.reference, err = t.newDatabase(ctx); err != nil {
			return "", err
		}
	}
	return t.reference, nil
}

// close kills the checkout, removes its SQLite data, and checks what the shop was told.
func (s *sale) close() error {
	return errors.Join(s.node.Kill(), s.told.Check(), os.RemoveAll(s.plan.Folder))
}
