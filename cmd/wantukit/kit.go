package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/wantukit/wantukit/checkout"
	"github.com/wantukit/wantukit/checkout/store"
	"github.com/wantukit/wantukit/checkout/worker"
	"github.com/wantukit/wantukit/cmd/wantukit/config"
	"github.com/wantukit/wantukit/cmd/wantukit/domain"
	"github.com/wantukit/wantukit/cmd/wantukit/watch"
	"github.com/wantukit/wantukit/static"
	"github.com/wantukit/wantukit/wantu"
	"github.com/wantukit/wantukit/web"
)

// kitConfig is what a kit is assembled from.
type kitConfig struct {
	database  databaseFlags
	secret    []byte
	publicURL string
	shops     []config.Shop
	// drainFor is how long the kit says that it is not ready before it ends.
	drainFor time.Duration
	// trustedProxies say who a client is.
	trustedProxies []netip.Prefix
	// streams bound the live streams.
	streams web.StreamLimits
	// demo is the bar that views a page as another device, nil for none.
	demo   *web.Demo
	logger *slog.Logger
}

// kit is the checkout, assembled: a database, its worker and a web server.
type kit struct {
	db      *store.DB
	store   *store.Store
	service *checkout.Service
	worker  *worker.Worker
	web     *web.Server
	watch   *watch.Watch
	// drainFor is as in kitConfig.
	drainFor time.Duration
}

// newKit opens the database and wires the rooms together.
func newKit(ctx context.Context, c kitConfig) (_ *kit, err error) {
	db, err := c.database.openToServe(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	k := &kit{db: db, drainFor: c.drainFor}
	k.watch = watch.New(watch.Config{Log: c.logger.Handler(), Unreachable: store.Unreachable, Ping: db.Ping})
	c.logger = k.watch.Logger()
	if err := k.assembleDomain(ctx, c); err != nil {
		return nil, err
	}
	return k, k.assembleWeb(c)
}

func (k *kit) assembleDomain(ctx context.Context, c kitConfig) error {
	d, err := domain.New(ctx, domain.Config{DB: k.db, Shops: c.shops, PublicURL: c.publicURL, Logger: c.logger})
	if err != nil {
		return err
	}
	k.store, k.service = d.Store, d.Service
	k.worker, err = worker.New(worker.Config{
		DB: k.db, Sweeper: k.service, Reconciler: k.service, Events: k.store, Clock: d.Clock, Endpoints: d.Endpoints, Logger: c.logger,
	})
	return err
}

func (k *kit) assembleWeb(c kitConfig) error {
	logos, err := config.Logos(c.shops)
	if err != nil {
		return err
	}
	assets, err := static.New(static.Config{Demo: c.demo != nil, Images: logos})
	if err != nil {
		return err
	}
	merchants := map[string]web.Merchant{}
	for _, s := range c.shops {
		merchants[s.ID] = s.Web()
	}
	k.web, err = web.New(web.Config{
		Service: k.service, Assets: assets, Merchants: merchants, PublicURL: c.publicURL, Secret: c.secret,
		Acknowledged: wantu.AckSuccess(), Refused: wantu.AckFail("refused"),
		TrustedProxies: c.trustedProxies, Streams: c.streams, Demo: c.demo, Ready: k.db.Ping, Unavailable: store.Unreachable, Logger: c.logger,
	})
	return err
}

// run serves handler at addr and works the queue until ctx is done. Then it says
// for a while that it is not ready, so that nothing new is sent to it, and lets
// requests, jobs and queries end, in this order.
func (k *kit) run(ctx context.Context, l listener, handler http.Handler, logger *slog.Logger) error {
	if err := k.worker.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(fmt.Errorf("starting the queue: %w", err), k.db.Close())
	}
	var beside sync.WaitGroup
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	beside.Go(func() { k.db.Listen(serving, k.service.Changed) })
	beside.Go(func() { k.watch.Run(serving) })
	beside.Go(func() {
		defer stop()
		k.drain(ctx, serving, logger)
	})
	err := l.serve(serving, handler, k.web.Close, logger)
	stop()
	beside.Wait()
	return errors.Join(err, k.finish(context.WithoutCancel(ctx), logger), k.db.Close())
}

// finishFor bounds how long jobs and queries may take to end.
const finishFor = 20 * time.Second

// finish lets jobs and then queries end.
func (k *kit) finish(ctx context.Context, logger *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, finishFor)
	defer cancel()
	began := time.Now()
	logger.Info("ending: waits for the jobs that run", "at_most", finishFor.String())
	err := k.worker.Stop(ctx)
	logger.Info("ending: waits for the queries at the gateway", "jobs_took", time.Since(began).Round(time.Millisecond).String())
	err = errors.Join(err, k.service.Drain(ctx))
	logger.Info("ended", "after", time.Since(began).Round(time.Millisecond).String())
	return err
}

// drain returns when requests are to be refused: a while after ctx is done, or
// when nothing is served any more.
func (k *kit) drain(ctx, serving context.Context, logger *slog.Logger) {
	select {
	case <-ctx.Done():
	case <-serving.Done():
		return
	}
	k.web.Drain()
	logger.Info("ending: /readyz says no, and requests are served for a while", "for", k.drainFor.String())
	select {
	case <-time.After(k.drainFor):
	case <-serving.Done():
	}
}
