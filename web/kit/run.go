package kit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// ShutdownTimeout bounds how long Run lets the HTTP requests end.
const ShutdownTimeout = 15 * time.Second

// finishTimeout bounds how long jobs and queries may take to end.
const finishTimeout = 20 * time.Second

// Run starts the queue, serves the Kit, listens for the changes of other nodes, and learns
// which API keys are new or revoked, until ctx is done or serving fails. Then it shuts down
// in this order: for Config.DrainFor /readyz answers 503, and requests are still served; the live streams end;
// shutdown stops the HTTP server and lets its requests end; the running jobs end; the
// queries at the gateway end; the database is closed. Where serving fails, it does not
// wait for Config.DrainFor.
//
// serve and shutdown are those of an http.Server: serve returns when the server ends,
// with http.ErrServerClosed after shutdown. Any other result of serve counts as a failure,
// also nil. The context of shutdown ends after
// ShutdownTimeout. Both are nil where something else serves the Kit. The jobs and the
// queries together have 20 s to end. Call Run once.
//
// Run returns nil if all has ended in time. Otherwise it returns the errors of serve,
// shutdown, the jobs, the queries and the database. If the queue does not start, Run
// closes the database and returns the error, without a call of serve.
func (k *Kit) Run(ctx context.Context, serve func() error, shutdown func(context.Context) error) error {
	if err := k.worker.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(fmt.Errorf("starting the queue: %w", err), k.db.Close())
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var listeners sync.WaitGroup
	listeners.Go(func() { k.db.Listen(background, k.Service().Changed) })
	listeners.Go(func() { k.monitor.Run(background) })
	listeners.Go(func() { k.web.Keys().Run(background) })
	served := startServing(serve)
	select {
	case <-served.ended:
	case <-ctx.Done():
		k.drain(served)
	}
	stop()
	err := k.stopServing(context.WithoutCancel(ctx), shutdown)
	listeners.Wait()
	return errors.Join(served.wait(), err, k.finish(context.WithoutCancel(ctx)), k.db.Close())
}

// serving is a server that runs.
type serving struct {
	// ended is closed when the server has ended. It is nil where there is none.
	ended chan struct{}
	err   error
}

// startServing runs serve, which may be nil.
func startServing(serve func() error) *serving {
	s := &serving{}
	if serve == nil {
		return s
	}
	s.ended = make(chan struct{})
	go func() {
		defer close(s.ended)
		switch err := serve(); {
		case err == nil:
			s.err = errors.New("serving: the server ended without an error")
		case !errors.Is(err, http.ErrServerClosed):
			s.err = fmt.Errorf("serving: %w", err)
		}
	}()
	return s
}

// wait returns why the server has ended, nil after its shutdown.
func (s *serving) wait() error {
	if s.ended == nil {
		return nil
	}
	<-s.ended
	return s.err
}

// drain makes /readyz say no and waits, so that a load balancer sends nothing new. It
// returns early if serving fails.
func (k *Kit) drain(served *serving) {
	k.web.Drain()
	k.logger.Info("shutting down: /readyz says no, and requests are still served", "for", k.drainFor.String())
	select {
	case <-served.ended:
	case <-time.After(k.drainFor):
	}
}

// stopServing ends the live streams and shuts the HTTP server down.
func (k *Kit) stopServing(ctx context.Context, shutdown func(context.Context) error) error {
	k.web.Close()
	if shutdown == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ShutdownTimeout)
	defer cancel()
	if err := shutdown(ctx); err != nil {
		return fmt.Errorf("shutting down the HTTP server: %w", err)
	}
	return nil
}

// finish lets the jobs end, and then the queries.
func (k *Kit) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, finishTimeout)
	defer cancel()
	began := time.Now()
	k.logger.Info("shutting down: waiting for the running jobs", "at_most", finishTimeout.String())
	err := k.worker.Stop(ctx)
	k.logger.Info("shutting down: waiting for the queries at the gateway", "jobs_took", time.Since(began).Round(time.Millisecond).String())
	err = errors.Join(err, k.Service().Drain(ctx))
	k.logger.Info("shut down", "after", time.Since(began).Round(time.Millisecond).String())
	return err
}
